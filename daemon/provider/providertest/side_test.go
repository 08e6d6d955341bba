package providertest_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"quotad/daemon/provider"
	"quotad/daemon/provider/providertest"
	"quotad/quota"
)

// side is quotad's side of the world: what it was told, and what it makes of it.
type side struct {
	*clock
	t        *testing.T
	provider *providertest.Provider
	meter    *quota.Meter
	ledger   *quota.Ledger
	book     *quota.MemBook
	client   *provider.Client
	pace     *provider.Pace
	used     time.Time // when a tool told of use
	asked    time.Time // when the subscription was
	boundary time.Time // when a window ends, which is watched for
	asleep   bool
	asks     int                    // plans of polls that came after void those before
	reads    int                    // good readings
	seen     map[string][]time.Time // when a window was read, newest last
	told     []quota.Told
	notices  func(quota.DueNotice) // what was told is told to it too
	refused  map[string]time.Time  // windows that a refusal told of, until when
	step     uint64
}

// key is a key that is simply there.
type key string

// Key implements provider.KeySource.
func (k key) Key(context.Context) (string, error) { return string(k), nil }

var rules = quota.NoticeRules{Thresholds: []int{50, 80, 95, 100}, Refresh: true}

func newSide(t *testing.T, c *clock, p *providertest.Provider, plan string) *side {
	known, ok := quota.PlanByID(plan)
	if !ok {
		t.Fatal(plan)
	}
	m := &quota.Meter{Account: quota.Account{Name: quota.DefaultAccount, Plan: known}}
	client := provider.New(provider.Options{Key: key(p.Key), Now: func() time.Time { return c.now }, Transport: p})
	return &side{clock: c, t: t, provider: p, meter: m, ledger: &quota.Ledger{Meter: m}, book: quota.NewMemBook(),
		notices: func(quota.DueNotice) {}, client: client, pace: provider.NewPace(func() float64 { return 0.5 }),
		seen: map[string][]time.Time{}, refused: map[string]time.Time{}}
}

// put takes an event in, as the service does.
func (s *side) put(e quota.Event) {
	e = e.Normalize(s.now)
	if wrong := e.Check(); wrong != nil {
		s.t.Fatalf("%+v: %v", e, wrong)
	}
	p, err := s.book.Put(e)
	if err != nil {
		s.t.Fatal(err)
	}
	if p.Outcome != quota.Recorded {
		return
	}
	if _, err := s.ledger.Take(s.book, p); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.ledger.Settle(s.book); err != nil {
		s.t.Fatal(err)
	}
	if e.Kind == quota.KindExhausted {
		s.refused[e.Window] = e.Until
	}
}

// hear is put for what tools tell.
func (s *side) hear(e quota.Event) {
	if s.asleep { // the hook spools it
		s.at(s.now.Add(time.Minute), func() { s.hear(e) })
		return
	}
	s.put(e)
	if step := s.ledger.State.Step(s.meter, rules); step != s.step { // else nothing can have become due
		s.step = step
		s.look()
	}
	s.used = s.now
	if e.Kind == quota.KindExhausted {
		s.nudge(provider.WhyExhausted)
	}
	s.plan()
	s.watch()
}

func (s *side) status() quota.Status { return s.ledger.State.At(s.meter, rules, s.now) }

// look tells the notices that are due.
func (s *side) look() quota.Status {
	st := s.status()
	for _, d := range quota.Due(s.meter, &st, s.told, rules, s.now) {
		s.told = append(s.told, d.Told())
		s.notices(d)
	}
	return st
}

// plan has the provider asked when its time has come.
func (s *side) plan() {
	s.asks++
	mine := s.asks
	next, _ := s.pace.Next(s.now, s.now.Sub(s.used) < provider.ActiveWithin)
	if next.IsZero() {
		return
	}
	s.at(next, func() {
		if mine == s.asks && !s.asleep {
			s.poll()
		}
	})
}

// sleep suspends the computer for a while.
func (s *side) sleep(d time.Duration) {
	s.asleep = true
	s.at(s.now.Add(d), func() {
		s.asleep = false
		s.look()
		s.nudge(provider.WhyResume)
	})
}

// nudge has the provider asked soon.
func (s *side) nudge(why provider.Why) {
	s.pace.Nudge(s.now, why)
	s.plan()
}

// watch looks when a window ends, and has the provider asked then.
func (s *side) watch() {
	next, ok := s.ledger.State.NextBoundary(s.meter, s.now)
	if !ok || next.Equal(s.boundary) {
		return
	}
	s.boundary = next
	s.at(next, func() {
		if s.boundary.Equal(next) && !s.asleep {
			s.look()
			s.nudge(provider.WhyBoundary)
			s.watch()
		}
	})
}

// poll asks the provider, and takes in what it says.
func (s *side) poll() {
	before := s.ledger.State.Encode()
	reply, fault := s.client.Read(context.Background())
	if bad := s.provider.Failed(); (bad == providertest.None) != (fault == nil) {
		s.t.Errorf("%v: the provider answered with failure %d, which was read as %v", s.now, bad, fault)
	}
	if fault == nil {
		s.take(reply)
	} else if !bytes.Equal(before, s.ledger.State.Encode()) {
		s.t.Errorf("%v: an answer that failed (%v) changed the state", s.now, fault)
	}
	s.look()
	s.pace.Asked(s.now, fault)
	s.plan()
	s.watch()
}

// take records a reading, and takes up the plan that it tells.
func (s *side) take(r provider.Reply) {
	s.reads++
	e := s.subscription(r).Event(quota.DefaultAccount)
	e.ID = fmt.Sprintf("reading-%d", s.reads)
	for _, r := range e.Readings {
		if r.Percent != nil || r.Used != nil {
			s.seen[r.Window] = append(s.seen[r.Window], s.now)
		}
	}
	s.put(e)
	s.adopt()
}

// regular reports whether a window is read every 5 minutes, as of now.
func (s *side) regular(window string) bool {
	seen := s.seen[window]
	return len(seen) > 0 && s.now.Sub(seen[len(seen)-1]) <= regularly
}

// regularly is 5 minutes, and what an answer and a clock may take on top.
const regularly = 5*time.Minute + 20*time.Second
