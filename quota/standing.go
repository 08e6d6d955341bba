package quota

import "time"

// Standing is where one window stands after the entries folded so far. What
// has run out since is only let go by roll.
type Standing struct {
	Opened  time.Time `json:"opened,omitzero"` // zero: idle
	Resets  time.Time `json:"resets,omitzero"` // zero: idle, or rolling
	Anchor  time.Time `json:"anchor,omitzero"` // anchored: an instance start the provider told
	Used    Amount    `json:"used"`            // rolling: of the charges that Warm gives back
	Spent   Amount    `json:"spent"`           // by charges alone, without readings
	Peak    Amount    `json:"peak"`            // the same charges, had it been peak
	OffPeak Amount    `json:"off_peak"`        // and off-peak
	Est     Amount    `json:"est"`             // the estimated part of Used
	Charges int64     `json:"charges"`
	Latest  time.Time `json:"latest,omitzero"` // newest charge or reading, kept when idle
	Gauged  time.Time `json:"gauged,omitzero"` // newest tokens that did not count, kept too
	Stop    time.Time `json:"stop,omitzero"`   // exhausted until here, the provider said
	Marked  time.Time `json:"marked,omitzero"` // newest reading or stop: order matters up to here
	Read    time.Time `json:"read,omitzero"`   // newest reading of this instance
	Full    bool      `json:"full,omitzero"`   // which said that all is used
	Since   int64     `json:"since"`           // charges after that reading
	Told    time.Time `json:"told,omitzero"`   // reset of this instance that the provider told
	Said    time.Time `json:"said,omitzero"`   // when Stop was told
	Cap     Amount    `json:"cap,omitzero"`    // the provider's cap, kept when idle
	Ended   time.Time `json:"ended,omitzero"`  // fixed: the end of the instance before
	Before  Amount    `json:"before,omitzero"` // the least that was used of the instance before, by its readings
	Dipped  time.Time `json:"dipped,omitzero"` // rolling: when use last fell to half of the cap
	Early   time.Time `json:"early,omitzero"`  // use fell before the reset
	Began   time.Time `json:"began,omitzero"`  // oldest entry that Used rests on
	Adjusts []spent   `json:"adjusts,omitzero"`
	Guess   Guess     `json:"guess,omitzero"`   // how sure Est is
	Guessed []spent   `json:"guessed,omitzero"` // rolling: of recent, what was estimated
	Net     Amount    `json:"net,omitzero"`     // what readings added to the use, less what they took off

	Bracket bracket  `json:"bracket,omitzero"`
	Lately  recently `json:"lately,omitempty"` // charged here within the longest lag
	Rated   bool     `json:"rated,omitzero"`   // Ratios were taken, at the first charge of the instance
	Ratios  Ratios   `json:"ratios,omitempty"` // by which its guesses are counted
	Sampled sampling `json:"sampled,omitzero"`

	seen
	recent []spent // rolling: charges that have not come back, oldest first; not encoded
	warm   int     // of Guessed, those that Warm has given back
}

// seen is what readings taught of a window beyond one instance.
type seen struct {
	Seen      time.Time `json:"seen,omitzero"`    // newest reading
	Misses    Sketch    `json:"misses,omitempty"` // how far off the count was found, see miss
	Watch     watch     `json:"watch,omitzero"`
	Refreshes Refreshes `json:"refreshes,omitzero"`
}

// spent is a charge of a rolling window, or a correction that a reading made.
type spent struct {
	At     time.Time `json:"at"`
	Amount Amount    `json:"amount"`
}

// roll brings the window to t: an instance that has ended makes room for the
// next one. It does nothing for an instant inside the present instance.
func (s *Standing) roll(w *Window, anchor, t time.Time) {
	switch w.Kind {
	case Rolling:
		s.expire(w, t)
	case Fixed:
		if !s.Opened.IsZero() && !t.Before(s.Resets) {
			s.close()
		}
	default:
		if s.Resets.IsZero() || !t.Before(s.Resets) {
			s.step(w, anchor, t)
		}
	}
}

// close leaves the window idle; what outlives an instance is kept.
func (s *Standing) close() {
	*s = Standing{Anchor: s.Anchor, Latest: s.Latest, Gauged: s.Gauged, Cap: s.Cap, Ended: s.Resets, Before: s.Bracket.Low, Dipped: s.Dipped, seen: s.seen}
}

// step opens the calendar's instance that holds t.
func (s *Standing) step(w *Window, anchor, t time.Time) {
	if !s.Anchor.IsZero() {
		anchor = s.Anchor
	}
	ended, in := s.Resets, w.span(anchor, t)
	s.close()
	if !ended.IsZero() && w.near(in.Until, ended) { // the provider ended the old one a little early
		in = Span{From: ended, Until: w.span(anchor, in.Until).Until}
	}
	s.Opened, s.Resets, s.Ended = in.From, in.Until, time.Time{}
}

// expire gives back what a rolling window has held for its length.
func (s *Standing) expire(w *Window, t time.Time) {
	until := t.Add(-w.Length)
	for {
		first, ok := s.oldest()
		if !ok || first.At.After(until) {
			break
		}
		s.giveBack(w, first.At)
	}
	held := len(s.recent) > 0 || len(s.Adjusts) > 0 || t.Before(s.Stop)
	if !held && !s.Opened.IsZero() {
		s.close()
	}
}

// oldest is what a rolling window gives back next.
func (s *Standing) oldest() (spent, bool) {
	switch {
	case len(s.recent) == 0 && len(s.Adjusts) == 0:
		return spent{}, false
	case len(s.recent) == 0, len(s.Adjusts) > 0 && s.Adjusts[0].At.Before(s.recent[0].At):
		return s.Adjusts[0], true
	}
	return s.recent[0], true
}

