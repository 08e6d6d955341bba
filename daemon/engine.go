package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/store"
	"quotad/quota"
)

// Limits of the engine's queue.
const (
	queueLength = 1024
	lookAgain   = 2 * time.Second // after what was due could not be stored
)

// ErrStopped is returned to those who ask an engine that has stopped.
var ErrStopped = errors.New("the engine has stopped")

// Engine is the one owner of the state. Whoever changes something hands it an
// operation; it takes all that wait into one transaction, and answers once
// that is durable. Readers take the Snapshot and never wait. All its methods
// are safe for concurrent use.
type Engine struct {
	store *store.Store
	now   func() time.Time
	zone  *wallZone // of the times in words
	log   zerolog.Logger

	queue    chan *operation
	looks    chan struct{}
	broken   chan error
	pings    chan chan struct{}
	stopped  chan struct{}
	snap     atomic.Pointer[Snapshot]
	snooze   atomic.Pointer[time.Time]         // its end, as it is stored
	keys     atomic.Pointer[map[string]string] // hash of each account's own key
	subs     subscribers
	counts   counts
	forgets  sync.RWMutex                 // held for writing while events become sums, for reading by who adds up both
	prompted func(list []quota.Event)     // called by the loop after prompts that name a transcript were recorded
	answers  func(requests int)           // called by the loop before it answers so many at once
	wake     func(s *Snapshot, told bool) // called by the loop after each publication; told: a notice is pending

	// Owned by the loop, or by the constructor before it runs.
	settings *config.Settings
	accounts map[string]*account
	provided provided
	sessions map[sessionOf]string // account of their last prompt
	home     string               // of the user; "" where it is not known
	crowd    int                  // operations in the batch before
	failing  bool                 // the last transaction failed
	checked  time.Time            // when the file was last looked for
	looked   time.Time            // when the clock was
}

// operation is one change. Its do runs inside a transaction that it shares
// with others: an error of it undoes all of them, so that complaints of its
// own go another way.
type operation struct {
	do   func(*work) error
	done chan error
}

// NewEngine takes up the state that the store holds. Run has to be called for
// it to work.
func NewEngine(s *store.Store, settings config.Settings, now func() time.Time, log zerolog.Logger) (*Engine, error) {
	e := &Engine{
		store: s, now: now, zone: newWallZone(os.LookupEnv, localtime), log: log,
		queue: make(chan *operation, queueLength), looks: make(chan struct{}, 1), broken: make(chan error, 1),
		pings: make(chan chan struct{}), stopped: make(chan struct{}),
		accounts: map[string]*account{}, settings: &settings, sessions: map[sessionOf]string{},
	}
	e.home, _ = os.UserHomeDir() // without one no rule can mean a folder in it
	w := e.begin()
	if err := s.Update(func(tx *store.Tx) error { w.tx = tx; return w.begin(&settings) }); err != nil {
		return nil, fmt.Errorf("take up the counters: %w", err)
	}
	e.adopt(w)
	until, err := (outbox{e}).SnoozedUntil(context.Background())
	if err != nil {
		return nil, fmt.Errorf("take up the snooze: %w", err)
	}
	e.snooze.Store(&until)
	return e, nil
}

// Run serves operations until ctx ends, then those that still wait.
func (e *Engine) Run(ctx context.Context) {
	defer e.subs.close()
	defer close(e.stopped)
	e.look()
	for {
		select {
		case o := <-e.queue:
			e.commit(e.gather(o))
		case <-e.looks:
			e.look()
		case answer := <-e.pings:
			close(answer)
		case <-ctx.Done():
			e.finish()
			return
		}
	}
}

// finish serves what was queued before the end.
func (e *Engine) finish() {
	for {
		select {
		case o := <-e.queue:
			e.commit(e.gather(o))
		default:
			return
		}
	}
}

// commit runs a batch in one transaction and answers it.
func (e *Engine) commit(batch []*operation) {
	w := e.begin()
	err := e.present(w.now)
	if err == nil {
		err = e.transact(w, batch)
	}
	e.complain(err)
	if err == nil {
		e.adopt(w)
	}
	if e.answers != nil {
		e.answers(len(batch))
	}
	for _, o := range batch {
		o.done <- err
	}
}

// transact does a batch in one transaction. After one that failed the counters
// are taken up anew: what it put may be on the disk all the same, and is no news
// when it is put again.
func (e *Engine) transact(w *work, batch []*operation) error {
	return e.store.Update(func(tx *store.Tx) error {
		w.tx = tx
		if e.failing { // the disk may hold what failed, or not: go by what it has
			if err := w.load(w.rules()); err != nil {
				return err
			}
		}
		for _, o := range batch {
			if err := o.do(w); err != nil {
				return err
			}
		}
		return w.settle()
	})
}

