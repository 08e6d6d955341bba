package daemon

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// countedFor is how long before a backup a tool must have been counted for its
// sessions to be read again: who does not use one any more, or never had it
// counted, is not asked for it.
const countedFor = 30 * 24 * time.Hour

// refill has recorded anew what the backup or the older copy lacks that took the
// place of the database, as far as the coding tools still have it. What waits in the
// spool comes first: the same prompt is known by it. Where it is cut short the next
// start does it again.
func (d *service) refill(ctx context.Context) {
	since := d.lacks
	if d.Refill == nil || since.IsZero() {
		return
	}
	select {
	case <-d.drain.emptied:
	case <-ctx.Done():
		return
	}
	tools, err := d.engine.tools(since.Add(-countedFor))
	if err == nil && len(tools) == 0 { // none has anything to read again
		d.refilled()
		return
	}
	n := 0
	if err == nil {
		n, err = d.Refill(ctx, since, tools)
	}
	switch {
	case ctx.Err() != nil:
	case unstored(err):
		d.Log.Warn().Err(err).Int("events", n).Msg("not all that the database lacks was read again; the next start tries it again")
	case err != nil: // it would be no better at each start to come
		d.refilled()
		d.Log.Warn().Err(err).Int("events", n).Msg("not all that the database lacks was read again; quotad import --from all tries it again")
	default:
		d.refilled()
		d.Log.Warn().Int("events", n).Strs("tools", tools).Msg("what the database lacks was looked for in the sessions of the tools")
	}
}

// unstored reports whether it was the engine that could not store what was read.
func unstored(err error) bool {
	var refused *api.Error
	return errors.As(err, &refused) && refused.Code == api.Unavailable
}

func (d *service) refilled() {
	if err := d.store.Refilled(); err != nil {
		d.Log.Warn().Err(err).Msg("what the database lacks will be looked for again")
	}
}

// tools are those that were counted since an instant, by name.
func (e *Engine) tools(since time.Time) ([]string, error) {
	found := map[string]bool{}
	err := e.store.View(func(tx *store.Tx) error {
		for entry, err := range tx.Events("", since, time.Time{}, 0) {
			if err != nil {
				return err
			}
			if entry.Kind == quota.KindPrompt && entry.Tool != "" {
				found[entry.Tool] = true
			}
		}
		return nil
	})
	return slices.Sorted(maps.Keys(found)), err
}