// giveBack takes off what was spent at an instant, the oldest, and notes when
// that left half of the window.
func (s *Standing) giveBack(w *Window, at time.Time) {
	var charged, corrected Amount
	s.recent, charged = cut(s.recent, at)
	s.Adjusts, corrected = cut(s.Adjusts, at)
	s.unguess(at)
	half, left := s.limit(w)/2, s.Used-charged-corrected
	if s.Used > half && left <= half {
		s.Dipped = at.Add(w.Length)
	}
	s.Used = left
	s.Bracket.giveBack(charged + corrected)
}

// cut drops what stands first in a list, of one instant, and sums it up.
func cut(list []spent, at time.Time) (rest []spent, sum Amount) {
	for len(list) > 0 && list[0].At.Equal(at) {
		sum += list[0].Amount
		list = list[1:]
	}
	return list, sum
}

// charge adds a charge at t. Of entries inside one instance the order does not
// matter, but for rolling windows.
func (s *Standing) charge(w *Window, anchor, t time.Time, c Charge) {
	s.roll(w, anchor, t)
	if c.Gauge > 0 && !s.Ratios.tokens() {
		s.gauge(w, t, c)
		return
	}
	if s.Opened.IsZero() {
		s.open(w, t)
	}
	s.begin(t)
	used := s.count(w, t, c)
	s.Spent = s.Spent.Plus(c.Amount)
	s.Peak = s.Peak.Plus(c.Peak)
	s.OffPeak = s.OffPeak.Plus(c.OffPeak)
	if c.Estimated {
		s.guess(w, t, c, used)
	}
	if c.Gauge == 0 {
		s.Charges++
	}
	s.Since++
	if t.After(s.Latest) {
		s.Latest = t
	}
	s.Lately = s.Lately.keep(w, s.newest())
	if w.Kind == Rolling {
		s.recent = append(s.recent, spent{t, used})
	}
}

// count adds a charge to the use, and to all that is held against the next
// reading. It gives what the charge counted.
func (s *Standing) count(w *Window, t time.Time, c Charge) Amount {
	used, low, high := s.Ratios.count(c)
	s.Used = s.Used.Plus(used)
	s.Bracket.Less, s.Bracket.More = s.Bracket.Less.Plus(low), s.Bracket.More.Plus(high)
	if _, scaled := s.Ratios.of(c.Scale); !scaled {
		s.Bracket.Guess = s.Bracket.Guess.plus(c.Guess)
	}
	s.Watch.charge(t, used)
	s.Sampled.add(c)
	if c.Scale == "" {
		s.Lately = s.Lately.add(w, t, bucket{Exact: used})
	} else {
		s.Lately = s.Lately.add(w, t, bucket{Counted: used, Guessed: c.Amount, Gauge: c.Gauge})
	}
	return used
}

// gauge notes tokens that do not count, for the ratio that readings may teach.
// They open no window, so that its first charge is still to take the ratios.
func (s *Standing) gauge(w *Window, t time.Time, c Charge) {
	if s.Opened.IsZero() {
		s.Rated, s.Ratios = false, nil
	}
	s.Sampled.add(c)
	s.Gauged = later(s.Gauged, t)
	s.Lately = s.Lately.add(w, t, bucket{Gauge: c.Gauge}).keep(w, s.newest())
}

// newest is the newest entry that was looked at, whether or not it counted.
func (s *Standing) newest() time.Time { return later(s.Latest, s.Gauged) }

// begin notes an entry that Used rests on.
func (s *Standing) begin(t time.Time) {
	if s.Began.IsZero() || t.Before(s.Began) {
		s.Began = t
	}
}

func (s *Standing) open(w *Window, t time.Time) {
	s.Opened = t
	if w.Kind == Fixed {
		s.Resets = t.Add(w.Length)
	}
}

// stop takes the provider's word, at t, that the window is exhausted until u
// (zero: it did not say). A u already past says nothing.
func (s *Standing) stop(w *Window, anchor, t, u time.Time) {
	if !u.IsZero() && !u.After(t) {
		return
	}
	s.roll(w, anchor, t)
	if !s.Stop.IsZero() && !s.Stop.After(t) && s.Used <= s.limit(w)/2 && s.Stop.After(s.Dipped) {
		s.Dipped = s.Stop // rolling: there was room since the stop before
	}
	s.Marked = t
	if s.Opened.IsZero() && u.IsZero() {
		s.open(w, t)
	}
	if u.IsZero() {
		u = s.Resets
	}
	if u.IsZero() { // rolling, and nobody knows
		u = t.Add(w.Length)
	}
	s.begin(t)
	s.pin(w, t, u)
	s.Stop, s.Said = u, t
	if t.After(s.Latest) {
		s.Latest = t
	}
}

// pin takes the provider's word, at t, that the window refreshes at u.
func (s *Standing) pin(w *Window, t, u time.Time) {
	switch {
	case w.Kind == Rolling:
		if s.Opened.IsZero() {
			s.Opened = t
		}
		return
	case w.Kind == Fixed && s.Opened.IsZero():
		s.Opened = later(earlier(u.Add(-w.Length), t), s.Ended)
	case w.Kind == Fixed:
		s.Opened = earlier(s.Opened, later(u.Add(-w.Length), s.Ended))
	case !w.near(s.Resets, u):
		s.Anchor = u
		s.Opened = earlier(w.span(u, u.Add(-time.Millisecond)).From, t)
	}
	s.Resets, s.Told = u, u
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
