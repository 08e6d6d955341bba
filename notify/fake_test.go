package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"quotad/quota"
)

// memLog is a Log in memory that can crash at one of its writes.
type memLog struct {
	mu      sync.Mutex
	items   []Item
	reasons map[uint64]string
	snoozed time.Time
	reads   int
	writes  int

	crashAt int    // the write at which it crashes; 0: never
	stores  bool   // that write is stored all the same
	crash   func() // called then
	crashed bool
	broken  error // what reads and writes answer
	lies    int   // the write that is stored but answers with an error
}

var errCrash = errors.New("crashed")

func (l *memLog) Pending(context.Context) ([]Item, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if err := l.trouble(); err != nil {
		return nil, err
	}
	var open []Item
	for _, it := range l.items {
		if !it.Delivered.Final() {
			open = append(open, it)
		}
	}
	return open, nil
}

func (l *memLog) SnoozedUntil(context.Context) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.snoozed, l.trouble()
}

func (l *memLog) trouble() error {
	if l.crashed {
		return errCrash
	}
	return l.broken
}

// write runs one transaction, unless it crashes before.
func (l *memLog) write(store func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.trouble(); err != nil {
		return err
	}
	l.writes++
	if l.writes == l.lies {
		store()
		return errors.New("no space")
	}
	if l.writes != l.crashAt {
		store()
		return nil
	}
	if l.stores {
		store()
	}
	l.crashed = true
	l.crash()
	return errCrash
}

func (l *memLog) Mark(_ context.Context, id uint64, s State, reason string) error {
	return l.write(func() { l.mark(id, s, reason) })
}

func (l *memLog) mark(id uint64, s State, reason string) {
	for i := range l.items {
		if l.items[i].ID == id {
			l.items[i].Delivered, l.reasons[id] = s, reason
		}
	}
}

func (l *memLog) Digest(_ context.Context, d Item, held []uint64) error {
	return l.write(func() {
		for _, id := range held {
			l.mark(id, StateDigest, "")
		}
		l.put(d)
	})
}

func (l *memLog) put(it Item) {
	it.ID = uint64(len(l.items) + 1)
	if it.Delivered == "" {
		it.Delivered = StatePending
	}
	l.items = append(l.items, it)
}

func (l *memLog) add(notices ...quota.Notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range notices {
		l.put(Item{Notice: n})
	}
}

func (l *memLog) states() []State {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []State
	for _, it := range l.items {
		all = append(all, it.Delivered)
	}
	return all
}

// fakeSender notes what it is told.
type fakeSender struct {
	name string
	mu   sync.Mutex
	told []quota.Notice
	at   []time.Time // of each attempt
	up   func()      // set while it is watched

	outcome Outcome       // 0: Delivered
	looks   time.Duration // before it commits
	takes   time.Duration // after it
	down    Outcome       // where set, nothing is taken
}

func (s *fakeSender) Name() string { return s.name }

func (s *fakeSender) Send(ctx context.Context, n quota.Notice, commit func() error) (Outcome, error) {
	s.mu.Lock()
	down, outcome := s.down, s.outcome
	s.at = append(s.at, time.Now())
	s.mu.Unlock()
	if down != 0 {
		return down, errors.New(down.String())
	}
	time.Sleep(s.looks)
	if err := commit(); err != nil {
		return Unsent, err
	}
	time.Sleep(s.takes)
	if outcome == Refused {
		return Refused, errors.New("too many")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, n)
	if outcome != 0 {
		return outcome, errors.New(outcome.String())
	}
	return Delivered, nil
}

func (s *fakeSender) Watch(ctx context.Context, wake func()) {
	s.mu.Lock()
	s.up = wake
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.up = nil
	s.mu.Unlock()
}

// come ends being down, and says so to who watches.
func (s *fakeSender) come() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = 0
	if s.up != nil {
		s.up()
	}
}

func (s *fakeSender) titles() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, n := range s.told {
		all = append(all, n.Title)
	}
	return all
}

// stage is a pipeline between fakes, in virtual time from 2000-01-01 UTC on.
type stage struct {
	t       *testing.T
	log     *memLog
	desktop *fakeSender
	p       *Pipeline
	stop    func()
	status  *quota.Status
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t, log: &memLog{reasons: map[uint64]string{}}, desktop: &fakeSender{name: "desktop"}}
	s.p = &Pipeline{Log: s.log, Senders: []Sender{s.desktop}, Zone: func() *time.Location { return time.UTC }}
	s.p.Current = func(string, time.Time) (quota.Status, bool) {
		if s.status == nil {
			return quota.Status{}, false
		}
		return *s.status, true
	}
	return s
}

// run starts the pipeline, and stops it at the end of the test.
func (s *stage) run() *stage {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.log.crash = cancel
	done := make(chan struct{})
	go func() { s.p.Run(ctx); close(done) }()
	s.stop = func() { cancel(); <-done }
	s.t.Cleanup(s.stop)
	synctest.Wait()
	return s
}

// after lets time pass.
func (s *stage) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// change changes what the fakes do.
func (s *stage) change(f func()) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.desktop.mu.Lock()
	defer s.desktop.mu.Unlock()
	f()
}

// notice is a pending notice, and pokes.
func (s *stage) notice(notices ...quota.Notice) {
	s.log.add(notices...)
	s.p.Poke()
	synctest.Wait()
}

func (s *stage) toldIs(want ...string) {
	s.t.Helper()
	if got := s.desktop.titles(); !slices.Equal(got, want) {
		s.t.Fatalf("at %v told %q, want %q", time.Now().UTC(), got, want)
	}
}

func (s *stage) statesAre(want ...State) {
	s.t.Helper()
	if got := s.log.states(); !slices.Equal(got, want) {
		s.t.Fatalf("at %v states are %q, want %q", time.Now().UTC(), got, want)
	}
}

// crossing is a threshold notice of the window 5h that ends after d.
func crossing(level int, ends time.Duration) quota.Notice {
	now := time.Now().UTC()
	resets := now.Add(ends)
	return quota.Notice{Kind: quota.NoticeThreshold, Account: "default", Window: quota.WindowFive,
		Level: level, Percent: float64(level), At: now, ResetsAt: &resets, Title: fmt.Sprint(level), Body: "b"}
}

func refresh() quota.Notice {
	now := time.Now().UTC()
	return quota.Notice{Kind: quota.NoticeRefreshed, Account: "default", Window: quota.WindowFive,
		At: now, ResetsAt: &now, Title: "refreshed"}
}
