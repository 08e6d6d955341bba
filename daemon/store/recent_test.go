package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quotad/quota"
)

// lone puts the n-th event in a transaction of its own, with the counters as the
// engine keeps them, and returns how many bytes of pages that wrote.
func lone(t *testing.T, s *Store, n int) (bytes int) {
	t.Helper()
	must(t, s.Update(func(tx *Tx) error {
		tx.tx.OnCommit(func() {
			stats := tx.tx.Stats()
			bytes = int(stats.GetPageAlloc()) + pageSize // and a meta page
		})
		if _, err := tx.Put(usual(n)); err != nil {
			return err
		}
		return tx.PutState("default", make([]byte, 1500))
	}))
	return bytes
}

func TestALoneEventWritesFewPages(t *testing.T) {
	s := newStore(t)
	s.db.NoSync = true
	for n := 0; n < 50_000; n += 1000 {
		must(t, s.Update(func(tx *Tx) error {
			for i := range 1000 {
				if _, err := tx.Put(usual(n + i)); err != nil {
					return err
				}
			}
			return tx.PutState("default", make([]byte, 1500))
		}))
	}
	const most, cycle = 33 << 10, mostRecent + 1
	mean := func(from int) (sum int) {
		for i := range 3 * cycle {
			sum += lone(t, s, from+i)
		}
		return sum / (3 * cycle)
	}
	got := mean(50_000)
	t.Logf("%d bytes a lone event", got)
	if got > most {
		t.Errorf("a lone event writes %d bytes, more than %d", got, most)
	}
	s.limits = limits{}
	if straight := mean(60_000); straight <= most {
		t.Errorf("written straight into the tables it would be %d: nothing is gained by waiting", straight)
	}
	verify(t, s)
}

// waiting is how many events are in the table recent.
func waiting(t *testing.T, s *Store) (n int) {
	t.Helper()
	must(t, s.View(func(tx *Tx) error {
		return tx.records(tabRecent, nil, nil, func(_, _ []byte) error { n++; return nil })
	}))
	return n
}

func TestWhatFoldsIn(t *testing.T) {
	reading := quota.Event{ID: "r", Kind: quota.KindReading, At: day0, Account: "default", Count: 1, Readings: []quota.Reading{{Window: "5h"}}}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, s *Store)
		left int
	}{
		{"nothing, while few wait", func(t *testing.T, s *Store) { lone(t, s, 9) }, 3},
		{"an event that takes another out", func(t *testing.T, s *Store) {
			put(t, s, quota.Event{ID: "v", Kind: quota.KindVoid, Voids: usual(1).ID, At: day0, Account: "default", Count: 1})
		}, 0},
		{"a reading", func(t *testing.T, s *Store) { put(t, s, reading) }, 0},
		{"many at once", func(t *testing.T, s *Store) { put(t, s, prompts(fewEvents+1)...) }, 0},
		{"a new account", func(t *testing.T, s *Store) {
			e := prompt("other", day0)
			e.Account = "other"
			put(t, s, e)
		}, 0},
		{"one more than may wait", func(t *testing.T, s *Store) {
			for i := range mostRecent - 1 {
				lone(t, s, 100+i)
			}
		}, 0},
		{"an event that is there already does not", func(t *testing.T, s *Store) { lone(t, s, 1) }, 2},
		{"forgetting the counters", func(t *testing.T, s *Store) { must(t, s.Update((*Tx).DropStates)) }, 0},
		{"a transaction that fails changes nothing", func(t *testing.T, s *Store) {
			s.Update(func(tx *Tx) error {
				_, err := tx.Put(usual(50))
				must(t, err)
				return os.ErrInvalid
			})
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			put(t, s, usual(0))
			lone(t, s, 1)
			lone(t, s, 2)
			if n := waiting(t, s); n != 2 {
				t.Fatalf("%d events wait, want 2", n)
			}
			c.do(t, s)
			if n := waiting(t, s); n != c.left {
				t.Errorf("%d events wait, want %d", n, c.left)
			}
			verify(t, s)
		})
	}
}

func TestClosingFoldsIn(t *testing.T) {
	s := newStore(t)
	put(t, s, usual(0))
	lone(t, s, 1)
	must(t, s.Close())
	s = openIn(t, s.dir)
	defer s.Close()
	if n := waiting(t, s); n != 0 || len(entries(t, s, "")) != 2 {
		t.Errorf("%d events wait still", n)
	}
}

// unclosed is a copy of the folder of a store as a killed process leaves it.
func unclosed(t *testing.T, s *Store) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "killed")
	copyFile(t, s.Path(), filepath.Join(dir, fileName))
	copyFile(t, filepath.Join(s.dir, markerName), filepath.Join(dir, markerName))
	return dir
}

func TestWhatWaitsIsThereAfterAKill(t *testing.T) {
	s := newStore(t)
	put(t, s, usual(0))
	for n := range 5 {
		lone(t, s, n+1)
	}
	again := openIn(t, unclosed(t, s))
	defer again.Close()
	if a, b := entries(t, s, ""), entries(t, again, ""); len(a) != 6 || strings.Join(ids(a), " ") != strings.Join(ids(b), " ") {
		t.Errorf("%d events, then %d", len(a), len(b))
	}
	must(t, again.Update(func(tx *Tx) error {
		behind, err := tx.Behind("default")
		must(t, err)
		if !behind {
			t.Error("the counters are said to hold what only waited")
		}
		p, err := tx.Put(usual(3))
		if p.Outcome != quota.Duplicate || p.Seq != 4 {
			t.Errorf("the same again: %+v", p)
		}
		must(t, err)
		p, err = tx.Put(usual(77))
		if p.Seq != 7 {
			t.Errorf("the next one has the number %d", p.Seq)
		}
		must(t, err)
		return tx.PutState("default", []byte("new"))
	}))
	verify(t, again)
}

func TestADamagedRecentEventIsNamedAndTheOthersAreKept(t *testing.T) {
	s := newStore(t)
	put(t, s, usual(0))
	must(t, s.Update(func(tx *Tx) error { return nil }))
	for n := range 12 { // more than lie in the page of the tables
		lone(t, s, n+1)
	}
	dir := unclosed(t, s)
	path := filepath.Join(dir, fileName)
	b, err := os.ReadFile(path)
	must(t, err)
	key := append(numberKey(4), appendBytes(nil, place{1, uint64(usual(3).At.UnixMilli()), packID(nil, usual(3).ID)}.key())...)
	hit := 0
	for at := bytes.Index(b, key); at >= 0; at = bytes.Index(b, key) {
		copy(b[at+9:], rubbish(4)) // so that it is not found again
		hit++
	}
	if hit == 0 {
		t.Fatal("the record was not found in the file")
	}
	must(t, os.WriteFile(path, b, 0o600))
	again, report, err := Open(options(dir))
	must(t, err)
	defer again.Close()
	if !strings.Contains(report.Damage, "checksum") && !strings.Contains(report.Damage, "recent") {
		t.Errorf("said: %q", report.Damage)
	}
	if n := len(entries(t, again, "")); n != 12 {
		t.Errorf("%d events were taken over, want all but the damaged one of 13", n)
	}
	verify(t, again)
}
