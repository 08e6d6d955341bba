package providertest

import (
	"math/rand/v2"
	"time"
)

// Manner is how a provider answers. The zero Manner answers at once, in full
// and in order.
type Manner struct {
	Lag     func(now time.Time) time.Duration // how far what it tells lies behind; nil: not at all
	LateUse bool                              // only the use lags: what has reset by now is told so
	Jitter  time.Duration                     // the most that a reset instant is off
	Drop    float64                           // how likely a field is left out, each by itself
	Shuffle bool                              // rows in any order
	Strange float64                           // how likely a row is there that nobody knows
	Foreign float64                           // how likely the message is in another language
	Bearer  bool                              // takes the key only after "Bearer "
	Fails   float64                           // how likely it gives any of the failures
	Trouble []Trouble                         // when it fails for sure
}

// Trouble is a stretch of time with one failure; half-open.
type Trouble struct {
	From, Until time.Time
	With        Failure
}

// failure is what the answer at t is to be instead of a good one.
func (m *Manner) failure(t time.Time, r *rand.Rand) Failure {
	for _, x := range m.Trouble {
		if !t.Before(x.From) && t.Before(x.Until) {
			return x.With
		}
	}
	if chance(r, m.Fails) {
		return Passing[r.IntN(len(Passing))]
	}
	return None
}

// chance is true with a likelihood.
func chance(r *rand.Rand, of float64) bool { return of > 0 && r.Float64() < of }

// drop leaves fields out of an object, in a fixed order of asking, so that a
// seed always gives the same.
func (m *Manner) drop(r *rand.Rand, object map[string]any, fields ...string) {
	for _, f := range fields {
		if chance(r, m.Drop) {
			delete(object, f)
		}
	}
}

// asOf is the instant that an answer at t speaks of.
func (m *Manner) asOf(t time.Time) time.Time {
	if m.Lag == nil {
		return t
	}
	return t.Add(-m.Lag(t))
}
