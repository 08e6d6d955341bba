package notify

import (
	"context"
	"time"

	"quotad/quota"
)

// Sender tells a notice to somebody.
type Sender interface {
	// Name is what stands in a State: letters alone.
	Name() string
	// Send tells n. It calls commit once, right before what cannot be undone,
	// and gives up where that fails. It returns within a bounded time whatever
	// the other side does, and soon after ctx has ended. The error says more
	// about an outcome other than Delivered.
	Send(ctx context.Context, n quota.Notice, commit func() error) (Outcome, error)
}

// Watcher is a Sender that can see when it is worth while to try again.
type Watcher interface {
	// Watch calls wake each time the other side may have come up, until ctx
	// ends.
	Watch(ctx context.Context, wake func())
}

// Outcome says how a sending ended.
type Outcome int

// The outcomes.
const (
	Delivered Outcome = iota + 1 // the other side took it
	Unsent                       // given up before anything was sent
	NoBus                        // no session bus is reachable
	NoServer                     // nobody shows notifications on the bus
	Hung                         // the server does not answer; nothing was sent
	Refused                      // the server said no, and may take it later
	NotRun                       // the program could not be started
	Unknown                      // it may have been told
	Failed                       // the program was run and failed
)

func (o Outcome) String() string {
	return [...]string{"", "delivered", "not sent", "no session bus", "no notification server", "the notification server hangs",
		"the notification server refused", "the command could not be started", "unknown", "failed"}[o]
}

// Retry reports whether nothing was told, so that it can be tried again.
func (o Outcome) Retry() bool {
	switch o {
	case Unsent, NoBus, NoServer, Hung, Refused, NotRun:
		return true
	}
	return false
}

// word is how the outcome stands in a State.
func (o Outcome) word() State {
	switch o {
	case Delivered:
		return told
	case Unknown:
		return StateUnknown
	case Failed:
		return StateFailed
	}
	return StatePending
}

// grace is what a sending on its way is given when the daemon stops.
const grace = 2 * time.Second

// linger is ctx, but ends grace after it, and after at most d.
func linger(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	on, cancel := context.WithTimeout(context.WithoutCancel(ctx), d)
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, cancel)
		context.AfterFunc(on, func() { t.Stop() })
	})
	return on, func() { stop(); cancel() }
}
