package store

import (
	"encoding/binary"
	"errors"
)

var errRecord = errors.New("a record that ends too early, or too late")

// reader takes a record apart. After the first thing that is not there it
// gives zeros, and end tells.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = errRecord
	}
	r.b = nil
}

// end is nil where all was there and nothing is left.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail()
	}
	return r.err
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	p := r.b[:n:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) byte() byte {
	if p := r.bytes(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if p := r.bytes(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

func (r *reader) milli() uint64 {
	if p := r.bytes(milliSize); p != nil {
		return readMilli(p)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// packed reads a text that was packed, with its length before it.
func (r *reader) packed() string {
	s, err := unpackID(r.bytes(r.uvarint()))
	if err != nil && r.err == nil {
		r.err = err
	}
	return s
}

// text reads a number, and gives the text of it.
func (r *reader) text(text lettered) string {
	no := r.uvarint()
	if r.err != nil {
		return ""
	}
	s, err := text(no)
	if err != nil {
		r.err = err
	}
	return s
}
