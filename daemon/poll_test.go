package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/provider"
	"quotad/quota"
)

const polledConfig = `
[account.default]
plan = "v2/lite"
subscribed = 2000-01-03T16:55:13+08:00
[account.default.provider]
enabled = true
`

// scripted is a provider that answers as a test says, and notes when it was
// asked.
type scripted struct {
	mu     sync.Mutex
	asked  []time.Time
	plans  []time.Time
	answer func() (provider.Reply, *provider.Fault)
	told   quota.PlanTold
	tier   string
	refuse *provider.Fault // of the subscription
}

func (s *scripted) Read(context.Context) (provider.Reply, *provider.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Now())
	r, fault := s.answer()
	r.At = quota.Milli(time.Now())
	return r, fault
}

func (s *scripted) ReadPlan(context.Context) (quota.PlanTold, string, *provider.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans = append(s.plans, time.Now())
	return s.told, s.tier, s.refuse
}

// times are the instants of being asked since the last call, from an origin.
func (s *scripted) times(since time.Time) (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.asked {
		list = append(list, at.Sub(since).String())
	}
	s.asked = nil
	return list
}

func (s *scripted) set(answer func() (provider.Reply, *provider.Fault)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// asksOfPlan is how often the subscription was asked for.
func (s *scripted) asksOfPlan() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.plans)
}

// uses tells a percentage of the 5-hour window.
func uses(percent float64) func() (provider.Reply, *provider.Fault) {
	return func() (provider.Reply, *provider.Fault) {
		return provider.Reply{Level: "lite", Generation: "v2", Plan: quota.PlanTold{ID: "v2/lite"},
			Readings: []quota.Reading{{Window: quota.WindowFive, Percent: &percent}}}, nil
	}
}

func faulty(kind provider.FaultKind) func() (provider.Reply, *provider.Fault) {
	return func() (provider.Reply, *provider.Fault) {
		return provider.Reply{}, &provider.Fault{Kind: kind, Code: 401, Message: "as the test says", Raw: []byte("<html>")}
	}
}

// oneKey is a keyring whose key a test may change.
type oneKey struct {
	mu  sync.Mutex
	key string
}

func (k *oneKey) Key(context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key == "" {
		return "", errors.New("no key")
	}
	return k.key, nil
}

func (k *oneKey) Source() string { return "a test" }

func (k *oneKey) set(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.key = key
}

// pollRig is an engine whose provider is scripted.
type pollRig struct {
	*rig
	provider *scripted
	key      *oneKey
	present  atomic.Pointer[poller]
	start    time.Time
	endPoll  func()
}

// startPoll begins, in the bubble of a synctest, with a provider that says that
// nothing is used.
func startPoll(t *testing.T, dir string) *pollRig {
	t.Helper()
	p := &pollRig{provider: &scripted{
		answer: uses(0), tier: "lite", told: quota.PlanTold{Subscribed: time.Date(2000, 1, 3, 8, 55, 13, 0, time.UTC)},
	}, key: &oneKey{key: "one"}, start: time.Now()}
	p.rig = begin(t, dir, settings(t, polledConfig), time.Now, func(e *Engine) func() {
		e.wake = func(*Snapshot, bool) {
			p.poller().look()
		}
		return func() { p.endPoll() }
	})
	p.poll()
	return p
}

// poll begins asking, as the service does at its start and at a reload.
func (p *pollRig) poll() {
	x := newPolled("default", p.engine.Snapshot().Settings.Providers["default"], p.provider, p.key)
	x.salt = []byte("salt")
	poller := pollerOf(p.engine, zerolog.Nop(), &pollTally{}, x)
	p.present.Store(poller)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); poller.run(ctx) }()
	p.endPoll = func() { cancel(); <-done }
}

func (p *pollRig) poller() *poller { return p.present.Load() }

// after sleeps, and gives the instants of being asked meanwhile.
func (p *pollRig) after(d time.Duration) []string {
	time.Sleep(d)
	synctest.Wait()
	return p.provider.times(p.start)
}

