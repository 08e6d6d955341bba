package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Options say where a store is and how it is opened.
type Options struct {
	Dir         string           // the state folder; made if it is not there
	Now         func() time.Time // for names and reports; nil: time.Now
	LockTimeout time.Duration    // how long to wait for another process to let go; 0: not at all
}

// Store is an open database. Its methods may be called from any goroutine;
// one Update runs at a time, and Views beside it.
type Store struct {
	dir  string
	now  func() time.Time
	lock *os.File

	schema uint64 // that this program knows

	mu      sync.RWMutex // held for writing to close or reopen
	closed  bool
	db      *bbolt.DB // nil when closed, or when it could not be opened anew
	file    *os.File  // of db
	words   *dictionary
	suspect atomic.Bool  // a commit failed in a way that says: open the file anew first
	least   atomic.Int64 // bytes that the file has at least
}

// Path is where the database is.
func (s *Store) Path() string { return filepath.Join(s.dir, fileName) }

// Dir is the state folder.
func (s *Store) Dir() string { return s.dir }

// Size is how many bytes the database takes.
func (s *Store) Size() (int64, error) {
	var size int64
	err := s.View(func(t *Tx) error {
		size = t.tx.Size()
		return nil
	})
	return size, err
}

var errClosed = &Error{Code: Unavailable, Message: "the database is closed"}

// Update runs fn in a transaction that reads and writes. When it returns nil
// all is on the disk; an error of fn, returned as it is, leaves nothing
// changed. Where the disk fails the error is ErrNoSpace or ErrUnavailable: what
// was put may be there all the same, and putting it again is right.
func (s *Store) Update(fn func(*Tx) error) error {
	if err := s.mend(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	var t *Tx
	var inside error
	err := guarded(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			t = newTx(tx, s.words)
			s.least.Store(max(s.least.Load(), tx.Size()))
			inside = firstError(fn(t), t.broken)
			inside = firstError(inside, t.flush())
			return inside
		})
	})
	switch {
	case err == nil:
		s.words.learn(t.words)
		return nil
	case inside != nil:
		return inside
	}
	return s.failed(err)
}

// failed sorts the error of a commit.
func (s *Store) failed(err error) error {
	err = diskError("the database cannot be written", err)
	if !errors.Is(err, ErrNoSpace) {
		s.suspect.Store(true)
	}
	return err
}

// View runs fn in a transaction that only reads, as of its begin. Do not call
// it inside another transaction of the same goroutine.
func (s *Store) View(fn func(*Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	return guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { return fn(newTx(tx, s.words)) })
	})
}

// Close ends the use of the folder. It waits for transactions.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return firstError(s.drop(), s.lock.Close())
}

// drop closes the file, if it is open.
func (s *Store) drop() error {
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.db, s.file = nil, nil
	return diskError("closing the database", err)
}

// mend opens the file anew after a commit failed on the disk: what the kernel
// then shows of it need not be what is on the disk.
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
		if err := firstError(s.still(), s.drop()); err != nil {
			return err
		}
	}
	s.words.forget()
	if err := s.attach(); err != nil {
		return err
	}
	s.suspect.Store(false)
	return nil
}

// attach opens the file.
func (s *Store) attach() (err error) {
	s.db, s.file, err = openFile(s.Path(), false)
	return err
}

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
	if open.Size() < s.least.Load() {
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

// mapSize is how much address space a database gets at first, which takes no
// memory: growing beyond it means to wait for all readers.
const mapSize = 64 << 20

// growBy is by how much the file grows at a time.
const growBy = 1 << 20

// openFile opens a database that is there. bbolt would make one.
func openFile(path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := &bbolt.Options{
		Timeout:         time.Millisecond, // our own lock is held already
		ReadOnly:        readOnly,
		InitialMmapSize: mapSize,
		NoStatistics:    true,
		OpenFile: func(name string, flag int, _ os.FileMode) (*os.File, error) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE|syscall.O_NOFOLLOW, 0)
			return file, err
		},
	}
	if info, err := os.Stat(path); err == nil {
		options.InitialMmapSize = max(mapSize, 2*int(info.Size()))
	}
	err = guarded(func() error {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, nil, inUse(path, 0)
	case err != nil:
		if file != nil {
			file.Close() // after a panic; else it is closed already
		}
		return nil, nil, openError(path, err)
	}
	db.AllocSize = growBy
	return db, file, nil
}

// openError gives what bbolt says of a file its code.
func openError(path string, err error) error {
	for _, bad := range []error{berrors.ErrInvalid, berrors.ErrChecksum, berrors.ErrVersionMismatch} {
		if errors.Is(err, bad) {
			return damaged("%s is damaged: %v", path, err)
		}
	}
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return folderError(path, "cannot be opened", err)
	}
	return diskError("opening "+path, err)
}
