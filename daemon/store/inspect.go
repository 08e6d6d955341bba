package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// inspection is what looking a file over found.
type inspection struct {
	schema  uint64
	lone    bool   // one of the two meta pages is damaged
	line    string // the line of files it belongs to; "": written before there were any
	commits uint64 // how many were made in its line

	deep   depth  // how much was looked at
	behind uint64 // commits that were acknowledged and that it does not have
}

// depth is how much of a database is looked at. Whatever is left out is held
// against its checksums when it is read, and by [Store.Scrub] soon.
type depth int

const (
	glance   depth = iota // what the first transaction goes by: in no time, whatever the size
	branches              // and all that leads to the records
	whole                 // and the records: everything
)

// small tells the tables that a glance reads whole: counters, and what they
// are found by.
func (t table) small() bool { return t == tabMeta || t == tabAccounts || t == tabStates }

// inspect looks a database over without bbolt, for a program that knows a
// schema. The error is of the code Damaged where the file is at fault, Newer
// where it is of a later schema, and another where the disk is.
func inspect(f io.ReaderAt, size int64, deep depth, known uint64) (inspection, error) {
	m, lone, err := readMetas(f)
	if err != nil {
		return inspection{}, fault(err)
	}
	if have := uint64(size) / m.pageSize; have < m.pages {
		return inspection{}, damaged("the database is cut off: it has %d pages of %d", have, m.pages)
	}
	w := &walker{f: f, m: m, deep: deep, seen: newBitmap(m.pages)}
	if err := w.run(); err != nil {
		return inspection{}, fault(err)
	}
	switch {
	case w.schema == 0:
		return inspection{}, damaged("this is not a database of quotad: it has no schema")
	case w.schema > known:
		return inspection{}, tooNew(w.schema, known)
	case w.strange || w.schema == known && w.tables < int(tabEnd)-1:
		return inspection{}, damaged("the database is damaged: its tables are not all there")
	}
	return inspection{schema: w.schema, lone: lone, line: w.line, commits: w.commits, deep: deep}, nil
}

// fault gives what is wrong with a file its code.
func fault(err error) error {
	var known *Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, errMetaOrder):
		return &Error{
			Code:    Folder,
			Message: "the database was written on " + err.Error(),
			Hint:    "list its events there, with quotad events, and take them in here, with quotad import; or move the file away",
		}
	case errors.Is(err, errMetaFormat):
		return &Error{Code: Newer, Message: "the database is in " + err.Error(), Hint: "install the newest quotad"}
	}
	return damaged("the database is damaged: %v", err)
}

type bitmap []uint64

func newBitmap(n uint64) bitmap { return make(bitmap, n/64+1) }

func (b bitmap) has(n uint64) bool { return b[n/64]&(1<<(n%64)) != 0 }
func (b bitmap) set(n uint64)      { b[n/64] |= 1 << (n % 64) }

// walker goes through the pages that a database can reach, each once.
type walker struct {
	f    io.ReaderAt
	m    fileMeta
	deep depth
	seen bitmap
	leaf []byte // buffer
	part *part  // of a table, where not all of it is gone through at once

	schema  uint64
	line    string
	commits uint64
	tables  int
	strange bool // a table is not known
}

func (w *walker) run() error {
	if w.m.pages < 4 {
		return fmt.Errorf("a file of %d pages", w.m.pages)
	}
	w.seen.set(0)
	w.seen.set(1)
	free, err := w.freelist()
	if err != nil {
		return err
	}
	if err := w.tree(0, w.m.root); err != nil {
		return err
	}
	if w.strange {
		return nil
	}
	return w.account(free)
}

// claim marks a page and its overflow as reached.
func (w *walker) claim(id, n uint64) error {
	for ; n > 0; id, n = id+1, n-1 {
		if id < 2 || id >= w.m.pages {
			return fmt.Errorf("page %d of %d is named", id, w.m.pages)
		}
		if w.seen.has(id) {
			return fmt.Errorf("page %d is named twice", id)
		}
		w.seen.set(id)
	}
	return nil
}

func (w *walker) page(id uint64, buf []byte) (page, error) {
	if err := w.claim(id, 1); err != nil {
		return nil, err
	}
	p, err := readPage(w.f, w.m, id, buf)
	if err != nil {
		return nil, err
	}
	return p, w.claim(id+1, p.overflow())
}

// freelist reads the ids of the pages that are free.
func (w *walker) freelist() (free []uint64, err error) {
	if w.m.freelist == noFreelist {
		return nil, errors.New("the list of free pages was not written")
	}
	p, err := w.page(w.m.freelist, nil)
	if err != nil {
		return nil, err
	}
	n, ids := uint64(p.count()), p[pageHeader:]
	if n == 0xFFFF && len(ids) >= 8 {
		n, ids = order.Uint64(ids), ids[8:]
	}
	if p.flags() != flagFreelist || n > uint64(len(ids)/8) {
		return nil, fmt.Errorf("page %d is not a list of free pages", p.id())
	}
	for i := range n {
		free = append(free, order.Uint64(ids[8*i:]))
	}
	return free, nil
}

