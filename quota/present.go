package quota

import "time"

// Present is the State as it holds at now: that of all entries, but where the
// clock was ahead once and was set back. Entries of then lie in the future, and a
// window that one of them opened has not begun; from the first such entry on
// they are left out until it has, which is at next (zero: nothing is left out).
// An entry ahead of now that opens no window counts: use is rather told of too
// early than too late. The State that is returned must not be changed.
func (l *Ledger) Present(b Book, now time.Time) (s *State, next time.Time, err error) {
	if !l.Ahead(now) {
		return &l.State, time.Time{}, nil
	}
	limit := now.Add(MaxAhead)
	state, from, err := takeUp(l.Meter, b, limit)
	if err != nil {
		return nil, next, err
	}
	for e, err := range b.Entries(l.Meter.Account.Name, from) {
		if err != nil {
			return nil, next, err
		}
		if !e.At.After(limit) {
			state.Apply(l.Meter, e)
			continue
		}
		with := state.Clone()
		with.Apply(l.Meter, e)
		if begins := with.ahead(); begins.After(limit) {
			return &state, begins.Add(-MaxAhead), nil
		}
		state = with
	}
	return &state, next, nil
}

// Ahead reports whether Present is another State than that of all entries.
func (l *Ledger) Ahead(now time.Time) bool { return l.State.ahead().After(now.Add(MaxAhead)) }

// ahead is the latest instant at which anything that the State tells of began.
func (s *State) ahead() time.Time {
	latest := later(s.First, later(s.Money.Week.From, s.Money.Month.From))
	for i := range s.Windows {
		latest = later(latest, s.Windows[i].Opened)
	}
	return latest
}
