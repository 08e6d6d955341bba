package store

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// failed sorts the error of a commit. All but a write that found no room leaves
// open what is on the disk, so that the file is suspect from then on.
func (s *Store) failed(cause error) error {
	err := diskError("the database cannot be written", cause)
	if !refused(cause) {
		s.suspect.Store(true)
	}
	return err
}

// refused reports of an error whether it is of a write for which there was no
// room. A sync that says the same may have lost what was written before.
func refused(err error) bool {
	var call *fs.PathError
	return errors.Is(err, berrors.ErrMaxSizeReached) || errors.As(err, &call) && noSpace(call.Err) || resizeRefused(err)
}

// mend opens the file anew after a commit failed on the disk, and looks it over
// as it is there: what the kernel shows of it need not be what the disk has.
// Until that went well nothing is stored.
func (s *Store) mend() error {
	if !s.suspect.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.suspect.Load() {
		return nil
	}
	if s.db != nil {
		if err := s.still(); err != nil {
			return err
		}
	}
	return s.reopen(s.settled)
}

// reopen opens the file anew, once look finds it well. Should that fail, the
// next Update tries again.
func (s *Store) reopen(look func() error) error {
	s.suspect.Store(true)
	if err := s.drop(); err != nil {
		return err
	}
	s.words.forget()
	if err := inOrder(s.settleName, look, s.attach); err != nil {
		return err
	}
	s.suspect.Store(false)
	return nil
}

// settleName has a new name of the file on the disk.
func (s *Store) settleName() error {
	if !s.renamed {
		return nil
	}
	if err := syncDir(s.dir); err != nil {
		return diskError("syncing "+s.dir, err)
	}
	s.renamed = false
	return nil
}

// asItIs looks at nothing.
func asItIs() error { return nil }

// settled has what is still on its way written to the disk, forgets what the
// kernel holds of the file, and looks at what is read then.
//
// That is enough, for a commit syncs its pages before it writes the meta page
// that names them, and then that. Where the first sync failed the tree is the
// one before, whose pages were all acknowledged by the disk; where the second
// did, all that is in doubt is which of the two meta pages is there. The mark
// tells whether the tree has all that was acknowledged.
func (s *Store) settled() error {
	f, err := openPlain(s.Path(), os.O_RDWR)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return diskError("syncing the database", err)
	}
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // of pages that are on the disk
	info, err := f.Stat()
	if err != nil {
		return diskError("looking at the database", err)
	}
	found, err := inspect(f, info.Size(), depthOf(info.Size(), branches), s.schema)
	if err != nil {
		return err
	}
	if n := s.mark.get().ahead(found); n > 0 {
		return damaged("the disk has lost what it had acknowledged: %d transactions", n)
	}
	return nil
}

// attach opens the file. What a process that was killed wrote to it is there to
// read, and perhaps not on the disk: a commit on top of that could overwrite
// what the disk still needs should the power fail, so it is synced first.
func (s *Store) attach() (err error) {
	if s.db, s.file, err = openFile(s.Path(), false); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return firstError(diskError("syncing the database", err), s.drop())
	}
	info, err := s.file.Stat()
	if err != nil {
		return diskError("looking at the database", err)
	}
	s.least.Store(info.Size())
	return s.takeWaiting()
}

// refresh opens a file anew that holds what it did before, be it another one: so
// does what waits, and the states that were put.
func (s *Store) refresh() error {
	var kept *layer
	err := guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			kept = s.layers.Load().of(tx.ID())
			return nil
		})
	})
	if err == nil {
		err = s.reopen(asItIs)
	}
	if err != nil || kept == nil {
		return err
	}
	if now := s.layers.Load()[1]; now.events == kept.events && now.seq == kept.seq {
		same := *kept
		same.tx = now.tx
		s.layers.Store(&layers{nil, &same})
	}
	return nil
}

// takeWaiting makes the layer of what waits in the file.
func (s *Store) takeWaiting() error {
	return guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			waiting, err := replay(tx, s.words)
			if err == nil {
				s.layers.Store(&layers{nil, waiting})
			}
			return err
		})
	})
}
