package quota

import "time"

// applyStop takes in that the provider said that a window is exhausted.
func (s *State) applyStop(m *Meter, e Event, found *trace) {
	name := e.Window
	if name == WindowWeekOrMonth {
		name = s.weekOrMonth(m, e)
	}
	if i, ok := m.Account.Plan.Window(name); ok {
		found.stop(i)
		s.Windows[i].stop(&m.Account.Plan.Windows[i], s.Anchor(m), e.At, s.until(m, i, e))
	}
}

// weekOrMonth tells which of the two ran out: the week where the instant is
// its reset, else the month, where the plan has one. Where the reset of the week
// is only assumed it tells nothing, and an instant within a week is the week's.
func (s *State) weekOrMonth(m *Meter, e Event) string {
	i, week := m.Account.Plan.Window(WindowWeek)
	j, month := m.Account.Plan.Window(WindowMonth)
	switch {
	case !month:
		return WindowWeek
	case !week:
		return WindowMonth
	case e.Until.IsZero():
		return WindowWeek
	case e.Until.Sub(e.At) > 7*aDay+sameReset:
		return WindowMonth
	}
	assumed := m.Account.Subscribed.IsZero() && s.Windows[i].Anchor.IsZero()
	if s.resetsAt(m, i, e) || assumed && !s.resetsAt(m, j, e) {
		return WindowWeek
	}
	return WindowMonth
}

// resetsAt reports whether an instant that the provider told is the reset of a
// window, or a bare date the day of it.
func (s *State) resetsAt(m *Meter, i int, e Event) bool {
	w, resets := &m.Account.Plan.Windows[i], s.resets(m, i, e.At)
	return w.near(resets, e.Until) || sameDate(e.Until, resets)
}

// until is when a stop ends, zero where that was not told: of a bare date, the
// reset on that day, where there is one.
func (s *State) until(m *Meter, i int, e Event) time.Time {
	if resets := s.resets(m, i, e.At); sameDate(e.Until, resets) {
		return resets
	}
	return e.Until
}

// resets is when the window's instance at t ends.
func (s *State) resets(m *Meter, i int, t time.Time) time.Time {
	at := s.standing(i)
	at.roll(&m.Account.Plan.Windows[i], s.Anchor(m), t)
	return at.Resets
}

// sameDate reports whether a midnight of UTC+8, which is how a bare date is read,
// begins the day that holds t.
func sameDate(midnight, t time.Time) bool {
	into := t.Sub(midnight)
	return !midnight.IsZero() && into >= 0 && into < aDay && midnight.Add(8*time.Hour).Equal(midnight.Add(8*time.Hour).Truncate(aDay))
}
