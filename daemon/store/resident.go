package store

import (
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// bbolt reads its file through a mapping, of which each page that was ever
// looked at counts as memory of the process. So now and then all of them are
// given back; those that are needed come back from the kernel's cache at once.

const (
	// residentSteps is after how many steps that is done: records that are read,
	// of which a page has some dozens.
	residentSteps = 1 << 16
	// commitSteps are the steps that a commit comes to, by the pages on its way.
	commitSteps = 500
)

// stepped counts steps, and gives memory back where they are enough. No
// transaction of the goroutine is open.
func (s *Store) stepped(n int) {
	if s.steps.Add(int64(n)) >= residentSteps {
		s.release()
	}
}

// Trim gives back the memory that the file takes. Do not call it inside a
// transaction.
func (s *Store) Trim() {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db != nil {
		s.release()
	}
}

// release is Trim for who holds the store.
func (s *Store) release() {
	s.steps.Store(0)
	// Where it fails the memory stays. What is wrong with a file that cannot even
	// be looked at the next transaction tells.
	_ = guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { // the mapping stays in its place meanwhile
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, tx.DB().Info().Data, uintptr(tx.Size()), unix.MADV_DONTNEED)
			return nil
		})
	})
}
