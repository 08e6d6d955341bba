package daemon

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"sync/atomic"
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
// that is due, and records what it answers. All of it is done by the goroutine
// that runs it; the other methods are safe for concurrent use, and do nothing
// where there is no poller.
type poller struct {
	engine   *Engine
	log      zerolog.Logger
	accounts []*polled
	tally    *pollTally

	looks   chan struct{} // something may be due
	asks    chan ask
	ended   chan struct{}
	resumed atomic.Bool
}

// errPollerEnded is told to who asks while the settings change, or at the end.
var errPollerEnded = &api.Error{Code: api.Unavailable, Message: "the service is just taking its configuration, or ending: ask again"}

// ask is somebody who wants a reading at once.
type ask struct {
	account string // "": of all
	answer  chan []SyncResult
}

// newPoller makes a poller for the present settings; nil where no reading is
// enabled. The environment may hold a key, and names where systemd puts one.
func newPoller(e *Engine, env func(string) string, log zerolog.Logger, tally *pollTally) *poller {
	snap := e.Snapshot()
	names := enabled(snap.Settings)
	if len(names) == 0 {
		return nil
	}
	p := emptyPoller(e, log, tally)
	salt, err := hook.Salt(e.store.Dir())
	if err != nil {
		log.Warn().Err(err).Msg("keys cannot be told apart: a refused one is asked with again after a restart")
	}
	for _, name := range names {
		setup := snap.Settings.Providers[name]
		keys := provider.Keys(KeyOptions(name, setup, env))
		x := newPolled(name, setup, provider.New(clientOptions(setup, keys, e.now)), keys)
		x.salt = salt
		p.accounts = append(p.accounts, x)
	}
	return p
}

func emptyPoller(e *Engine, log zerolog.Logger, tally *pollTally) *poller {
	return &poller{engine: e, log: log, tally: tally, looks: make(chan struct{}, 1), asks: make(chan ask), ended: make(chan struct{})}
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
	select {
	case p.looks <- struct{}{}:
	default:
	}
}

// resume tells that the clock was set, or the machine was suspended.
func (p *poller) resume() {
	if p != nil {
		p.resumed.Store(true)
		p.look()
	}
}

// sync asks at once, about one account or about all (""), once nobody else is
// being asked about.
func (p *poller) sync(ctx context.Context, account string) ([]SyncResult, error) {
	if p == nil {
		return nil, nil
	}
	a := ask{account, make(chan []SyncResult, 1)}
	select {
	case p.asks <- a:
	case <-p.ended:
		return nil, errPollerEnded
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case results := <-a.answer:
		return results, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run asks until ctx ends. Nothing wakes it while nothing is due.
func (p *poller) run(ctx context.Context) {
	defer close(p.ended)
	for _, x := range p.accounts {
		x.takeUp(ctx, p.engine.Snapshot(), p.engine.now())
	}
	p.tellKeys()
	for ctx.Err() == nil {
		alarm, stop := timerOf(p.step(ctx))
		select {
		case <-ctx.Done():
		case <-alarm:
		case <-p.looks:
		case a := <-p.asks:
			a.answer <- p.askAll(ctx, a.account)
		}
		stop()
	}
}

// tellKeys has the engine know whose key is whose: events that used one belong
// to its account.
func (p *poller) tellKeys() {
	keys := map[string]string{}
	for _, x := range p.accounts {
		if x.key != "" {
			keys[x.name] = x.key
		}
	}
	if !maps.Equal(keys, p.engine.Snapshot().keys) {
		p.engine.SetKeys(keys)
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

// step asks about all that is due, and tells how long nothing will be; 0:
// until something happens.
func (p *poller) step(ctx context.Context) time.Duration {
	resumed := p.resumed.Swap(false)
	var wait time.Duration
	for _, x := range p.accounts {
		now := p.engine.now()
		if resumed {
			x.pace.Nudge(now, provider.WhyResume)
		}
		at, why := x.next(ctx, p.engine.Snapshot(), now)
		if !at.IsZero() && !at.After(now) && ctx.Err() == nil {
			p.read(ctx, x, why)
			now = p.engine.now()
			at, _ = x.next(ctx, p.engine.Snapshot(), now)
		}
		if at = x.wake(at); at.IsZero() {
			continue
		}
		if left := max(at.Sub(now), time.Millisecond); wait == 0 || left < wait {
			wait = left
		}
	}
	return wait
}

// askAll asks about one account or about all, whatever is due.
func (p *poller) askAll(ctx context.Context, account string) []SyncResult {
	results := []SyncResult{}
	for _, x := range p.accounts {
		if account == "" || account == x.name {
			results = append(results, p.read(ctx, x, provider.WhyHand))
		}
	}
	return results
}
