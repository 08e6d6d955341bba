package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/bits"
)

// bbolt trusts its file: a page that is not what it should be ends in a panic,
// a fault or a loop. So a file is looked over with plain reads before bbolt
// gets it. This file knows the layout of a page, format 2 of bbolt; numbers
// are in the byte order of the machine.
//
//	page    id 8, flags 2, count 2, overflow 4, then elements
//	meta    magic 4, version 4, page size 4, flags 4, root 8, sequence 8,
//	        freelist 8, pages 8, transaction 8, checksum 8
//	branch  pos 4, key size 4, page 8
//	leaf    flags 4, pos 4, key size 4, value size 4
//	bucket  root 8, sequence 8, and where root is 0 its only page inline
const (
	pageHeader    = 16
	metaSize      = 64
	elementSize   = 16
	bucketHeader  = 16
	metaMagic     = 0xED0CDAED
	metaVersion   = 2
	flagBranch    = 0x01
	flagLeaf      = 0x02
	flagMeta      = 0x04
	flagFreelist  = 0x10
	elementBucket = 0x01
	noFreelist    = ^uint64(0)
	minPageSize   = 1024
	maxPageSize   = minPageSize << 14
	maxOverflow   = 1 << 14 // of a page: 64 MiB, far above what a record takes
)

var order = binary.NativeEndian

// fileMeta is what one of the two meta pages says.
type fileMeta struct {
	pageSize uint64
	root     uint64
	freelist uint64
	pages    uint64
	tx       uint64
	odd      bool // it stands on a page that does not look like its own
}

var (
	errNoMeta     = errors.New("not a bbolt database")
	errMetaSum    = errors.New("a meta page fails its checksum")
	errMetaFormat = errors.New("a newer format of bbolt")
	errMetaOrder  = errors.New("a machine of the other byte order")
)

// readMeta reads what a meta page holds. Its header is not bbolt's concern when
// it opens a file, only when it checks one.
func readMeta(p page, id uint64) (fileMeta, error) {
	b := p[pageHeader:]
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	switch magic := order.Uint32(b); {
	case magic == bits.ReverseBytes32(metaMagic):
		return fileMeta{}, errMetaOrder
	case magic != metaMagic:
		return fileMeta{}, errNoMeta
	case sum.Sum64() != order.Uint64(b[metaSize-8:]):
		return fileMeta{}, errMetaSum
	case order.Uint32(b[4:]) != metaVersion:
		return fileMeta{}, errMetaFormat
	}
	m := fileMeta{
		pageSize: uint64(order.Uint32(b[8:])), root: order.Uint64(b[16:]), freelist: order.Uint64(b[32:]),
		pages: order.Uint64(b[40:]), tx: order.Uint64(b[48:]),
	}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize {
		return fileMeta{}, errMetaSum
	}
	m.odd = p.id() != id || p.flags() != flagMeta
	return m, nil
}

// readMetas gives the meta that bbolt goes by. lone: the other one is damaged,
// so that the newest transaction may be missing.
func readMetas(f io.ReaderAt) (m fileMeta, lone bool, err error) {
	var buf [pageHeader + metaSize]byte
	at := func(off int64) (fileMeta, error) {
		if err := readAt(f, buf[:], off); err != nil {
			return fileMeta{}, readError(err)
		}
		return readMeta(buf[:], uint64(min(off, 1)))
	}
	first, err := at(0)
	if err == nil {
		second, err := at(int64(first.pageSize))
		lone = err != nil || first.odd || second.odd
		if err != nil || first.tx > second.tx {
			return first, lone, nil
		}
		return second, lone, nil
	}
	for size := int64(minPageSize); size <= maxPageSize; size *= 2 {
		if second, err2 := at(size); err2 == nil && second.pageSize == uint64(size) {
			return second, true, nil
		}
	}
	return fileMeta{}, false, err
}

// readError tells the end of the file and a place that cannot be read, which
// are damage, from a failing disk.
func readError(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errNoMeta
	case unreadable(err):
		return cannotRead("a meta page of the database", err)
	}
	return diskError("reading the database", err)
}

// readAt reads all of b. What cannot be read at once is tried once more: a bad
// sector stays bad.
func readAt(f io.ReaderAt, b []byte, off int64) error {
	_, err := f.ReadAt(b, off)
	if unreadable(err) {
		_, err = f.ReadAt(b, off)
	}
	return err
}

