package api

import (
	"context"
	"io"
	"iter"
	"time"

	"quotad/quota"
)

// Backend is what the Server needs of the daemon. All methods are called from
// many goroutines at once.
type Backend interface {
	// Submit records events, each with an ID, and returns once they are durable:
	// one Result for each, in their order. It decides what depends on time
	// (quota.Event.CheckTime) and rejects such an event alone. An error means
	// that nothing was acknowledged; one that is no *Error is told as Unavailable.
	Submit(ctx context.Context, events []quota.Event) ([]Result, error)
	// Status is the state of one account, or of all ("") at now; known is false
	// where there is no such account.
	Status(account string, now time.Time) (doc quota.Statuses, known bool)
	// Events yields what was recorded, oldest first.
	Events(ctx context.Context, q EventQuery) iter.Seq2[quota.Event, error]
	// Notices yields those told or to be told at since or later, oldest first.
	Notices(ctx context.Context, since time.Time) iter.Seq2[Notice, error]
	// Subscribe begins a Feed of changes from now on.
	Subscribe() Feed
	// Alive returns once the engine has answered, or why it does not.
	Alive(ctx context.Context) error
	// Metrics writes Prometheus text.
	Metrics(w io.Writer)
}

// Result is what became of one event.
type Result struct {
	ID     string        `json:"id"` // "" where a rejected event's could not be read
	Status quota.Outcome `json:"status"`
	Seq    uint64        `json:"seq,omitempty"`   // counts recorded events from 1; a duplicate has the first one's
	Line   int           `json:"line,omitempty"`  // of an NDJSON body, from 1; only where the event was rejected
	Apart  bool          `json:"apart,omitempty"` // not on the plan: kept, and never charged; of a duplicate by its own words, for a guard goes by them
	Error  *Error        `json:"error,omitempty"`

	Account string `json:"account,omitempty"` // that it belongs to; of a duplicate, that the first does
	By      string `json:"by,omitempty"`      // why, where it was recorded: quota.Grounds in words
}

// Results is the answer to POST /v1/events, one for each event in its order.
type Results struct {
	Results []Result `json:"results"`
}

// EventQuery selects recorded events. The zero value is all of them.
type EventQuery struct {
	Since, Until time.Time // half-open [Since, Until); a zero one is open
	Account      string    // "" is all
}

// Notice is a notice and what became of it: "pending", "desktop", "command",
// "stale" and the like.
type Notice struct {
	quota.Notice
	Delivered   string     `json:"delivered"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
}

// Feed tells a watcher what happens.
type Feed struct {
	// Changes holds at most one signal, sent without blocking after each change
	// of the status; the reader asks for the newest.
	Changes <-chan struct{}
	// Notices carries each notice once. The daemon never blocks on it: a watcher
	// who is too slow, or a daemon that stops, finds it closed.
	Notices <-chan quota.Notice
	// Cancel ends the feed; it may be called more than once.
	Cancel func()
}
