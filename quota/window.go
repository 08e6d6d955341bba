package quota

import "time"

// span is the instance of a window that holds t, where the calendar alone
// decides it: anchored and monthly windows. The zero span: no anchor is known.
func (w *Window) span(anchor, t time.Time) Span {
	if anchor.IsZero() {
		return Span{}
	}
	if w.Kind == Monthly {
		return monthSpan(anchor, t)
	}
	n := t.Sub(anchor) / w.Length
	start := anchor.Add(n * w.Length)
	if start.After(t) { // t before the anchor: the division cut towards it
		start = start.Add(-w.Length)
	}
	return Span{From: start, Until: start.Add(w.Length)}
}

// monthSpan steps by the anchor's day and time of day in UTC+8; a month too
// short for the day has it on its last.
func monthSpan(anchor, t time.Time) Span {
	a, l := anchor.In(UTC8), t.In(UTC8)
	n := (l.Year()-a.Year())*12 + int(l.Month()) - int(a.Month())
	if monthStep(a, n).After(t) {
		n--
	}
	return Span{From: monthStep(a, n).UTC(), Until: monthStep(a, n+1).UTC()}
}

// monthStep is the anchor n months on.
func monthStep(a time.Time, n int) time.Time {
	first := time.Date(a.Year(), a.Month()+time.Month(n), 1, a.Hour(), a.Minute(), a.Second(), a.Nanosecond(), UTC8)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(a.Day(), last)-1)
}

// length is how long an instance lasts, about, where the calendar decides.
func (w *Window) length() time.Duration {
	if w.Kind == Monthly {
		return 30 * 24 * time.Hour
	}
	return w.Length
}

// longest is the longest that an instance can last.
func (w *Window) longest() time.Duration {
	if w.Kind == Monthly {
		return 31 * 24 * time.Hour
	}
	return w.Length
}

// reach is how long the plan's longest rolling window holds a charge.
func (p *Plan) reach() time.Duration {
	var longest time.Duration
	for i := range p.Windows {
		if p.Windows[i].Kind == Rolling {
			longest = max(longest, p.Windows[i].Length)
		}
	}
	return longest
}

// sameReset is how far two tellings of one reset instant may lie apart: the
// provider's values jitter.
const sameReset = time.Minute

// near reports whether two instants tell of the same reset of the window; of a
// window that is short they have to be closer.
func (w *Window) near(a, b time.Time) bool {
	return a.Sub(b).Abs() <= min(sameReset, w.length()/100)
}
