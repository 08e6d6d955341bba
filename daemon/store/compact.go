package store

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

// When a compaction is due: so much of the file is free, and so much at least.
const (
	freeShare = 3 // one part of so many
	freeLeast = 4 << 20
)

// Compacted says what became of a compaction.
type Compacted int

// The outcomes.
const (
	CompactNotDue  Compacted = iota // little of the file is free
	CompactDone                     // the file is smaller now
	CompactNoRoom                   // the disk has no room for a second copy
	CompactTooBusy                  // too much was written meanwhile, or read for too long
)

func (c Compacted) String() string {
	return [...]string{"not due", "done", "no room for the copy", "too busy"}[c]
}

// Compaction is what Compact did.
type Compaction struct {
	Outcome       Compacted
	Before, After int64         // bytes of the file
	Paused        time.Duration // in which nobody could read or write
}

// Compact rewrites the database without its free pages, where a third of it is
// free. The copy is made beside it, a few records at a time, while others read
// and write; what they change is copied again, the last of it while they wait:
// for one commit, however large the database is. The copy is on the disk and
// looked over before it takes the name of the database, which is the one or the
// other at any instant.
func (s *Store) Compact(ctx context.Context) (Compaction, error) {
	return (&compaction{s: s, ctx: ctx, room: roomFor, step: func(string) error { return nil }}).run()
}

// compaction is one call of Compact. Its parts that a test replaces are room,
// and step, which is told what comes next and can make it fail.
type compaction struct {
	s    *Store
	ctx  context.Context
	room func(dir string, bytes int64) bool
	step func(name string) error

	log    *changes
	copied int // bytes since memory was given back
	done   Compaction
}

// part ends in what is swept away at the next start.
func (c *compaction) part() string { return c.s.Path() + ".compact.part" }

func (c *compaction) run() (Compaction, error) {
	free, err := c.measure()
	if err != nil || !compactionDue(free, c.done.Before) {
		return c.done, err
	}
	if !c.room(c.s.dir, c.done.Before-free) {
		c.done.Outcome = CompactNoRoom
		return c.done, nil
	}
	err = c.rewrite()
	os.Remove(c.part())
	switch {
	case errors.Is(err, ErrNoSpace):
		c.done.Outcome, err = CompactNoRoom, nil
	case errors.Is(err, errTooBusy):
		c.done.Outcome, err = CompactTooBusy, nil
	}
	return c.done, err
}

// compactionDue goes by how many bytes of a file are free.
func compactionDue(free, size int64) bool { return free >= freeLeast && free*freeShare >= size }

var errTooBusy = errors.New("too busy")

// measure tells how many bytes of the file are free.
func (c *compaction) measure() (free int64, err error) {
	err = c.s.quiet(func() error {
		m, _, err := readMetas(c.s.file)
		if err != nil {
			return fault(err)
		}
		w := &walker{f: c.s.file, m: m, seen: newBitmap(m.pages)}
		list, err := w.freelist()
		if err != nil {
			return fault(err)
		}
		c.done.Before, free = int64(m.pages*m.pageSize), int64(uint64(len(list))*m.pageSize)
		return nil
	})
	return free, err
}

// quiet runs fn while nobody writes.
func (s *Store) quiet(fn func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(); err != nil {
		return err
	}
	return guarded(func() error {
		tx, err := s.db.Begin(true)
		if err != nil {
			return diskError("reading the database", err)
		}
		defer tx.Rollback()
		return fn()
	})
}

// rewrite makes the copy and puts it in place.
func (c *compaction) rewrite() error {
	c.log = &changes{keys: map[written]struct{}{}}
	c.s.changes.Store(c.log)
	defer c.s.changes.Store(nil)
	nobodyWrites := func() error { return nil } // whoever writes from then on knows of the log
	to := &target{path: c.part()}
	err := inOrder(
		func() error { return c.s.quiet(nobodyWrites) },
		func() error { return c.step("create") },
		func() error { return createFile(c.part(), c.s.schema) },
		to.open,
		func() error { return c.copyAll(to) },
		func() error { return c.catchUp(to) },
		func() error { return c.step("sync") },
		to.settle,
		func() error { return c.look(whole) },
		to.open,
		func() error { return c.swap(to) },
	)
	return firstError(err, to.close())
}

