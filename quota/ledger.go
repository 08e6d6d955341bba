package quota

import (
	"bytes"
	"cmp"
	"fmt"
	"time"
)

// checkpointEvery is how many entries lie between two checkpoints at most;
// a new day makes one too. It bounds what a late event costs.
const checkpointEvery = 1024

// Ledger keeps the State of one account right over a Book, whatever order
// events arrive in. Take each entry that was placed, then Settle once; both
// belong in one transaction of the Book. A Ledger is not safe for concurrent use.
type Ledger struct {
	Meter *Meter
	State State

	stale  time.Time // checkpoints after this instant lack a late entry; zero: none
	due    bool      // entries wait for Settle
	from   time.Time // earliest instant they affect
	past   time.Time // latest of them
	last   time.Time // newest checkpoint
	folded int       // entries since then
	every  int       // entries between two; 0: checkpointEvery
}

// Open takes up a State that was kept, or the zero State, over its Book.
func Open(m *Meter, b Book, kept []byte) (*Ledger, error) {
	l := &Ledger{Meter: m}
	if kept == nil {
		return l, nil
	}
	state, err := DecodeState(kept)
	if err != nil {
		return nil, err
	}
	l.State = state
	if c, ok, err := b.CheckpointBefore(m.Account.Name, state.Head); err != nil {
		return nil, err
	} else if ok {
		l.last = c.At
	}
	return l, warm(m, b, &l.State, state.Head.Add(time.Millisecond))
}

// Resume is Open where the State was not kept since the newest entries were
// placed: these are folded in from the newest checkpoint on.
func Resume(m *Meter, b Book) (*Ledger, error) {
	l := &Ledger{Meter: m}
	state, at, err := takeUp(m, b, time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return nil, err
	}
	for e, err := range b.Entries(m.Account.Name, at) {
		if err != nil {
			return nil, err
		}
		state.Apply(m, e)
		l.folded++
	}
	l.State, l.last = state, at
	return l, nil
}

// Clone is an independent copy, for a transaction that may fail.
func (l *Ledger) Clone() *Ledger {
	c := *l
	c.State = l.State.Clone()
	return &c
}

// Take folds in an entry that was just placed. One that changes what came
// after it waits for Settle; Take says which was the case.
func (l *Ledger) Take(b Book, p Placed) (Fit, error) {
	fit := l.State.Takes(l.Meter, p.Entry)
	if p.Relinks {
		fit = TooLate
	}
	switch fit {
	case TooLate:
		l.wait(p)
		return fit, nil
	case InOrder:
		if err := l.checkpoint(b, p.Entry.At); err != nil {
			return fit, err
		}
	case Commutes:
		if at := p.Entry.At; at.Before(l.last) && (l.stale.IsZero() || at.Before(l.stale)) {
			l.stale = at
		}
	}
	l.State.Apply(l.Meter, p.Entry)
	return fit, nil
}

// wait notes what a late entry affects.
func (l *Ledger) wait(p Placed) {
	if !l.due || p.From.Before(l.from) {
		l.from = p.From
	}
	if !l.due || p.To.After(l.past) {
		l.past = p.To
	}
	l.due = true
}

// checkpoint keeps the State before an entry at t, now and then.
func (l *Ledger) checkpoint(b Book, t time.Time) error {
	l.folded++
	if !t.After(l.State.Head) || l.folded < l.between() && sameDay(l.last, t) {
		return nil
	}
	l.folded, l.last = 0, t
	return b.PutCheckpoint(l.Meter.Account.Name, Checkpoint{At: t, State: l.State.Encode()})
}

// between is how many entries lie between two checkpoints at most.
func (l *Ledger) between() int { return cmp.Or(l.every, checkpointEvery) }

func sameDay(a, b time.Time) bool {
	return a.Truncate(24 * time.Hour).Equal(b.Truncate(24 * time.Hour))
}

// drop forgets the checkpoints that lack a late entry.
func (l *Ledger) drop(b Book) error {
	if l.stale.IsZero() {
		return nil
	}
	left, _, err := b.CheckpointBefore(l.Meter.Account.Name, l.stale)
	if err != nil {
		return err
	}
	at := l.stale.Add(time.Millisecond)
	l.last, l.stale = left.At, time.Time{}
	return b.DropCheckpoints(l.Meter.Account.Name, at)
}

