package quota

import (
	"iter"
	"time"
)

// Priced is an entry with what it costs.
type Priced struct {
	Entry
	Charge Charge
}

// Charged yields an account's entries from an instant on, in the order of Before,
// each with what it cost in the fold: an estimate as the turns before it had
// taught. The zero time: all entries.
func Charged(m *Meter, b Book, from time.Time) iter.Seq2[Priced, error] {
	return func(yield func(Priced, error) bool) {
		turns, start, err := turnsBefore(m, b, from)
		if err != nil {
			yield(Priced{}, err)
			return
		}
		for e, err := range b.Entries(m.Account.Name, start) {
			p := Priced{Entry: e}
			if err == nil {
				p.Charge = turns.charge(m, e)
			}
			if err == nil && e.At.Before(from) {
				continue
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

// turnsBefore is what was learned before an instant that is not after from: the
// start of the entries that are still to be learned of.
func turnsBefore(m *Meter, b Book, from time.Time) (turns TurnPrices, start time.Time, err error) {
	if m.Account.Plan.Unit != Credits {
		return turns, from, nil
	}
	c, ok, err := b.CheckpointBefore(m.Account.Name, from)
	if err != nil || !ok {
		return turns, start, err
	}
	state, err := DecodeState(c.State)
	return state.Turns, c.At, err
}
