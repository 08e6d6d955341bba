package daemon

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/hook"
	"quotad/daemon/provider"
	"quotad/quota"
)

// reader asks the provider about one account.
type reader interface {
	Read(ctx context.Context) (provider.Reply, *provider.Fault)
	ReadPlan(ctx context.Context) (told quota.PlanTold, tier string, fault *provider.Fault)
}

// keyring holds the key that a reader asks with.
type keyring interface {
	Key(ctx context.Context) (string, error)
	Source() string // in words, where the key is looked for
}

// poller asks the provider about each account whose reading is enabled, when
// that is due, and records what it answers. Each account is asked about by a
// goroutine of its own, so that one that hangs holds up no other; the methods
// are safe for concurrent use, and do nothing where there is no poller.
type poller struct {
	engine   *Engine
	log      zerolog.Logger
	accounts []*polled // the same ones for ever
	tally    *pollTally
	ended    chan struct{}

	mu   sync.Mutex
	keys map[string]string // hash of each account's own key, as far as it is known
}

// errPollerEnded is told to who asks while the settings change, or at the end.
var errPollerEnded = &api.Error{Code: api.Unavailable, Message: "the service is just taking its configuration, or ending: ask again"}

// newPoller makes a poller for the present settings; nil where no reading is
// enabled. The environment may hold a key, and names where systemd puts one.
func newPoller(e *Engine, env func(string) string, log zerolog.Logger, tally *pollTally) *poller {
	snap := e.Snapshot()
	names := enabled(snap.Settings)
	if len(names) == 0 {
		return nil
	}
	salt, err := hook.Salt(e.store.Dir())
	if err != nil {
		log.Warn().Err(err).Msg("keys cannot be told apart: a refused one is asked with again after a restart")
	}
	var accounts []*polled
	for _, name := range names {
		setup := snap.Settings.Providers[name]
		keys := provider.Keys(KeyOptions(name, setup, env))
		x := newPolled(name, setup, provider.New(clientOptions(setup, keys, e.now)), keys)
		x.salt = salt
		accounts = append(accounts, x)
	}
	return pollerOf(e, log, tally, accounts...)
}

func pollerOf(e *Engine, log zerolog.Logger, tally *pollTally, accounts ...*polled) *poller {
	return &poller{engine: e, log: log, tally: tally, accounts: accounts, ended: make(chan struct{}), keys: map[string]string{}}
}

// KeyOptions say where the key of an account may be.
func KeyOptions(account string, setup config.Provider, env func(string) string) provider.KeyOptions {
	if env == nil {
		env = os.Getenv
	}
	return provider.KeyOptions{
		Account: account, File: config.ExpandHome(setup.KeyFile, env("HOME")), Command: setup.KeyCommand, Env: env,
	}
}

func clientOptions(setup config.Provider, keys provider.KeySource, now func() time.Time) provider.Options {
	return provider.Options{
		Site: setup.Site, BaseURL: setup.BaseURL, Organization: setup.Organization, Project: setup.Project, Key: keys, Now: now,
	}
}

// jitter spreads the tries of many that fail at once.
func jitter() float64 { return rand.Float64() }

// look makes the poller find out anew what is due.
func (p *poller) look() {
	if p == nil {
		return
	}
	for _, x := range p.accounts {
		select {
		case x.looks <- struct{}{}:
		default:
		}
	}
}

// resume tells that the clock was set, or the machine was suspended.
func (p *poller) resume() {
	if p == nil {
		return
	}
	for _, x := range p.accounts {
		x.resumed.Store(true)
	}
	p.look()
}

// sync asks at once, about one account or about all (""): of each, once nobody
// else is asking about it.
func (p *poller) sync(ctx context.Context, account string) ([]SyncResult, error) {
	if p == nil {
		return nil, nil
	}
	return p.gather(account, func(x *polled) (SyncResult, error) {
		answer := make(chan SyncResult, 1)
		select {
		case x.asks <- answer:
		case <-p.ended:
			return SyncResult{}, errPollerEnded
		case <-ctx.Done():
			return SyncResult{}, ctx.Err()
		}
		select {
		case result := <-answer:
			return result, nil
		case <-ctx.Done():
			return SyncResult{}, ctx.Err()
		}
	})
}

// askAll asks about one account or about all, whatever is due. It is for a
// poller that does not run.
func (p *poller) askAll(ctx context.Context, account string) ([]SyncResult, error) {
	return p.gather(account, func(x *polled) (SyncResult, error) { return p.read(ctx, x, provider.WhyHand), nil })
}

// gather asks about one account or about all, of all at the same time.
func (p *poller) gather(account string, ask func(*polled) (SyncResult, error)) ([]SyncResult, error) {
	results, errs := make([]SyncResult, len(p.accounts)), make([]error, len(p.accounts))
	var all sync.WaitGroup
	for i, x := range p.accounts {
		if account == "" || account == x.name {
			all.Go(func() { results[i], errs[i] = ask(x) })
		}
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(results, func(r SyncResult) bool { return r.Account == "" }), nil
}

// run asks until ctx ends. Nothing wakes it while nothing is due.
func (p *poller) run(ctx context.Context) {
	defer close(p.ended)
	p.takeUp(ctx)
	p.each(func(x *polled) { p.poll(ctx, x) })
}

// takeUp goes on where the last run ended.
func (p *poller) takeUp(ctx context.Context) {
	p.each(func(x *polled) { x.takeUp(ctx, p.engine.Snapshot(), p.engine.now()) })
	p.tellKeys(p.accounts...)
}

func (p *poller) each(do func(*polled)) {
	var all sync.WaitGroup
	for _, x := range p.accounts {
		all.Go(func() { do(x) })
	}
	all.Wait()
}

// poll asks about one account until ctx ends.
func (p *poller) poll(ctx context.Context, x *polled) {
	for ctx.Err() == nil {
		alarm, stop := timerOf(p.step(ctx, x))
		select {
		case <-ctx.Done():
		case <-alarm:
		case <-x.looks:
		case answer := <-x.asks:
			answer <- p.read(ctx, x, provider.WhyHand)
		}
		stop()
	}
}

// tellKeys has the engine know whose key is whose: events that used one belong
// to its account.
func (p *poller) tellKeys(of ...*polled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range of {
		if x.key != "" {
			p.keys[x.name] = x.key
		}
	}
	if !maps.Equal(p.keys, p.engine.Snapshot().keys) {
		p.engine.SetKeys(p.keys)
	}
}

// timerOf rings after d; never where that is 0.
func timerOf(d time.Duration) (ring <-chan time.Time, stop func() bool) {
	if d == 0 {
		return nil, func() bool { return false }
	}
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// step asks about an account where that is due, and tells how long it will not
// be; 0: until something happens.
func (p *poller) step(ctx context.Context, x *polled) time.Duration {
	now := p.engine.now()
	if x.resumed.Swap(false) {
		x.pace.Nudge(now, provider.WhyResume)
	}
	at, why := x.next(ctx, p.engine.Snapshot(), now)
	if !at.IsZero() && !at.After(now) && ctx.Err() == nil {
		p.read(ctx, x, why)
		now = p.engine.now()
		at, _ = x.next(ctx, p.engine.Snapshot(), now)
	}
	if at = x.wake(at); at.IsZero() {
		return 0
	}
	return max(at.Sub(now), time.Millisecond)
}
