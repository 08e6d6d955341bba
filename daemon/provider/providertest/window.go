package providertest

import (
	"sort"
	"time"
)

// window is one quota, with all that ever happened to it.
type window struct {
	name  string
	limit float64
	ends  func(t time.Time) time.Time // of the instance that t opens or falls into
	idles bool                        // is not open before the first call, and not after its end
	log   []mark
}

// mark is how a window stood from an instant on.
type mark struct {
	at            time.Time // of the last thing that happened to it
	opened, reset time.Time // zero: idle
	used          float64
}

// stood is how the window stood at t.
func (w *window) stood(t time.Time) mark {
	i := sort.Search(len(w.log), func(i int) bool { return w.log[i].at.After(t) })
	m := mark{at: t}
	if i > 0 {
		m = w.log[i-1]
	}
	switch {
	case t.Before(m.reset):
	case w.idles && m.reset.After(m.at):
		m = mark{at: m.reset}
	case w.idles:
	default:
		m = mark{at: m.reset, opened: m.reset, reset: w.ends(t)}
	}
	return m
}

// charge takes what a call at t costs. Calls come in order.
func (w *window) charge(t time.Time, cost float64) {
	m := w.stood(t)
	if m.reset.IsZero() {
		m.opened, m.reset = t, w.ends(t)
	}
	m.at, m.used = t, m.used+cost
	w.log = append(w.log, m)
}

// refresh gives all back at t: one that idles closes, others keep their reset.
func (w *window) refresh(t time.Time) {
	m := mark{at: t}
	if now := w.stood(t); !w.idles {
		m.opened, m.reset = now.opened, now.reset
	}
	w.log = append(w.log, m)
}

// fiveHours opens with a call and lasts 5 hours.
func fiveHours(limit float64) *window {
	return &window{name: "5h", limit: limit, idles: true, ends: func(t time.Time) time.Time { return t.Add(5 * time.Hour) }}
}

// weekly steps by 7 days from the subscription.
func weekly(limit float64, from time.Time) *window {
	const week = 7 * 24 * time.Hour
	return &window{name: "week", limit: limit, ends: func(t time.Time) time.Time {
		end := from
		for !end.After(t) {
			end = end.Add(week)
		}
		return end
	}}
}

// monthly steps by the day and time of the subscription in UTC+8; a month that
// lacks the day has it on its last.
func monthly(limit float64, from time.Time) *window {
	from = from.In(china)
	return &window{name: "month", limit: limit, ends: func(t time.Time) time.Time {
		for n := 1; ; n++ {
			end := from.AddDate(0, n, 0)
			if end.Day() != from.Day() {
				end = end.AddDate(0, 0, -end.Day())
			}
			if end.After(t) {
				return end.UTC()
			}
		}
	}}
}

// china is the provider's zone.
var china = time.FixedZone("UTC+8", 8*60*60)