// account holds the free pages against the ones that were reached: none is
// both, and where everything was looked at, together they are all.
func (w *walker) account(free []uint64) error {
	for _, id := range free {
		if err := w.claim(id, 1); err != nil {
			return fmt.Errorf("the list of free pages: %w", err)
		}
	}
	for id := uint64(0); w.deep == whole && id < w.m.pages; id++ {
		if !w.seen.has(id) {
			return fmt.Errorf("page %d is neither used nor free", id)
		}
	}
	return nil
}

// tree walks one tree: of a table, or of the buckets where tab is 0.
func (w *walker) tree(tab table, root uint64) error {
	height := maxHeight
	if w.deep == glance && tab != 0 && !tab.small() {
		_, err := w.page(root, nil)
		return err
	}
	if w.deep == branches && tab != 0 {
		var err error
		if height, err = w.height(root); err != nil {
			return err
		}
	}
	return w.node(tab, root, span{}, height)
}

const maxHeight = 32

// height is how many branch pages lie above a leaf.
func (w *walker) height(root uint64) (int, error) {
	for h := range maxHeight {
		if root < 2 || root >= w.m.pages {
			return 0, fmt.Errorf("page %d of %d is named", root, w.m.pages)
		}
		p, err := readPage(w.f, w.m, root, w.leaf)
		if err != nil {
			return 0, err
		}
		if p.flags() != flagBranch {
			return h, nil
		}
		if _, root, err = p.branch(0); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("a tree is too high")
}

// span is the keys that a page may hold: low <= key < high; nil is no bound.
type span struct{ low, high []byte }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.low) >= 0 && (s.high == nil || bytes.Compare(key, s.high) < 0)
}

// node walks the tree below a page that has at most height branches above its
// leaves.
func (w *walker) node(tab table, id uint64, keys span, height int) error {
	if height < 0 {
		return errors.New("a tree is too high")
	}
	if w.deep == branches && tab != 0 && tab != tabRecent && height == 0 {
		return w.claim(id, 1)
	}
	p, err := w.page(id, w.leaf)
	if err != nil {
		return err
	}
	switch p.flags() {
	case flagLeaf:
		w.leaf = p
		return firstError(w.elements(tab, p, keys), w.part.passed(keys))
	case flagBranch:
		w.leaf = nil
		return w.children(tab, p, keys, height)
	}
	return fmt.Errorf("page %d is of no known kind", id)
}

func (w *walker) children(tab table, p page, keys span, height int) error {
	if p.count() == 0 || !p.whole() {
		return fmt.Errorf("page %d has not its children", p.id())
	}
	key, child, err := p.branch(0)
	for i := 0; i < p.count(); i++ {
		if err != nil {
			return err
		}
		below := span{key, keys.high}
		next, nextChild := []byte(nil), uint64(0)
		if i+1 < p.count() {
			if next, nextChild, err = p.branch(i + 1); err != nil {
				return err
			}
			below.high = next
		}
		if !keys.holds(key) || below.high != nil && bytes.Compare(key, below.high) >= 0 {
			return fmt.Errorf("the keys of page %d are out of order", p.id())
		}
		if !w.part.before(below) {
			if err := w.node(tab, child, below, height-1); err != nil {
				return err
			}
		}
		key, child = next, nextChild
	}
	return nil
}

// elements goes through a leaf: the records of a table, or the tables.
func (w *walker) elements(tab table, p page, keys span) error {
	if !p.whole() {
		return fmt.Errorf("page %d has other than its %d elements", p.id(), p.count())
	}
	var last []byte
	var roots [tabEnd]uint64
	for i := range p.count() {
		flags, key, value, err := p.leaf(i)
		if err != nil {
			return err
		}
		if !keys.holds(key) || i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("the keys of page %d are out of order", p.id())
		}
		if isBucket := flags&elementBucket != 0; isBucket != (tab == 0) {
			return fmt.Errorf("element %d of page %d is not of its kind", i, p.id())
		}
		last = key
		if tab != 0 {
			err = w.record(tab, key, value)
		} else {
			err = w.table(key, value, &roots)
		}
		if err != nil {
			return err
		}
	}
	for t, root := range roots {
		if root == 0 {
			continue
		}
		if err := w.tree(table(t), root); err != nil {
			return err
		}
	}
	return nil
}

// table goes through one that is inline, or notes the root of its tree. One of
// an unknown name is of a later schema.
func (w *walker) table(name, value []byte, roots *[tabEnd]uint64) error {
	tab := tableNamed(name)
	p, root, err := inline(value)
	if err != nil {
		return err
	}
	if tab == 0 {
		w.strange = true
		return nil
	}
	w.tables++
	if tab == tabMeta {
		w.commits = commitsOf(value)
	}
	if p != nil {
		return w.elements(tab, p, span{})
	}
	roots[tab] = root
	return nil
}

// record checks one record, and picks up what the meta table says.
func (w *walker) record(tab table, key, value []byte) error {
	body, err := unseal(tab, key, value)
	if err != nil || tab != tabMeta {
		return err
	}
	switch string(key) {
	case string(metaSchema):
		w.schema, _ = binary.Uvarint(body)
	case string(metaLine):
		w.line = string(body)
	}
	return nil
}
