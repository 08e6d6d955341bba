package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/notify"
	"quotad/quota"
)

// wrongClock is the clock on the wall of a machine: it may be wrong by some time,
// and it goes on while the machine is asleep, which Go's own clock does not.
type wrongClock struct{ asleep, wrong atomic.Int64 }

func (c *wrongClock) now() time.Time {
	return time.Now().Add(time.Duration(c.asleep.Load() + c.wrong.Load())).Round(0)
}

// right is what a clock that is right would show.
func (c *wrongClock) right() time.Time {
	return time.Now().Add(time.Duration(c.asleep.Load())).Round(0)
}

// troubled is an engine with its alarm and its pipeline on a machine whose clock
// is set and which is sent to sleep and started anew.
type troubled struct {
	*rig
	t       *testing.T
	r       *rand.Rand
	dir     string
	set     config.Settings
	clock   *wrongClock
	alarm   *alarm
	given   *given
	prompts []quota.Event
	did     []string // in words, for who looks why it failed
}

// given is a sender that keeps what it was given.
type given struct {
	mu   sync.Mutex
	list []quota.Notice
}

func (*given) Name() string { return "given" }

func (g *given) Send(_ context.Context, n quota.Notice, begin func() error) (notify.Outcome, error) {
	if err := begin(); err != nil {
		return notify.Failed, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.list = append(g.list, n)
	return notify.Delivered, nil
}

func (m *troubled) up() {
	m.did = append(m.did, "start")
	m.rig = begin(m.t, m.dir, m.set, m.clock.now, func(e *Engine) func() {
		m.alarm = newAlarm(e.Look, Heartbeat, zerolog.Nop())
		p := &notify.Pipeline{
			Log: outbox{e}, Senders: []notify.Sender{m.given}, Now: m.clock.now, Zone: func() *time.Location { return time.UTC },
			Current: func(account string, now time.Time) (quota.Status, bool) { return e.Snapshot().Status(account, now) },
		}
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		e.wake = func(s *Snapshot, told bool) {
			m.alarm.set(m.own(s.Boundary))
			if told {
				p.Poke()
			}
		}
		m.alarm.start()
		running.Go(func() { p.Run(ctx) })
		return func() { <-m.alarm.stop(); cancel(); running.Wait() }
	})
}

// own is an instant of the wall by the clock that the alarm goes by.
func (m *troubled) own(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(-time.Duration(m.clock.asleep.Load() + m.clock.wrong.Load()))
}

// jumped is what the service does when the kernel tells of a step or a resume.
func (m *troubled) jumped() {
	m.alarm.wind()
	m.engine.Look()
	synctest.Wait()
}

func (m *troubled) say(format string, args ...any) {
	m.did = append(m.did, fmt.Sprintf(format, args...))
}

func (m *troubled) step(by time.Duration) {
	m.say("the clock is set by %v", by)
	m.clock.wrong.Add(int64(by))
	m.jumped()
}

func (m *troubled) setRight() { m.step(-time.Duration(m.clock.wrong.Load())) }

func (m *troubled) suspend(d time.Duration) {
	m.say("asleep for %v", d)
	m.clock.asleep.Add(int64(d))
	m.jumped()
}

func (m *troubled) restart() {
	m.rig.stop()
	m.up()
}

func (m *troubled) prompt(n int) {
	m.say("%d prompts at %v", n, m.clock.now())
	e := quota.Event{ID: fmt.Sprint("prompt ", len(m.prompts)), At: quota.Milli(m.clock.now()), Count: n, Model: "glm-4.5"}
	m.prompts = append(m.prompts, e)
	m.post(e)
}

// span is a random time, short ones as often as long ones.
func (m *troubled) span(most time.Duration) time.Duration {
	top := time.Second
	for top < most && m.r.Intn(4) > 0 {
		top *= 8
	}
	return time.Duration(m.r.Int63n(int64(min(top, most)))) + time.Second
}

// rest lets time pass, and then two seconds more, after which every boundary
// before must have been noticed.
func (m *troubled) rest(d time.Duration) {
	m.say("%v pass", d)
	time.Sleep(d + 2*time.Second)
	synctest.Wait()
	now := m.clock.now()
	if b := m.engine.Snapshot().Boundary; !b.IsZero() && !b.After(now.Add(-2*time.Second)) {
		m.fail("at %v the boundary of %v was not noticed", now, b)
	}
	all, _ := m.engine.Snapshot().Statuses("", now)
	text, err := json.Marshal(all)
	if err != nil {
		m.t.Fatal(err)
	}
	if negative.Match(text) {
		m.fail("at %v something is negative: %s", now, text)
	}
}

// negative is a negative number in JSON, or a negative time in words.
var negative = regexp.MustCompile(`[:\[,]\s*-\d|in -`)

func (m *troubled) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s\nafter\n%s", fmt.Sprintf(format, args...), strings.Join(m.did, "\n"))
}

