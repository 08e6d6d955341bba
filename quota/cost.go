package quota

import (
	"math"
	"math/bits"
	"strings"
	"time"
)

// ChargeReason says why an entry costs what it costs.
type ChargeReason int

// The reasons of a charge.
const (
	ChargeNoKind           ChargeReason = iota // exhausted, reading, void: tells, does not use
	ChargeMade                                 // by the plan's rows
	ChargeEstimated                            // credits for a prompt whose tokens are not known
	ChargeVoided                               // a void event takes it out
	ChargeOffPlan                              // another service, which is no concern of the plan
	ChargePerToken                             // the provider's standard API, paid in money
	ChargeTokensFollow                         // credits: the usage events of the turn charge
	ChargeTokensNotCounted                     // prompts: tokens are no part of the count
)

func (r ChargeReason) String() string {
	return [...]string{
		"no charge kind", "charged", "estimated", "voided", "off the plan",
		"pay per token", "tokens follow", "tokens do not count",
	}[r]
}

// Apart reports whether the entry is about a use that something else pays for:
// it is recorded, never charged.
func (r ChargeReason) Apart() bool { return r == ChargeOffPlan || r == ChargePerToken }

// concerns reports whether a window has to know of the charge.
func (c Charge) concerns() bool { return c.Counts() || c.Gauge > 0 }

// Charge is what one entry costs, and why.
type Charge struct {
	Amount        Amount       // at its own instant
	Peak, OffPeak Amount       // what the same would cost at peak and off-peak
	Estimated     bool         // Amount is an estimate
	Guess         Guess        // and how sure it is
	Gauge         Amount       // kind usage where prompts are counted: what its tokens come to, in prompts; see Ratios
	Followed      bool         // kind prompt where prompts are counted: its turn's tokens are told
	Scale         string       // which ratio of readings scales it, see Ratios; "" where it rests on no guess
	Counter       Counter      // which windows it goes to; "" where it goes to none
	Model         string       // billed model, after routing; "" where none
	UnknownModel  bool         // the tier is not known to have this model; charged all the same
	UnknownRate   bool         // credits: no row told the price; the dearest row's was taken, or 0 for a tool
	Discount      Amount       // the factor that the client pays of the price; zero where there is no rebate
	Reason        ChargeReason //
}

// Counts reports whether the entry uses the plan, and so opens a window, even
// where it costs nothing.
func (c Charge) Counts() bool { return c.Reason == ChargeMade || c.Reason == ChargeEstimated }

// Cost prices one entry at its own instant by the account's plan. Where rows
// overlap the last one holds, so that a row added later overrides. An estimate
// is the plan's seed: what the account's own turns teach stands in its State,
// and [Pricer] goes by it.
func (a *Account) Cost(e Entry, rules Rules) Charge {
	if reason := refused(e, rules); reason != ChargeMade {
		return Charge{Reason: reason}
	}
	return a.price(e, a.Plan.discount(e.Tool, e.At))
}

// price is what an entry costs a client that pays a factor of the list price.
func (a *Account) price(e Entry, factor Amount) Charge {
	var c Charge
	if a.Plan.Unit == Credits {
		c = a.credits(e, factor)
	} else {
		c = a.prompts(e, factor)
	}
	if c.Model != "" && factor != One { // what no model answers has no rebate
		c.Discount = factor
	}
	c.Scale = a.scale(c)
	return c
}

// refused is ChargeMade where nothing speaks against a charge.
func refused(e Entry, rules Rules) ChargeReason {
	switch e.Kind {
	case "", KindPrompt, KindUsage, KindTool:
	default:
		return ChargeNoKind
	}
	if e.Voided {
		return ChargeVoided
	}
	switch rules.Bill(e.Event) {
	case PayPerToken:
		return ChargePerToken
	case Elsewhere:
		return ChargeOffPlan
	}
	return ChargeMade
}

func (a *Account) prompts(e Entry, factor Amount) Charge {
	switch e.Kind {
	case KindUsage:
		return a.gauge(e, factor)
	case KindTool:
		return flat(One.Times(int64(e.Count)), CountTools, ChargeMade)
	}
	c := a.modelled(e)
	w := a.Plan.weight(c.Model, e.At)
	c.Followed = e.TurnUsage
	c.Peak = mulDiv(w.Peak.Times(int64(e.Count)), factor, uint64(One))
	c.OffPeak = mulDiv(w.OffPeak.Times(int64(e.Count)), factor, uint64(One))
	return a.settle(c, e.At)
}

func (a *Account) credits(e Entry, factor Amount) Charge {
	switch {
	case e.Kind == KindUsage:
		return a.usage(e, factor)
	case e.Kind == KindTool:
		each, known := a.Plan.toolRate(e.Name, e.At)
		c := flat(each.Times(int64(e.Count)), CountPrompts, ChargeMade)
		c.UnknownRate = !known
		return c
	case e.TurnUsage:
		return Charge{Reason: ChargeTokensFollow}
	}
	seed := mulDiv(a.Plan.Estimate.Times(int64(e.Count)), factor, uint64(One))
	c := flat(seed, CountPrompts, ChargeEstimated)
	m := a.modelled(e)
	c.Estimated, c.Model, c.UnknownModel = true, m.Model, m.UnknownModel
	c.Guess = Guess{Total: seed, Seeded: seed}
	return c
}

func (a *Account) usage(e Entry, factor Amount) Charge {
	c := a.modelled(e)
	if r, known := a.Plan.rate(c.Model, e.At); known {
		c.Peak, c.OffPeak = r.price(e.Tokens, factor)
	} else {
		c.UnknownRate = true
		c.Peak, c.OffPeak = a.Plan.dearest(e.Tokens, e.At, factor)
	}
	return a.settle(c, e.At)
}