// page is one page with its overflow.
type page []byte

func (p page) id() uint64       { return order.Uint64(p) }
func (p page) flags() uint16    { return order.Uint16(p[8:]) }
func (p page) count() int       { return int(order.Uint16(p[10:])) }
func (p page) overflow() uint64 { return uint64(order.Uint32(p[12:])) }

// element gives the numbers of an element, and what lies at its position.
func (p page) element(i int) (a, b uint32, rest, data []byte, err error) {
	off := pageHeader + i*elementSize
	if off+elementSize > len(p) {
		return 0, 0, nil, nil, fmt.Errorf("page %d has no room for its %d elements", p.id(), p.count())
	}
	e := p[off : off+elementSize]
	return order.Uint32(e), order.Uint32(e[4:]), e[8:], p[off:], nil
}

func (p page) cut(i int, data []byte, pos, key, value uint64) ([]byte, []byte, error) {
	if pos+key+value > uint64(len(data)) {
		return nil, nil, fmt.Errorf("element %d of page %d reaches beyond the page", i, p.id())
	}
	return data[pos : pos+key], data[pos+key : pos+key+value], nil
}

// leaf is the element i of a leaf page.
func (p page) leaf(i int) (flags uint32, key, value []byte, err error) {
	flags, pos, rest, data, err := p.element(i)
	if err != nil {
		return 0, nil, nil, err
	}
	key, value, err = p.cut(i, data, uint64(pos), uint64(order.Uint32(rest)), uint64(order.Uint32(rest[4:])))
	return flags, key, value, err
}

// branch is the element i of a branch page.
func (p page) branch(i int) (key []byte, child uint64, err error) {
	pos, size, rest, data, err := p.element(i)
	if err != nil {
		return nil, 0, err
	}
	key, _, err = p.cut(i, data, uint64(pos), uint64(size), 0)
	return key, order.Uint64(rest), err
}

// commitsOf is the sequence in the header of a bucket, which of the meta table
// counts the commits.
func commitsOf(bucket []byte) uint64 { return order.Uint64(bucket[8:]) }

// whole tells whether the elements of a page are as many as it was written
// with: the data of the first begins where the last of them ends.
func (p page) whole() bool {
	if p.count() == 0 {
		return true
	}
	pos, leafPos, _, _, err := p.element(0)
	if p.flags() == flagLeaf {
		pos = leafPos
	}
	return err == nil && int(pos) == p.count()*elementSize
}

// inline is the page that a small bucket's value holds; nil where it is
// elsewhere, at root.
func inline(value []byte) (p page, root uint64, err error) {
	if len(value) < bucketHeader {
		return nil, 0, errors.New("a bucket without a header")
	}
	if root = order.Uint64(value); root != 0 {
		return nil, root, nil
	}
	if len(value) < bucketHeader+pageHeader {
		return nil, 0, errors.New("an inline bucket without a page")
	}
	return page(value[bucketHeader:]), 0, nil
}

// readPage reads the page of an id, with its overflow, into buf if it fits.
func readPage(f io.ReaderAt, m fileMeta, id uint64, buf []byte) (page, error) {
	buf = sized(buf, m.pageSize)
	if err := readAt(f, buf, int64(id*m.pageSize)); err != nil {
		return nil, pageError(id, err)
	}
	p := page(buf)
	if p.id() != id {
		return nil, fmt.Errorf("page %d says it is page %d", id, p.id())
	}
	if p.overflow() == 0 {
		return p, nil
	}
	if p.overflow() > maxOverflow || id+p.overflow() >= m.pages {
		return nil, fmt.Errorf("page %d reaches beyond the file", id)
	}
	whole := sized(nil, m.pageSize*(1+p.overflow()))
	if err := readAt(f, whole, int64(id*m.pageSize)); err != nil {
		return nil, pageError(id, err)
	}
	return page(whole), nil
}

func pageError(id uint64, err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("page %d lies beyond the end of the file", id)
	case unreadable(err):
		return cannotRead(fmt.Sprintf("the database is damaged: page %d", id), err)
	}
	return diskError("reading the database", err)
}

func sized(buf []byte, n uint64) []byte {
	if uint64(cap(buf)) < n {
		return make([]byte, n)
	}
	return buf[:n]
}
