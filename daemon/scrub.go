package daemon

import (
	"context"
	"errors"
	"time"

	"quotad/daemon/store"
)

// A database that is too large to be looked over before the start is looked
// over beside the service, so slowly that nobody feels it.
const (
	scrubAfter = 5 * time.Second
	scrubRate  = 32 << 20 // bytes a second
)

// scrub looks at all of the database once after the start, where opening it
// did not. Damage ends the service: the next start mends it.
func (d *service) scrub(ctx context.Context) {
	if d.store.Proven() {
		return
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(scrubAfter):
	}
	begun := time.Now()
	err := d.store.Scrub(ctx, scrubRate)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, store.ErrDamaged):
		d.engine.failed(err)
	case err != nil:
		d.Log.Warn().Err(err).Msg("not all of the database could be looked at")
	default:
		d.Log.Debug().Stringer("took", time.Since(begun).Round(time.Millisecond)).Msg("every page of the database is well")
	}
}
