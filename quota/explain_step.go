package quota

import (
	"cmp"
	"time"
)

// retracing follows one window through the fold of its account.
type retracing struct {
	meter   *Meter
	window  int
	now     time.Time
	most    int
	state   State
	began   time.Time // of the instance after the newest entry
	used    Amount    // and its use
	steps   []ExplanationStep
	omitted int
}

// retrace folds the entries of a window's present instance once more, from the
// checkpoint before it on, and tells what each did.
func (s *State) retrace(m *Meter, b Book, window int, now time.Time, most int) (x retracing, err error) {
	from := s.explainFrom(m, window, now)
	x = retracing{meter: m, window: window, now: now, most: most, steps: []ExplanationStep{}}
	var at time.Time
	if x.state, at, err = takeUp(m, b, from); err != nil {
		return x, err
	}
	for e, err := range b.Entries(m.Account.Name, at) {
		if err != nil {
			return x, err
		}
		if s.after(e.Event) { // it has not begun to count
			break
		}
		if x.state.Head.IsZero() && e.At.After(s.First) { // the Book has forgotten what anchors
			x.state.First = s.First
		}
		x.take(e, !e.At.Before(from))
	}
	return x, nil
}

// explainFrom is where the steps of an explanation begin: the first entry of the
// window's present instance, or of what a rolling one holds. While it is idle
// nothing counted since: they tell why.
func (s *State) explainFrom(m *Meter, window int, now time.Time) time.Time {
	w, at := &m.Account.Plan.Windows[window], s.standing(window)
	at.roll(w, s.Anchor(m), now)
	from, oldest := cmp.Or(at.Began, at.Opened), Milli(now.Add(-w.length())).Add(time.Millisecond)
	switch {
	case from.IsZero():
		return later(at.Ended, oldest)
	case w.Kind == Rolling:
		return later(from, oldest)
	}
	return from
}

// take applies an entry. Steps of an instance that has ended by it are told of
// no more.
func (x *retracing) take(e Entry, tell bool) {
	var found trace
	x.state.apply(x.meter, e, &found)
	at := x.standing(e.At)
	if !x.began.IsZero() && !at.Began.Equal(x.began) {
		x.steps, x.omitted, x.used = x.steps[:0], 0, 0
	}
	step, ok := x.step(e, &found)
	if step.Used, step.Amount = at.Used, at.Used-x.used; tell && ok {
		x.keep(step)
	}
	x.began, x.used = at.Began, at.Used
}

// standing is how the window stands after an entry at t. Of a rolling one it is
// what it still holds now: the rest has come back since.
func (x *retracing) standing(t time.Time) Standing {
	w, at := &x.meter.Account.Plan.Windows[x.window], x.state.standing(x.window)
	if w.Kind == Rolling {
		t = x.now
	}
	at.roll(w, x.state.Anchor(x.meter), t)
	return at
}

func (x *retracing) keep(step ExplanationStep) {
	if len(x.steps) == x.most {
		x.steps = x.steps[1:]
		x.omitted++
	}
	x.steps = append(x.steps, step)
}

// step says why an entry did what it did; false where it is none of the window's.
func (x *retracing) step(e Entry, found *trace) (ExplanationStep, bool) {
	step := ExplanationStep{At: e.At, ID: e.ID, Kind: e.Kind, Tool: e.Tool}
	m, w := x.meter, &x.meter.Account.Plan.Windows[x.window]
	switch {
	case !w.concerns(m.Account.Plan.Unit, e.Kind):
	case e.Voided:
		step.Why = ChargeVoided.String()
	case e.Kind == KindExhausted && found.stopped == x.window+1:
		step.Why = "the provider said that it is exhausted" + till(e.Until)
	case e.Kind == KindReading:
		if step.Reading = found.reading(x.window); step.Reading != nil {
			step.Why = step.Reading.String()
		}
	default:
		x.charged(&step, e, found.charge)
	}
	return step, step.Why != ""
}

// charged tells of a charge, or why there was none.
func (x *retracing) charged(step *ExplanationStep, e Entry, c Charge) {
	m, w := x.meter, &x.meter.Account.Plan.Windows[x.window]
	if c.Reason == ChargeNoKind || c.Counts() && !w.counts(c.Counter) {
		return
	}
	step.Model, step.Why = c.Model, c.explain(m, e)+x.state.Windows[x.window].Ratios.explainRatio(c)
	step.Basis = m.Account.Basis(e, c)
}
