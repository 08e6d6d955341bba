package daemon

import (
	"context"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// houseAt is when the housekeeping looks whether its day is over, by cron in
// UTC: each hour, since a machine may be asleep at any one time of day.
const houseAt = "17 * * * *"

// pruneStep is how many events one transaction forgets, so that others do not
// wait long.
const pruneStep = 2000

// keepHouse schedules the daily backup and the forgetting of old events.
func (d *service) keepHouse(ctx context.Context) error {
	return d.alarm.schedule(houseAt, func() { d.housekeep(ctx) })
}

// housekeep does the day's work, where it is not done yet.
func (d *service) housekeep(ctx context.Context) {
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
}

// prune forgets events older than the retention; the counters keep what they
// were.
func (d *service) prune(ctx context.Context) {
	if err := d.engine.Prune(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error().Err(err).Msg("old events are still there")
	}
	if err := d.engine.PruneFollowed(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error().Err(err).Msg("old marks of the tools' records are still there")
	}
}

// markFor is how long the mark of a record is kept that does not grow. The
// tools delete what is older, as a rule after 30 days.
const markFor = 40 * 24 * time.Hour

// PruneFollowed forgets how far records were read that do not grow any more.
func (e *Engine) PruneFollowed(ctx context.Context) error {
	before := e.believed(e.Snapshot()).Add(-markFor)
	return e.inSteps(ctx, func(tx *store.Tx) (int, error) { return tx.PruneFollowed(before, pruneStep) })
}

// Prune forgets the events older than the retention, a few at a time.
func (e *Engine) Prune(ctx context.Context) error {
	snap := e.Snapshot()
	settings := snap.Settings
	before, reach := e.believed(snap).Add(-settings.Store.Retention), longestRolling(snap)
	return e.inSteps(ctx, func(tx *store.Tx) (int, error) { return tx.Prune(before, reach, pruneStep) })
}

// inSteps forgets until nothing is left to, a few at a time.
func (e *Engine) inSteps(ctx context.Context, forget func(*store.Tx) (int, error)) error {
	for {
		gone := 0
		err := e.do(ctx, func(w *work) (err error) {
			gone, err = forget(w.tx)
			return err
		})
		if err != nil || gone < pruneStep {
			return err
		}
	}
}

// trusted is how far after the newest event the clock is believed: one that is
// years ahead, as at a boot without a battery, must not forget everything.
const trusted = 30 * 24 * time.Hour

// believed is the present instant, as far as it is believed.
func (e *Engine) believed(s *Snapshot) time.Time {
	now, newest := e.now(), time.Time{}
	for _, p := range s.parts {
		if p.state.Head.After(newest) {
			newest = p.state.Head
		}
	}
	if limit := newest.Add(trusted); now.After(limit) {
		return limit
	}
	return now
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
