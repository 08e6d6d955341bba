package daemon

import (
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

// instants gives events as a store does, and counts what it gave.
type instants struct {
	at    []time.Time
	given int
}

func (r *instants) read(since, until time.Time, limit int) iter.Seq2[quota.Entry, error] {
	return func(yield func(quota.Entry, error) bool) {
		n := 0
		for _, at := range r.at {
			if at.Before(since) {
				continue
			}
			if !at.Before(until) || limit > 0 && n == limit {
				return
			}
			n++
			r.given++
			if !yield(quota.Entry{Event: quota.Event{At: at}}, nil) {
				return
			}
		}
	}
}

// What the first event of each day bears out is what all of them do.
func TestBeliefOfSomeIsThatOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, r := noon, &instants{}
		gaps := rapid.OneOf(rapid.Int64Range(0, int64(time.Hour)), rapid.Int64Range(0, int64(3*settled)),
			rapid.Int64Range(int64(trusted-2*settled), int64(trusted+2*settled)))
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			at = at.Add(time.Duration(gaps.Draw(t, "gap")))
			r.at = append(r.at, at)
		}
		since := noon.Add(time.Duration(rapid.Int64Range(0, int64(2*trusted)).Draw(t, "since")))
		until := at.Add(time.Duration(rapid.Int64Range(int64(-trusted), int64(time.Hour)).Draw(t, "until")))
		got, err := beliefOf(since, until, r.read)
		var want belief
		for entry := range r.read(since, until, 0) {
			want.take(entry.At)
		}
		if err != nil || got != want {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	})
}

func TestBeliefReadsFew(t *testing.T) {
	r := &instants{}
	for i := range 400 * 200 {
		r.at = append(r.at, noon.Add(time.Duration(i)*24*time.Hour/200))
	}
	if _, err := beliefOf(noon, slices.MaxFunc(r.at, time.Time.Compare).Add(1), r.read); err != nil {
		t.Fatal(err)
	}
	if most := 400 + 200 + 1; r.given > most {
		t.Errorf("%d of %d events were read, at most %d are needed", r.given, len(r.at), most)
	}
}
