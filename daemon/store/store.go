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
	mark    *marker
	cleared bool                   // Open looked at everything because of Distrust, and all was well
	proven  atomic.Bool            // every page was looked at
	renamed bool                   // the file got its name a moment ago: that has to be on the disk before more is put into it
	layers  atomic.Pointer[layers] // what waits; see recent.go
	limits  limits
	suspect atomic.Bool  // a commit failed in a way that says: open the file anew first
	least   atomic.Int64 // bytes that the file has at least
	steps   atomic.Int64 // since memory was given back; see resident.go

	distrust sync.Mutex
	damage   chan error // what readers came upon

	changes atomic.Pointer[changes] // while the file is compacted

	backups sync.Mutex // one is written at a time: two of one path would write one file
}

// Path is where the database is.
func (s *Store) Path() string { return s.inDir(fileName) }

func (s *Store) inDir(name string) string { return filepath.Join(s.dir, name) }

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
	if err := s.usable(); err != nil {
		return err
	}
	var t *Tx
	var inside error
	err := guarded(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			t = newTx(tx, s.words)
			before := s.layers.Load().of(tx.ID() - 1)
			if before == nil {
				return errLayer
			}
			t.layer, t.direct, t.limits = *before, false, s.limits
			t.changes = s.changes.Load()
			s.least.Store(max(s.least.Load(), tx.Size()))
			inside = inOrder(func() error { return fn(t) }, func() error { return t.broken }, t.flush, t.count)
			if inside == nil {
				after := t.layer
				after.tx = tx.ID()
				s.layers.Store(&layers{before, &after})
			}
			return inside
		})
	})
	switch {
	case err == nil:
		s.mark.acknowledge(t.commit)
		s.words.learn(t.words)
		s.stepped(t.steps + commitSteps)
		return nil
	case inside != nil:
		return inside
	}
	return s.failed(err)
}

// View runs fn in a transaction that only reads, as of its begin. Do not call
// it inside another transaction of the same goroutine.
func (s *Store) View(fn func(*Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(); err != nil {
		return err
	}
	steps := 0
	defer func() { s.stepped(steps) }()
	for range manyTries {
		err := guarded(func() error {
			return s.db.View(func(tx *bbolt.Tx) (err error) {
				steps, err = s.read(tx, fn)
				return err
			})
		})
		if err != errLayer {
			return s.saw(err)
		}
	}
	return &Error{Code: Unavailable, Message: "the database cannot be read: " + errLayer.Error()}
}

// saw passes on the error of a reader, and the first that is of damage to
// whoever listens to Damaged.
func (s *Store) saw(err error) error {
	if errors.Is(err, ErrDamaged) {
		select {
		case s.damage <- err:
		default:
		}
	}
	return err
}

// Damaged tells of damage that a View came upon. Of it [Store.Distrust] leaves
// word.
func (s *Store) Damaged() <-chan error { return s.damage }

// manyTries is far above how often a reader is overtaken by two commits at once.
const manyTries = 1000

// errLayer says that two commits were made since a transaction began, before it
// took what waits: it is begun anew.
var errLayer = errors.New("what waits belongs to another commit")

// read runs fn, and tells how many steps that took.
func (s *Store) read(tx *bbolt.Tx, fn func(*Tx) error) (steps int, err error) {
	waiting := s.layers.Load().of(tx.ID())
	if waiting == nil {
		return 0, errLayer
	}
	t := newTx(tx, s.words)
	t.layer = *waiting
	err = fn(t)
	return t.steps, err
}

// Close ends the use of the folder. It waits for transactions.
func (s *Store) Close() error {
	s.foldInAtEnd()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	defer s.mark.close()
	return firstError(s.drop(), s.lock.Close())
}

// closeLimit is how long closing may take: transactions have ended by then.
const closeLimit = 2 * time.Second

// drop closes the file, if it is open. bbolt can do that no more once a fault
// has left it with its locks held.
func (s *Store) drop() error {
	if s.db == nil {
		return nil
	}
	err := within(closeLimit, "closing the database", s.db.Close)
	if err != nil {
		syscall.Flock(int(s.file.Fd()), syscall.LOCK_UN) // the map of the file would keep it
		s.file.Close()
	}
	s.db, s.file = nil, nil
	return diskError("closing the database", err)
}