// promptTokens is how many tokens a prompt is published to come to: the replies
// of 2026-01 told 40 million for the 120 prompts of v1 Lite.
const promptTokens = 40_000_000 / 120

// gauge says what tokens come to where prompts are counted: the provider meters
// them there too, by weights of its own, which readings teach.
func (a *Account) gauge(e Entry, factor Amount) Charge {
	c := a.modelled(e)
	w, sum := a.Plan.weight(c.Model, e.At), e.Tokens.Input+e.Tokens.Cached+e.Tokens.Output
	c.Peak, c.OffPeak = mulDiv(w.Peak, Amount(sum), promptTokens), mulDiv(w.OffPeak, Amount(sum), promptTokens)
	gauge := mulDiv(a.settle(c, e.At).Amount, factor, uint64(One))
	return Charge{Reason: ChargeTokensNotCounted, Model: c.Model, Counter: c.Counter, Gauge: gauge, Scale: byTokens}
}

// flat is a charge that knows no peak.
func flat(amount Amount, to Counter, why ChargeReason) Charge {
	return Charge{Amount: amount, Peak: amount, OffPeak: amount, Counter: to, Reason: why}
}

// settle takes the price that holds at t.
func (a *Account) settle(c Charge, t time.Time) Charge {
	c.Amount = c.OffPeak
	if c.Peak != c.OffPeak && a.Plan.IsPeak(t) {
		c.Amount = c.Peak
	}
	return c
}

// modelled begins the charge of an entry that a model answers.
func (a *Account) modelled(e Entry) Charge {
	asked := a.asked(e)
	billed := a.Plan.route(asked, e.At)
	return Charge{
		Model: billed, UnknownModel: !a.Plan.serves(asked, billed, e.At),
		Counter: CountPrompts, Reason: ChargeMade,
	}
}

// asked is the model an entry names. A Claude name stands for whatever the
// server puts in that slot, as no name does.
func (a *Account) asked(e Entry) string {
	for _, name := range [...]string{e.TurnModel, e.Model, a.Model} {
		if m := NormalModel(name); m != "" && !strings.HasPrefix(m, "claude-") {
			return m
		}
	}
	return DefaultModel
}

func (p *Plan) route(model string, t time.Time) string {
	as := model
	for i := range p.Routes {
		if p.Routes[i].Model == model && p.Routes[i].Valid.Holds(t) {
			as = p.Routes[i].As
		}
	}
	return as
}

// serves reports whether the tier has the model asked for, or the one that
// answers in its place. A plan that lists none serves all.
func (p *Plan) serves(asked, billed string, t time.Time) bool {
	for i := range p.Models {
		m := &p.Models[i]
		if (m.Model == asked || m.Model == billed) && m.Valid.Holds(t) {
			return true
		}
	}
	return len(p.Models) == 0
}

func (p *Plan) weight(model string, t time.Time) Weight {
	w := Weight{Peak: One, OffPeak: One}
	for i := range p.Weights {
		if p.Weights[i].Model == model && p.Weights[i].Valid.Holds(t) {
			w = p.Weights[i]
		}
	}
	return w
}

func (p *Plan) rate(model string, t time.Time) (r Rate, known bool) {
	for i := range p.Rates {
		if p.Rates[i].Model == model && p.Rates[i].Valid.Holds(t) {
			r, known = p.Rates[i], true
		}
	}
	return r, known
}

// dearest is the most that these tokens cost by any row valid at t, or by any
// row at all where none is.
func (p *Plan) dearest(n Tokens, t time.Time, factor Amount) (peak, offPeak Amount) {
	valid := false
	for i := range p.Rates {
		holds := p.Rates[i].Valid.Holds(t)
		if valid && !holds {
			continue
		}
		on, off := p.Rates[i].price(n, factor)
		if holds != valid || on > peak {
			valid, peak, offPeak = holds, on, off
		}
	}
	return peak, offPeak
}

// toolRate is what a call of a tool costs.
func (p *Plan) toolRate(name string, t time.Time) (each Amount, known bool) {
	row, known := p.toolRow(name, t)
	return row.Credits, known
}

// discount is the factor of the price that a client pays: One where no row
// tells of a rebate for it.
func (p *Plan) discount(tool string, t time.Time) Amount {
	factor := One
	for i := range p.Discounts {
		if d := &p.Discounts[i]; strings.EqualFold(d.Tool, tool) && d.Valid.Holds(t) {
			factor = d.Factor
		}
	}
	return factor
}

// price is exact: each of the two is rounded once, half up, to the millionth.
func (r *Rate) price(n Tokens, factor Amount) (peak, offPeak Amount) {
	const per = 10_000 * uint64(One)
	sum := r.Input.Times(n.Input).Plus(r.Cached.Times(n.Cached)).Plus(r.Output.Times(n.Output))
	return mulDiv(sum, factor, per), mulDiv(sum, r.OffPeakFactor*factor, per*uint64(One))
}

// mulDiv is a*b/d rounded half up, by 128 bits, and the largest Amount where
// that is more. Below zero counts as zero.
func mulDiv(a, b Amount, d uint64) Amount {
	hi, lo := bits.Mul64(uint64(max(a, 0)), uint64(max(b, 0)))
	lo, carry := bits.Add64(lo, d/2, 0)
	hi += carry
	if hi >= d {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, d)
	return Amount(min(q, math.MaxInt64))
}
