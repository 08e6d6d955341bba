package quota

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// How many turns teach a price, beyond how many the older ones fade, and of how
// many models turns are kept.
const (
	enoughTurns = 5
	manyTurns   = 256
	mostModels  = 16
)

// TurnPrices is what an account's own turns teach of the price of a prompt
// whose tokens nobody tells, on a plan that counts credits. It is a part of the
// State: charges go through it in the order of Event.Before.
//
// Prices change with the hour of UTC alone: what is charged within an hour rests
// on the turns that were done when it began. So late events of the present hour
// only add, and those of an hour before are too late.
type TurnPrices struct {
	Hour   time.Time    `json:"hour,omitzero"`   // the present one
	Turns  []turnCost   `json:"turns,omitempty"` // not done when it began, by hash
	Models []modelCosts `json:"models,omitempty"`
}

// modelCosts is what the turns cost that a model was billed for, in credits.
// Its sketches are never changed, so that copies of a State can share them.
type modelCosts struct {
	Model   string `json:"model"`
	Peak    Sketch `json:"peak"` // the same turns, had it been peak
	OffPeak Sketch `json:"off_peak"`
}

// charge prices the next entry, and learns of it.
func (p *TurnPrices) charge(m *Meter, e Entry) Charge {
	c := m.Account.Cost(e, m.Rules)
	switch {
	case c.Estimated:
		p.pass(e.At)
		p.estimate(&m.Account, e, &c)
	case c.teaches(&m.Account, e):
		p.pass(e.At)
		p.Turns = gather(p.Turns, e, m.Account.price(e, One))
	}
	return c
}

// teaches reports whether a charge is a part of what its turn costs.
func (c Charge) teaches(a *Account, e Entry) bool {
	return a.Plan.Unit == Credits && e.Turn != "" && c.Reason == ChargeMade
}

// takes reports whether an entry that comes late leaves what was learned before
// it as it is.
func (p *TurnPrices) takes(a *Account, e Entry, c Charge) bool {
	return !c.Estimated && !c.teaches(a, e) || !e.At.Truncate(time.Hour).Before(p.Hour)
}

// pass goes on to the hour of t: turns that were done before it teach.
func (p *TurnPrices) pass(t time.Time) {
	hour := t.Truncate(time.Hour)
	if !hour.After(p.Hour) {
		return
	}
	var going []turnCost
	for _, x := range p.Turns {
		if x.Last.Before(hour.Add(-turnPause)) {
			p.learn(x)
		} else {
			going = append(going, x)
		}
	}
	for i, x := range p.Models {
		if x.Peak.Count() > manyTurns {
			p.Models[i] = x.clone()
			p.Models[i].Peak.Fade()
			p.Models[i].OffPeak.Fade()
		}
	}
	p.Hour, p.Turns = hour, going
}

// learn takes in a turn that is done. One without an answer says nothing, nor
// does one that cost nothing.
func (p *TurnPrices) learn(x turnCost) {
	if x.Model == "" || x.Peak <= 0 {
		return
	}
	i, known := slices.BinarySearchFunc(p.Models, x.Model, func(m modelCosts, name string) int {
		return cmp.Compare(m.Model, name)
	})
	if !known {
		p.Models = slices.Insert(p.Models, i, modelCosts{Model: x.Model})
	}
	costs := p.Models[i].clone()
	costs.Peak.Add(x.Peak.Float())
	costs.OffPeak.Add(x.OffPeak.Float())
	p.Models[i] = costs
	if len(p.Models) > mostModels {
		p.forget(x.Model)
	}
}

// forget drops the model of the fewest turns, but for one.
func (p *TurnPrices) forget(but string) {
	least := -1
	for i := range p.Models {
		if p.Models[i].Model != but && (least < 0 || p.Models[i].Peak.Count() < p.Models[least].Peak.Count()) {
			least = i
		}
	}
	p.Models = slices.Delete(p.Models, least, least+1)
}

func (m modelCosts) clone() modelCosts {
	c := modelCosts{Model: m.Model, Peak: Sketch{}, OffPeak: Sketch{}}
	c.Peak.merge(m.Peak)
	c.OffPeak.merge(m.OffPeak)
	return c
}

// estimate puts what was learned in the place of the seed, where that is
// enough.
func (p *TurnPrices) estimate(a *Account, e Entry, c *Charge) {
	costs := p.of(c.Model)
	turns := costs.Peak.Count()
	if turns < enoughTurns {
		return
	}
	factor := a.Plan.discount(e.Tool, e.At)
	price := func(s Sketch, q float64) Amount {
		each := FromFloat(math.Round(s.Quantile(q)*1000) / 1000)
		return mulDiv(each.Times(int64(e.Count)), factor, uint64(One))
	}
	c.Peak, c.OffPeak = price(costs.Peak, 0.5), price(costs.OffPeak, 0.5)
	*c = a.settle(*c, e.At)
	now := costs.OffPeak
	if c.Amount != c.OffPeak {
		now = costs.Peak
	}
	c.Scale = byTurns + c.Scale
	c.Guess = Guess{Total: c.Amount, Prompts: int64(e.Count), Turns: turns,
		Lower: price(now, 0.25), Upper: price(now, 0.75)}
}

// of is what turns of a model cost or, where those are few, of all together.
func (p *TurnPrices) of(model string) modelCosts {
	all := modelCosts{}.clone()
	for _, x := range p.Models {
		if x.Model == model && x.Peak.Count() >= enoughTurns {
			return x
		}
		all.Peak.merge(x.Peak)
		all.OffPeak.merge(x.OffPeak)
	}
	return all
}

// merge adds the numbers of another sketch.
func (s Sketch) merge(o Sketch) {
	for bucket, n := range o {
		s[bucket] += n
	}
}

// clone is an independent copy.
func (p *TurnPrices) clone() TurnPrices {
	c := *p
	c.Turns = slices.Clone(p.Turns)
	c.Models = slices.Clone(p.Models)
	return c
}
