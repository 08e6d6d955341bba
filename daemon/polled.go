package daemon

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync/atomic"
	"time"

	"quotad/config"
	"quotad/daemon/provider"
	"quotad/daemon/store"
	"quotad/quota"
)

const (
	// boundaryGrace is how long after a window's end the provider is asked: its
	// clock is not this one.
	boundaryGrace = 5 * time.Second
	keyLook       = 5 * time.Minute // between two looks whether a refused key was replaced
	planDaily     = 24 * time.Hour  // between two readings of the subscription
	planAgain     = time.Hour       // after one that failed
)

// polled is one account that the provider is asked about.
type polled struct {
	name   string
	reader reader
	keys   keyring
	pace   *provider.Pace
	setup  string // hash of the settings that the reader asks by
	onDisk bool   // the key can be looked at without disturbing anybody
	salt   []byte // nil: keys cannot be told apart

	looks   chan struct{}        // something may be due
	asks    chan chan SyncResult // somebody wants a reading at once
	resumed atomic.Bool

	// Owned by the goroutine that asks.
	key        string         // salted hash of the key, as far as it is known
	known      store.Provider // what became of the last reading
	generation string         // of the plan, by the last good reading; "": none yet
	planAt     time.Time      // when the subscription is read next
	doubts     int            // answers in a row that lack the rows of the plan that is counted by
	stopped    time.Time      // newest exhaustion that was heeded
	resets     time.Time      // when the next window ends
	keyAt      time.Time      // when the refused key was last looked at
}

func newPolled(name string, setup config.Provider, r reader, k keyring) *polled {
	return &polled{
		name: name, reader: r, keys: k, pace: provider.NewPace(jitter),
		setup: setupHash(setup), onDisk: len(setup.KeyCommand) == 0,
		looks: make(chan struct{}, 1), asks: make(chan chan SyncResult),
	}
}

// setupHash changes with whom the provider's reading is asked from, and how.
func setupHash(p config.Provider) string {
	text, _ := json.Marshal(p) // plain data: this cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// takeUp goes on where the last run ended: a refused key stays refused, unless
// it or the settings were changed since; and a service that restarts again and
// again does not ask each time.
func (x *polled) takeUp(ctx context.Context, snap *Snapshot, now time.Time) {
	x.known = snap.provided[x.name]
	if part, ok := snap.part(x.name); ok {
		x.stopped = part.pulse.stopped // heeded by the reading at the start
	}
	if x.key = x.known.Key; x.onDisk {
		x.key = cmp.Or(x.keyHash(ctx), x.key)
	}
	switch {
	case x.known.AskedAt.IsZero():
	case x.known.Stopped && x.known.Setup == x.setup && x.known.Key == x.keyHash(ctx):
		x.pace.Asked(x.known.AskedAt, &provider.Fault{Kind: provider.FaultKey})
	default:
		x.pace.Asked(x.known.AskedAt, nil)
		x.pace.Nudge(now, provider.WhyChanged)
	}
}

// keyHash stands for the key; "" where there is none, or no telling.
func (x *polled) keyHash(ctx context.Context) string {
	if x.salt == nil {
		return ""
	}
	key, err := x.keys.Key(ctx)
	if err != nil {
		return ""
	}
	return quota.KeyHash(x.salt, key)
}

// next heeds what has happened, and tells when to ask next and why; the zero
// time where nothing but a change makes it ask.
func (x *polled) next(ctx context.Context, snap *Snapshot, now time.Time) (time.Time, provider.Why) {
	part, _ := snap.part(x.name)
	if part.pulse.stopped.After(x.stopped) {
		x.stopped = part.pulse.stopped
		x.pace.Nudge(now, provider.WhyExhausted)
	}
	x.heedReset(snap, now)
	if x.keyReplaced(ctx, now) {
		x.pace.Nudge(now, provider.WhyChanged)
	}
	return x.pace.Next(now, now.Sub(part.pulse.used) <= provider.ActiveWithin)
}

// heedReset has a window that has ended asked about, once the provider's clock
// has come there too, and finds out which ends next.
func (x *polled) heedReset(snap *Snapshot, now time.Time) {
	ended := !x.resets.IsZero() && !now.Before(x.resets)
	if ended && now.Before(x.resets.Add(boundaryGrace)) {
		return
	}
	if ended {
		x.pace.Nudge(now, provider.WhyBoundary)
	}
	x.resets = nextReset(snap, x.name, now)
}

// wake is when to look again: at a reading that is due, or when a window ends.
// A refused key needs neither.
func (x *polled) wake(at time.Time) time.Time {
	if end := x.resets.Add(boundaryGrace); !at.IsZero() && !x.resets.IsZero() && end.Before(at) {
		return end
	}
	return at
}

// nextReset is when the next window ends; zero where none is open. Of a rolling
// window something ends all the time.
func nextReset(snap *Snapshot, account string, now time.Time) (next time.Time) {
	st, ok := snap.Status(account, now)
	if !ok {
		return next
	}
	for _, w := range st.Windows {
		if w.Kind != quota.Rolling && w.ResetsAt != nil && (next.IsZero() || w.ResetsAt.Before(next)) {
			next = *w.ResetsAt
		}
	}
	return next
}

// keyReplaced looks now and then whether a refused key was replaced.
func (x *polled) keyReplaced(ctx context.Context, now time.Time) bool {
	if !x.pace.Stopped() || !x.onDisk || now.Sub(x.keyAt).Abs() < keyLook {
		return false
	}
	x.keyAt = now
	hash := x.keyHash(ctx)
	return hash != "" && hash != x.known.Key
}

// ask reads the windows, and the subscription where that is due.
func (x *polled) ask(ctx context.Context, now time.Time) (provider.Reply, *provider.Fault) {
	r, fault := x.reader.Read(ctx)
	if fault != nil {
		return r, fault
	}
	left := x.planAt.Sub(now)
	if r.Generation == x.generation && 0 < left && left <= planDaily { // more is a clock that was set back
		return r, nil
	}
	x.generation, x.planAt = r.Generation, now.Add(planDaily)
	told, tier, missed := x.reader.ReadPlan(ctx)
	if missed != nil {
		x.planAt, r.PlanFault = now.Add(planAgain), missed
		return r, nil
	}
	return r.WithPlan(told, tier), nil
}

// weigh leaves the plan out of an answer that tells one only by what it lacks:
// a plan of the first generation has no week, and neither has an answer whose
// row of it was dropped. It is believed where it says so again and again, or
// where nothing is known that speaks against it.
func (x *polled) weigh(r provider.Reply, counted quota.Account) provider.Reply {
	_, week := counted.Plan.Window(quota.WindowWeek)
	if r.Generation != "v1" || counted.Assumed || !week {
		x.doubts = 0
		return r
	}
	if x.doubts++; x.doubts < believe {
		r.Plan.ID = ""
	}
	return r
}