// trouble is one random thing that happens. Prompts come where they may.
func (m *troubled) trouble(prompts bool) {
	switch kind := m.r.Intn(8); {
	case kind < 2 && prompts:
		m.prompt(1 + m.r.Intn(30))
	case kind == 2:
		m.suspend(m.span(4 * 24 * time.Hour))
	case kind == 3:
		m.restart()
	case kind == 4:
		by := m.span(3 * 365 * 24 * time.Hour)
		if m.r.Intn(2) == 0 {
			by = -by
		}
		m.step(by)
	case kind == 5:
		m.setRight()
	default:
		m.rest(m.span(6 * time.Hour))
	}
}

// troubles runs f for some seeds, each with a virtual clock of its own.
func troubles(t *testing.T, f func(m *troubled)) {
	told := 0
	for seed := range int64(16) {
		synctest.Test(t, func(t *testing.T) {
			m := &troubled{t: t, r: rand.New(rand.NewSource(seed)), dir: t.TempDir(), clock: &wrongClock{}, given: &given{}, set: settings(t, troubledConfig)}
			m.say("seed %d", seed)
			time.Sleep(27 * 365 * 24 * time.Hour) // so that a clock may be years behind
			m.up()
			f(m)
			m.rig.stop()
			told += len(m.given.list)
		})
		if t.Failed() {
			return
		}
	}
	if told < 20 {
		t.Errorf("%d notices test nothing", told)
	}
}

const troubledConfig = `
[account.default]
plan = "v2/lite"
subscribed = 2010-01-03T16:55:13+08:00
[notify]
forecast = false
[store]
retention_days = 3650
`

// givenOnce fails where a notice was shown twice, or told of a negative time.
func (m *troubled) givenOnce() {
	m.given.mu.Lock()
	defer m.given.mu.Unlock()
	seen := map[string]bool{}
	for _, n := range m.given.list {
		end := ""
		if n.ResetsAt != nil {
			end = n.ResetsAt.String()
		}
		key := fmt.Sprint(n.Window, n.Kind, n.Level, end)
		if seen[key] {
			m.fail("shown twice: %s: %s", n.Title, n.Body)
		}
		seen[key] = true
		if negative.MatchString(n.Title + n.Body) {
			m.fail("a negative time: %s: %s", n.Title, n.Body)
		}
	}
}

// status is all that is told of the account at the right time.
func (m *troubled) status(r *rig) string {
	at := m.clock.right()
	st, ok := r.engine.Snapshot().Status(quota.DefaultAccount, at)
	if !ok {
		m.fail("no account")
	}
	text, err := json.Marshal(st)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// likeOneThatHas fails where the state differs from that of an engine that has
// seen no other clock than the right one, and prompts alone.
func (m *troubled) likeOneThatHas(prompts []quota.Event) {
	plain := begin(m.t, m.t.TempDir(), m.set, m.clock.now, func(*Engine) func() { return func() {} })
	defer plain.stop()
	for _, e := range prompts {
		plain.post(e)
	}
	if got, want := m.status(m.rig), m.status(plain); got != want {
		m.fail("\n got %s\nwant %s", got, want)
	}
}

// Where the clock is right whenever somebody prompts, what it showed in between
// leaves no trace: the windows are those of an engine that saw a right clock
// alone, and the same notices were told, each once.
func TestAClockThatWasWrongLeavesNoTrace(t *testing.T) {
	troubles(t, func(m *troubled) {
		for range 60 {
			m.trouble(false)
			if m.r.Intn(3) == 0 {
				m.setRight()
				m.rest(time.Second)
				m.prompt(1 + m.r.Intn(40))
			}
		}
		m.setRight()
		m.rest(time.Minute)

		m.likeOneThatHas(m.prompts)
		m.givenOnce()
	})
}

// Prompts that come while the clock is wrong are where the clock put them, and
// those that it put far into the future do not count yet; one that lies ahead in
// a window that is open does. All the same nothing is told twice, nothing is
// negative, boundaries are noticed, and a new start makes of the same events the
// same counters.
func TestPromptsUnderAWrongClockDoNoOtherHarm(t *testing.T) {
	compared := 0
	troubles(t, func(m *troubled) {
		for range 80 {
			m.trouble(true)
		}
		m.setRight()
		m.rest(time.Minute)
		m.givenOnce()
		if begun, near := m.begun(); !near {
			compared++
			m.likeOneThatHas(begun)
		}
		before := m.status(m.rig)
		m.restart()
		synctest.Wait()
		if after := m.status(m.rig); after != before {
			m.fail("a new start made\n%s of\n%s", after, before)
		}
	})
	if compared < 4 {
		t.Errorf("only %d were compared", compared)
	}
}

// begun are the prompts that do not lie in the future, and whether others may lie
// in a window that is open.
func (m *troubled) begun() (begun []quota.Event, near bool) {
	now := m.clock.now()
	for _, e := range m.prompts {
		switch {
		case !e.At.After(now):
			begun = append(begun, e)
		case e.At.Before(now.AddDate(0, 0, 31)):
			near = true
		}
	}
	return begun, near
}
