package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// partLeaves is how many leaves one step of a scrub reads: its transaction
// keeps pages from being used again, and the file from growing.
const partLeaves = 32

// Proven reports whether every page was looked at since the file was opened.
func (s *Store) Proven() bool { return s.proven.Load() }

// Scrub looks at every page, so many bytes a second (0: as fast as it can),
// while the store is in use. An error of the code Damaged says what it found;
// the context's says that it did not come to an end.
//
// Each step sees the tree as of one commit, whose pages stay as long as it
// reads. What is put or moved between two steps was written just now; all else
// is looked at once.
func (s *Store) Scrub(ctx context.Context, rate int) error {
	c := &scrub{s: s, rate: rate}
	if err := c.frame(); err != nil {
		return err
	}
	for tab := tabMeta; tab < tabEnd; tab++ {
		if err := c.table(ctx, tab); err != nil {
			return err
		}
	}
	s.proven.Store(true)
	return nil
}

// scrub is one run over the database.
type scrub struct {
	s    *Store
	rate int
	seen bitmap
	leaf []byte
}

// frame looks at all that leads to the records, and at the list of free pages,
// which bbolt takes at its word when it writes.
func (c *scrub) frame() error {
	const tries = 100
	for range tries {
		done := false
		err := c.s.View(func(t *Tx) error {
			m, _, err := readMetas(c.s.file)
			if err != nil || m.tx != uint64(t.tx.ID()) {
				return nil // a commit came between; damage to a meta page is for the next opening
			}
			done = true
			w := &walker{f: sparing{c.s.file}, m: m, deep: branches, seen: newBitmap(m.pages)}
			return wrong(w.run())
		})
		if err != nil || done {
			return err
		}
	}
	return nil // never idle for an instant: the records are looked at all the same
}

// table looks at the records of a table, part by part.
func (c *scrub) table(ctx context.Context, tab table) error {
	for from := []byte{}; from != nil; {
		begun := time.Now()
		p := &part{from: from, left: partLeaves}
		if err := c.s.View(func(t *Tx) error { return c.part(t, tab, p) }); err != nil {
			return err
		}
		from = p.next
		if err := c.rest(ctx, begun, partLeaves-p.left); err != nil {
			return err
		}
	}
	return nil
}

func (c *scrub) part(t *Tx, tab table, p *part) error {
	root, size := uint64(t.bucket(tab).Root()), uint64(t.tx.DB().Info().PageSize)
	if root == 0 {
		return nil // so small that it stands in the list of tables
	}
	m := fileMeta{pageSize: size, pages: uint64(t.tx.Size()) / size}
	if uint64(len(c.seen)) < m.pages/64+1 {
		c.seen = newBitmap(2 * m.pages)
	}
	clear(c.seen)
	w := &walker{f: sparing{c.s.file}, m: m, deep: whole, seen: c.seen, leaf: c.leaf, part: p}
	err := w.node(tab, root, span{}, maxHeight)
	c.leaf = w.leaf
	if errors.Is(err, errStop) {
		return nil
	}
	return wrong(err)
}

// wrong is fault, of what may be well.
func wrong(err error) error {
	if err == nil {
		return nil
	}
	return fault(err)
}

// rest waits as long as so many leaves should have taken.
func (c *scrub) rest(ctx context.Context, begun time.Time, leaves int) error {
	if err := ctx.Err(); err != nil || c.rate <= 0 {
		return err
	}
	due := time.Duration(leaves*os.Getpagesize()) * time.Second / time.Duration(c.rate)
	timer := time.NewTimer(due - time.Since(begun))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// part is some of a table's leaves: so many, from a key on. The nil part is all
// of them.
type part struct {
	from, next []byte // next: where to go on; nil at the end
	left       int
}

// before reports of keys whether the part begins behind them.
func (p *part) before(keys span) bool {
	return p != nil && keys.high != nil && bytes.Compare(keys.high, p.from) <= 0
}

// passed notes that a leaf with these keys was gone through; errStop ends the
// part.
func (p *part) passed(keys span) error {
	if p == nil {
		return nil
	}
	p.left--
	if p.left > 0 || keys.high == nil {
		return nil
	}
	p.next = clone(keys.high)
	return errStop
}

// sparing reads a file, and does not keep in memory what nobody else has
// there.
type sparing struct{ *os.File }

func (f sparing) ReadAt(b []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(b, off)
	_ = unix.Fadvise(int(f.Fd()), off, int64(n), unix.FADV_DONTNEED) // only advice
	return n, err
}
