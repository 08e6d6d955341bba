package quota

import "time"

// Prices is a price table of the provider's standard API, which is paid by the
// token. Its zero value prices nothing, and then no money is counted.
type Prices struct {
	Name  string // "official"
	Rows  []Price
	Tools []ToolPrice
}

// Price is what a million tokens cost on a model, in US$.
type Price struct {
	Model                 string // as NormalModel writes it
	Input, Cached, Output Amount
	Valid                 Span
	Source                string
}

// ToolPrice is what one use of a tool costs, in US$. Name "*" is any.
type ToolPrice struct {
	Name    string
	PerCall Amount
	Valid   Span
	Source  string
}

// The built-in price tables.
const (
	PricesOfficial = "official"
	PricesReseller = "reseller-2026-02"
)

// PriceTables are the built-in price tables, the official one first: each other
// has rows of its own alone, and is meant to lie over that. Each call gives
// copies of its own, which the caller may change.
func PriceTables() []Prices { return []Prices{pricesOfficial(), pricesReseller()} }

// Over is p laid over another table: its rows hold where they say something, and
// those below for the rest.
func (p Prices) Over(below Prices) Prices {
	return Prices{
		Name:  p.Name,
		Rows:  append(below.Rows[:len(below.Rows):len(below.Rows)], p.Rows...),
		Tools: append(below.Tools[:len(below.Tools):len(below.Tools)], p.Tools...),
	}
}

// IsZero reports whether the table prices nothing.
func (p *Prices) IsZero() bool { return len(p.Rows) == 0 && len(p.Tools) == 0 }

// Of is what tokens cost on a model at t. Where rows overlap the last one holds.
// A model without a row costs the dearest row's, and is not known.
func (p *Prices) Of(model string, n Tokens, t time.Time) (cost Amount, known bool) {
	for i := len(p.Rows) - 1; i >= 0; i-- {
		if p.Rows[i].Model == model && p.Rows[i].Valid.Holds(t) {
			return p.Rows[i].price(n), true
		}
	}
	return p.dearest(n, t), false
}

// dearest is the most that these tokens cost by any row valid at t.
func (p *Prices) dearest(n Tokens, t time.Time) (most Amount) {
	for i := range p.Rows {
		if p.Rows[i].Valid.Holds(t) {
			most = max(most, p.Rows[i].price(n))
		}
	}
	return most
}

// OfTool is what one use of a tool costs at t: by the last row of its own name,
// else by the last of any.
func (p *Prices) OfTool(name string, t time.Time) (each Amount, known bool) {
	for _, sought := range [...]string{name, "*"} {
		for i := len(p.Tools) - 1; i >= 0; i-- {
			if p.Tools[i].Name == sought && p.Tools[i].Valid.Holds(t) {
				return p.Tools[i].PerCall, true
			}
		}
	}
	return 0, false
}

// price is exact, and rounded once, half up, to the millionth of a dollar.
func (r *Price) price(n Tokens) Amount {
	const per = 1_000_000
	return mulDiv(r.Input.Times(n.Input).Plus(r.Cached.Times(n.Cached)).Plus(r.Output.Times(n.Output)), 1, per)
}
