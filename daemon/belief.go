package daemon

import (
	"iter"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// A clock that is years ahead, as at a boot without a battery, must not forget
// everything: it is believed for so long after the newest event, and where there
// was none for longer, once events have come for a day since.
const (
	trusted = 30 * 24 * time.Hour
	settled = 24 * time.Hour
)

// believed is the present instant, as far as the events that are to be kept bear
// it out; the zero time where they do not.
func (e *Engine) believed() (time.Time, error) {
	now := e.now()
	var b belief
	err := e.store.View(func(tx *store.Tx) (err error) {
		since, until := now.Add(-e.Snapshot().Settings.Store.Retention-trusted), now.Add(quota.MaxAhead)
		b, err = beliefOf(since, until, func(since, until time.Time, limit int) iter.Seq2[quota.Entry, error] {
			return tx.Events("", since, until, limit)
		})
		return err
	})
	if limit := b.limit(); now.After(limit) {
		return limit, err
	}
	return now, err
}

// belief is up to when a clock is believed, by the instants of events in their
// order.
type belief struct {
	before time.Time // last one before the last long gap; zero: there was none
	since  time.Time // first one after it
	newest time.Time
}

// reading gives the events within two instants, at most so many; 0: all.
type reading func(since, until time.Time, limit int) iter.Seq2[quota.Entry, error]

// beliefOf is what the events of a time bear out. All of them may be millions: it
// reads the first of each day, and looks for the last where a long gap may follow,
// or nothing. Between those two no gap is long.
func beliefOf(since, until time.Time, read reading) (b belief, err error) {
	const stride = 24 * time.Hour
	first, any, err := firstOf(read(since, until, 1))
	for any && err == nil {
		b.take(first)
		end := first.Add(stride)
		var next time.Time
		if next, any, err = firstOf(read(end, until, 1)); err != nil {
			break
		}
		if !any || next.Sub(first) > trusted {
			if until.Before(end) {
				end = until
			}
			if first, err = lastBefore(end, first, read); err != nil {
				break
			}
			b.take(first)
		}
		first = next
	}
	return b, err
}

// lastBefore finds the last event before an instant, from one that is: the store
// reads only forwards.
func lastBefore(end, at time.Time, read reading) (time.Time, error) {
	for end.Sub(at) > time.Millisecond { // what times are kept to
		middle := at.Add(end.Sub(at) / 2)
		later, any, err := firstOf(read(middle, end, 1))
		switch {
		case err != nil:
			return at, err
		case any:
			at = later
		default:
			end = middle
		}
	}
	return at, nil
}

func firstOf(list iter.Seq2[quota.Entry, error]) (at time.Time, any bool, err error) {
	for entry, err := range list {
		return entry.At, err == nil, err
	}
	return at, false, nil
}

func (b *belief) take(at time.Time) {
	if b.newest.IsZero() || at.Sub(b.newest) > trusted {
		b.before, b.since = b.newest, at
	}
	b.newest = at
}

func (b *belief) limit() time.Time {
	last := b.newest
	if b.newest.Sub(b.since) < settled {
		last = b.before
	}
	if last.IsZero() {
		return last
	}
	return last.Add(trusted)
}
