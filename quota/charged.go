package quota

import "time"

// Pricer prices an account's entries as its fold does, and in the same order:
// an estimate costs what the turns before it had taught.
type Pricer struct {
	meter  *Meter
	turns  TurnPrices
	taught time.Time // entries before it teach nothing: turns knows of them
}

// NewPricer begins before all entries.
func NewPricer(m *Meter) *Pricer { return &Pricer{meter: m} }

// PricerAt is one for the entries from an instant on. Those from start on, which
// is not after it, are to be charged before: they teach what no checkpoint holds.
//
// pruned says that retention has forgotten entries. What turns had taught when
// the first ones came is not known any more then: an estimate older than the
// oldest checkpoint costs what turns up to that one had taught.
func PricerAt(m *Meter, b Book, from time.Time, pruned bool) (p *Pricer, start time.Time, err error) {
	p = NewPricer(m)
	if m.Account.Plan.Unit != Credits {
		return p, from, nil
	}
	c, ok, err := b.CheckpointBefore(m.Account.Name, from)
	switch {
	case err != nil:
		return p, start, err
	case ok:
		start = c.At
	case pruned:
		list, err := b.Checkpoints(m.Account.Name, from)
		if err != nil || len(list) == 0 {
			return p, from, err
		}
		c, start, p.taught = list[0], from, list[0].At
	default:
		return p, start, nil
	}
	state, err := DecodeState(c.State)
	p.turns = state.Turns
	return p, start, err
}

// Charge prices the next entry, in the order of Before, and learns of it.
func (p *Pricer) Charge(e Entry) Charge {
	if !e.At.Before(p.taught) {
		return p.turns.charge(p.meter, e)
	}
	c := p.meter.Account.Cost(e, p.meter.Rules)
	if c.Estimated {
		p.turns.estimate(&p.meter.Account, e, &c)
	}
	return c
}
