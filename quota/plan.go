package quota

import (
	"strings"
	"time"
)

// Unit is what a plan counts.
type Unit string

// The units of plans: v1 and v2 count prompts, v3 credits.
const (
	Prompts Unit = "prompts"
	Credits Unit = "credits"
)

// WindowKind says how a window opens and refreshes.
type WindowKind string

// The kinds of window.
const (
	Fixed    WindowKind = "fixed"    // opens at the first charge, lasts its length, then idle
	Rolling  WindowKind = "rolling"  // each charge comes back a length after it was made
	Anchored WindowKind = "anchored" // steps of its length from the subscription
	Monthly  WindowKind = "monthly"  // the subscription's day and time of day, UTC+8
)

// Counter says which events a window counts.
type Counter string

// What a window counts. Only windows that count prompts stop work.
const (
	CountPrompts Counter = "prompts" // prompts and tokens; on a credits plan MCP calls too
	CountTools   Counter = "tools"   // MCP calls alone, one each
)

// UTC8 is the provider's zone, which has no daylight saving time.
var UTC8 = time.FixedZone("UTC+8", 8*60*60)

// Plan is what a subscription allows: windows with caps, and what an event
// costs. Every row is data with dates, and a user can override each.
type Plan struct {
	ID         string // "v2/pro"
	Name       string // "GLM Coding Pro"
	Unit       Unit
	Windows    []Window
	Peaks      []Peak
	Weights    []Weight    // unit prompts
	Rates      []Rate      // unit credits
	Tools      []ToolRate  // unit credits
	Routes     []Route     // models billed as others
	Models     []Access    // models the tier is known to have; none: unknown
	Promotions []Promotion // times when the off-peak price holds all day
	Discounts  []Discount  // clients that pay a part of the price
	Estimate   Amount      // unit credits: what a prompt without tokens counts
	Fees       []Fee       // what the subscription costs
	Source     string      // where the caps are from
}

// Window is one quota of a plan.
type Window struct {
	Name   string
	Kind   WindowKind
	Length time.Duration // not used by Monthly
	Cap    Amount
	Counts Counter // "" is CountPrompts
}

// Span is a half-open stretch of time; a zero end is open.
type Span struct{ From, Until time.Time }

// Holds reports whether t is in the span.
func (s Span) Holds(t time.Time) bool {
	return (s.From.IsZero() || !t.Before(s.From)) && (s.Until.IsZero() || t.Before(s.Until))
}

// Peak is a stretch of each day on which peak prices hold, half-open.
type Peak struct {
	Days       [7]bool       // indexed by time.Weekday, in the peak's own offset
	Start, End time.Duration // since midnight; End not after Start: on the next day
	Offset     time.Duration // of its clock from UTC
	Valid      Span
	Source     string
}

// Weight is what one prompt costs on a model, in prompts. A model without a
// row costs 1.
type Weight struct {
	Model         string // as NormalModel writes it
	Peak, OffPeak Amount
	Valid         Span
	Source        string
}

// Rate is what 10,000 tokens cost on a model, in credits.
type Rate struct {
	Model                 string
	Input, Cached, Output Amount
	OffPeakFactor         Amount // One: no rebate; a half: halved off-peak
	Valid                 Span
	Source                string
}

// ToolRate is what one MCP call costs, in credits. Name "*" is any.
type ToolRate struct {
	Name    string
	Credits Amount
	Valid   Span
	Source  string
}

// Route says that a model is billed as another.
type Route struct {
	Model, As string
	Valid     Span
	Source    string
}

// Access says that a tier has a model.
type Access struct {
	Model  string
	Valid  Span
	Source string
}

// Promotion is a time when off-peak prices hold all day.
type Promotion struct {
	Name   string
	Valid  Span
	Source string
}

// Discount says that a client pays a factor of what a model costs: prompts,
// tokens and estimates of them, but not MCP calls.
type Discount struct {
	Tool   string // as events name it, matched without case
	Factor Amount // One: no rebate
	Valid  Span
	Source string
}

// Account is one subscription: what the fold of its events rests on.
type Account struct {
	Name       string
	Plan       Plan
	Assumed    bool      // no plan was configured, nor told by the provider
	Detected   bool      // the provider told the plan
	Configured string    // the plan that the configuration names, where the provider told another
	Subscribed time.Time // anchors week and month; zero: the first event does
	Renews     time.Time // next renewal; zero: not known
	Ends       time.Time // where it is not renewed; zero: not known
	Cycle      Cycle     // that is paid for; empty: a month
	Model      string    // of events that name none
}

// DefaultModel is the model of events that name none, where the account does
// not say otherwise.
const DefaultModel = "glm-5.3"

// DefaultPlan is the plan that is assumed where none is configured.
const DefaultPlan = "v2/lite"

// NormalModel is the name that plan rows are matched by: lower case, without a
// vendor prefix ("zai/glm-5.3") or a suffix in brackets ("glm-5.3[1m]").
func NormalModel(model string) string {
	m := strings.ToLower(strings.TrimSpace(model))
	if i := strings.IndexByte(m, '['); i >= 0 {
		m = m[:i]
	}
	if i := strings.LastIndexByte(m, '/'); i >= 0 {
		m = m[i+1:]
	}
	return strings.TrimSpace(m)
}

// Window finds a window of the plan by name.
func (p *Plan) Window(name string) (int, bool) {
	for i := range p.Windows {
		if p.Windows[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// counts reports whether a charge of counter c goes to w.
func (w *Window) counts(c Counter) bool {
	if w.Counts == "" {
		return c == CountPrompts
	}
	return w.Counts == c
}

// Blocks reports whether work stops when the window is exhausted.
func (w *Window) Blocks() bool { return w.counts(CountPrompts) }
