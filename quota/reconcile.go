package quota

import (
	"slices"
	"time"
)

const (
	earlyDrop = 10 // percent of the cap that use falls by where it was refreshed early; less is noise
	earlyFrom = 2  // percent of the cap, from which a fall to nothing is no noise
	stopHides = 25 // percent of the cap that a reading soon after a stop may lack
)

// read takes the provider's own figure at t. It bounds the use as of some
// instant within the lag before t, and what was charged here within the lag may
// be on top. Inside these bounds the count stands.
func (s *Standing) read(w *Window, anchor, t time.Time, r Reading) Finding {
	s.roll(w, anchor, t)
	s.Marked = t
	if r.Cap != nil {
		s.Cap = *r.Cap
	}
	f := Finding{Was: s.Used, Used: s.Used}
	told, over := s.resets(w, t, r)
	x := s.shown(w, r)
	if over || x.known && s.stale(w, t, told, x.low) {
		f.Why = FindOver
		return f
	}
	why := s.another(w, anchor, t, told, r.idle())
	s.tell(w, t, told)
	if !x.known {
		if why != FindNothing && !s.Opened.IsZero() {
			s.begin(t)
		}
		f.Used = s.Used
		return f
	}
	if s.Opened.IsZero() && x.high > 1 {
		s.open(w, t)
	}
	shown := x.low
	s.settle(w, t, x, why, &f)
	s.judge(w, t, shown)
	s.watches(told, shown)
	return f
}

// shown is the use that a reading shows.
type shown struct {
	low, high    Amount
	known, exact bool
}

func (s *Standing) shown(w *Window, r Reading) shown {
	low, high, known := r.bounds(s.limit(w))
	return shown{low, high, known, r.Used != nil}
}

// stale reports whether a reading may still be of the instance that has just
// ended: it shows use, and no reset instant says of which.
func (s *Standing) stale(w *Window, t, told time.Time, low Amount) bool {
	began := s.Ended
	if w.Kind != Fixed {
		began = s.Opened
	}
	_, most := w.lags()
	return w.Kind != Rolling && told.IsZero() && low > 0 && s.Before > 0 && t.Sub(began) < most
}

// tell takes the reset instant that a reading told.
func (s *Standing) tell(w *Window, t, told time.Time) {
	if told.IsZero() {
		return
	}
	if s.Opened.IsZero() || !w.near(s.Resets, told) {
		s.pin(w, t, told)
	}
	s.Told = s.Resets
}

// another looks whether the provider counts another instance than the one here:
// nothing is open there, or the reset was moved on. Then this one has ended.
// FindNothing: it is the same, as far as the reading tells.
func (s *Standing) another(w *Window, anchor, t, told time.Time, idle bool) FindingWhy {
	idle = idle && w.Kind == Fixed
	moved := w.Kind != Rolling && !s.Opened.IsZero() && told.After(s.Resets) && !w.near(told, s.Resets)
	_, most := s.late(w, t)
	switch {
	case !moved && !idle:
		return FindNothing
	case s.Opened.IsZero() || s.Opened.After(t):
		return FindIdle
	case w.near(t, s.Resets): // by the provider's clock the reset is past
		s.Resets = t
		s.roll(w, anchor, t)
		return FindIdle
	case idle && s.Bracket.Low == 0 && s.Used <= most.used():
		return FindLag
	case moved && s.Told.IsZero(): // it was a guess here
		return FindNothing
	case w.Kind != Fixed: // the calendar was told anew, and the use may stand
		s.Bracket.Low = 0
		return FindNothing
	}
	return s.restart(w, t)
}

// restart ends the instance of a fixed window before its reset. What was charged
// here too lately for the reading to show begins the next one.
func (s *Standing) restart(w *Window, t time.Time) FindingWhy {
	was := *s
	s.close()
	s.Ended, s.Before, s.Marked, s.Early = was.Read, 0, t, was.Early
	usual, _ := w.lags()
	s.Lately = slices.Clone(was.Lately.since(w, t.Add(-usual)))
	if i := slices.IndexFunc(s.Lately, func(b bucket) bool { return b.used() > 0 }); i >= 0 {
		s.open(w, later(w.begins(s.Lately[i].No), was.Opened))
		s.begin(s.Opened)
		late := s.Lately.sum()
		s.Used, s.Est = late.used(), min(was.Est, late.Counted)
		s.Spent, s.Peak, s.OffPeak = s.Used, s.Used, s.Used
		s.Rated, s.Ratios = was.Rated, was.Ratios
	}
	if was.Bracket.Low == 0 {
		return FindIdle
	}
	s.Early = t
	return FindEarly
}