func (p *pollRig) warnings() (codes []string) {
	st, _ := p.engine.Snapshot().Status("default", time.Now())
	for _, w := range st.Warnings {
		codes = append(codes, w.Code)
	}
	return codes
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestTheProviderIsAskedMoreOftenWhileThePlanIsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		expect(t, "idle", p.after(61*time.Minute), "0s", "30m0s", "1h0m0s")
		p.post(quota.Event{Model: "glm-4.5"})
		expect(t, "in use", p.after(15*time.Minute), "1h5m0s", "1h10m0s")
		expect(t, "idle again", p.after(30*time.Minute), "1h40m0s")
	})
}

func TestAReadingIsNoUseOfThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		p.provider.set(uses(30))
		if p.after(24 * time.Hour); !p.engine.Snapshot().parts[0].pulse.used.IsZero() {
			t.Error("the reading counts as use")
		}
	})
}

func TestWhatHappensIsAskedAboutAtOnceAndNeverTwiceInHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		p.after(10 * time.Minute)
		p.post(quota.Event{Kind: quota.KindExhausted, Window: quota.WindowFive, Until: time.Now().Add(20 * time.Minute)})
		expect(t, "exhausted", p.after(time.Second), "10m0s")
		p.poller().resume()
		p.poller().resume()
		expect(t, "resumed one second later", p.after(10*time.Second))
		expect(t, "resumed one second later, half a minute on", p.after(50*time.Second), "10m30s")
		expect(t, "in use, and the window ends", p.after(20*time.Minute), "15m30s", "30m5s")
	})
}

func TestAWindowThatEndsIsAskedAboutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		p.after(time.Minute)
		p.post(quota.Event{Model: "glm-4.5"}) // opens the five hours at 1 min
		p.provider.set(uses(3))
		p.after(5*time.Hour - time.Second)
		time.Sleep(2 * time.Second) // one second past the end
		p.engine.Look()             // as the alarm has it look
		got := p.after(20 * time.Minute)
		if !slices.Contains(got, "5h1m5s") || len(got) > 2 {
			t.Errorf("asked at %v, want 5 s after the end at 5h1m", got)
		}
	})
}

func TestARefusedKeyIsSaidOnceAndEndsThePolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		p := startPoll(t, dir)
		p.provider.set(uses(7))
		p.after(31 * time.Minute)
		before := p.window("5h")
		p.provider.set(faulty(provider.FaultKey))
		if got := p.after(30 * time.Minute); len(got) != 1 {
			t.Fatalf("asked at %v", got)
		}
		p.poller().resume()
		p.post(quota.Event{Model: "glm-4.5"}, quota.Event{Kind: quota.KindExhausted, Window: quota.WindowFive, Until: time.Now().Add(time.Minute)})
		expect(t, "while it is refused", p.after(48*time.Hour))
		expect(t, "warned of", p.warnings(), warnKey)
		if got := p.told(); !slices.Contains(got, " provider 0") {
			t.Errorf("told %v", got)
		}
		if before.Source != quota.SourceProvider {
			t.Errorf("the reading before is gone: %v", before)
		}

		p.endPoll()
		p.poll()
		expect(t, "after a restart", p.after(48*time.Hour))
		if n := count(p.told(), " provider 0"); n != 1 {
			t.Errorf("told %d times", n)
		}
		results, err := p.poller().sync(t.Context(), "")
		if err != nil || len(results) != 1 || results[0].Status != SyncFailed || results[0].Fault.Kind != "key refused" {
			t.Errorf("by hand: %+v, %v", results, err)
		}
		expect(t, "by hand, in vain", p.after(48*time.Hour), p.engineAge(48*time.Hour))

		p.provider.set(uses(7))
		results, _ = p.poller().sync(t.Context(), "default")
		if len(results) != 1 || results[0].Status != SyncRead || len(results[0].Changed) != 1 {
			t.Errorf("by hand: %+v", results)
		}
		if got := p.after(61 * time.Minute); len(got) != 3 {
			t.Errorf("once it is good again: %v", got)
		}
		expect(t, "warned of", p.warnings())
		p.stop()
	})
}

// engineAge is how long ago, counted from the start, a pause began.
func (p *pollRig) engineAge(ago time.Duration) string {
	return time.Now().Add(-ago).Sub(p.start).String()
}

