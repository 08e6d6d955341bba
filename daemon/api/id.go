package api

import (
	"crypto/rand"
	"io"
	"time"
)

// NewID makes an event ID: a ULID, 26 characters that sort by their
// millisecond. The only error is that of reading 10 bytes from random.
func NewID(now time.Time, random io.Reader) (string, error) {
	const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var raw [16]byte
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		raw[i] = byte(ms >> (40 - 8*i))
	}
	if _, err := io.ReadFull(random, raw[6:]); err != nil {
		return "", err
	}
	// 128 bits in 26 characters of 5: two zero bits stand before the first.
	var out [26]byte
	for i := range out {
		var v byte
		for bit := 5*i - 2; bit < 5*i+3; bit++ {
			v <<= 1
			if bit >= 0 {
				v |= raw[bit/8] >> (7 - bit%8) & 1
			}
		}
		out[i] = crockford[v]
	}
	return string(out[:]), nil
}

// newID makes an ID with the system's randomness.
func newID(now time.Time) (string, error) { return NewID(now, rand.Reader) }