// settle holds the count against the use that a reading shows.
func (s *Standing) settle(w *Window, t time.Time, x shown, why FindingWhy, f *Finding) {
	full := x.low >= s.limit(w)
	x, why = s.heed(w, t, x, why)
	usual, most := s.late(w, t)
	f.Low, f.High = x.low, x.high.Plus(most.used())
	f.Used, f.Why = x.hold(s.Used, usual.used(), most.used())
	if why != FindNothing {
		f.Why = why
	}
	more := f.Used - s.Used
	if s.Net += more; f.Why == FindEarly {
		s.Early, s.Net = t, 0
	}
	s.miss(w, t, more, f.Why)
	f.samples = s.samples(w, t, x, f.Why, usual)
	if x.high < s.limit(w) && !s.hides(w, t, f.High) { // a later reading ends what a stop said
		s.Stop = time.Time{}
	}
	s.correct(w, t, f.Used)
	if x.exact || more != 0 { // the provider's figure, and of ours what is too new for it
		s.estimated(min(s.Est, usual.Counted))
	}
	s.Bracket = bracket{Low: x.low, High: x.most(s.limit(w)), Lag: most.used()}
	s.noted(w, t, full)
}

// heed is what a reading shows in the light of the one before it.
func (s *Standing) heed(w *Window, t time.Time, x shown, why FindingWhy) (shown, FindingWhy) {
	switch why {
	case FindNothing:
		return s.falls(w, t, x)
	case FindLag: // all that is counted may be missing in it
		x.low, x.high = s.Bracket.Low, s.Used
	}
	return x, why
}

// most is the most that is shown: of a full window, a little more than the cap.
func (x shown) most(limit Amount) Amount {
	return min(x.high, max(x.low, limit)+limit/100*overshoot)
}

// noted keeps that there was a reading at t.
func (s *Standing) noted(w *Window, t time.Time, full bool) {
	s.Read, s.Seen, s.Since, s.Full = t, t, 0, full
	s.Latest = later(s.Latest, t)
	s.Lately = s.Lately.keep(w, s.newest())
	if !s.Opened.IsZero() {
		s.begin(t)
	}
}

// hold is the count that a reading leaves: as it was inside the bracket, where
// all that was charged within the longest lag may be missing in it; else the
// nearer edge. That is what it shows where the count was below, and with what was
// charged within the usual lag on top where the count was above.
func (x shown) hold(was, usual, most Amount) (Amount, FindingWhy) {
	switch {
	case was < x.low:
		return x.low, FindRaised
	case was > x.high.Plus(most):
		return x.high.Plus(usual), FindLowered
	}
	return was, FindStands
}

// falls compares with the reading before: within an instance the provider's use
// does not fall, unless it was refreshed early. What a rolling window has given
// back since is off already; of when that was we are not sure, so that there the
// newer reading wins.
func (s *Standing) falls(w *Window, t time.Time, x shown) (shown, FindingWhy) {
	low, limit := s.Bracket.Low, s.limit(w)
	switch {
	case x.low >= low || s.Read.IsZero() || w.Kind == Rolling && s.Watch.passed(t):
		return x, FindNothing
	case (low-x.low).Reaches(earlyDrop, limit) || x.high == 0 && low.Reaches(earlyFrom, limit):
		return x, FindEarly
	case w.Kind == Rolling:
		return x, FindNothing
	case x.high < low:
		x.low, x.high = low, s.Bracket.High
		return x, FindNoise
	}
	x.low = low
	return x, FindNothing
}

// hides reports whether a stop may be so new that a reading does not show yet
// what led to it: nearly all is used, and little is missing.
func (s *Standing) hides(w *Window, t time.Time, high Amount) bool {
	_, lag := w.lags()
	missing := s.limit(w) - high
	return t.Sub(s.Said) <= lag && !missing.Reaches(stopHides, s.limit(w))
}

// samples compares the provider's use with the charges here.
func (s *Standing) samples(w *Window, t time.Time, x shown, why FindingWhy, late bucket) (list []ratioSample) {
	limit := s.limit(w)
	use, over := x.low/2+x.high/2, s.Sampled.From.IsZero() || why == FindEarly || why == FindIdle
	switch {
	case w.Kind == Rolling: // what comes back would have to be known
		return nil
	case x.low >= limit: // it may be any use
		s.Sampled = sampling{}
		return nil
	case why == FindNoise:
		return nil
	}
	if !over {
		need := ratioMoved
		if x.exact {
			need = ratioExact
		}
		list, over = s.Sampled.take(use, late, need, limit)
	}
	if over {
		s.Sampled.begin(t, use, late)
	}
	return list
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
