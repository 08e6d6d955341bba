package quota

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// ExplainedReading is what a reading showed of a window, and what it did.
type ExplainedReading struct {
	Percent  *float64   `json:"percent,omitempty"` // as the provider told it
	Used     *Amount    `json:"used,omitempty"`    //
	Cap      *Amount    `json:"cap,omitempty"`     //
	ResetsAt *time.Time `json:"resets_at,omitempty"`
	Low      *Amount    `json:"low"`     // the use that it allows, with what was charged here
	High     *Amount    `json:"high"`    // within its lag; null where it tells none, or has no bound
	Was      Amount     `json:"was"`     // the count before it
	Now      Amount     `json:"now"`     // and after it
	Finding  string     `json:"finding"` // what became of the count, and why
}

// explain tells what a reading of this window said, and was found to mean.
func (f Finding) explain(r Reading) *ExplainedReading {
	x := &ExplainedReading{Percent: r.Percent, Used: r.Used, Cap: r.Cap, ResetsAt: r.ResetsAt,
		Was: f.Was, Now: f.Used, Finding: f.Why.String()}
	if f.bounded() {
		x.Low = &f.Low
	}
	if f.bounded() && f.High < math.MaxInt64 {
		x.High = &f.High
	}
	return x
}

// String is the reading in one sentence.
func (x *ExplainedReading) String() string {
	text := "the provider's reading"
	switch {
	case x.Used != nil && x.Cap != nil:
		text += fmt.Sprintf(": %s of %s", x.Used, x.Cap)
	case x.Used != nil:
		text += fmt.Sprintf(": %s", x.Used)
	case x.Percent != nil:
		text += fmt.Sprintf(": %g %%", *x.Percent)
	}
	switch {
	case x.High != nil:
		text += fmt.Sprintf(", which allows %s to %s", x.Low, x.High)
	case x.Low != nil:
		text += fmt.Sprintf(", which allows %s and more", x.Low)
	}
	return text + "; " + x.Finding
}

// explainRatio says by which ratio a charge was scaled; "" where by none.
func (r Ratios) explainRatio(c Charge) string {
	ratio, ok := r.of(c.Scale)
	switch {
	case c.Followed && r.tokens():
		return ", but its tokens count"
	case c.Gauge > 0 && r.tokens():
		return fmt.Sprintf(", but as readings have taught of them: %s prompts by their number, times %s", c.Gauge, ratio.Median)
	case c.Scale == "", c.Gauge > 0, !ok:
		return ""
	}
	return fmt.Sprintf(", times %s as readings have taught of %s", ratio.Median, modelInWords(c.Scale))
}

func modelInWords(model string) string {
	if model == anyModel {
		return "all models together"
	}
	return clip(model)
}

// readingNotes say what the number of a window owes to readings.
func (s *State) readingNotes(m *Meter, i int, now time.Time) (notes []string) {
	w, at := &m.Account.Plan.Windows[i], s.standing(i)
	at.roll(w, s.Anchor(m), now)
	if !at.Seen.IsZero() {
		notes = append(notes, fmt.Sprintf("the newest reading is of %s, %v ago",
			at.Seen.Format(time.RFC3339), now.Sub(at.Seen).Truncate(time.Second)))
	}
	for _, model := range slices.Sorted(maps.Keys(at.Ratios)) {
		r := at.Ratios[model]
		notes = append(notes, fmt.Sprintf("guesses for %s count %s times, by readings before this window (half of them from %s to %s)",
			modelInWords(model), r.Median, r.Lower, r.Upper))
	}
	if seen := at.Refreshes.String(); seen != "" {
		notes = append(notes, seen)
	}
	return notes
}
