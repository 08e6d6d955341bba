package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// houseEvery is how often the housekeeping looks whether its day is over: a
// machine may be asleep at any one time of day, and its clock may be set.
const houseEvery = time.Hour

// pruneStep is how many events one transaction forgets, so that others do not
// wait long.
const pruneStep = 2000

// keepHouse schedules the daily backup, the forgetting of old events and the
// giving back of what is free then.
func (d *service) keepHouse(ctx context.Context) {
	d.alarm.beside(houseEvery, func() { d.housekeep(ctx) })
}

// housekeep does the day's work, where it is not done yet.
func (d *service) housekeep(ctx context.Context) {
	d.house.Lock()
	defer d.house.Unlock()
	name, err := d.store.BackupDaily()
	if err == nil {
		d.unbacked.Store(false)
	} else if !d.unbacked.Swap(true) { // once, and not each hour
		d.Log.Error().Err(err).Msg("no backup was made")
	}
	if name == "" && err == nil {
		return // not a day old yet
	}
	d.Log.Debug().Str("file", name).Msg("the day's housekeeping")
	d.prune(ctx)
	d.compact(ctx)
}

// prune forgets what is older than it is to be kept; the counters keep what they
// were.
func (d *service) prune(ctx context.Context) {
	if err := d.engine.Prune(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error().Err(err).Msg("what is old is still there")
	}
}

// compact gives back what is free of the database, where that is much. That the
// disk has no room for it is said once.
func (d *service) compact(ctx context.Context) {
	done, err := d.store.Compact(ctx)
	switch said := d.cramped; {
	case err != nil && ctx.Err() == nil:
		d.Log.Error().Err(err).Msg("the database was not compacted")
	case done.Outcome == store.CompactDone:
		d.Log.Info().Int64("before", done.Before).Int64("after", done.After).Dur("pause", done.Paused).Msg("the database was compacted")
	case done.Outcome == store.CompactNoRoom && !said:
		d.Log.Warn().Int64("bytes", done.Before).Msg("a third of the database is free, and the disk has no room to compact it")
	case done.Outcome == store.CompactTooBusy:
		d.Log.Debug().Msg("the database was not compacted: it was too busy")
	}
	d.cramped = done.Outcome == store.CompactNoRoom
}

// markFor is how long the mark of a record is kept that does not grow. The
// tools delete what is older, as a rule after 30 days.
const markFor = 40 * 24 * time.Hour

// Prune forgets what is older than it is to be kept, as far as the clock is
// believed.
func (e *Engine) Prune(ctx context.Context) error {
	now, err := e.believed()
	if err != nil {
		return err
	}
	return errors.Join(e.pruneEvents(ctx, now), e.pruneFollowed(ctx, now))
}

// pruneEvents sums up the events older than the retention and forgets them, a few
// at a time.
func (e *Engine) pruneEvents(ctx context.Context, now time.Time) error {
	snap := e.Snapshot()
	before, reach := now.Add(-snap.Settings.Store.Retention), longestRolling(snap)
	err := e.inSteps(ctx, func(tx *store.Tx) (int, error) { return tx.Prune(before, reach, pruneStep) })
	if err != nil {
		return fmt.Errorf("forget old events: %w", err)
	}
	return nil
}

// pruneFollowed forgets how far records were read that do not grow any more.
func (e *Engine) pruneFollowed(ctx context.Context, now time.Time) error {
	before := now.Add(-markFor)
	err := e.inSteps(ctx, func(tx *store.Tx) (int, error) { return tx.PruneFollowed(before, pruneStep) })
	if err != nil {
		return fmt.Errorf("forget old marks of the tools' records: %w", err)
	}
	return nil
}

// inSteps forgets until nothing is left to, a few at a time.
func (e *Engine) inSteps(ctx context.Context, forget func(*store.Tx) (int, error)) error {
	for {
		gone, err := e.step(ctx, forget)
		if err != nil || gone < pruneStep {
			return err
		}
	}
}

// step forgets a few, between two that read the past.
func (e *Engine) step(ctx context.Context, forget func(*store.Tx) (int, error)) (int, error) {
	e.forgets.Lock()
	defer e.forgets.Unlock()
	// A variable of its own, not a named result: where the step is cancelled the
	// engine may still be writing it, and a return writes a named result too.
	var gone int
	err := e.do(ctx, func(w *work) (err error) {
		gone, err = forget(w.tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	return gone, nil
}

// longestRolling is how far back a rolling window of any account reaches.
func longestRolling(s *Snapshot) time.Duration {
	var longest time.Duration
	for _, p := range s.parts {
		for _, w := range p.meter.Account.Plan.Windows {
			if w.Kind == quota.Rolling {
				longest = max(longest, w.Length)
			}
		}
	}
	return longest
}
