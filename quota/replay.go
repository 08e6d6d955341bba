package quota

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// Change says what a transition of a window is.
type Change string

// The transitions.
const (
	ChangeOpened    Change = "opened"
	ChangeExhausted Change = "exhausted"
	ChangeRefreshed Change = "refreshed"
	ChangeReopened  Change = "reopened" // no longer exhausted, though not full again
)

// Transition is a change of one window in a replay.
type Transition struct {
	Change   Change     `json:"transition"`
	Account  string     `json:"account"`
	Window   string     `json:"window"`
	At       time.Time  `json:"at"`
	Used     Amount     `json:"used"`
	Cap      Amount     `json:"cap"`
	Percent  float64    `json:"percent"`
	OpenedAt *time.Time `json:"opened_at"`
	ResetsAt *time.Time `json:"resets_at"`
}

// Step is one thing that a replay saw happen: a transition or a notice.
type Step struct {
	At         time.Time
	Transition *Transition
	Notice     *DueNotice
	Status     *Status // at that instant
}

// Replay runs events through an account in virtual time.
type Replay struct {
	Meter  *Meter
	Rules  NoticeRules
	ledger *Ledger
	book   *MemBook
	told   []Told
	last   Status
	now    time.Time
}

// NewReplay begins before all events.
func NewReplay(m *Meter, rules NoticeRules) *Replay {
	return &Replay{Meter: m, Rules: rules, ledger: &Ledger{Meter: m, every: replayEvery}, book: NewMemBook()}
}

// replayEvery is checkpointEvery of a replay, which settles after each event:
// many of them reach back a few entries, to the prompt of their turn.
const replayEvery = 32

// Sort puts events in the order of a replay, and gives those without an ID one
// by their place.
func Sort(events []Event) []Event {
	list := slices.Clone(events)
	for i := range list {
		if list[i].ID == "" {
			list[i].ID = fmt.Sprintf("#%08d", i)
		}
	}
	slices.SortStableFunc(list, func(a, b Event) int {
		switch {
		case a.Before(b):
			return -1
		case b.Before(a):
			return 1
		}
		return 0
	})
	return list
}

// Put takes one event, not older than those before.
func (r *Replay) Put(e Event) error {
	p, err := r.book.Put(e)
	if err != nil || p.Outcome != Recorded {
		return err
	}
	if _, err := r.ledger.Take(r.book, p); err != nil {
		return err
	}
	_, err = r.ledger.Settle(r.book)
	return err
}

// At is the status at an instant, given the events put so far.
func (r *Replay) At(now time.Time) Status { return r.ledger.State.At(r.Meter, r.Rules, now) }

// Steps runs the sorted events, and after the last goes on until nothing that
// was used is left to refresh.
func (r *Replay) Steps(events []Event) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		for _, e := range events {
			if !r.pass(e.At, yield) {
				return
			}
			if err := r.Put(e); err != nil {
				yield(Step{}, err)
				return
			}
			if !r.look(e.At, yield) {
				return
			}
		}
		for r.pending() {
			next, ok := r.ledger.State.NextBoundary(r.Meter, r.now)
			if !ok || !r.look(next, yield) {
				return
			}
		}
	}
}

// pass looks at each boundary up to an event's instant.
func (r *Replay) pass(until time.Time, yield func(Step, error) bool) bool {
	for !r.now.IsZero() && (r.used() || r.renewal()) {
		next, ok := r.ledger.State.NextBoundary(r.Meter, r.now)
		if !ok || next.After(until) {
			return true
		}
		if !r.look(next, yield) {
			return false
		}
	}
	return true
}

// used reports whether any window has something to refresh.
func (r *Replay) used() bool {
	return slices.ContainsFunc(r.last.Windows, func(w WindowStatus) bool { return w.Used > 0 })
}

// renewal reports whether a renewal, or the end, is still to be told.
func (r *Replay) renewal() bool {
	at, _ := r.Meter.Account.term()
	return r.Rules.Renewal && at.Add(-renewalAhead).After(r.now)
}

func (r *Replay) pending() bool { return !r.now.IsZero() && r.used() }

// look tells what is new at an instant.
func (r *Replay) look(now time.Time, yield func(Step, error) bool) bool {
	st := r.At(now)
	for i := range st.Windows {
		for _, change := range r.changes(i, &st.Windows[i]) {
			if !yield(Step{At: now, Transition: r.transition(change, i, &st, now), Status: &st}, nil) {
				return false
			}
		}
	}
	r.last, r.now = st, now
	for _, d := range Due(r.Meter, &st, r.told, r.Rules, now) {
		r.tell(d.Told())
		if !yield(Step{At: now, Notice: &d, Status: &st}, nil) {
			return false
		}
	}
	return true
}

// tell notes a notice, and forgets those of instances long ended, which decide
// nothing any more.
func (r *Replay) tell(t Told) {
	r.told = slices.DeleteFunc(r.told, func(old Told) bool {
		if old.Kind == NoticeRenewal {
			return false
		}
		i, ok := r.Meter.Account.Plan.Window(old.Window)
		return !ok || t.At.Sub(old.At) > 2*r.Meter.Account.Plan.Windows[i].length()+refreshedFor
	})
	r.told = append(r.told, t)
}

// changes compares a window with how it stood at the last look.
func (r *Replay) changes(i int, w *WindowStatus) (list []Change) {
	var was WindowStatus
	if i < len(r.last.Windows) {
		was = r.last.Windows[i]
	}
	moved := !sameTime(was.OpenedAt, w.OpenedAt)
	if was.Used > 0 && (moved || w.Used == 0) {
		list = append(list, ChangeRefreshed)
	}
	if w.Used > 0 && (moved || was.Used == 0) {
		list = append(list, ChangeOpened)
	}
	if was.State == PhaseExhausted && w.State == PhaseOpen && !moved {
		list = append(list, ChangeReopened)
	}
	if w.State == PhaseExhausted && (was.State != PhaseExhausted || moved) {
		list = append(list, ChangeExhausted)
	}
	return list
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// transition describes a change; of a refresh the instance that has ended.
func (r *Replay) transition(c Change, i int, st *Status, now time.Time) *Transition {
	w := &st.Windows[i]
	t := &Transition{Change: c, Account: st.Account, Window: w.Window, At: now,
		Used: w.Used, Cap: w.Cap, Percent: w.Percent, OpenedAt: w.OpenedAt, ResetsAt: w.ResetsAt}
	if c == ChangeRefreshed {
		t.OpenedAt, t.ResetsAt = r.last.Windows[i].OpenedAt, r.last.Windows[i].ResetsAt
	}
	return t
}
