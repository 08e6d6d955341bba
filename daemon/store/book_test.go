package store

import (
	"iter"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

// A store and the book in memory have to agree on every answer.
func TestTxIsTheSameBookAsMemBook(t *testing.T) {
	s := newStore(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		names := accountsOf(n)
		mem := quota.NewMemBook()
		must(t, s.Update(func(tx *Tx) error {
			for _, e := range rapid.SliceOfN(eventGen(), 1, 40).Draw(t, "events") {
				e.Account = names[e.Account]
				e.ID += names["default"] // one name space over all rounds
				if e.Voids != "" {
					e.Voids += names["default"]
				}
				got, err := tx.Put(e)
				must(t, err)
				want, _ := mem.Put(e)
				want.Seq, got.Seq = 0, 0
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("put %+v\ngot  %+v\nwant %+v", e, got, want)
				}
				samePoints(t, tx, mem, e)
			}
			return nil
		}))
		must(t, s.View(func(tx *Tx) error {
			for _, name := range names {
				sameEntries(t, tx.Entries(name, time.Time{}), mem.Entries(name, time.Time{}))
				from := day0.Add(36*time.Hour + time.Microsecond)
				sameEntries(t, tx.Entries(name, from), mem.Entries(name, from))
			}
			return nil
		}))
	})
	verify(t, s)
}

func accountsOf(round int) map[string]string {
	suffix := "-" + time.Duration(round).String()
	return map[string]string{"default": "default" + suffix, "work": "work" + suffix}
}

// samePoints does something with checkpoints around an event, in both books.
func samePoints(t *rapid.T, tx *Tx, mem *quota.MemBook, e quota.Event) {
	t.Helper()
	for _, b := range []quota.Book{tx, mem} {
		must(t, b.PutCheckpoint(e.Account, quota.Checkpoint{At: e.At, State: []byte(e.ID)}))
		if e.Count == 2 {
			must(t, b.DropCheckpoints(e.Account, e.At.Add(-7*time.Hour)))
		}
	}
	for _, at := range []time.Time{{}, e.At, e.At.Add(time.Hour), e.At.Add(-time.Millisecond)} {
		got, err := tx.Checkpoints(e.Account, at)
		must(t, err)
		want, _ := mem.Checkpoints(e.Account, at)
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("checkpoints from %v: got %v, want %v", at, got, want)
		}
		one, ok, err := tx.CheckpointBefore(e.Account, at)
		must(t, err)
		wantOne, wantOK, _ := mem.CheckpointBefore(e.Account, at)
		if ok != wantOK || !reflect.DeepEqual(one, wantOne) {
			t.Fatalf("checkpoint before %v: got %v %v, want %v %v", at, one, ok, wantOne, wantOK)
		}
	}
}

func sameEntries(t tb, got, want iter.Seq2[quota.Entry, error]) {
	t.Helper()
	var g, w []quota.Entry
	for e, err := range got {
		must(t, err)
		g = append(g, e)
	}
	for e := range want {
		w = append(w, e)
	}
	if !reflect.DeepEqual(g, w) {
		t.Fatalf("got %d entries, want %d\n%+v\n%+v", len(g), len(w), g, w)
	}
}
