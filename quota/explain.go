package quota

import (
	"cmp"
	"fmt"
	"iter"
	"time"
)

// Explanation is how the number of one window came about, step by step.
type Explanation struct {
	Account string            `json:"account"`
	Plan    PlanStatus        `json:"plan"`
	Source  string            `json:"source"` // where the plan's caps are from
	Window  WindowStatus      `json:"window"`
	Notes   []string          `json:"notes"` // what the number rests on, beside the steps
	Steps   []ExplanationStep `json:"steps"` // oldest first
	Omitted int               `json:"omitted"`
}

// ExplanationStep is what one entry did to the window.
type ExplanationStep struct {
	At     time.Time `json:"at"`
	ID     string    `json:"id"`
	Kind   Kind      `json:"kind"`
	Tool   string    `json:"tool,omitempty"`
	Model  string    `json:"model,omitempty"` // billed
	Amount Amount    `json:"amount"`          // by which it changed the use
	Used   Amount    `json:"used"`            // after it
	Why    string    `json:"why"`
	Basis  *Basis    `json:"basis,omitempty"` // the rows behind a charge

	Reading *ExplainedReading `json:"reading,omitempty"` // kind reading
}

// Explain tells how a window's number at now came about. The entries are the
// account's [Prices] from ExplainFrom on; of more than most steps the newest are kept.
func (s *State) Explain(m *Meter, rules NoticeRules, window string, entries iter.Seq2[Priced, error], now time.Time, most int) (Explanation, error) {
	i, ok := m.Account.Plan.Window(window)
	if !ok {
		return Explanation{}, bad("window", "%s has no window %q", m.Account.Plan.ID, clip(window))
	}
	st := s.At(m, rules, now)
	x := Explanation{Account: m.Account.Name, Plan: st.Plan, Source: m.Account.Plan.Source, Window: st.Windows[i],
		Notes: explainNotes(m, &st, i), Steps: []ExplanationStep{}}
	x.Notes = append(x.Notes, s.readingNotes(m, &x.Window, i, now)...)
	w, at := &m.Account.Plan.Windows[i], s.blank(m, i, now)
	for e, err := range entries {
		if err != nil {
			return Explanation{}, err
		}
		if e.At.After(now) {
			break
		}
		step, ok := s.explain(m, w, &at, e)
		if !ok {
			continue
		}
		if len(x.Steps) == most {
			x.Steps = x.Steps[1:]
			x.Omitted++
		}
		x.Steps = append(x.Steps, step)
	}
	return x, nil
}

// blank is the window's present instance before its first entry. Where the
// provider moved its ends meanwhile, they stand as they are now: what was
// counted still counts.
func (s *State) blank(m *Meter, i int, now time.Time) Standing {
	w, at := &m.Account.Plan.Windows[i], s.standing(i)
	at.roll(w, s.Anchor(m), now)
	blank := Standing{Rated: at.Rated, Ratios: at.Ratios}
	if w.Kind != Rolling {
		blank.Anchor, blank.Opened, blank.Resets, blank.Cap = at.Anchor, at.Opened, at.Resets, at.Cap
		blank.Ended, blank.Before = at.Ended, at.Before
	}
	return blank
}

// ExplainFrom is where the entries of an explanation begin: the first of the
// window's present instance. The zero time: there is nothing to explain.
func (s *State) ExplainFrom(m *Meter, window string, now time.Time) time.Time {
	i, ok := m.Account.Plan.Window(window)
	if !ok {
		return time.Time{}
	}
	w, at := &m.Account.Plan.Windows[i], s.standing(i)
	at.roll(w, s.Anchor(m), now)
	if w.Kind == Rolling && len(at.Adjusts) == 0 && at.Opened.Before(now.Add(-w.Length)) && !at.Opened.IsZero() {
		return now.Add(-w.Length + time.Millisecond)
	}
	return cmp.Or(at.Began, at.Opened)
}

