package notify

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// backoff is how long after each failure in a row a lane tries again.
var backoff = [...]time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// lane brings items to one sender, in order. Lanes do not wait for each other.
type lane struct {
	p      *Pipeline
	sender Sender
	name   string
	wake   chan struct{}
	up     atomic.Bool        // the other side may have come up
	failed int                // attempts in a row
	watch  context.CancelFunc // ends the watch, where one is on
}

func newLane(p *Pipeline, s Sender) *lane {
	return &lane{p: p, sender: s, name: s.Name(), wake: make(chan struct{}, 1)}
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) run(ctx context.Context) {
	defer l.unwatch()
	for ctx.Err() == nil {
		l.sleep(ctx, l.round(ctx))
		if l.up.Swap(false) {
			l.failed = 0
		}
	}
}

// revive makes the lane look, and be as eager as at first.
func (l *lane) revive() {
	l.up.Store(true)
	l.poke()
}

// sleep waits for a poke, or for an instant unless it is zero.
func (l *lane) sleep(ctx context.Context, until time.Time) {
	var due <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(until.Sub(l.p.now()))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-due:
	}
}

// round tells what can be told now, and gives the instant at which to look
// again; zero: when poked.
func (l *lane) round(ctx context.Context) time.Time {
	for ctx.Err() == nil {
		items, hold, err := l.p.look(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return l.retry(Report{Sender: l.name, Err: err})
		}
		item, ok := l.first(items)
		if !ok {
			l.failed = 0
			l.unwatch()
			return hold.Until
		}
		o, err := l.send(ctx, item)
		if ctx.Err() != nil && o.Retry() || errors.Is(err, errOvertaken) {
			continue
		}
		r := Report{Item: item.Item, Sender: l.name, Outcome: o, Err: err}
		if o.Retry() {
			l.watchFor(ctx, o)
			return l.retry(r)
		}
		l.failed = 0
		l.p.report(r)
	}
	return time.Time{}
}

// retry counts a failure, and gives the instant of the next attempt.
func (l *lane) retry(r Report) time.Time {
	r.Next = l.p.now().Add(backoff[min(l.failed, len(backoff)-1)])
	l.failed++
	l.p.report(r)
	return r.Next
}

// first is the oldest item that this lane has to tell.
func (l *lane) first(items []live) (live, bool) {
	for _, it := range items {
		if it.parts.of(l.name) == StatePending {
			return it, true
		}
	}
	return live{}, false
}

// errOvertaken says that another lane found an item stale, or to be held,
// while this one was about to tell it.
var errOvertaken = errors.New("no longer to be told")

func (l *lane) send(ctx context.Context, it live) (Outcome, error) {
	committed := false
	commit := func() error {
		err := l.p.commit(ctx, it.ID, l.name)
		committed = err == nil
		return err
	}
	o, err := l.sender.Send(ctx, l.p.worded(it.Notice), commit)
	if o.Retry() && !committed {
		return o, err
	}
	reason := l.name + ": " + o.String()
	if err != nil {
		reason = l.name + ": " + err.Error()
	}
	l.p.settle(ctx, it.ID, l.name, o.word(), reason)
	return o, err
}

// watchFor looks out for the other side, where that can help.
func (l *lane) watchFor(ctx context.Context, o Outcome) {
	w, ok := l.sender.(Watcher)
	if !ok || l.watch != nil || o != NoBus && o != NoServer && o != Hung {
		return
	}
	ctx, l.watch = context.WithCancel(ctx)
	go w.Watch(ctx, l.revive)
}

func (l *lane) unwatch() {
	if l.watch != nil {
		l.watch()
		l.watch = nil
	}
}
