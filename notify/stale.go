package notify

import (
	"time"

	"quotad/quota"
)

// Staleness says why a notice is no longer worth telling.
type Staleness int

// The reasons.
const (
	Fresh          Staleness = iota // it is worth telling
	StaleRefreshed                  // the window instance it is about is over
	StaleSlower                     // a forecast: the pace no longer runs out
	StaleUsedUp                     // a forecast: the window is exhausted already
	StaleUsedAgain                  // a refresh: a threshold is crossed again
	StaleOld                        // a refresh: long ago
	StaleNewer                      // a refresh: a later one is to be told
	StaleMended                     // the provider's figures are read again
	StalePassed                     // a renewal: it has passed
	StaleMoved                      // a renewal: it is on another day
)

func (s Staleness) String() string {
	return [...]string{"fresh", "the window has refreshed since", "the pace has slowed since", "the window is exhausted already",
		"the window is used again", "the refresh was long ago", "the window has refreshed once more",
		"the provider's figures are read again", "it has passed", "it is on another day"}[s]
}

// refreshWorth is how long a refresh is worth telling.
const refreshWorth = 24 * time.Hour

// judge tells what is stale at an instant.
type judge struct {
	now     time.Time
	low     float64 // percent
	current func(account string) *quota.Status
}

// stale tells why an item is stale, given the items after it.
func (j judge) stale(it Item, later []live) Staleness {
	switch it.Kind {
	case quota.NoticeThreshold, quota.NoticeExhausted:
		return j.over(it)
	case quota.NoticeForecast:
		return j.forecast(it)
	case quota.NoticeRefreshed:
		return j.refreshed(it, later)
	case quota.NoticeEarlyRefresh:
		return j.early(it)
	case quota.NoticeDigest:
		return j.expired(it)
	case quota.NoticeProvider:
		return j.mended(it)
	case quota.NoticeRenewal:
		return j.renewal(it)
	}
	return j.past(it)
}

// mended looks a while later: at first the status may not tell of it yet.
func (j judge) mended(it Item) Staleness {
	if s := j.current(it.Account); s != nil && trouble(s) == "" && j.now.Sub(it.At) >= young {
		return StaleMended
	}
	return Fresh
}

func (j judge) expired(it Item) Staleness {
	if !it.Expires.IsZero() && !j.now.Before(it.Expires) {
		return StaleRefreshed
	}
	return Fresh
}

func (j judge) past(it Item) Staleness {
	if it.ResetsAt != nil && !j.now.Before(*it.ResetsAt) {
		return StaleRefreshed
	}
	return Fresh
}

// over tells whether the instance of a crossed threshold is over: its reset
// has come, or another instance runs. A rolling window has no such reset, its
// use falls bit by bit.
func (j judge) over(it Item) Staleness {
	w := j.window(it)
	crossed := w != nil && (w.State == quota.PhaseExhausted || w.Percent >= float64(it.Level))
	if w != nil && w.Kind == quota.Rolling {
		if crossed {
			return Fresh
		}
		return j.past(it)
	}
	if !crossed && w != nil && w.OpenedAt != nil && w.OpenedAt.After(it.At) {
		return StaleRefreshed
	}
	return j.past(it)
}

func (j judge) forecast(it Item) Staleness {
	if s := j.past(it); s != Fresh {
		return s
	}
	w := j.window(it)
	switch {
	case w == nil || j.now.Sub(it.At) < young:
		return Fresh
	case w.State == quota.PhaseExhausted:
		return StaleUsedUp
	case w.Forecast == nil || w.Forecast.ExhaustsAt == nil || w.Forecast.LastsToNext:
		return StaleSlower
	}
	return Fresh
}

func (j judge) refreshed(it Item, later []live) Staleness {
	for _, l := range later {
		if l.Kind == it.Kind && l.Account == it.Account && l.Window == it.Window {
			return StaleNewer
		}
	}
	at := it.At
	if it.ResetsAt != nil {
		at = *it.ResetsAt
	}
	if j.now.Sub(at) >= refreshWorth {
		return StaleOld
	}
	return j.usedAgain(it)
}

func (j judge) early(it Item) Staleness {
	if s := j.past(it); s != Fresh || j.now.Sub(it.At) < young {
		return s
	}
	return j.usedAgain(it)
}

func (j judge) usedAgain(it Item) Staleness {
	if w := j.window(it); w != nil && (w.State == quota.PhaseExhausted || w.Percent >= j.low) {
		return StaleUsedAgain
	}
	return Fresh
}

func (j judge) window(it Item) *quota.WindowStatus { return windowOf(j.current(it.Account), it.Window) }

// windowOf finds a window in a status; nil where there is none.
func windowOf(s *quota.Status, name string) *quota.WindowStatus {
	if s == nil {
		return nil
	}
	for i := range s.Windows {
		if s.Windows[i].Window == name {
			return &s.Windows[i]
		}
	}
	return nil
}
