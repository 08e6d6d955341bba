package quota

import (
	"slices"
	"time"
)

// A reading shows the use as of some instant before it. Clients of the provider
// report that it lags by minutes: 2026-03 to 2026-09.
const (
	usualLag = 90 * time.Second // what was charged here later is not expected in it
	mostLag  = 5 * time.Minute  // what was charged here later may be missing still
)

// lagBuckets is how many buckets the longest lag has.
const lagBuckets = 20

// lags are the usual and the longest lag of a reading of the window; of a window
// shorter than the provider's shortest they shrink with it.
func (w *Window) lags() (usual, most time.Duration) {
	const provider = 5 * time.Hour
	if l := w.length(); l < provider {
		return usualLag * l / provider, mostLag * l / provider
	}
	return usualLag, mostLag
}

// bucket is what was charged here in one stretch of time, a part of the longest
// lag: exactly, and by guess.
type bucket struct {
	No      int64  `json:"no"`                // stretches since 1970
	Exact   Amount `json:"exact,omitzero"`    //
	Counted Amount `json:"guess,omitzero"`    // guesses, as they were counted
	Gauge   Amount `json:"gauge,omitzero"`    // what tokens came to
	Guessed Amount `json:"unscaled,omitzero"` // the same, before any ratio
}

// recently lists buckets of the newest charges, oldest first. What it holds
// depends on the charges and the newest instant alone, not on their order.
type recently []bucket

// stretch is how long a bucket of the window is.
func (w *Window) stretch() time.Duration {
	_, most := w.lags()
	return max((most / lagBuckets).Truncate(time.Millisecond), time.Millisecond)
}

// number is that of the bucket which holds t.
func (w *Window) number(t time.Time) int64 { return t.UnixMilli() / w.stretch().Milliseconds() }

// begins is the start of a bucket.
func (w *Window) begins(no int64) time.Time {
	return time.UnixMilli(no * w.stretch().Milliseconds()).UTC()
}

// add takes in what was charged at t. It changes the list in place, as append
// does.
func (r recently) add(w *Window, t time.Time, more bucket) recently {
	more.No = w.number(t)
	i, found := len(r), false
	for ; i > 0 && r[i-1].No >= more.No && !found; i-- {
		found = r[i-1].No == more.No
	}
	if !found {
		return slices.Insert(r, i, more)
	}
	b := &r[i]
	b.Exact, b.Counted, b.Guessed = b.Exact.Plus(more.Exact), b.Counted.Plus(more.Counted), b.Guessed.Plus(more.Guessed)
	b.Gauge = b.Gauge.Plus(more.Gauge)
	return r
}

// since leaves what was charged after an instant, to the bucket.
func (r recently) since(w *Window, t time.Time) recently {
	first := w.number(t)
	for len(r) > 0 && r[0].No < first {
		r = r[1:]
	}
	return r
}

// keep forgets what no reading at the newest instant or later can have missed.
func (r recently) keep(w *Window, newest time.Time) recently {
	_, most := w.lags()
	if r = r.since(w, newest.Add(-most)); len(r) == 0 {
		return nil
	}
	return r
}

// sum adds the buckets up; of no bucket it is zero.
func (r recently) sum() (all bucket) {
	for _, b := range r {
		all.Exact, all.Counted, all.Guessed = all.Exact.Plus(b.Exact), all.Counted.Plus(b.Counted), all.Guessed.Plus(b.Guessed)
		all.Gauge = all.Gauge.Plus(b.Gauge)
	}
	return all
}

// used is what the buckets came to, as it was counted.
func (b bucket) used() Amount { return b.Exact.Plus(b.Counted) }

// late is what was charged here within the usual and within the longest lag
// before t.
func (s *Standing) late(w *Window, t time.Time) (usual, most bucket) {
	u, m := w.lags()
	return s.Lately.since(w, t.Add(-u)).sum(), s.Lately.since(w, t.Add(-m)).sum()
}
