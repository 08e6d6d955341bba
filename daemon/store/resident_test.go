package store

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shown is how many bytes of the database's mapping are in memory.
func shown(t *testing.T, s *Store) (bytes int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	must(t, err)
	ours := false
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case strings.Contains(fields[0], "-"):
			ours = fields[len(fields)-1] == s.Path()
		case ours && fields[0] == "Rss:":
			n, err := strconv.Atoi(fields[1])
			must(t, err)
			bytes += n << 10
		}
	}
	return bytes
}

// However much is read, and however often it is written, the file does not stay
// in memory.
func TestMemoryOfTheFileIsGivenBack(t *testing.T) {
	s := newStore(t)
	list := prompts(120_000)
	for len(list) > 0 {
		put(t, s, list[:5000]...)
		list = list[5000:]
	}
	size, err := s.Size()
	must(t, err)
	for range 3 {
		if n := len(entries(t, s, "")); n != 120_000 {
			t.Fatalf("%d events", n)
		}
		if held := shown(t, s); held > int(size)/4 {
			t.Errorf("%d of %d bytes stay after all was read", held, size)
		}
	}
	for i := range 300 {
		put(t, s, prompt(ulid(200_000+i), day0.Add(time.Duration(i)*time.Hour)))
	}
	if held := shown(t, s); held > int(size)/4 {
		t.Errorf("%d of %d bytes stay after much was written", held, size)
	}
}

// A file that is cut off between a transaction and the giving back is a fault,
// which must not end the process.
func TestMemoryOfAFileThatWasCutOff(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(5000)...)
	must(t, os.Truncate(s.Path(), 0))
	s.Trim()
	if err := s.Update(func(*Tx) error { return nil }); !errors.Is(err, ErrGone) {
		t.Errorf("afterwards: %v", err)
	}
}