// explain applies one entry to the window alone.
func (s *State) explain(m *Meter, w *Window, at *Standing, e Priced) (ExplanationStep, bool) {
	step := ExplanationStep{At: e.At, ID: e.ID, Kind: e.Kind, Tool: e.Tool}
	was, anchor := at.Used, s.Anchor(m)
	switch {
	case !w.concerns(m.Account.Plan.Unit, e.Kind):
		return step, false
	case e.Voided:
		step.Why = ChargeVoided.String()
	case e.Kind == KindExhausted && s.stops(m, w, e.Event):
		at.stop(w, anchor, e.At, e.Until)
		step.Why = "the provider said that it is exhausted" + till(e.Until)
	case e.Kind == KindReading:
		if step.Reading = at.explainReading(w, anchor, e.At, m.Account.Plan.readings(e.Event)); step.Reading != nil {
			step.Why = step.Reading.String()
		}
	default:
		c := e.Charge
		if c.concerns() && w.counts(c.Counter) {
			at.charge(w, anchor, e.At, c)
		} else if c.Counts() || c.Reason == ChargeNoKind {
			return step, false
		}
		step.Model, step.Why = c.Model, c.explain(m, e.Entry)+at.Ratios.explainRatio(c)
		step.Basis = m.Account.Basis(e.Entry, c)
	}
	step.Used, step.Amount = at.Used, at.Used-was
	return step, step.Why != ""
}

// concerns reports whether entries of a kind could change the window: where
// MCP calls have a window of their own, prompts have nothing to do with it.
func (w *Window) concerns(unit Unit, kind Kind) bool {
	switch kind {
	case KindTool:
		return w.counts(CountTools) || unit == Credits
	case KindPrompt, KindUsage:
		return w.counts(CountPrompts)
	}
	return true
}

// stops reports whether a stop is about the window.
func (s *State) stops(m *Meter, w *Window, e Event) bool {
	name := e.Window
	if name == WindowWeekOrMonth {
		name = s.weekOrMonth(m, e)
	}
	return name == w.Name && m.Rules.Bill(e) == OnPlan
}

func till(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.Format(time.RFC3339)
}

// explain says how a price was made.
func (c Charge) explain(m *Meter, e Entry) string {
	if !c.Counts() {
		return c.Reason.String()
	}
	text := c.Reason.String()
	if c.Estimated {
		text += ": " + c.Guess.String()
	}
	if e.Count > 1 {
		text += fmt.Sprintf(", %d at once", e.Count)
	}
	if c.Peak != c.OffPeak {
		if m.Account.Plan.IsPeak(e.At) {
			text += fmt.Sprintf(", peak price (off-peak %s)", c.OffPeak)
		} else {
			text += fmt.Sprintf(", off-peak price (peak %s)", c.Peak)
		}
	}
	if c.Discount > 0 {
		text += fmt.Sprintf(", %s of the price by a discount for %s", c.Discount, clip(e.Tool))
	}
	switch {
	case c.UnknownRate:
		text += ", no rate is known: the dearest is taken"
	case c.UnknownModel:
		text += ", a model this tier is not known to have"
	}
	return text
}

// explainNotes says what the number rests on beside events.
func explainNotes(m *Meter, st *Status, i int) []string {
	w, notes := &m.Account.Plan.Windows[i], []string{}
	if st.Plan.Assumed {
		notes = append(notes, "no plan is configured: "+m.Account.Plan.ID+" is assumed")
	}
	if (w.Kind == Anchored || w.Kind == Monthly) && st.Plan.AnchorAssumed {
		notes = append(notes, "no subscription date is configured: the window steps from the first event")
	}
	if m.Account.Plan.Unit == Prompts && w.Blocks() {
		notes = append(notes, "the provider publishes this cap as an estimate, and meters tokens: the number is about right")
	}
	if st.Windows[i].refused {
		notes = append(notes, "the provider said that the window is exhausted: that overrides the count")
	}
	return notes
}
