package daemon

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"quotad/daemon/store"
	"quotad/daemon/transcript"
	"quotad/quota"
)

// When a tool's own record of its turns is looked at.
const (
	lookSoon   = 3 * time.Second // after word of it, and after it grew: tools write late
	lookFirst  = 5 * time.Second // after a look that found nothing new; each further one waits twice as long
	lookSeldom = time.Minute     // at most
	silence    = 5 * time.Minute // without growth: then only word of it makes it be looked at

	followedFor = 24 * time.Hour // prompts older than that, and growth before a restart, are past
	maxFollowed = 1024           // records at a time; more are not heard of
)

// follower reads what the tools write of their turns, some seconds after a
// prompt was recorded or a tool said that a turn has ended, and records the
// tokens and refusals that it finds. It sleeps while nothing is followed. What
// it is told is a hint: a lost one costs time alone.
type follower struct {
	engine  *Engine
	records records
	log     zerolog.Logger
	poke    chan struct{}
	tally   followTally

	mu     sync.Mutex
	heard  map[recordKey]sighting
	hasten bool // look at everything that is followed

	active map[recordKey]*followed // of the goroutine that runs
}

func newFollower(e *Engine, r records, log zerolog.Logger) *follower {
	return &follower{
		engine: e, records: r, log: log, poke: make(chan struct{}, 1),
		heard: map[recordKey]sighting{}, active: map[recordKey]*followed{},
	}
}

// followed is a record that may grow.
type followed struct {
	record store.Followed
	turns  endpoints
	subs   map[recordKey]*subrecord

	next  time.Time     // when it is looked at
	until time.Time     // and until when, unless it grows
	pause time.Duration // after the next look, unless it grew
	ended bool          // a turn has ended since the last look
}

// prompted takes word of recorded prompts. The engine's loop calls it.
func (f *follower) prompted(prompts []quota.Event) {
	now := f.engine.now()
	for _, e := range prompts {
		if now.Sub(e.At) < followedFor {
			f.hear(sightingOf(e))
		}
	}
}

// hear takes word of a record, of one that can be read.
func (f *follower) hear(s sighting) {
	if f.followable(s.record) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := keyOf(s.record)
	old, known := f.heard[key]
	if known {
		s = old.and(s)
	} else if len(f.heard) >= maxFollowed {
		return
	}
	f.heard[key] = s
	f.wake()
}

// look has everything that is followed looked at: the machine may have slept.
func (f *follower) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hasten = true
	f.wake()
}

func (f *follower) wake() {
	select {
	case f.poke <- struct{}{}:
	default:
	}
}

// run follows until ctx ends. It waits by the monotonic clock: steps of the
// other one do not matter here.
func (f *follower) run(ctx context.Context) {
	f.resume()
	for ctx.Err() == nil {
		f.take(time.Now())
		f.lookAround(ctx)
		f.tally.following(len(f.active))
		select {
		case <-ctx.Done():
		case <-f.poke:
		case <-f.alarm(time.Now()):
		}
	}
}

// alarm rings when the next record is due; nil where none is followed.
func (f *follower) alarm(now time.Time) <-chan time.Time {
	var next time.Time
	for _, a := range f.active {
		if next.IsZero() || a.next.Before(next) {
			next = a.next
		}
	}
	if next.IsZero() {
		return nil
	}
	return time.After(max(next.Sub(now), 0))
}

// take begins to follow what was heard of.
func (f *follower) take(now time.Time) {
	f.mu.Lock()
	heard, hasten := f.heard, f.hasten
	f.heard, f.hasten = map[recordKey]sighting{}, false
	f.mu.Unlock()
	for key, s := range heard {
		a := f.active[key]
		if a == nil {
			record, err := f.known(s.record)
			if err != nil {
				f.complain(s.record.Path, err)
				continue
			}
			a = &followed{record: record}
			f.begin(key, a)
		}
		a.heed(s, now, f.engine.now())
	}
	for _, a := range f.active {
		if hasten {
			a.next = now
		}
	}
}

// known is what is known of a record; of a new one, what was heard.
func (f *follower) known(heard store.Followed) (found store.Followed, err error) {
	ok := false
	err = f.engine.store.View(func(tx *store.Tx) error {
		found, ok, err = tx.Followed(heard.Tool, heard.Path, heard.Session)
		return err
	})
	if err == nil && !ok {
		found = heard
	}
	return found, err
}

// begin follows one more, in the place of the quietest where there are too
// many.
func (f *follower) begin(key recordKey, a *followed) {
	if len(f.active) >= maxFollowed {
		quietest := slices.MinFunc(slices.Collect(maps.Keys(f.active)), func(a, b recordKey) int {
			return f.active[a].until.Compare(f.active[b].until)
		})
		delete(f.active, quietest)
	}
	f.active[key] = a
}

// heed takes in what was heard of a record. One of before a restart is followed
// for as long as it would have been without; it is not looked at before the
// prompts of meanwhile are taken from the spool, which say where they went.
func (a *followed) heed(s sighting, now, wall time.Time) {
	a.record, a.turns = updated(a.record, s), a.turns.and(s.turns)
	if s.past {
		quiet := wall.Sub(later(a.record.Grown, a.record.Since))
		a.next, a.until, a.pause = now.Add(lookSoon), now.Add(min(max(silence-quiet, 0), silence)), lookFirst
		return
	}
	soon := now.Add(lookSoon)
	if a.next.IsZero() || a.next.After(soon) || s.ended && !a.ended {
		a.next = soon
	}
	a.ended = a.ended || s.ended
	a.until, a.pause = now.Add(silence), lookFirst
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// lookAround looks at the records that are due, the one that waits longest
// first.
func (f *follower) lookAround(ctx context.Context) {
	now := time.Now()
	var due []recordKey
	for key, a := range f.active {
		if !a.next.After(now) {
			due = append(due, key)
		}
	}
	slices.SortFunc(due, func(a, b recordKey) int { return f.active[a].next.Compare(f.active[b].next) })
	for _, key := range due {
		if ctx.Err() == nil {
			f.lookAt(ctx, key)
		}
	}
}

// lookAt reads a record, and decides when to look again.
func (f *follower) lookAt(ctx context.Context, key recordKey) {
	a := f.active[key]
	last := !time.Now().Before(a.until)
	got := f.readAll(ctx, a, last || a.ended)
	a.ended = a.ended && got == notKept
	now := time.Now()
	switch {
	case got == grew:
		a.next, a.until, a.pause = now.Add(lookSoon), now.Add(silence), lookFirst
	case got == busy && !last: // but not for ever: what a crash left can look so
		a.next = now.Add(lookSoon)
	case last && got != notKept:
		if got == busy {
			f.complain(a.record.Path, transcript.ErrBusy)
		}
		delete(f.active, key)
	default:
		a.next, a.pause = now.Add(a.pause), min(2*a.pause, lookSeldom)
		if got != notKept && a.next.After(a.until) {
			a.next = a.until
		}
	}
}
