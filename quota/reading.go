package quota

import (
	"math"
	"time"
)

// earlyDrop is how far, in percent of the cap, use has to fall in one reading
// to be taken for an early refresh rather than noise.
const earlyDrop = 10

// read takes the provider's own figure at t. It bounds the use; inside the
// bound the local count stands.
func (s *Standing) read(w *Window, anchor, t time.Time, r Reading) {
	s.roll(w, anchor, t)
	s.Marked = t
	if r.Cap != nil {
		s.Cap = *r.Cap
	}
	if r.ResetsAt != nil && r.ResetsAt.After(t) && !(w.near(s.Resets, *r.ResetsAt) && !s.Opened.IsZero()) {
		s.pin(w, t, Milli(*r.ResetsAt))
	}
	limit := s.limit(w)
	low, high, known := r.bounds(limit)
	if !known {
		return
	}
	if s.Opened.IsZero() {
		if high <= 1 { // nothing used, nothing open
			return
		}
		s.open(w, t)
	}
	again := !s.Read.IsZero()
	s.begin(t)
	s.Read, s.Since, s.Full = t, 0, low >= limit
	if t.After(s.Latest) {
		s.Latest = t
	}
	if high < limit { // a later reading ends what a stop said
		s.Stop = time.Time{}
	}
	was := s.Used
	s.correct(w, t, min(max(was, low), high))
	if again && (was-s.Used).Reaches(earlyDrop, limit) { // the first one may correct a count that was too high
		s.Early = t
	}
	if r.Used != nil || s.Used != was {
		s.Est = 0 // the provider's figure, and none of ours
	}
}

// shows reports whether the reading tells of any use.
func (r Reading) shows() bool {
	return r.Used != nil && *r.Used > 0 || r.Percent != nil && *r.Percent > 0
}

// correct sets the use to what a reading says.
func (s *Standing) correct(w *Window, t time.Time, used Amount) {
	switch more := used - s.Used; {
	case w.Kind != Rolling:
	case more > 0: // when it was spent elsewhere is not known: as of now
		s.Adjusts = append(s.Adjusts[:len(s.Adjusts):len(s.Adjusts)], spent{t, more})
	case more < 0:
		s.takeOff(-more)
	}
	s.Used = used
}

// bounds are the least and the greatest use that a reading allows. The
// provider floors a percentage, but shows 1 once anything was used, and never
// more than 100.
func (r Reading) bounds(limit Amount) (low, high Amount, known bool) {
	switch {
	case r.Used != nil:
		return *r.Used, *r.Used, true
	case r.Percent == nil:
		return 0, 0, false
	}
	p := *r.Percent
	at := func(p float64) Amount { return Amount(math.Round(float64(limit) * p / 100)) }
	switch whole := math.Floor(p); {
	case p >= 100:
		return max(limit, at(p)), math.MaxInt64, true
	case p == 0:
		return 0, 0, true
	case p == 1:
		return 1, at(2) - 1, true
	case whole != p: // finer than the provider writes: taken as it stands
		return at(p), at(p), true
	}
	return at(p), at(p+1) - 1, true
}

// limit is the cap that counts: the provider's where it told one.
func (s *Standing) limit(w *Window) Amount {
	if s.Cap > 0 {
		return s.Cap
	}
	return w.Cap
}
