package daemon

import (
	"context"
	"errors"
	"time"

	"quotad/config"
	"quotad/quota"
)

// When the housekeeping runs, by cron in UTC. A machine that sleeps at that
// hour catches up at its start and by the daily look.
const (
	backupAt = "17 3 * * *"
	pruneAt  = "47 3 * * *"
)

// pruneStep is how many events one transaction forgets, so that others do not
// wait long.
const pruneStep = 2000

// keepHouse schedules the daily backup and the forgetting of old events.
func (d *service) keepHouse(ctx context.Context) error {
	return errors.Join(
		d.alarm.daily(backupAt, d.backupDaily),
		d.alarm.daily(pruneAt, func() { d.prune(ctx) }),
	)
}

func (d *service) backupDaily() {
	name, err := d.store.BackupDaily()
	if err != nil {
		d.Log.Error().Err(err).Msg("no backup was made")
		return
	}
	if name != "" {
		d.Log.Debug().Str("file", name).Msg("backup made")
	}
}

// prune forgets events older than the retention; the counters keep what they
// were.
func (d *service) prune(ctx context.Context) {
	if err := d.engine.Prune(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error().Err(err).Msg("old events are still there")
	}
}

// Prune forgets the events older than the retention, a few at a time.
func (e *Engine) Prune(ctx context.Context) error {
	settings := e.Snapshot().Settings
	before, reach := e.now().Add(-settings.Store.Retention), longestRolling(settings)
	for {
		gone := 0
		err := e.do(ctx, func(w *work) (err error) {
			gone, err = w.tx.Prune(before, reach, pruneStep)
			return err
		})
		if err != nil || gone < pruneStep {
			return err
		}
	}
}

// longestRolling is how far back a rolling window of any account reaches.
func longestRolling(s *config.Settings) time.Duration {
	var longest time.Duration
	for _, a := range s.Accounts {
		for _, w := range a.Plan.Windows {
			if w.Kind == quota.Rolling {
				longest = max(longest, w.Length)
			}
		}
	}
	return longest
}
