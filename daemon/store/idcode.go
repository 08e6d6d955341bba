package store

import (
	"errors"
	"slices"
)

// An id is packed into symbols of six bits, in an alphabet that keeps the
// order of the bytes: a digit, a capital and a letter up to x is one symbol, any
// other byte is an escape symbol of its range and its place therein. A ULID
// takes 20 bytes, a UUID 30. The end is zero bits up to a whole byte; the
// lowest range starts at 1, so that no id looks like another's end.
//
//	0       bytes below '0', from 1 in six bits
//	1-10    0 to 9
//	11      between '9' and 'A', in six bits
//	12-37   A to Z
//	38      between 'Z' and 'a', in six bits
//	39-62   a to x
//	63      'y' and above, in eight bits
const (
	escLow  = 0
	symZero = 1
	escMid  = 11
	symA    = 12
	escHigh = 38
	syma    = 39
	escTop  = 63
)

var errID = errors.New("not a packed id")

// packID appends the packed form of id to dst. Packed ids sort as ids do.
func packID(dst []byte, id string) []byte {
	dst = slices.Grow(dst, len(id))
	var acc uint64
	var n uint
	for i := range len(id) {
		code, bits := symbol(id[i])
		acc, n = acc<<bits|uint64(code), n+bits
		for n >= 8 {
			n -= 8
			dst = append(dst, byte(acc>>n))
		}
	}
	if n > 0 {
		dst = append(dst, byte(acc<<(8-n)))
	}
	return dst
}

// symbol is a byte's code, and its length in bits.
func symbol(c byte) (code uint32, bits uint) {
	switch {
	case c < '0':
		return escLow<<6 | uint32(c) + 1, 12
	case c <= '9':
		return symZero + uint32(c-'0'), 6
	case c < 'A':
		return escMid<<6 | uint32(c-':'), 12
	case c <= 'Z':
		return symA + uint32(c-'A'), 6
	case c < 'a':
		return escHigh<<6 | uint32(c-'['), 12
	case c < 'y':
		return syma + uint32(c-'a'), 6
	}
	return escTop<<8 | uint32(c-'y'), 14
}

// unpackID is the id that was packed into b, all of it.
func unpackID(b []byte) (string, error) {
	r := bitReader{b: b}
	id := make([]byte, 0, len(b)*8/6)
	for r.left() >= 6 {
		if r.left() < 8 && r.peekZero() {
			break
		}
		c, ok := r.symbol()
		if !ok {
			return "", errID
		}
		id = append(id, c)
	}
	if r.left() >= 8 || !r.peekZero() {
		return "", errID
	}
	return string(id), nil
}

// bitReader reads symbols off packed bytes.
type bitReader struct {
	b   []byte
	pos int // in bits
}

func (r *bitReader) left() int { return len(r.b)*8 - r.pos }

// take reads n bits, at most eight; false where there are not as many.
func (r *bitReader) take(n int) (byte, bool) {
	if r.left() < n {
		return 0, false
	}
	i, off := r.pos/8, r.pos%8
	v := uint16(r.b[i]) << 8
	if i+1 < len(r.b) {
		v |= uint16(r.b[i+1])
	}
	r.pos += n
	return byte(v << off >> (16 - n)), true
}

// peekZero reports whether what is left of the last byte is zero.
func (r *bitReader) peekZero() bool {
	n := r.left()
	return n == 0 || r.b[len(r.b)-1]<<(8-n) == 0
}

// symbol reads one byte of an id.
func (r *bitReader) symbol() (byte, bool) {
	code, ok := r.take(6)
	if !ok {
		return 0, false
	}
	switch code {
	case escLow:
		v, ok := r.take(6)
		return v - 1, ok && v >= 1 && v <= '0'
	case escMid:
		v, ok := r.take(6)
		return ':' + v, ok && v < 'A'-':'
	case escHigh:
		v, ok := r.take(6)
		return '[' + v, ok && v < 'a'-'['
	case escTop:
		v, ok := r.take(8)
		return 'y' + v, ok && v <= 0xFF-'y'
	}
	return plain(code), true
}

// plain is the byte of a symbol that is no escape.
func plain(code byte) byte {
	switch {
	case code < escMid:
		return '0' + code - symZero
	case code < escHigh:
		return 'A' + code - symA
	}
	return 'a' + code - syma
}
