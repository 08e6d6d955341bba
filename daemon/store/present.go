package store

import (
	"errors"
	"os"

	"go.etcd.io/bbolt"
)

// StillThere tells whether the file that is open is still the one at Path, and
// whole. Otherwise the error is ErrGone, and what is acknowledged from then on
// would be lost with the process.
func (s *Store) StillThere() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	return s.still()
}

func (s *Store) still() error {
	open, err := s.file.Stat()
	if err != nil {
		return diskError("looking at the database", err)
	}
	there, err := os.Lstat(s.Path())
	if errors.Is(err, os.ErrNotExist) {
		return gone("was deleted", s)
	}
	if err != nil {
		return diskError("looking at the database", err)
	}
	if !os.SameFile(open, there) {
		return gone("was replaced", s)
	}
	return s.usable()
}

// usable tells whether a transaction may begin. Reading beyond the end of a
// file that was cut off is a fault, after which bbolt holds its locks for ever.
func (s *Store) usable() error {
	if s.db == nil {
		return errClosed
	}
	info, err := s.file.Stat()
	switch {
	case err != nil:
		return diskError("looking at the database", err)
	case info.Size() < s.least.Load():
		return gone("was cut off", s)
	}
	return nil
}

func gone(what string, s *Store) error {
	return &Error{
		Code:    Gone,
		Message: s.Path() + " " + what + " while it was in use; nothing more is stored",
		Hint:    "systemctl --user restart quotad",
	}
}

// Rescue puts a database that was deleted under a running store back where it
// was, with all that is in it: the open file has it still. Where it was
// replaced or cut off, or its folder is gone too, the error is ErrGone.
func (s *Store) Rescue() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return errClosed
	}
	lost := s.still()
	if lost == nil || exists(s.Path()) || !errors.Is(lost, ErrGone) || !exists(s.dir) {
		return lost
	}
	err := writeWhole(s.Path(), s.Path()+".part", func(f *os.File) error {
		return guarded(func() error {
			return s.db.View(func(tx *bbolt.Tx) error {
				_, err := tx.WriteTo(f)
				return err
			})
		})
	})
	if err != nil {
		return diskError("putting the database back", err)
	}
	return s.refresh()
}
