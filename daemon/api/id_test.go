package api

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestNewIDIsAULID(t *testing.T) {
	// The highest time and the lowest, against the specification's own bounds.
	for _, c := range []struct {
		ms     int64
		random byte
		want   string
	}{
		{0, 0, "00000000000000000000000000"},
		{1<<48 - 1, 0xff, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"},
		{1469918176385, 0, "01ARYZ6S410000000000000000"},
	} {
		got, err := NewID(time.UnixMilli(c.ms), bytes.NewReader(bytes.Repeat([]byte{c.random}, 10)))
		if err != nil || got != c.want {
			t.Errorf("%d: got %s, %v; want %s", c.ms, got, err, c.want)
		}
	}
}

func TestNewIDSortsByTimeAndNeverRepeats(t *testing.T) {
	seen := map[string]bool{}
	last := ""
	for i := range 1000 {
		id, err := NewID(testNow.Add(time.Duration(i)*time.Millisecond), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if seen[id] || strings.Compare(id, last) <= 0 {
			t.Fatalf("%s after %s", id, last)
		}
		seen[id], last = true, id
	}
}

func TestNewIDTellsOfAFailingSource(t *testing.T) {
	if _, err := NewID(testNow, iotest.ErrReader(iotest.ErrTimeout)); err == nil {
		t.Error("an ID without randomness")
	}
}
