package quota

import (
	"fmt"
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
	Used   Amount    `json:"used"`            // after it; of a rolling window, what of that is held now
	Why    string    `json:"why"`
	Basis  *Basis    `json:"basis,omitempty"` // the rows behind a charge

	Reading *ExplainedReading `json:"reading,omitempty"` // kind reading
}

// Explain tells how a window's number at now came about. The entries are the
// account's in a Book, all of which the State holds; of more than most steps the
// newest are kept.
func (s *State) Explain(m *Meter, rules NoticeRules, window string, b Book, now time.Time, most int) (Explanation, error) {
	i, ok := m.Account.Plan.Window(window)
	if !ok {
		return Explanation{}, bad("window", "%s has no window %q", m.Account.Plan.ID, clip(window))
	}
	st := s.At(m, rules, now)
	x := Explanation{Account: m.Account.Name, Plan: st.Plan, Source: m.Account.Plan.Source, Window: st.Windows[i],
		Notes: explainNotes(m, &st, i)}
	x.Notes = append(x.Notes, s.readingNotes(m, i, now)...)
	told, err := s.retrace(m, b, i, now, most)
	x.Steps, x.Omitted = told.steps, told.omitted
	return x, err
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
