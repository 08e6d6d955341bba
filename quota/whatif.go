package quota

import "time"

// WhatIfs says how plans would have done with what was used.
type WhatIfs struct {
	Schema  int        `json:"schema"`
	Account string     `json:"account"`
	Since   *time.Time `json:"since"` // the first use; null where there is none
	Until   *time.Time `json:"until"`
	Prompts int64      `json:"prompts"` // on the plan, refused or not
	Answers int64      `json:"answers"`
	Calls   int64      `json:"calls"`
	Plans   []WhatIf   `json:"plans"`
}

// WhatIf says how one plan would have done.
type WhatIf struct {
	Plan         HistoryPlan    `json:"plan"`
	Fee          *Amount        `json:"fee"`     // of a month at present, in US$; null where none is known
	Present      bool           `json:"present"` // the account is on it
	Enough       bool           `json:"enough"`  // nothing would have been refused
	Asked        Amount         `json:"asked"`   // what all of it costs, refused or not
	Estimated    Amount         `json:"estimated"`
	Refused      Refused        `json:"refused"`
	Exhaustions  int64          `json:"exhaustions"`   // of windows that stop work
	BlockedHours float64        `json:"blocked_hours"` // in which one of them was exhausted
	Windows      []WhatIfWindow `json:"windows"`
	OffPeak      OffPeakSaving  `json:"off_peak"`
}

// Refused is what would have found no room.
type Refused struct {
	Prompts int64 `json:"prompts"`
	Answers int64 `json:"answers"` // of turns that were cut off; credits plans
	Calls   int64 `json:"calls"`
}

// WhatIfWindow says how one window would have done.
type WhatIfWindow struct {
	Window       string     `json:"window"`
	Counts       Counter    `json:"counts"`
	Cap          Amount     `json:"cap"`
	Worst        Amount     `json:"worst"` // most that one instance would have held
	WorstPercent float64    `json:"worst_percent"`
	WorstAt      *time.Time `json:"worst_at"`
	Exhaustions  int64      `json:"exhaustions"`
	BlockedHours float64    `json:"blocked_hours"`
}

// OffPeakSaving is what the same use would have cost less, all of it off-peak.
type OffPeakSaving struct {
	Saves        Amount  `json:"saves"`
	Window       string  `json:"window"`         // the longest that stops work
	PercentOfCap float64 `json:"percent_of_cap"` // of it, on the average of its instances
}

// Trial replays what was used on a plan that may be another than the one it was
// used on. What the provider said of the real one is left out. What would have
// found no room is refused, and uses nothing; nothing that came after it
// changes for that. An estimate costs what the turns before it would have
// taught on that plan, refused or not.
type Trial struct {
	meter *Meter
	price *Pricer
	since time.Time // entries before it only teach
	first time.Time // use told of
	total Use
	asked struct{ amount, estimated, peak Amount }
	gone  Refused
	stops blocks // of any window that stops work
	wins  []trialWindow
}

// trialWindow is one window of a Trial.
type trialWindow struct {
	Standing
	worst   Amount
	worstAt time.Time
	stops   blocks
}

// blocks sums up times without room, in the order in which they begin.
type blocks struct {
	count int64
	time  time.Duration
	until time.Time // end of the last one
}

func (b *blocks) add(from, until time.Time) {
	b.count++
	from = later(from, b.until)
	if until.After(from) {
		b.time += until.Sub(from)
		b.until = until
	}
}

// hours are those up to an instant, not before the last one began.
func (b *blocks) hours(until time.Time) float64 {
	return (b.time - max(b.until.Sub(until), 0)).Hours()
}

// NewTrial begins before all entries, of which those before since only teach
// what others cost. The meter's account is on the plan that is tried.
func NewTrial(m *Meter, since time.Time) *Trial {
	return &Trial{meter: m, price: NewPricer(m), since: since, wins: make([]trialWindow, len(m.Account.Plan.Windows))}
}

// Take runs the next entry, in the order of Event.Before.
func (t *Trial) Take(e Entry) {
	c := t.price.Charge(e)
	if e.At.Before(t.since) || c.Reason == ChargeNoKind || c.Reason == ChargeVoided || c.Reason.Apart() {
		return
	}
	if t.first.IsZero() {
		t.first = e.At
	}
	t.note(e, c)
	if !t.room(e.At, c) {
		t.refuse(e, c)
	} else if c.Counts() {
		t.charge(e.At, c)
	}
}

// note sums up what was asked for.
func (t *Trial) note(e Entry, c Charge) {
	switch e.Kind {
	case KindUsage:
		t.total.Answers += int64(e.Count)
	case KindTool:
		t.total.Calls += int64(e.Count)
	default:
		t.total.Prompts += int64(e.Count)
	}
	if c.Counter != CountPrompts {
		return
	}
	t.asked.amount = t.asked.amount.Plus(c.Amount)
	t.asked.peak = t.asked.peak.Plus(c.Amount - min(c.Amount, c.OffPeak))
	if c.Estimated {
		t.asked.estimated = t.asked.estimated.Plus(c.Amount)
	}
}

