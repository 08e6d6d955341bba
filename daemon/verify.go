package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"quotad/config"
	"quotad/daemon/store"
	"quotad/quota"
)

// Verification is what checking a database came to.
type Verification struct {
	OK       bool     `json:"ok"`
	Mended   bool     `json:"mended,omitempty"` // all that was wrong was set right when it was opened
	Problems []string `json:"problems"`         // one sentence each
	Events   int      `json:"events"`
	Accounts int      `json:"accounts"`
	Points   int      `json:"checkpoints"` // folds of a part of the events that were held against them
}

// VerifyLine is one line of the answer to POST /v1/verify: how far it has
// come, or last what it came to.
type VerifyLine struct {
	Progress *Progress     `json:"progress,omitempty"`
	Result   *Verification `json:"result,omitempty"`
}

// Progress says how far long work has come.
type Progress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// verifiedKey is where the instant of the last check that found nothing is kept.
const verifiedKey = "verified at"

// Verify checks the database while it is in use: all that the store knows to
// check, and that the counters and the checkpoints of each account are what
// its events give. What it finds is no error; an error kept it from looking.
func (e *Engine) Verify(ctx context.Context, progress func(Progress)) (Verification, error) {
	c := &check{ctx: ctx, engine: e, progress: progress}
	found, err := e.store.Verify(store.VerifyOptions{Fold: c.fold, Progress: c.records})
	if ctx.Err() != nil {
		return Verification{}, ctx.Err()
	}
	if c.failed != nil {
		return Verification{}, c.failed
	}
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return Verification{}, err
	}
	v := Verification{
		OK: len(found.Problems) == 0, Problems: append([]string{}, found.Problems...),
		Events: found.Events, Accounts: c.accounts, Points: c.points,
	}
	if !v.OK {
		return v, nil
	}
	return v, e.noteVerified(ctx)
}

// noteVerified keeps the instant for those who ask when it was last checked.
func (e *Engine) noteVerified(ctx context.Context) error {
	at := []byte(quota.Milli(e.now()).Format(time.RFC3339))
	return e.do(ctx, func(w *work) error { return w.tx.PutValue(verifiedKey, at) })
}

// check is one run of Verify.
type check struct {
	ctx      context.Context
	engine   *Engine
	progress func(Progress)

	total    int // steps in all: the store's, and one for each event that is folded
	done     int
	accounts int
	points   int
	failed   error // what kept it from looking
}

// records follows the store's part, which sees each event twice.
func (c *check) records(done, total int) {
	c.done, c.total = done, total+total/2
	c.tell()
}

func (c *check) tell() {
	if c.progress != nil {
		c.progress(Progress{Done: min(c.done, c.total), Total: c.total})
	}
}

// fold holds what is kept of an account against its events.
func (c *check) fold(tx *store.Tx, account string) error {
	if c.failed != nil || c.ctx.Err() != nil {
		return nil
	}
	c.accounts++
	settings, err := c.settings(tx)
	if err != nil {
		c.failed = err
		return nil
	}
	told, err := toldOf(tx, account)
	if err != nil {
		return err
	}
	f := &refold{check: c, tx: tx, account: account, meter: meterOf(settings, account, told)}
	if err := f.run(); err != nil {
		return err
	}
	return f.compare()
}

// settings are those that the counters were made with.
func (c *check) settings(tx *store.Tx) (*config.Settings, error) {
	hash, err := tx.SettingsHash()
	if err != nil {
		return nil, err
	}
	settings := c.engine.Snapshot().Settings
	if foundation(settings) != hash {
		return nil, errors.New("the configuration was changed while the database was checked; check it again")
	}
	return settings, nil
}

// refold folds the events of an account anew.
type refold struct {
	*check
	tx      *store.Tx
	account string
	meter   *quota.Meter
	state   quota.State
	points  []quota.Checkpoint // those ahead
}