func count(list []string, item string) (n int) {
	for _, x := range list {
		if x == item {
			n++
		}
	}
	return n
}

func TestAnotherKeyIsTriedThoughTheFirstWasRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *pollRig)
	}{
		{"its file has another", func(p *pollRig) { p.key.set("two"); p.poller().look() }},
		{"another after a restart", func(p *pollRig) { p.endPoll(); p.key.set("two"); p.poll() }},
		{"another base_url", func(p *pollRig) {
			p.endPoll()
			s := settings(p.t, polledConfig+"base_url = \"http://127.0.0.1:1\"\n")
			if err := p.engine.Reconfigure(context.Background(), s); err != nil {
				p.t.Fatal(err)
			}
			p.poll()
		}},
		{"switched off and on", func(p *pollRig) {
			p.endPoll()
			for _, text := range []string{strings.Replace(polledConfig, "true", "false", 1), polledConfig} {
				if err := p.engine.Reconfigure(context.Background(), settings(p.t, text)); err != nil {
					p.t.Fatal(err)
				}
			}
			p.poll()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := startPoll(t, t.TempDir())
				defer p.stop()
				p.provider.set(faulty(provider.FaultKey))
				p.after(2 * time.Hour)
				p.provider.set(uses(7))
				c.change(p)
				if got := p.after(time.Second); len(got) != 1 {
					t.Errorf("asked at %v", got)
				}
				expect(t, "warned of", p.warnings())
			})
		})
	}
}

func TestATransientFaultIsAskedAgainEverLaterAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		p.provider.set(uses(30))
		p.post(quota.Event{Model: "glm-4.5"})
		p.poller().resume()
		p.after(time.Minute)
		before, _ := p.engine.Snapshot().Status("default", time.Now())
		p.provider.set(faulty(provider.FaultTransient))
		p.after(30 * time.Minute)
		expect(t, "half an hour on", p.warnings())
		p.after(90 * time.Minute)
		expect(t, "an hour and more on", p.warnings(), warnOld)
		after, _ := p.engine.Snapshot().Status("default", time.Now())
		if before.Windows[0].Used != after.Windows[0].Used || after.Windows[0].Source != before.Windows[0].Source {
			t.Errorf("the number changed: %v, then %v", before.Windows[0], after.Windows[0])
		}
		if got := p.after(24 * time.Hour); len(got) < 24 || len(got) > 100 {
			t.Errorf("asked %d times in a day", len(got))
		}
		expect(t, "told", p.told())
		p.provider.set(uses(31))
		p.after(time.Hour)
		expect(t, "once it answers", p.warnings())
	})
}

func TestAServiceThatRestartsAgainAndAgainAsksAtMostTwiceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		for range 60 {
			time.Sleep(time.Second)
			p.endPoll()
			p.poll()
		}
		if got := p.after(0); len(got) > 3 {
			t.Errorf("asked at %v", got)
		}
	})
}

func TestThePlanIsAskedForAtTheStartOnceADayAndForAnotherGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		p.after(47 * time.Hour)
		if n := p.provider.asksOfPlan(); n != 2 {
			t.Errorf("asked for the plan %d times in two days", n)
		}
		ten := float64(10)
		p.provider.set(func() (provider.Reply, *provider.Fault) {
			return provider.Reply{Generation: "v3", Plan: quota.PlanTold{ID: "v3/max"}, Readings: []quota.Reading{{Window: "5h", Percent: &ten}}}, nil
		})
		p.after(31 * time.Minute)
		if n := p.provider.asksOfPlan(); n != 3 {
			t.Errorf("asked for the plan %d times after another generation", n)
		}
	})
}

// hanging is a provider that never answers.
type hanging struct{ *scripted }

func (hanging) Read(ctx context.Context) (provider.Reply, *provider.Fault) {
	<-ctx.Done()
	return provider.Reply{}, &provider.Fault{Kind: provider.FaultTransient, Message: "called off"}
}

func TestAnAccountThatHangsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, polledConfig+"[account.work]\nplan = \"v2/lite\"\nprovider = {enabled = true}\n"), time.Now)
		good, key := &scripted{answer: uses(3)}, &oneKey{key: "one"}
		setup := r.engine.Snapshot().Settings.Providers["work"]
		p := pollerOf(r.engine, zerolog.Nop(), &pollTally{},
			newPolled("default", setup, hanging{good}, key), newPolled("work", setup, good, key))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); p.run(ctx) }()
		began := time.Now()
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		expect(t, "asked of the other", good.times(began), "0s", "30m0s", "1h0m0s")
		results, err := p.sync(t.Context(), "work")
		if err != nil || len(results) != 1 || results[0].Status != SyncRead || time.Since(began) != 61*time.Minute {
			t.Errorf("by hand: %+v, %v, after %v", results, err, time.Since(began))
		}
		cancel()
		<-done
		r.stop()
	})
}

// lacks tells a percentage in an answer without a row of the week.
func lacks() (provider.Reply, *provider.Fault) {
	r, _ := uses(10)()
	r.Generation, r.Plan.ID = "v1", "v1/lite"
	return r, nil
}

func TestAPlanToldByWhatAnAnswerLacksIsBelievedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		plan := func(what, want string) {
			t.Helper()
			if got := p.status().Plan.ID; got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		p.after(time.Minute)
		for range 2 {
			p.provider.set(lacks)
			p.after(time.Hour)
			plan("two answers without a week", "v2/lite")
			if got := p.window("5h").Percent; got < 10 {
				t.Errorf("their figures are not taken: %v %%", got)
			}
			p.provider.set(uses(10))
			p.after(30 * time.Minute)
		}
		p.provider.set(lacks)
		p.after(90 * time.Minute)
		plan("three in a row", "v1/lite")
		p.provider.set(uses(10))
		p.after(30 * time.Minute)
		plan("one with a week", "v2/lite")
	})
}

func TestAPlanWithoutAWeekIsBelievedAtOnceWhereNoneIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, "[account.default.provider]\nenabled = true\n"), time.Now)
		setup := r.engine.Snapshot().Settings.Providers["default"]
		p := pollerOf(r.engine, zerolog.Nop(), &pollTally{}, newPolled("default", setup, &scripted{answer: lacks}, &oneKey{key: "one"}))
		if _, err := p.askAll(t.Context(), ""); err != nil || r.status().Plan.ID != "v1/lite" {
			t.Errorf("%+v, %v", r.status().Plan, err)
		}
		r.stop()
	})
}

func TestTheSubscriptionIsReadThoughTheClockWasSetBack(t *testing.T) {
	s := &scripted{answer: uses(1)}
	x := newPolled("default", config.Provider{}, s, &oneKey{key: "one"})
	ahead := noon.AddDate(1, 0, 0)
	for _, c := range []struct {
		now  time.Time
		want int
	}{{ahead, 1}, {ahead.Add(time.Hour), 1}, {noon, 2}, {noon.Add(time.Hour), 2}, {noon.Add(24 * time.Hour), 3}} {
		if x.ask(t.Context(), c.now); s.asksOfPlan() != c.want {
			t.Errorf("at %v asked %d times, want %d", c.now, s.asksOfPlan(), c.want)
		}
	}
}

func TestNothingIsAskedWhereNoReadingIsEnabled(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), time.Now)
	p := newPoller(r.engine, func(string) string { return "" }, zerolog.Nop(), &pollTally{})
	if p != nil {
		t.Fatal("there is a poller")
	}
	p.look()
	p.resume()
	if results, err := p.sync(t.Context(), ""); results != nil || err != nil {
		t.Errorf("%v, %v", results, err)
	}
}

func TestAReadingThatCannotBeTakenChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPoll(t, t.TempDir())
		defer p.stop()
		p.provider.set(uses(5000))
		p.after(31 * time.Minute)
		if w := p.window("5h"); w.Used != 0 {
			t.Errorf("used %v", w.Used)
		}
		known := p.engine.Snapshot().provided["default"]
		if known.Fault == nil || !strings.Contains(known.Fault.Message, "out of range") {
			t.Errorf("known: %+v", known.Fault)
		}
		if got := p.after(24 * time.Hour); len(got) > 100 {
			t.Errorf("asked %d times in a day", len(got))
		}
	})
}

var _ keyring = (*provider.KeyRing)(nil)
var _ reader = (*provider.Client)(nil)
