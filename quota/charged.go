package quota

import "time"

// Pricer prices an account's entries as its fold does, and in the same order:
// an estimate costs what the turns before it had taught.
type Pricer struct {
	meter *Meter
	turns TurnPrices
}

// NewPricer begins before all entries.
func NewPricer(m *Meter) *Pricer { return &Pricer{meter: m} }

// PricerAt is one for the entries from an instant on. Those from start on, which
// is not after it, are to be charged before: they teach what no checkpoint holds.
func PricerAt(m *Meter, b Book, from time.Time) (p *Pricer, start time.Time, err error) {
	p = NewPricer(m)
	if m.Account.Plan.Unit != Credits {
		return p, from, nil
	}
	c, ok, err := b.CheckpointBefore(m.Account.Name, from)
	if err != nil || !ok {
		return p, start, err
	}
	state, err := DecodeState(c.State)
	p.turns = state.Turns
	return p, c.At, err
}

// Charge prices the next entry, in the order of Before, and learns of it.
func (p *Pricer) Charge(e Entry) Charge { return p.turns.charge(p.meter, e) }
