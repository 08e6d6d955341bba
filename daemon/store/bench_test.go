package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"quotad/quota"
)

// BenchmarkPut puts usual events in batches of a transaction each, and tells
// how many bytes of the database an event takes, indexes and all.
func BenchmarkPut(b *testing.B) {
	for _, batch := range []int{1, 64, 1000} {
		for _, sync := range []bool{true, false} {
			b.Run(fmt.Sprintf("batch=%d/sync=%t", batch, sync), func(b *testing.B) {
				s := openIn(b, filepath.Join(b.TempDir(), "state"))
				defer s.Close()
				s.db.NoSync = !sync
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					must(b, s.Update(func(t *Tx) error {
						for range batch {
							if _, err := t.Put(usual(n)); err != nil {
								return err
							}
							n++
						}
						return nil
					}))
				}
				size, err := s.Size()
				must(b, err)
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
				b.ReportMetric(float64(size)/float64(n), "B/event")
			})
		}
	}
}

// usual is the n-th of many prompts: ten a session, with ids as hooks make
// them.
func usual(n int) quota.Event {
	at := day0.Add(time.Duration(n) * time.Second)
	e := prompt(testULID(at, n), at)
	e.Session = fmt.Sprintf("94a05ee8-1b1e-4c5a-9d61-%012x", n/10)
	return e
}

// testULID is the ULID of an instant, with rubbish behind it.
func testULID(at time.Time, n int) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	id := make([]byte, 26)
	ms, rest := uint64(at.UnixMilli()), uint64(n)*0x9E3779B97F4A7C15
	for i := 9; i >= 0; i-- {
		id[i] = alphabet[ms%32]
		ms /= 32
	}
	for i := 25; i > 9; i-- {
		id[i] = alphabet[rest%32]
		rest = rest>>5 | rest<<59
	}
	return string(id)
}

// BenchmarkEntries reads all events of an account, as a full fold does.
func BenchmarkEntries(b *testing.B) {
	s := openIn(b, filepath.Join(b.TempDir(), "state"))
	defer s.Close()
	s.db.NoSync = true
	const n = 100_000
	for i := 0; i < n; i += 1000 {
		must(b, s.Update(func(t *Tx) error {
			for j := range 1000 {
				if _, err := t.Put(usual(i + j)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	b.ReportAllocs()
	for b.Loop() {
		must(b, s.View(func(t *Tx) error {
			for _, err := range t.Entries("default", time.Time{}) {
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
