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
	Stop    time.Time `json:"stop,omitzero"`   // exhausted until here, the provider said
	Marked  time.Time `json:"marked,omitzero"` // newest reading or stop: order matters up to here
	Read    time.Time `json:"read,omitzero"`   // newest reading of this instance
	Since   int64     `json:"since"`           // charges after that reading
	Cap     Amount    `json:"cap,omitzero"`    // the provider's cap, kept when idle
	Early   time.Time `json:"early,omitzero"`  // use fell before the reset
	Adjusts []spent   `json:"adjusts,omitzero"`

	recent []spent // rolling: charges that have not come back, oldest first; not encoded
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
	*s = Standing{Anchor: s.Anchor, Latest: s.Latest, Cap: s.Cap}
}

// step opens the calendar's instance that holds t.
func (s *Standing) step(w *Window, anchor, t time.Time) {
	if !s.Anchor.IsZero() {
		anchor = s.Anchor
	}
	s.close()
	in := w.span(anchor, t)
	s.Opened, s.Resets = in.From, in.Until
}

// expire gives back what a rolling window has held for its length.
func (s *Standing) expire(w *Window, t time.Time) {
	var back Amount
	s.recent, back = giveBack(s.recent, t.Add(-w.Length))
	s.Used -= back
	s.Adjusts, back = giveBack(s.Adjusts, t.Add(-w.Length))
	s.Used -= back
	held := len(s.recent) > 0 || len(s.Adjusts) > 0 || t.Before(s.Stop)
	if !held && !s.Opened.IsZero() {
		s.close()
	}
}

// giveBack drops what was spent at until or before.
func giveBack(list []spent, until time.Time) ([]spent, Amount) {
	var sum Amount
	n := 0
	for n < len(list) && !list[n].At.After(until) {
		sum += list[n].Amount
		n++
	}
	if n == len(list) {
		return nil, sum
	}
	return list[n:], sum
}

// charge adds a charge at t. Of entries inside one instance the order does not
// matter, but for rolling windows.
func (s *Standing) charge(w *Window, anchor, t time.Time, c Charge) {
	s.roll(w, anchor, t)
	if s.Opened.IsZero() {
		s.open(w, t)
	}
	s.Used = s.Used.Plus(c.Amount)
	s.Spent = s.Spent.Plus(c.Amount)
	s.Peak = s.Peak.Plus(c.Peak)
	s.OffPeak = s.OffPeak.Plus(c.OffPeak)
	if c.Estimated {
		s.Est = s.Est.Plus(c.Amount)
	}
	s.Charges++
	s.Since++
	if t.After(s.Latest) {
		s.Latest = t
	}
	if w.Kind == Rolling {
		s.recent = append(s.recent, spent{t, c.Amount})
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
	s.Marked = t
	if !u.IsZero() {
		s.pin(w, t, u)
	} else if s.Opened.IsZero() {
		s.open(w, t)
	}
	s.Stop = s.Resets
	if s.Resets.IsZero() { // rolling
		s.Stop = u
	}
	if s.Stop.IsZero() { // and nobody knows
		s.Stop = t.Add(w.Length)
	}
	if t.After(s.Latest) {
		s.Latest = t
	}
}

// pin takes the provider's word, at t, that the window refreshes at u.
func (s *Standing) pin(w *Window, t, u time.Time) {
	if w.Kind == Rolling {
		if s.Opened.IsZero() {
			s.Opened = t
		}
		return
	}
	if !s.Opened.IsZero() && near(s.Resets, u) {
		return
	}
	s.Resets = u
	if w.Kind == Anchored {
		s.Anchor = u
	}
	if start := u.Add(-w.length()); s.Opened.IsZero() || w.Kind == Anchored && !start.After(t) {
		s.Opened = earlier(start, t)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