// copyAll copies every table, as it is when its turn comes.
func (c *compaction) copyAll(to *target) error {
	for tab := tabMeta; tab < tabEnd; tab++ {
		if err := c.step("copy " + tab.String()); err != nil {
			return err
		}
		for next, more := []byte(nil), true; more; {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			var err error
			if next, more, err = c.copySome(to, tab, next); err != nil {
				return err
			}
		}
	}
	return nil
}

// copySome copies records of a table from a key on, and tells where to go on.
func (c *compaction) copySome(to *target, tab table, from []byte) (next []byte, more bool, err error) {
	const enough, memory = 256 << 10, 2 << 20
	n := 0
	err = c.s.View(func(t *Tx) error {
		return to.update(func(tx *bbolt.Tx) error {
			b := bucketOf(tx, tab)
			at := t.bucket(tab).Cursor()
			for k, v := at.Seek(from); k != nil; k, v = at.Next() {
				if n >= enough {
					next, more = clone(k), true
					return nil
				}
				n += len(k) + len(v) + elementSize
				if err := b.Put(clone(k), clone(v)); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if c.copied += n; err == nil && c.copied >= memory {
		c.copied = 0
		c.s.Trim()
		err = inOrder(to.close, to.open)
	}
	return next, more, err
}

// catchUp copies again what was changed meanwhile, until little is left to.
func (c *compaction) catchUp(to *target) error {
	const rounds, little = 10, 500
	for range rounds {
		keys, err := c.written()
		if err != nil {
			return err
		}
		if err := c.s.View(func(t *Tx) error { return to.again(t, keys) }); err != nil {
			return err
		}
		if len(keys) <= little {
			return nil
		}
	}
	return nil
}

// written is what was written to since this was last asked.
func (c *compaction) written() (keys map[written]struct{}, err error) {
	err = c.s.quiet(func() error {
		ok := false
		if keys, ok = c.log.take(); !ok {
			return errTooBusy
		}
		return nil
	})
	return keys, err
}

// swap copies the last of what was changed, and puts the copy in the place of
// the database, while nobody reads or writes.
func (c *compaction) swap(to *target) error {
	if old, err := os.Open(c.s.Path()); err == nil {
		defer old.Close() // the last to close it waits until its blocks are free: not while others wait
	}
	if !c.s.seize(c.ctx) {
		return firstError(c.ctx.Err(), errTooBusy)
	}
	defer c.s.mu.Unlock()
	begun := time.Now()
	defer func() { c.done.Paused = time.Since(begun) }()
	if c.s.closed || c.s.suspect.Load() {
		return errTooBusy
	}
	err := inOrder(
		c.s.still,
		func() error { return c.last(to) },
		to.settle,
		func() error { return c.look(glance) },
		func() error { return c.step("rename") },
		func() error { return diskError("replacing the database", os.Rename(c.part(), c.s.Path())) },
	)
	if err != nil {
		return err
	}
	// The name is the new file's from here on: nothing more is written to the old one.
	c.s.renamed = true
	err = c.s.refresh()
	c.done.Outcome, c.done.After = CompactDone, c.s.least.Load()
	return err
}

// last copies again what was changed since, and what numbers were given.
func (c *compaction) last(to *target) error {
	keys, ok := c.log.take()
	if !ok {
		return errTooBusy
	}
	return guarded(func() error {
		return c.s.db.View(func(tx *bbolt.Tx) error {
			t := newTx(tx, c.s.words)
			return inOrder(func() error { return to.again(t, keys) }, func() error { return to.number(t) })
		})
	})
}

// look inspects the copy.
func (c *compaction) look(deep depth) error {
	f, err := openPlain(c.part(), os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return diskError("reading "+c.part(), err)
	}
	_, err = inspect(f, info.Size(), deep, c.s.schema)
	return err
}

// seizeFor is how long a compaction waits for those who read or write.
const seizeFor = 30 * time.Second

// seize takes the store for one alone, once nobody uses it: whoever waits for
// that in line keeps all others waiting. False: there was no such moment.
func (s *Store) seize(ctx context.Context) bool {
	for end := time.Now().Add(seizeFor); ctx.Err() == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		if s.mu.TryLock() {
			return true
		}
	}
	return false
}

// roomFor reports whether a disk has room for so many bytes, and some to spare.
func roomFor(dir string, bytes int64) bool {
	const spare = 16 << 20
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return true // it is seen when it is written
	}
	return int64(fs.Bavail)*int64(fs.Bsize) >= bytes+spare
}
