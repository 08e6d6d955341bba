// Package backfill decides what of a coding tool's own sessions is still to be
// recorded: what is the plan's, and what the record does not have yet.
//
// A [Harvest] is what one tool has kept. It takes everything that was read,
// then everything that the record holds of that time, and then tells what is
// missing. Events have ids that are made of the session's own, so that they are
// the same each time; but a hook that saw a prompt gave it another id. Such a
// pair is found by session, turn and time: see [Harvest.Missing].
//
// It is pure: it reads no file and asks no clock.
package backfill

import (
	"time"

	"quotad/quota"
)

// Rules say what is to be recorded, and how.
type Rules struct {
	Account  string      // that all of it belongs to
	Endpoint string      // for sessions that cannot tell where they were sent; "": on the plan
	Billing  quota.Rules // what the user says of endpoints
	// URLs are those that the user gave to providers in the tool's own settings,
	// by the provider's id.
	URLs map[string]string

	Since, Until time.Time // half-open; a zero one is open
	Oldest       time.Time // what is older is not kept
	Newest       time.Time // what is later cannot be
}

// Reason says what becomes of an event, and why.
type Reason int

// The reasons. Only what is Wanted is recorded.
const (
	Wanted        Reason = iota
	NotAnswered          // a prompt that no model answered: refused, broken off, or still at work
	OtherModel           // answered by a model that is not the plan's
	OtherProvider        // answered by somebody else than the plan's provider
	OutOfRange           // outside of the time that was asked for
	TooOld               // older than the record keeps
	Ahead                // of a time that is yet to come
	reasons
)

func (r Reason) String() string {
	return [...]string{
		"wanted", "without an answer", "of another model", "of another provider",
		"outside of the time asked for", "older than the record keeps", "of a time to come",
	}[r]
}

// Reasons lists why an event may be left out.
func Reasons() []Reason {
	var all []Reason
	for r := Wanted + 1; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}

// inTime tells whether an instant is one to be recorded.
func (r *Rules) inTime(at time.Time) Reason {
	switch {
	case !r.Oldest.IsZero() && at.Before(r.Oldest):
		return TooOld
	case !r.Newest.IsZero() && at.After(r.Newest):
		return Ahead
	case !r.Since.IsZero() && at.Before(r.Since), !r.Until.IsZero() && !at.Before(r.Until):
		return OutOfRange
	}
	return Wanted
}