// Settle folds anew from before the earliest entry that waits, up to where the
// fold meets a checkpoint that still holds. It reports whether there was need.
func (l *Ledger) Settle(b Book) (bool, error) {
	if err := l.drop(b); err != nil || !l.due {
		return false, err
	}
	l.due = false
	state, at, err := takeUp(l.Meter, b, l.from)
	if err != nil {
		return true, err
	}
	return true, l.refold(b, state, at)
}

// takeUp is the fold of the entries before an instant that is not after t: the
// newest that a checkpoint was kept of, or else none at the zero time.
func takeUp(m *Meter, b Book, t time.Time) (state State, at time.Time, err error) {
	c, ok, err := b.CheckpointBefore(m.Account.Name, t)
	if err != nil || !ok {
		return state, at, err
	}
	if state, err = DecodeState(c.State); err != nil {
		return state, at, err
	}
	return state, c.At, warm(m, b, &state, c.At)
}

// Rebuild folds all entries anew, as after a change of plan. First is the
// anchor of entries that the Book has forgotten, where it has; else zero.
func (l *Ledger) Rebuild(b Book, first time.Time) error {
	if err := b.DropCheckpoints(l.Meter.Account.Name, time.Time{}); err != nil {
		return err
	}
	l.due, l.stale, l.last, l.folded = false, time.Time{}, time.Time{}, 0
	l.State = State{First: first}
	for e, err := range b.Entries(l.Meter.Account.Name, time.Time{}) {
		if err != nil {
			return err
		}
		if err := l.checkpoint(b, e.At); err != nil {
			return err
		}
		l.State.Apply(l.Meter, e)
	}
	return nil
}

// refold applies the entries from an instant on to a state that holds all
// before it, mends the checkpoints it passes, and makes those that are missing:
// where one entry lies far ahead, as of a clock that was wrong, all come late.
func (l *Ledger) refold(b Book, state State, from time.Time) error {
	kept, err := b.Checkpoints(l.Meter.Account.Name, from.Add(time.Millisecond))
	if err != nil {
		return err
	}
	// A State says how much a rolling window holds, and not of when: two are one
	// only where what changed had come back by the last entry. Until the next one
	// nothing comes back.
	reach := l.Meter.Account.Plan.reach()
	sure := func(next time.Time) bool {
		if reach > 0 {
			next = state.Head
		}
		return next.After(l.past.Add(reach))
	}
	last, folded := from, 0
	for e, err := range b.Entries(l.Meter.Account.Name, from) {
		if err != nil {
			return err
		}
		for len(kept) > 0 && !kept[0].At.After(e.At) {
			now := state.Encode()
			if sure(kept[0].At) && bytes.Equal(now, kept[0].State) {
				return nil // from here on nothing has changed
			}
			if err := b.PutCheckpoint(l.Meter.Account.Name, Checkpoint{At: kept[0].At, State: now}); err != nil {
				return err
			}
			last, folded = kept[0].At, 0
			kept = kept[1:]
		}
		if folded >= l.between() && e.At.After(state.Head) && e.At.After(last) {
			if err := b.PutCheckpoint(l.Meter.Account.Name, Checkpoint{At: e.At, State: state.Encode()}); err != nil {
				return err
			}
			last, folded = e.At, 0
			l.last = later(l.last, e.At)
		}
		state.Apply(l.Meter, e)
		folded++
	}
	l.State = state
	return nil
}

// warm gives a decoded state, which holds the entries before until, the
// charges of its rolling windows back.
func warm(m *Meter, b Book, state *State, until time.Time) error {
	from, ok := state.WarmFrom(m)
	if !ok {
		return nil
	}
	for e, err := range b.Entries(m.Account.Name, from) {
		if err != nil {
			return fmt.Errorf("rolling window: %w", err)
		}
		if !e.At.Before(until) {
			return nil
		}
		state.Warm(m, e)
	}
	return nil
}
