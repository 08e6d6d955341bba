package quota

import (
	"math"
	"time"
)

// bracket bounds the use of an instance: what its newest reading said, and what
// was charged here since; before the first one, from nothing used on.
type bracket struct {
	Low   Amount `json:"low"`  // the least that its readings allow
	High  Amount `json:"high"` // the most that the newest allows
	Lag   Amount `json:"lag"`  // what may be on top, charged here too lately to be in it
	Less  Amount `json:"less"` // the least that was charged since
	More  Amount `json:"more"` // and the most, but for what Guess tells of a part of both
	Guess Guess  `json:"guess,omitzero"`
}

// giveBack lowers what a rolling window has lost since.
func (b *bracket) giveBack(n Amount) {
	b.Low, b.High = max(b.Low-n, 0), max(b.High-n, 0)
}

const (
	boundFor    = 24 * time.Hour // what older readings say of the present has no bounds
	missSamples = 10             // misses that say how far off the count gets
	missFade    = 120            // samples after which the older ones fade
	missMost    = 0.97           // of them is allowed for: one that the lag hid was taken for none
	missNone    = 0.01           // percent; a sketch does not hold zero
	missUnknown = 0.5            // percent for each longest lag of age, before any was seen
	overshoot   = 2              // percent above the cap that a full window may be at
)

// miss notes how far off the count was found by a reading at t, in percent of
// the cap and for each longest lag that it had gone without the provider's word.
func (s *Standing) miss(w *Window, t time.Time, off Amount, why FindingWhy) {
	same := why == FindStands || why == FindRaised || why == FindLowered
	age := t.Sub(s.rests(w))
	if !same || s.Seen.IsZero() || age > boundFor || s.Used == 0 && off == 0 {
		return
	}
	_, lag := w.lags()
	percent := max(off, -off).Percent(s.limit(w)) / max(float64(age)/float64(lag), 1)
	s.Misses = s.Misses.with(max(percent, missNone), 1, missFade)
}

// allowance is how far off the count may be, 19 times of 20, so long after what
// it rests on: by what nobody here told of. What was used elsewhere within the
// lag of the reading is a part of it.
func (s *Standing) allowance(w *Window, age time.Duration) Amount {
	usual, lag := w.lags()
	percent := missUnknown
	if s.Misses.Count() >= missSamples {
		percent, age = s.Misses.Quantile(missMost), age+usual
	}
	ages := float64(max(age, 0)) / float64(lag)
	if ages < 1 { // what comes seldom and at once may have come already
		ages = math.Sqrt(ages)
	}
	return FromFloat(s.limit(w).Float() * min(percent/100*ages, 1))
}

// between are the least and the most that the use of a standing rolled to now
// may be, 19 times of 20; nil where no reading is new enough to say.
func (s *Standing) between(w *Window, now time.Time) (low, high *Amount) {
	since := s.rests(w)
	if s.Seen.IsZero() || now.Sub(s.Seen) > boundFor || w.Kind == Rolling && now.Sub(s.Seen) > w.Length {
		return nil, nil
	}
	b, off := s.Bracket, s.allowance(w, now.Sub(since))
	less, more := b.Guess.off(b.Guess.Total)
	least := max(b.Low, b.Low.Plus(b.Less)-less-off)
	most := b.High.Plus(b.Lag).Plus(b.More).Plus(more).Plus(off)
	used := max(s.Used, 0)
	if now.Before(s.Stop) {
		used = max(used, s.limit(w))
		least = max(least, s.limit(w))
	}
	least, most = min(least, used), max(most, used)
	return &least, &most
}

// rests is since when the count goes without the provider's word.
func (s *Standing) rests(w *Window) time.Time {
	switch {
	case !s.Read.IsZero():
		return s.Read
	case !s.Opened.IsZero() && s.Opened.After(s.Seen):
		return s.Opened
	}
	return later(s.Seen, s.Ended)
}

// elsewhere is the part of the use that no event here tells of; nil where that
// is little, or no reading was there to tell.
func (s *Standing) elsewhere(w *Window) *Amount {
	n := s.Net
	if w.Kind == Rolling {
		n = 0
		for _, x := range s.Adjusts {
			n += x.Amount
		}
	}
	if n = min(n, s.Used); s.Read.IsZero() || n <= 0 || !n.Reaches(1, s.limit(w)) {
		return nil
	}
	return &n
}
