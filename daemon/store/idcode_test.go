package store

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPackedIDsComeBackAndKeepTheirOrder(t *testing.T) {
	any := rapid.OneOf(idGen(), rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		a, b := any.Draw(t, "a"), any.Draw(t, "b")
		pa, pb := packID(nil, a), packID(nil, b)
		back, err := unpackID(pa)
		if err != nil || back != a {
			t.Fatalf("%q came back as %q, %v", a, back, err)
		}
		if got, want := bytes.Compare(pa, pb), strings.Compare(a, b); got != want {
			t.Fatalf("%q and %q compare as %d, packed as %d", a, b, want, got)
		}
	})
}

func TestPackedIDsAreShort(t *testing.T) {
	for id, want := range map[string]int{
		"":                                     0,
		ulid(1):                                20,
		"94a05ee8-1b1e-4c5a-9d61-000000000001": 30,
	} {
		if n := len(packID(nil, id)); n != want {
			t.Errorf("%q takes %d bytes, not %d", id, n, want)
		}
	}
}

func FuzzUnpackID(f *testing.F) {
	f.Add(packID(nil, ulid(1)))
	f.Add([]byte{0xFF, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := unpackID(b)
		if err == nil && !bytes.Equal(packID(nil, id), b) {
			t.Errorf("%x is read as %q, which packs to %x", b, id, packID(nil, id))
		}
	})
}
