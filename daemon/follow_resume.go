package daemon

import (
	"slices"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// resume takes up what was followed in the last day: records that grew, and
// those of prompts, which may have had no time to.
func (f *follower) resume() {
	since := f.engine.now().Add(-followedFor)
	var heard []sighting
	err := f.engine.store.View(func(tx *store.Tx) error {
		for _, r := range tx.FollowedSince(since) {
			if !r.Sub {
				heard = append(heard, sighting{record: r})
			}
		}
		for e, err := range tx.Events("", since, time.Time{}, 0) {
			if err != nil {
				return err
			}
			if follows(e.Event) {
				heard = append(heard, sightingOf(e.Event))
			}
		}
		return nil
	})
	if err != nil {
		f.log.Warn().Err(err).Msg("what was followed before is taken up again at the next prompt")
	}
	slices.SortStableFunc(heard, func(a, b sighting) int { return b.newest().Compare(a.newest()) })
	for _, s := range heard { // of too many the newest
		s.past = true
		f.hear(s)
	}
}

// newest is when the record of a sighting was last known to matter.
func (s sighting) newest() time.Time { return later(s.record.Grown, s.record.Since) }

// follows reports whether an event names a record to follow.
func follows(e quota.Event) bool { return e.Kind == quota.KindPrompt && e.Transcript != "" }
