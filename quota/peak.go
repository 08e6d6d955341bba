package quota

import "time"

const aDay = 24 * time.Hour

// IsPeak reports whether peak prices hold at t: in one of the plan's peaks and
// in none of its promotions.
func (p *Plan) IsPeak(t time.Time) bool {
	return p.inPeakHours(t) && !p.promoted(t)
}

func (p *Plan) promoted(t time.Time) bool {
	for i := range p.Promotions {
		if p.Promotions[i].Valid.Holds(t) {
			return true
		}
	}
	return false
}

// NextPeakChange is the first instant after t at which IsPeak may give another
// answer, and false where it never will. Up to that instant IsPeak is the same.
func (p *Plan) NextPeakChange(t time.Time) (time.Time, bool) {
	next := earliest{after: t}
	for i := range p.Peaks {
		p.Peaks[i].edges(t, &next)
	}
	if next.found {
		for i := range p.Promotions {
			next.span(p.Promotions[i].Valid)
		}
	}
	return next.at, next.found
}

// length is how long one peak lasts: to its end on the same day or, where that
// is not after the start, on the next.
func (k *Peak) length() time.Duration {
	if k.End > k.Start {
		return k.End - k.Start
	}
	return k.End + aDay - k.Start
}

// midnight is the start of t's day on the peak's own clock, written as if that
// clock were UTC.
func (k *Peak) midnight(t time.Time) time.Time {
	return t.UTC().Add(k.Offset).Truncate(aDay)
}

func (k *Peak) holds(t time.Time) bool {
	if !k.Valid.Holds(t) {
		return false
	}
	midnight := k.midnight(t)
	for _, back := range []time.Duration{0, aDay} {
		start := midnight.Add(k.Start - back)
		into := t.Sub(start.Add(-k.Offset))
		if k.Days[midnight.Add(-back).Weekday()] && into >= 0 && into < k.length() {
			return true
		}
	}
	return false
}

// edges offers the instants near t at which the peak starts, ends, or becomes
// or ceases to be valid. The days looked at cover a whole week ahead.
func (k *Peak) edges(t time.Time, next *earliest) {
	if k.Days == [7]bool{} {
		return
	}
	next.span(k.Valid)
	midnight := k.midnight(t)
	for d := -1; d <= 7; d++ {
		at := midnight.Add(time.Duration(d) * aDay)
		if !k.Days[at.Weekday()] {
			continue
		}
		start := at.Add(k.Start - k.Offset)
		for _, edge := range []time.Time{start, start.Add(k.length())} {
			if k.Valid.Holds(edge) {
				next.offer(edge)
			}
		}
	}
}

// earliest keeps the first of the instants offered to it that is after another.
type earliest struct {
	after, at time.Time
	found     bool
}

func (e *earliest) offer(t time.Time) {
	if t.After(e.after) && (!e.found || t.Before(e.at)) {
		e.at, e.found = t.UTC(), true
	}
}

func (e *earliest) span(s Span) {
	for _, t := range []time.Time{s.From, s.Until} {
		if !t.IsZero() {
			e.offer(t)
		}
	}
}
