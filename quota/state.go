package quota

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Meter is what a fold rests on besides the events: the account, the user's
// rules on endpoints and tools, and the price table.
type Meter struct {
	Account Account
	Rules   Rules
	Prices  Prices // of what is paid by the token; zero: no money is counted
}

// firstAnchor is the first year whose clocks are believed to anchor anything:
// boards without a battery begin at 1970, 1980 or 1999.
const firstAnchor = 2000

// FoldVersion is raised with each change by which the same entries fold to
// another State: what an older program kept is then folded anew.
const FoldVersion = 6

// State is the fold of one account's entries. Its zero value holds none.
// Entries are applied in the order of Event.Before; Takes tells which late
// ones may be applied all the same.
type State struct {
	First   time.Time  `json:"first,omitzero"` // of the first use told of: the anchor where no subscription is known
	Head    time.Time  `json:"head,omitzero"`  // newest entry
	HeadID  string     `json:"head_id"`
	Windows []Standing `json:"windows"` // as the plan lists them
	Strange Strange    `json:"strange,omitzero"`
	Apart   time.Time  `json:"apart,omitzero"` // newest event that was not on the plan
	// Astray is the newest of them that may have been meant for the plan: it asked
	// for a model of the plan, or went to the provider's other endpoint.
	Astray      time.Time   `json:"astray,omitzero"`
	Turns       TurnPrices  `json:"turns,omitzero"`
	Calibration Calibration `json:"calibration,omitzero"`
	Told        PlanTold    `json:"told,omitzero"` // what the provider told of the subscription, each field the newest
	ToldAt      time.Time   `json:"told_at,omitzero"`
	Money       Money       `json:"money,omitzero"`
}

// Strange is the newest model that the plan's data does not know.
type Strange struct {
	Model  string    `json:"model"`
	At     time.Time `json:"at"`
	NoRate bool      `json:"no_rate"`
}

// Fit says how an entry fits to a State.
type Fit int

// The fits.
const (
	InOrder  Fit = iota // newer than all before
	Commutes            // late, but only adds to what is open
	TooLate             // changes what came after: the fold has to be taken up before it
)

func (f Fit) String() string {
	return [...]string{"in order", "late, but adds only", "late: re-fold"}[f]
}

// Anchor is the instant from which week and month step: the subscription, or
// the first use told of; zero where neither is known.
func (s *State) Anchor(m *Meter) time.Time {
	if !m.Account.Subscribed.IsZero() {
		return m.Account.Subscribed
	}
	return s.First
}

// Apply takes one entry in.
func (s *State) Apply(m *Meter, e Entry) { s.apply(m, e, nil) }

// apply is Apply, and notes in the trace, where there is one, what was found.
func (s *State) apply(m *Meter, e Entry, found *trace) {
	s.grow(m)
	if s.after(e.Event) {
		s.Head, s.HeadID = e.At, e.ID
	}
	if e.Voided {
		return
	}
	switch e.Kind {
	case KindExhausted:
		if m.Rules.Bill(e.Event) == OnPlan {
			s.begin(e.At)
			s.applyStop(m, e.Event, found)
		}
	case KindReading:
		s.applyReadings(m, e.Event, found)
	case KindVoid:
	default:
		s.applyCharge(m, e, found)
	}
}

func (s *State) grow(m *Meter) {
	for len(s.Windows) < len(m.Account.Plan.Windows) {
		s.Windows = append(s.Windows, Standing{})
	}
}

// after reports whether e comes after all that was folded.
func (s *State) after(e Event) bool {
	return e.At.After(s.Head) || e.At.Equal(s.Head) && e.ID > s.HeadID
}

// begin notes the first instant that anchors. One of a clock that was not set yet
// is none: the week must not step from it for ever.
func (s *State) begin(t time.Time) {
	if s.First.IsZero() && t.Year() >= firstAnchor {
		s.First = t
	}
}

func (s *State) applyCharge(m *Meter, e Entry, found *trace) {
	c := s.Turns.charge(m, e)
	found.charged(c)
	if c.Reason.Apart() {
		s.noteApart(e, c)
	}
	if c.concerns() {
		s.charge(m, e, c)
	}
	s.applyMoney(m, e, c)
}

// charge puts a charge into the windows that count it.
func (s *State) charge(m *Meter, e Entry, c Charge) {
	if c.Counts() {
		s.begin(e.At)
	}
	if (c.UnknownModel || c.UnknownRate) && !e.At.Before(s.Strange.At) {
		s.Strange = Strange{Model: c.Model, At: e.At, NoRate: c.UnknownRate}
	}
	for i := range s.Windows {
		if w := &m.Account.Plan.Windows[i]; w.counts(c.Counter) {
			s.Windows[i].rate(w, s.Anchor(m), e.At, &s.Calibration)
			s.Windows[i].charge(w, s.Anchor(m), e.At, c)
		}
	}
}

