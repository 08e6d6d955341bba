package quota

import (
	"math"
	"time"
)

// shows reports whether the reading tells of any use.
func (r Reading) shows() bool {
	return r.Used != nil && *r.Used > 0 || r.Percent != nil && *r.Percent > 0
}

// idle reports whether a reading says that nothing is used and nothing open: a
// row of a window that nothing has opened yet has no reset instant.
func (r Reading) idle() bool {
	none := r.Used != nil && *r.Used == 0 || r.Used == nil && r.Percent != nil && *r.Percent == 0
	return none && r.ResetsAt == nil
}

// bounds are the least and the greatest use that a reading allows. The
// provider floors a percentage, but shows 1 once anything was used, and never
// more than 100.
func (r Reading) bounds(limit Amount) (low, high Amount, known bool) {
	switch {
	case r.Used != nil && *r.Used > 0 && *r.Used%One == 0: // the provider writes whole units, floored
		return *r.Used, *r.Used + One - 1, true
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

// resets is the reset instant that a reading at t tells of the window, rolled to
// t; zero where it tells none that can be. Over: it is past, and so is what the
// reading is about.
func (s *Standing) resets(w *Window, t time.Time, r Reading) (told time.Time, over bool) {
	if r.ResetsAt == nil {
		return time.Time{}, false
	}
	told = Milli(*r.ResetsAt)
	switch {
	case !told.After(t), s.hasEnded(w, told):
		return time.Time{}, w.Kind != Rolling
	case told.Sub(t) > w.longest()+stopSlack:
		return time.Time{}, false
	}
	return told, false
}

// hasEnded reports whether a reset instant is that of the instance before, which
// the jitter of the provider's values may put a little ahead.
func (s *Standing) hasEnded(w *Window, told time.Time) bool {
	return !s.Ended.IsZero() && w.near(told, s.Ended) || w.Kind != Fixed && !s.Opened.IsZero() && w.near(told, s.Opened)
}

// FindingWhy says what a reading was found to mean for the count.
type FindingWhy int

// The findings.
const (
	FindNothing FindingWhy = iota // it tells of no use
	FindOver                      // it is about an instance that has ended
	FindStands                    // the count is inside its bracket
	FindRaised                    // the count was below
	FindLowered                   // the count was above
	FindLag                       // nothing is used there, and all that is counted is too new to show
	FindIdle                      // nothing is open there
	FindEarly                     // use fell before the reset
	FindNoise                     // it shows a little less than the one before, which stands
)

func (f FindingWhy) String() string {
	return [...]string{
		"it tells of no use", "of an instance that has ended: it says nothing of this one",
		"inside the bracket: the count stands", "raised to the bracket", "lowered to the bracket",
		"within the lag: the count stands", "nothing is open at the provider",
		"early refresh: use fell before the reset", "noise: the reading before it stands",
	}[f]
}

// Finding is what a reading was found to say of a window.
type Finding struct {
	Why       FindingWhy
	Low, High Amount // the use that it allows, with what was charged here within the lag; both 0 where it tells of none
	Was, Used Amount // the count before and after

	samples []ratioSample
}

// bounded reports whether Low and High are told.
func (f Finding) bounded() bool { return f.Why > FindOver }

// limit is the cap that counts: the provider's where it told one.
func (s *Standing) limit(w *Window) Amount {
	if s.Cap > 0 {
		return s.Cap
	}
	return w.Cap
}

// readings are those of an event, in a unit of this plan's.
func (p *Plan) readings(e Event) []Reading {
	if !p.countsOther(e.Plan.ID) {
		return e.Readings
	}
	list := make([]Reading, len(e.Readings))
	for i, r := range e.Readings {
		list[i] = r.inPercent()
	}
	return list
}

// countsOther reports whether a plan that the provider told counts in another
// unit: figures in that unit say nothing here. One that is not known does not.
func (p *Plan) countsOther(told string) bool {
	if told == "" || told == p.ID {
		return false
	}
	other, known := PlanByID(told)
	return known && other.Unit != p.Unit
}

// inPercent is a reading without what is told in the plan's unit. The calls of a
// month are counted alike on all plans.
func (r Reading) inPercent() Reading {
	if r.Window == WindowMonth {
		return r
	}
	if r.Percent == nil && r.Used != nil && r.Cap != nil && *r.Cap > 0 {
		p := 100 * r.Used.Float() / r.Cap.Float()
		r.Percent = &p
	}
	r.Used, r.Cap = nil, nil
	return r
}
