package quota

import (
	"fmt"
	"time"
)

// Basis is what a charge rests on: the dated rows of the plan that made it, and
// where each is from.
type Basis struct {
	Count    int        `json:"count"`              // prompts, answers or calls
	Peak     bool       `json:"peak,omitempty"`     // the peak price was taken
	Price    string     `json:"price,omitempty"`    // the row that priced it, in words
	From     *time.Time `json:"from,omitempty"`     // when that row holds
	Until    *time.Time `json:"until,omitempty"`    //
	Source   string     `json:"source,omitempty"`   // and where it is from
	Asked    string     `json:"asked,omitempty"`    // model that was asked for, where another one is billed
	Routed   string     `json:"routed,omitempty"`   // where that is from
	Promoted string     `json:"promoted,omitempty"` // why it is off-peak in peak hours
}

// Basis tells what a charge of Cost rests on; nil where it is none.
func (a *Account) Basis(e Entry, c Charge) *Basis {
	if !c.Counts() {
		return nil
	}
	b := &Basis{Count: e.Count, Peak: c.Amount != c.OffPeak}
	a.priced(b, e, c)
	if asked := a.asked(e); c.Model != "" && asked != c.Model {
		b.Asked, b.Routed = asked, a.Plan.routeSource(asked, e.At)
	}
	if c.Peak != c.OffPeak && a.Plan.inPeakHours(e.At) {
		b.Promoted = a.Plan.promotion(e.At)
	}
	return b
}

// priced names the row.
func (a *Account) priced(b *Basis, e Entry, c Charge) {
	switch {
	case c.Estimated:
		b.Price, b.Source = a.Plan.Estimate.String()+" a prompt", a.Plan.Source
	case e.Kind == KindTool:
		if r, ok := a.Plan.toolRow(e.Name, e.At); ok && a.Plan.Unit == Credits {
			b.row(r.Credits.String()+" a call", r.Valid, r.Source)
		}
	case a.Plan.Unit == Credits:
		if r, ok := a.Plan.rate(c.Model, e.At); ok {
			b.row(r.words(), r.Valid, r.Source)
		}
	default:
		if w := a.Plan.weight(c.Model, e.At); w.Model != "" {
			b.row(w.words(), w.Valid, w.Source)
		} else {
			b.Price = "1, for no row names the model"
		}
	}
}

func (b *Basis) row(price string, valid Span, source string) {
	b.Price, b.From, b.Until, b.Source = price, moment(valid.From), moment(valid.Until), source
}

func (w *Weight) words() string {
	if w.Peak == w.OffPeak {
		return w.Peak.String() + " a prompt"
	}
	return fmt.Sprintf("%s a prompt at peak, %s off-peak", w.Peak, w.OffPeak)
}

func (r *Rate) words() string {
	text := fmt.Sprintf("%s in, %s cached, %s out for 10,000 tokens", r.Input, r.Cached, r.Output)
	if r.OffPeakFactor != One {
		text += fmt.Sprintf(", off-peak times %s", r.OffPeakFactor)
	}
	return text
}

// toolRow is the row of the tool's own name, else that of any tool.
func (p *Plan) toolRow(name string, t time.Time) (row ToolRate, known bool) {
	own := false
	for i := range p.Tools {
		mine := p.Tools[i].Name == name
		if (mine || p.Tools[i].Name == "*" && !own) && p.Tools[i].Valid.Holds(t) {
			row, known, own = p.Tools[i], true, mine
		}
	}
	return row, known
}

// routeSource is where it is from that a model is billed as another.
func (p *Plan) routeSource(model string, t time.Time) (source string) {
	for i := range p.Routes {
		if p.Routes[i].Model == model && p.Routes[i].Valid.Holds(t) {
			source = p.Routes[i].Source
		}
	}
	return source
}

// inPeakHours reports whether t is in peak hours by the clock, whatever
// promotion there is.
func (p *Plan) inPeakHours(t time.Time) bool {
	for i := range p.Peaks {
		if p.Peaks[i].holds(t) {
			return true
		}
	}
	return false
}

// promotion names the promotion that holds at t, and where it is from.
func (p *Plan) promotion(t time.Time) string {
	for i := range p.Promotions {
		if r := &p.Promotions[i]; r.Valid.Holds(t) {
			return r.Name + ": " + r.Source
		}
	}
	return ""
}