// present makes sure, now and then, that the file that is written is still the
// one that would be opened again: a deleted one takes writes without a word. It
// is put back with all that is in it; what else happened to it ends the service.
func (e *Engine) present(now time.Time) error {
	if now.Sub(e.checked).Abs() < goneCheck {
		return nil
	}
	e.checked = now
	if err := e.store.StillThere(); !errors.Is(err, store.ErrGone) {
		return nil // what else is wrong the transaction tells
	}
	if err := e.store.Rescue(); err != nil {
		return err
	}
	e.log.Warn().Str("database", e.store.Path()).Msg("the database was deleted while it was in use; it was put back whole")
	return nil
}

// failed looks whether an error of the store is one that only a new start can
// mend. Damage is mended where the database is opened.
func (e *Engine) failed(err error) {
	switch {
	case errors.Is(err, store.ErrGone):
	case errors.Is(err, store.ErrDamaged) && e.store.Distrust(err):
	default:
		return
	}
	select {
	case e.broken <- err:
	default:
	}
}

// Broken tells of a fault that only a new start can mend.
func (e *Engine) Broken() <-chan error { return e.broken }

// complain logs when storing begins to fail, and when it is well again: not
// once for each event.
func (e *Engine) complain(err error) {
	switch {
	case err != nil && !e.failing:
		e.log.Error().Err(err).Msg("cannot store; nothing is acknowledged until this is mended")
	case err == nil && e.failing:
		e.log.Warn().Msg("storing works again")
	}
	e.failing = err != nil
	if err != nil {
		e.counts.failures.Add(1)
		e.failed(err)
	}
}

// do hands an operation to the engine and waits until it is durable.
func (e *Engine) do(ctx context.Context, f func(*work) error) error {
	o := &operation{do: f, done: make(chan error, 1)}
	select {
	case e.queue <- o:
	case <-e.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.done:
		return err
	case <-e.stopped:
		select {
		case err := <-o.done:
			return err
		default:
			return ErrStopped
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Look asks the engine to look at the clock, soon. Doubling it does no harm.
func (e *Engine) Look() {
	select {
	case e.looks <- struct{}{}:
	default:
	}
}

// look tells what the passing of time has made due. Most looks find nothing,
// and then nothing is written.
func (e *Engine) look() {
	now := e.now()
	if err := e.present(now); err != nil {
		e.complain(err)
		return
	}
	if err := errors.Join(e.recall(now), e.holds(now)); err != nil {
		e.complain(err)
		return
	}
	for _, a := range e.accounts {
		if _, due := a.due(e.settings.Notices, now); len(due) > 0 {
			e.commit([]*operation{{do: (*work).look, done: make(chan error, 1)}})
			if e.failing { // what is due must not wait for the next heartbeat
				time.AfterFunc(lookAgain, e.Look)
			}
			return
		}
	}
	e.publish(false)
}

// recall reads again what was told, where the clock was set back: one that was
// ahead by months let it go, as of long ago.
func (e *Engine) recall(now time.Time) error {
	now = now.Round(0) // by the wall: the monotonic clock that time.Now adds is never set
	if !now.Before(e.looked.Add(-quota.MaxAhead)) {
		e.looked = now
		return nil
	}
	err := e.store.View(func(tx *store.Tx) error {
		for _, a := range e.accounts {
			if err := a.remember(tx, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		e.looked = now
	}
	return err
}

// holds works out what holds of each account. The database is read only where
// the clock was set back.
func (e *Engine) holds(now time.Time) error {
	for _, a := range e.accounts {
		if !a.ledger.Ahead(now) {
			a.holds, a.next = &a.ledger.State, time.Time{}
			continue
		}
		if err := e.store.View(func(tx *store.Tx) error { return a.look(tx, now) }); err != nil {
			return err
		}
	}
	return nil
}

// Snapshot is the present state, for reading.
func (e *Engine) Snapshot() *Snapshot { return e.snap.Load() }

// adopt makes what a committed transaction worked out the present state.
func (e *Engine) adopt(w *work) {
	if w.settings != nil {
		e.settings = w.settings
	}
	if w.fresh {
		e.accounts = map[string]*account{}
	}
	for name, a := range w.accounts {
		e.accounts[name] = a
	}
	if w.provided != nil {
		e.provided = w.provided
	}
	e.keep(w.sessions)
	e.counts.add(w)
	e.subs.tell(w.notices)
	if e.prompted != nil && len(w.prompts) > 0 {
		e.prompted(w.prompts)
	}
	e.publish(len(w.notices) > 0)
}

// publish shows readers the present state, and wakes those who wait for it.
func (e *Engine) publish(told bool) {
	snap := newSnapshot(e.settings, e.accounts, e.provided, e.now())
	snap.zone = e.zone
	if keys := e.keys.Load(); keys != nil {
		snap.keys = *keys
	}
	e.snap.Store(snap)
	e.subs.changed()
	if e.wake != nil {
		e.wake(snap, told)
	}
}

// Alive returns once the engine's loop has answered.
func (e *Engine) Alive(ctx context.Context) error {
	answer := make(chan struct{})
	select {
	case e.pings <- answer:
		<-answer
		return nil
	case <-e.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}
