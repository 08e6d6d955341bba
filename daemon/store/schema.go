package store

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// Keys of the meta table.
var (
	metaSchema   = []byte("schema")
	metaSettings = []byte("settings")
	metaLine     = []byte("line")
)

// migration brings the tables from one schema to the next. It works on
// committed data only and must not depend on the code of later schemas.
type migration func(*Tx) error

// migrations is the list of all of them: the one at i leads from schema i+1 to
// i+2. Append to it, and change nothing that was released.
func migrations() []migration { return []migration{toFollows, toOrigins, toHours} }

// toFollows adds the table "follows", which migrate makes empty. An older
// program knows no such table and is kept from the file by its schema.
func toFollows(*Tx) error { return nil }

// toOrigins lets events hold the hash of a key and the plan that the provider
// told. No record is changed; an older program cannot read such events and is
// kept from the file by its schema.
func toOrigins(*Tx) error { return nil }

// toHours adds the tables "recent" and "hours", which migrate makes empty. An
// older program would miss the events of the one and the sums of the other, and
// is kept from the file by its schema.
func toHours(*Tx) error { return nil }

// schemaOf is the schema that a list of migrations leads to.
func schemaOf(steps []migration) uint64 { return uint64(len(steps)) + 1 }

// initialize makes the tables of a new database.
func initialize(tx *bbolt.Tx, schema uint64) error {
	for tab := tabMeta; tab < tabEnd; tab++ {
		if _, err := tx.CreateBucketIfNotExists([]byte(tab.String())); err != nil {
			return err
		}
	}
	t := newTx(tx, newDictionary())
	return inOrder(
		func() error { return t.putSchema(schema) },
		func() error { return t.put(tabMeta, metaLine, newLine()) })
}

func (t *Tx) putSchema(schema uint64) error {
	return t.put(tabMeta, metaSchema, uvarintKey(schema))
}

func (t *Tx) schema() (uint64, error) {
	body, _, err := t.get(tabMeta, metaSchema)
	if err != nil {
		return 0, err
	}
	v, _ := binary.Uvarint(body)
	return v, nil
}

func tooNew(schema, known uint64) error {
	return &Error{
		Code:    Newer,
		Message: fmt.Sprintf("the database was written by a newer quotad: it has schema %d, and this one knows up to %d", schema, known),
		Hint:    "install the newer quotad again",
	}
}

// refuse adds to what is said of a database that is too new which backup is the
// way back: the newest that this program can read.
func (op *opening) refuse(newer error) error {
	backups, _ := listBackups(op.path(backupsName))
	for _, b := range backups {
		if _, err := op.look(b.path, glance); err != nil {
			continue
		}
		name := filepath.Base(b.path)
		return &Error{
			Code:    Newer,
			Message: fmt.Sprintf("%v; the newest backup that this one can read is %s", newer, name),
			Hint:    "quotad restore " + name + " (without what was recorded since), or install the newer quotad again",
		}
	}
	return newer
}

// createFile makes a new database, whole or not at all: a first commit of bbolt
// that is cut short leaves a file that it cannot open.
func createFile(path string, schema uint64) error {
	return diskError("making the database", writeWhole(path, path+".part", func(f *os.File) error {
		return guarded(func() error {
			db, err := bbolt.Open(f.Name(), 0o600, &bbolt.Options{Timeout: time.Second})
			if err != nil {
				return err
			}
			err = db.Update(func(tx *bbolt.Tx) error { return initialize(tx, schema) })
			return firstError(err, db.Close())
		})
	}))
}

// catchUp runs the steps that a database lacks.
func (s *Store) catchUp(steps []migration) error {
	var from uint64
	err := s.View(func(t *Tx) (err error) {
		from, err = t.schema()
		return err
	})
	if err != nil || from >= schemaOf(steps) {
		return err
	}
	return s.migrate(steps, from)
}

// migrate runs the steps that are due, all in one transaction.
func (s *Store) migrate(steps []migration, from uint64) error {
	return s.Update(func(t *Tx) error {
		for tab := tabMeta; tab < tabEnd; tab++ {
			if _, err := t.tx.CreateBucketIfNotExists([]byte(tab.String())); err != nil {
				return t.wrote(err)
			}
		}
		for i, step := range steps[from-1:] {
			if err := step(t); err != nil {
				return fmt.Errorf("migrating the database from schema %d to %d: %w", int(from)+i, int(from)+i+1, err)
			}
		}
		return t.putSchema(schemaOf(steps))
	})
}
