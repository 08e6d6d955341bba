package notify

import (
	"testing"
	"time"

	"quotad/quota"
)

func TestStale(t *testing.T) {
	opened := func(w quota.WindowStatus, ago time.Duration) quota.WindowStatus {
		w.OpenedAt = in(-ago)
		return w
	}
	idle := win("5h", 0, 80, 0)
	idle.State, idle.ResetsAt = quota.PhaseIdle, nil
	rolling := func(used float64) quota.WindowStatus {
		w := five(used)
		w.Kind = quota.Rolling
		return w
	}
	pace := func(used float64, lasts bool) quota.WindowStatus {
		w := five(used)
		w.Forecast = &quota.Forecast{ExhaustsAt: in(time.Hour), LastsToNext: lasts}
		return w
	}
	stopped := five(40) // the provider said stop below the cap
	stopped.State = quota.PhaseExhausted

	for _, c := range []struct {
		name   string
		kind   quota.NoticeKind
		level  int
		age    time.Duration
		resets *time.Time
		window *quota.WindowStatus
		later  []live
		want   Staleness
	}{
		{"a threshold before the reset", quota.NoticeThreshold, 90, time.Minute, in(time.Second), nil, nil, Fresh},
		{"a threshold at the reset", quota.NoticeThreshold, 90, time.Minute, in(0), nil, nil, StaleRefreshed},
		{"exhausted at the reset", quota.NoticeExhausted, 100, time.Minute, in(0), new(idle), nil, StaleRefreshed},
		{"a threshold whose reset is not known", quota.NoticeThreshold, 90, time.Minute, nil, nil, nil, Fresh},
		{"a threshold, and another instance has opened since", quota.NoticeThreshold, 90, time.Hour, nil, new(opened(five(3), time.Minute)), nil, StaleRefreshed},
		{"a threshold, and its instance was opened before", quota.NoticeThreshold, 90, time.Minute, nil, new(opened(five(3), time.Hour)), nil, Fresh},
		{"exhausted by the provider's word", quota.NoticeExhausted, 100, time.Hour, in(time.Hour), new(opened(stopped, time.Minute)), nil, Fresh},
		{"a rolling window past its first reset, still as full", quota.NoticeThreshold, 90, time.Hour, in(-time.Minute), new(rolling(73)), nil, Fresh},
		{"a rolling window past its first reset, less full", quota.NoticeThreshold, 90, time.Hour, in(-time.Minute), new(rolling(60)), nil, StaleRefreshed},

		{"a forecast at the reset", quota.NoticeForecast, 0, time.Hour, in(0), nil, nil, StaleRefreshed},
		{"a young forecast", quota.NoticeForecast, 0, time.Second, in(time.Hour), new(five(10)), nil, Fresh},
		{"a forecast that still holds", quota.NoticeForecast, 0, time.Hour, in(time.Hour), new(pace(50, false)), nil, Fresh},
		{"a forecast of a pace that has slowed", quota.NoticeForecast, 0, time.Hour, in(time.Hour), new(pace(50, true)), nil, StaleSlower},
		{"a forecast of what has come", quota.NoticeForecast, 0, time.Hour, in(time.Hour), new(pace(80, false)), nil, StaleUsedUp},

		{"a refresh", quota.NoticeRefreshed, 0, time.Minute, in(-time.Minute), new(idle), nil, Fresh},
		{"a refresh without a status", quota.NoticeRefreshed, 0, time.Minute, in(-time.Minute), nil, nil, Fresh},
		{"a refresh, and a little used", quota.NoticeRefreshed, 0, time.Hour, in(-time.Hour), new(five(40)), nil, Fresh},
		{"a refresh, and a threshold crossed again", quota.NoticeRefreshed, 0, time.Hour, in(-time.Hour), new(five(60)), nil, StaleUsedAgain},
		{"a refresh of yesterday", quota.NoticeRefreshed, 0, 24 * time.Hour, in(-24 * time.Hour), new(idle), nil, StaleOld},
		{"a refresh before another of the same window", quota.NoticeRefreshed, 0, time.Hour, in(-time.Hour), new(idle), []live{{Item: Item{Notice: refreshOf("5h")}}}, StaleNewer},
		{"a refresh before one of another window", quota.NoticeRefreshed, 0, time.Hour, in(-time.Hour), new(idle), []live{{Item: Item{Notice: refreshOf("week")}}}, Fresh},

		{"an early refresh that left much used", quota.NoticeEarlyRefresh, 0, time.Second, in(time.Hour), new(five(70)), nil, Fresh},
		{"an early refresh, and all used again", quota.NoticeEarlyRefresh, 0, time.Hour, in(time.Hour), new(five(70)), nil, StaleUsedAgain},
		{"an early refresh at the reset", quota.NoticeEarlyRefresh, 0, time.Hour, in(0), nil, nil, StaleRefreshed},
		{"a digest that holds", quota.NoticeDigest, 0, time.Hour, in(time.Second), nil, nil, Fresh},
		{"a digest of which nothing holds", quota.NoticeDigest, 0, time.Hour, in(0), nil, nil, StaleRefreshed},
		{"a digest whose end is open", quota.NoticeDigest, 0, time.Hour, nil, nil, nil, Fresh},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := judge{now: noon, low: 75, current: func(string) *quota.Status {
				if c.window == nil {
					return nil
				}
				return status(*c.window)
			}}
			n := quota.Notice{Kind: c.kind, Account: "default", Window: "5h", Level: c.level, At: noon.Add(-c.age), ResetsAt: c.resets}
			item := Item{Notice: n}
			if c.kind == quota.NoticeDigest {
				item.ResetsAt, item.Expires = nil, deref(c.resets)
			}
			if got := j.stale(item, c.later); got != c.want {
				t.Fatalf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestATroubleWithTheProviderIsStaleOnceItIsMended(t *testing.T) {
	for _, c := range []struct {
		name   string
		age    time.Duration
		status *quota.Status
		want   Staleness
	}{
		{"young: the status may not tell of it yet", time.Second, status(five(0)), Fresh},
		{"still there", time.Hour, troubled(), Fresh},
		{"mended", time.Hour, status(five(0)), StaleMended},
		{"without a status", time.Hour, nil, Fresh},
	} {
		j := judge{now: noon, current: func(string) *quota.Status { return c.status }}
		it := Item{Notice: quota.Notice{Kind: quota.NoticeProvider, Account: "default", At: noon.Add(-c.age)}}
		if got := j.stale(it, nil); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func refreshOf(window string) quota.Notice {
	return quota.Notice{Kind: quota.NoticeRefreshed, Account: "default", Window: window}
}
