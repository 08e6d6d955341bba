package notify

import (
	"context"
	"time"

	"quotad/quota"
)

// Item is a notice on its way.
type Item struct {
	ID uint64 // ascending in the order of telling
	quota.Notice
	Opened    time.Time // start of the window instance it is about; zero for a digest
	Expires   time.Time // of a digest: when nothing in it holds any more; zero: not known
	Delivered State
}

// Log keeps notices and what became of them. Each call is durable when it
// returns.
type Log interface {
	// Pending lists the items whose state is not final, by ascending ID.
	Pending(ctx context.Context) ([]Item, error)
	// Mark records the state of an item, and why in a few words.
	Mark(ctx context.Context, id uint64, s State, reason string) error
	// Digest adds d, which has no ID yet, as a pending item and marks the held
	// ones StateDigest, in one transaction: a crash leaves both or neither.
	Digest(ctx context.Context, d Item, held []uint64) error
	// SnoozedUntil is the end of the snooze that a person asked for; zero or
	// past: none.
	SnoozedUntil(ctx context.Context) (time.Time, error)
}