func (s *State) noteApart(e Entry, c Charge) {
	if e.At.After(s.Apart) {
		s.Apart = e.At
	}
	ours := c.Reason == ChargePerToken || strings.HasPrefix(NormalModel(e.Model), "glm-")
	if ours && e.At.After(s.Astray) {
		s.Astray = e.At
	}
}

func (s *State) applyReadings(m *Meter, e Event, found *trace) {
	if !e.Plan.IsZero() {
		s.Told, s.ToldAt = s.Told.with(e.Plan), e.At
	}
	learns := m.Account.Plan.learns()
	for _, r := range m.Account.Plan.readings(e) {
		if i, ok := m.Account.Plan.Window(r.Window); ok {
			if r.shows() {
				s.begin(e.At)
			}
			f := s.Windows[i].read(&m.Account.Plan.Windows[i], s.Anchor(m), e.At, r)
			found.read(i, r, f)
			for _, sample := range f.samples {
				if i == learns {
					s.Calibration.learn(e.At, sample)
				}
			}
		}
	}
}

// Takes tells how e fits: only what is TooLate must not be applied.
func (s *State) Takes(m *Meter, e Entry) Fit {
	if s.after(e.Event) {
		return InOrder
	}
	switch e.Kind {
	case KindExhausted, KindReading, KindVoid:
		return TooLate
	}
	c := m.Account.Cost(e, m.Rules)
	if fit := s.takesMoney(m, e, c); fit == TooLate || !c.concerns() {
		return fit
	}
	if !s.Turns.takes(&m.Account, e, c) || s.Calibration.holds(e.At) != s.Calibration.holds(s.Head) {
		return TooLate
	}
	if e.At.Before(s.First) || s.First.IsZero() || (c.UnknownModel || c.UnknownRate) && e.At.Equal(s.Strange.At) {
		return TooLate
	}
	s.grow(m)
	for i := range s.Windows {
		if w := &m.Account.Plan.Windows[i]; w.counts(c.Counter) && !s.Windows[i].adds(w, e.At) {
			return TooLate
		}
	}
	return Commutes
}

// adds reports whether a late charge at t only adds to the present instance,
// or comes after all that the window has seen.
func (s *Standing) adds(w *Window, t time.Time) bool {
	switch {
	case t.After(s.newest()) && t.After(s.Marked):
		return true
	case w.Kind == Rolling, s.Opened.IsZero():
		return false
	}
	return !t.Before(s.Opened) && t.After(s.Marked)
}

// Warm gives a decoded State back what is not encoded: the charges that a
// rolling window still holds. The entries are those folded into it, from
// WarmFrom on, in order.
func (s *State) Warm(m *Meter, e Entry) {
	s.grow(m)
	c := m.Account.Cost(e, m.Rules)
	if e.Voided || !c.concerns() {
		return
	}
	for i := range s.Windows {
		w, at := &m.Account.Plan.Windows[i], &s.Windows[i]
		if c.Gauge > 0 && !at.Ratios.tokens() {
			continue
		}
		if w.Kind == Rolling && w.counts(c.Counter) && !at.Opened.IsZero() && e.At.After(at.rolled().Add(-w.Length)) {
			at.recent = append(at.recent, spent{e.At, at.warmed(c, e.At)})
		}
	}
}

// WarmFrom is where Warm's entries begin; ok is false where none are needed.
func (s *State) WarmFrom(m *Meter) (from time.Time, ok bool) {
	for i := range s.Windows {
		if w := &m.Account.Plan.Windows[i]; w.Kind == Rolling && !s.Windows[i].Opened.IsZero() {
			if at := s.Windows[i].rolled().Add(-w.Length); !ok || at.Before(from) {
				from, ok = at, true
			}
		}
	}
	return from, ok
}

// rolled is up to when a rolling window has given back: a reading that tells of
// no use makes it look too.
func (s *Standing) rolled() time.Time { return later(s.newest(), s.Marked) }

// Clone is an independent copy.
func (s *State) Clone() State {
	c := *s
	c.Turns = s.Turns.clone()
	c.Windows = slices.Clone(s.Windows)
	for i := range c.Windows {
		c.Windows[i].recent = slices.Clone(c.Windows[i].recent)
		c.Windows[i].Adjusts = slices.Clone(c.Windows[i].Adjusts)
		c.Windows[i].Lately = slices.Clone(c.Windows[i].Lately)
		c.Windows[i].Guessed = slices.Clone(c.Windows[i].Guessed)
	}
	return c
}

// Encode writes the State so that equal states are equal bytes.
func (s *State) Encode() []byte {
	b, err := json.Marshal(s)
	if err != nil { // no field can fail
		panic(fmt.Sprintf("quota: encode state: %v", err))
	}
	return b
}

// DecodeState reads what Encode wrote.
func DecodeState(b []byte) (State, error) {
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return State{}, fmt.Errorf("state of an account: %w", err)
	}
	return s, nil
}
