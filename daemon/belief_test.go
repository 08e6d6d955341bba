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
		first, _ := slices.BinarySearchFunc(r.at, since, time.Time.Compare)
		for _, at := range r.at[first:] {
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
		const ms = int64(time.Millisecond)
		edges := []int64{0, ms, int64(5 * time.Hour), int64(settled) - ms, int64(settled), int64(settled) + ms, int64(3 * settled)}
		for _, edge := range edges {
			edges = append(edges, int64(trusted)-edge, int64(trusted)+edge)
		}
		gaps := rapid.OneOf(rapid.SampledFrom(edges), rapid.Int64Range(0, int64(settled)), rapid.Int64Range(0, int64(2*trusted)))
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			at = at.Add(time.Duration(gaps.Draw(t, "gap"))).Truncate(time.Millisecond)
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

// However many events a day has, few of them are read, on the days before a long
// gap too.
func TestBeliefReadsFew(t *testing.T) {
	const days, each, gapEvery = 400, 2000, 50
	r, at := &instants{}, noon
	for day := range days {
		if day%gapEvery == gapEvery-1 {
			at = at.Add(trusted + settled)
		}
		for i := range each {
			r.at = append(r.at, at.Add(time.Duration(i)*settled/each).Truncate(time.Millisecond))
		}
		at = at.Add(settled)
	}
	got, err := beliefOf(noon, at, r.read)
	if want := (belief{before: r.at[(days-1)*each-1], since: r.at[(days-1)*each], newest: r.at[days*each-1]}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	const bisected = 27 // a day has less than 2^27 milliseconds
	if most := days + (days/gapEvery+1)*bisected; r.given > most {
		t.Errorf("%d of %d events were read, at most %d are needed", r.given, len(r.at), most)
	}
}
