package main

import (
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"quotad/daemon/store"
)

// This file has the scenarios of a database that an older program wrote.

// older are databases that programs of those schemas wrote.
//
//go:embed testdata/schema*.db.gz
var older embed.FS

// schema leaves a database of an older schema, all events of which are promised.
func schema(n int) func(*stage) error {
	return func(s *stage) error {
		in, err := older.Open(fmt.Sprintf("testdata/schema%d.db.gz", n))
		if err != nil {
			return err
		}
		defer in.Close()
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(z)
		if err != nil {
			return err
		}
		if err := s.promiseAllOf(b); err != nil {
			return err
		}
		return errors.Join(os.Mkdir(s.state, 0o700), os.WriteFile(s.database(), b, 0o600))
	}
}

// promiseAllOf promises the events of a database, as they are.
func (s *stage) promiseAllOf(database []byte) error {
	dir := filepath.Join(s.traces, "copy")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "quotad.db"), database, 0o600)); err != nil {
		return err
	}
	db, _, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.View(func(t *store.Tx) error {
		for e, err := range t.Events("", time.Time{}, time.Time{}, 0) {
			if err != nil {
				return err
			}
			s.sent[e.ID] = e.Event
		}
		return nil
	})
	s.promise(time.Time{})
	return err
}
