package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// image is the files as a power cut may leave them; nil: a folder.
type image map[string][]byte

// way is how it is chosen what of the changes that no sync covered is on the
// disk.
type way int

const (
	nothing    way = iota
	everything     // as after kill -9
	some           // any of them
	allButOne
	onlyOne
	torn     // any sectors of any of them
	littered // the same, and what a file grew by without being written holds rubbish
	ways
)

func (w way) String() string {
	return [...]string{"nothing", "everything", "some", "all but one", "only one", "torn", "littered"}[w]
}

// cut is one power cut.
type cut struct {
	line    int  // of the trace: what began before may be on the disk
	way     way  // which of it is
	journal bool // names change in order, and with any sync; else each alone, and with its folder's sync
	rand    *rand.Rand
	mask    uint64 // where exact: which of the pending changes are on the disk
	exact   bool

	pending int // counted while the image is made
	number  int // of the pending change that is looked at
	chosen  int // of allButOne and onlyOne
}

func (c *cut) String() string {
	order := "names one by one"
	if c.journal {
		order = "names in order"
	}
	if c.exact {
		return fmt.Sprintf("cut at line %d, changes %b of %d, %s", c.line, c.mask, c.pending, order)
	}
	return fmt.Sprintf("cut at line %d, %s of %d, %s", c.line, c.way, c.pending, order)
}

// count is how many changes may or may not be on the disk.
func (d *disk) count(c *cut) (n int) {
	for _, f := range d.files {
		for _, w := range f.changes {
			if c.unsure(w.span, w.durable) {
				n++
			}
		}
	}
	for _, e := range d.entries {
		if c.unsure(e.span, c.durable(e)) {
			n++
		}
	}
	return n
}

func (c *cut) unsure(s span, durable int) bool { return s.start <= c.line && durable > c.line }

func (c *cut) durable(e entry) int {
	if c.journal {
		return min(e.journaled, e.durable)
	}
	return e.durable
}

// image is what is on the disk after a cut.
func (d *disk) image(c *cut) image {
	c.pending, c.number = d.count(c), 0
	if c.pending > 0 {
		c.chosen = c.rand.IntN(c.pending)
	}
	names := d.after(c)
	contents := map[*file][]byte{}
	for _, f := range d.files { // in a fixed order, and all, for the numbers
		contents[f] = f.content(c.keep)
	}
	im := image{}
	for name, f := range names {
		if !reachable(names, name) {
			continue
		}
		if im[name] = nil; f != nil {
			im[name] = contents[f]
			if im[name] == nil {
				im[name] = []byte{}
			}
		}
	}
	return im
}

// reachable reports whether all folders above a name are there.
func reachable(names map[string]*file, name string) bool {
	for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
		if _, ok := names[dir]; !ok {
			return false
		}
	}
	return true
}

// after is the names after a cut.
func (d *disk) after(c *cut) map[string]*file {
	names := maps.Clone(d.before)
	broken := false // the journal ends here
	for _, e := range d.entries {
		if e.start > c.line {
			break
		}
		if c.durable(e) > c.line {
			take := c.takes()
			if broken = broken || !take; c.journal {
				take = !broken
			}
			if !take {
				continue
			}
		}
		e.apply(names)
	}
	return names
}

// takes decides on the next pending change as a whole.
func (c *cut) takes() bool {
	n := c.number
	c.number++
	if c.exact {
		return c.mask>>n&1 == 1
	}
	switch c.way {
	case nothing:
		return false
	case everything:
		return true
	case allButOne:
		return n != c.chosen
	case onlyOne:
		return n == c.chosen
	}
	return c.rand.IntN(2) == 0
}

// keep is what of a change of a content is on the disk.
func (c *cut) keep(w change) []change {
	switch {
	case w.start > c.line:
		return nil
	case w.durable <= c.line:
		return []change{w}
	case c.exact || c.way < torn || w.size >= 0:
		if c.takes() {
			return []change{w}
		}
		return nil
	}
	c.number++
	return c.tear(w)
}

// tear breaks a write into sectors, of which any are written.
func (c *cut) tear(w change) (kept []change) {
	for off, end := w.off, w.off+int64(len(w.data)); off < end; {
		next := min((off/sector+1)*sector, end)
		part := w
		part.off, part.data = off, w.data[off-w.off:next-w.off]
		switch {
		case c.rand.IntN(2) == 0:
			kept = append(kept, part)
		case c.way == littered && c.rand.IntN(4) == 0 && w.fresh:
			part.data = c.rubbish(len(part.data))
			kept = append(kept, part)
		}
		off = next
	}
	return kept
}

func (c *cut) rubbish(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(c.rand.Uint32())
	}
	return string(b)
}

// sum tells images apart.
func (im image) sum() [sha256.Size]byte {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(im)) {
		if base := filepath.Base(name); base == "lock" {
			continue
		}
		fmt.Fprintf(h, "%q %t %d\n", name, im[name] == nil, len(im[name]))
		h.Write(im[name])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// write puts the files into an empty folder.
func (im image) write(dir string) error {
	for _, name := range slices.SortedFunc(maps.Keys(im), func(a, b string) int {
		if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	}) {
		path := filepath.Join(dir, name)
		var err error
		if im[name] == nil {
			err = os.MkdirAll(path, 0o700)
		} else {
			err = os.WriteFile(path, im[name], 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