func (f *refold) run() error {
	from, err := f.begin()
	if err != nil {
		return err
	}
	for e, err := range f.tx.Entries(f.account, from) {
		if err != nil {
			return err
		}
		if err := f.pass(e.At); err != nil {
			return err
		}
		f.state.Apply(f.meter, e)
		if f.done++; f.done%1024 == 0 {
			f.tell()
			if err := f.ctx.Err(); err != nil {
				return err
			}
		}
	}
	return f.passAll()
}

// begin is where the events are folded from: the first, or where some were
// forgotten, the oldest checkpoint, which holds those.
func (f *refold) begin() (from time.Time, err error) {
	if f.points, err = f.tx.Checkpoints(f.account, time.Time{}); err != nil {
		return from, err
	}
	pruned, err := f.tx.Pruned(f.account)
	if err != nil || pruned.IsZero() || len(f.points) == 0 {
		return from, err
	}
	base := f.points[0]
	f.points = f.points[1:]
	f.check.points++
	if f.state, err = quota.DecodeState(base.State); err != nil {
		return from, err
	}
	return base.At, f.warm(base.At)
}

// warm gives a decoded state the charges of its rolling windows back.
func (f *refold) warm(until time.Time) error {
	from, ok := f.state.WarmFrom(f.meter)
	if !ok {
		return nil
	}
	for e, err := range f.tx.Entries(f.account, from) {
		if err != nil {
			return err
		}
		if !e.At.Before(until) {
			return nil
		}
		f.state.Warm(f.meter, e)
	}
	return nil
}

// pass looks at the checkpoints up to the instant of the next event.
func (f *refold) pass(next time.Time) error {
	for len(f.points) > 0 && !f.points[0].At.After(next) {
		if err := f.point(); err != nil {
			return err
		}
	}
	return nil
}

func (f *refold) passAll() error {
	for len(f.points) > 0 {
		if err := f.point(); err != nil {
			return err
		}
	}
	return nil
}

func (f *refold) point() error {
	p := f.points[0]
	f.points = f.points[1:]
	f.check.points++
	if difference := differs(f.meter, p.State, &f.state); difference != "" {
		return fmt.Errorf("the checkpoint of %s is not what the events before it give: %s", p.At.Format(time.RFC3339), difference)
	}
	return nil
}

// compare holds the counters against the fold.
func (f *refold) compare() error {
	kept, ok, err := f.tx.State(f.account)
	if err == nil && ok {
		kept, err = f.takenUp(kept)
	}
	switch {
	case err != nil:
		return err
	case !ok && f.state.Head.IsZero():
		return nil // nothing was ever recorded
	case !ok:
		return errors.New("there are events and no counters")
	}
	if difference := differs(f.meter, kept, &f.state); difference != "" {
		return fmt.Errorf("the counters are not what its events give: %s", difference)
	}
	return nil
}

// takenUp is what the kept counters are once they are taken up: those that events
// are not in yet are folded from the newest checkpoint on.
func (f *refold) takenUp(kept []byte) ([]byte, error) {
	behind, err := f.tx.Behind(f.account)
	if err != nil || !behind {
		return kept, err
	}
	l, err := quota.Resume(f.meter, f.tx)
	if err != nil {
		return nil, err
	}
	return l.State.Encode(), nil
}

// differs says in what a kept state is not the one that was folded; "" where
// they are equal.
func differs(m *quota.Meter, kept []byte, folded *quota.State) string {
	if bytes.Equal(kept, folded.Encode()) {
		return ""
	}
	was, err := quota.DecodeState(kept)
	if err != nil {
		return err.Error()
	}
	if bytes.Equal(was.Encode(), folded.Encode()) {
		return "" // written by another version, and the same
	}
	var said []string
	for i, w := range m.Account.Plan.Windows {
		if a, b := usedIn(&was, i), usedIn(folded, i); a != b {
			said = append(said, fmt.Sprintf("%s has %s, and the events give %s", w.Name, a, b))
		}
	}
	if len(said) == 0 && was.Money != folded.Money {
		return "the same use, but other money"
	}
	if len(said) == 0 {
		return "the same use, but other times"
	}
	return strings.Join(said, "; ")
}

func usedIn(s *quota.State, i int) quota.Amount {
	if i >= len(s.Windows) {
		return 0
	}
	return s.Windows[i].Used
}
