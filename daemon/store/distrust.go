package store

import (
	"fmt"
	"os"
	"time"
)

// Distrust leaves word, in the state folder, that the next Open has to look at
// every page, whatever the size: why says what was found while the store was in
// use. The caller then ends and opens anew, which mends what can be mended. It
// reports false where that is of no use: this Open did so already and all was
// well, or no word can be left.
func (s *Store) Distrust(why error) bool {
	if s.cleared {
		return false
	}
	s.distrust.Lock()
	defer s.distrust.Unlock()
	path := s.inDir(distrustName)
	return writeWhole(path, path+".part", func(f *os.File) error {
		_, err := fmt.Fprintf(f, "%s: %v. All of the database is looked at when it is opened next.\n",
			s.now().UTC().Format(time.RFC3339), why)
		return err
	}) == nil
}

// trust takes that word back, once everything was looked at.
func (op *opening) trust() error {
	if !op.distrusted {
		return nil
	}
	return diskError("taking back "+distrustName, os.Remove(op.path(distrustName)))
}
