package quota

import (
	"iter"
	"time"
)

// Outcome says what became of an event that was put into a Book.
type Outcome string

// The outcomes.
const (
	Recorded  Outcome = "recorded"
	Duplicate Outcome = "duplicate" // an event of that ID is there; it stands
	Rejected  Outcome = "rejected"
)

// Placed is where an event came to stand in a Book.
type Placed struct {
	Outcome Outcome
	Seq     uint64 // counts recorded events from 1; a duplicate has the first one's
	Entry   Entry
	// Relinks says that it changed what is said about entries placed before:
	// the one it voids, the prompts whose turn it tells the model of.
	Relinks bool
	// From and To are the earliest and the latest instant of the entries that
	// it changed, itself among them.
	From, To time.Time
}

// Relink widens what was changed to an entry at t, placed before.
func (p *Placed) Relink(t time.Time) {
	p.Relinks = true
	if t.Before(p.From) {
		p.From = t
	}
	if t.After(p.To) {
		p.To = t
	}
}

// Checkpoint is a State, encoded, that holds all entries before At and none at
// or after it.
type Checkpoint struct {
	At    time.Time
	State []byte
}

// Book keeps the set of events of each account, in the order of their time,
// and checkpoints of their fold. Event IDs are one name space over all accounts.
type Book interface {
	// Put takes a normalized, checked event into the set and links it: it marks
	// the entry that a void event names (and a later event that was voided
	// already; both in the void event's own account), and gives the prompt of a turn its usage model (the earliest
	// usage event by Before), whichever came first.
	Put(e Event) (Placed, error)
	// Entries yields an account's entries with At >= from, in the order of Before.
	Entries(account string, from time.Time) iter.Seq2[Entry, error]
	// Checkpoints lists those with At >= from, oldest first.
	Checkpoints(account string, from time.Time) ([]Checkpoint, error)
	// CheckpointBefore is the newest with At <= t.
	CheckpointBefore(account string, t time.Time) (Checkpoint, bool, error)
	// PutCheckpoint keeps one, in the place of another at the same instant.
	PutCheckpoint(account string, c Checkpoint) error
	// DropCheckpoints forgets those with At >= from.
	DropCheckpoints(account string, from time.Time) error
}
