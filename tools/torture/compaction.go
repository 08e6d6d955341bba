package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"quotad/daemon/store"
)

// This file has the scenario of a database that is compacted under load.

// holed leaves a database most of which is free, for its oldest events were
// forgotten, and a day's housekeeping that is due.
func holed(s *stage) error {
	return errors.Join(s.days(700), used(s), s.forget(), s.ageBackups(), s.configure(leastRetention))
}

// forget takes out of the database what the retention does.
func (s *stage) forget() error {
	db, _, err := store.Open(store.Options{Dir: s.state})
	if err != nil {
		return err
	}
	before, gone := time.Now().AddDate(0, 0, -leastRetention), 1
	for err == nil && gone > 0 {
		err = db.Update(func(t *store.Tx) (err error) {
			gone, err = t.Prune(before, time.Hour, 2000)
			return err
		})
	}
	return errors.Join(err, db.Close())
}

// compacted posts all the while that the database is compacted, and some after.
func compacted(s *stage) error {
	size := func() int64 {
		info, err := os.Stat(s.database())
		if err != nil {
			return 0
		}
		return info.Size()
	}
	before := size()
	return s.live(true, func() error {
		for end := time.Now().Add(time.Minute); size() > before/2; {
			if err := s.use("meanwhile", 2, 2); err != nil {
				return err
			}
			if time.Now().After(end) {
				return fmt.Errorf("the database is not compacted within a minute: it has %d bytes", before)
			}
		}
		return s.use("after", 2, 4)
	})
}