// room reports whether the windows that a charge would go to have any. A prompt
// whose tokens are charged apart needs it as well.
func (t *Trial) room(at time.Time, c Charge) bool {
	for i := range t.wins {
		if t.counts(i, c) && at.Before(t.wins[i].stops.until) {
			return false
		}
	}
	return true
}

func (t *Trial) counts(i int, c Charge) bool {
	to := c.Counter
	if to == "" {
		to = CountPrompts
	}
	return t.meter.Account.Plan.Windows[i].counts(to)
}

// refuse counts what found no room. An answer that costs nothing of its own
// goes with its prompt.
func (t *Trial) refuse(e Entry, c Charge) {
	switch {
	case e.Kind == KindTool:
		t.gone.Calls += int64(e.Count)
	case e.Kind != KindUsage:
		t.gone.Prompts += int64(e.Count)
	case c.Counts():
		t.gone.Answers += int64(e.Count)
	}
}

// anchor is the instant from which week and month step.
func (t *Trial) anchor() time.Time {
	if !t.meter.Account.Subscribed.IsZero() {
		return t.meter.Account.Subscribed
	}
	return t.first
}

func (t *Trial) charge(at time.Time, c Charge) {
	for i := range t.wins {
		w, x := &t.meter.Account.Plan.Windows[i], &t.wins[i]
		if !t.counts(i, c) {
			continue
		}
		x.charge(w, t.anchor(), at, c)
		if x.Used > x.worst {
			x.worst, x.worstAt = x.Used, at
		}
		if x.Used < w.Cap {
			continue
		}
		until := x.free(w)
		x.stops.add(at, until)
		if w.Blocks() {
			t.stops.add(at, until)
		}
	}
}

// free is when an exhausted window has room again, if nothing more is charged.
func (s Standing) free(w *Window) time.Time {
	if w.Kind != Rolling {
		return s.Resets
	}
	at := s.Latest
	for s.Used >= w.Cap {
		first, ok := s.oldest()
		if !ok {
			break
		}
		at = first.At.Add(w.Length)
		s.expire(w, at)
	}
	return at
}

// WhatIf is how the plan would have done up to an instant, not before the last
// entry.
func (t *Trial) WhatIf(until time.Time) WhatIf {
	p := &t.meter.Account.Plan
	x := WhatIf{
		Plan:  HistoryPlan{p.ID, p.Name, p.Unit},
		Asked: t.asked.amount, Estimated: t.asked.estimated, Refused: t.gone, Enough: t.gone == Refused{},
		Exhaustions: t.stops.count, BlockedHours: t.stops.hours(until), Windows: []WhatIfWindow{}, OffPeak: t.offPeak(until),
	}
	for i := range t.wins {
		x.Windows = append(x.Windows, t.wins[i].whatIf(&p.Windows[i], until))
	}
	return x
}

func (x *trialWindow) whatIf(w *Window, until time.Time) WhatIfWindow {
	counts := CountPrompts
	if !w.Blocks() {
		counts = CountTools
	}
	return WhatIfWindow{
		Window: w.Name, Counts: counts, Cap: w.Cap, Worst: x.worst, WorstPercent: x.worst.Percent(w.Cap),
		WorstAt: moment(x.worstAt), Exhaustions: x.stops.count, BlockedHours: x.stops.hours(until),
	}
}

// offPeak holds what was paid for peak hours against the longest window.
func (t *Trial) offPeak(until time.Time) OffPeakSaving {
	longest := -1
	for i := range t.wins {
		w := &t.meter.Account.Plan.Windows[i]
		if w.Blocks() && (longest < 0 || w.length() > t.meter.Account.Plan.Windows[longest].length()) {
			longest = i
		}
	}
	saving := OffPeakSaving{Saves: t.asked.peak}
	if longest < 0 {
		return saving
	}
	w := &t.meter.Account.Plan.Windows[longest]
	instances := max(until.Sub(t.first).Hours()/w.length().Hours(), 1)
	saving.Window, saving.PercentOfCap = w.Name, t.asked.peak.Percent(w.Cap)/instances
	return saving
}

// Compare tells how plans did with the same entries, up to an instant, and what
// they cost now. The meter is the account's own.
func Compare(m *Meter, trials []*Trial, until, now time.Time) WhatIfs {
	all := WhatIfs{Schema: Schema, Account: m.Account.Name, Until: moment(until), Plans: []WhatIf{}}
	for _, t := range trials {
		all.Since, all.Prompts, all.Answers, all.Calls = moment(t.first), t.total.Prompts, t.total.Answers, t.total.Calls
		x := t.WhatIf(until)
		x.Present = x.Plan.ID == m.Account.Plan.ID
		if fee, ok := t.meter.Account.Plan.FeeAt(CycleMonth, now); ok {
			x.Fee = &fee.USD
		}
		all.Plans = append(all.Plans, x)
	}
	return all
}
