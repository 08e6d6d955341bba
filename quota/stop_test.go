package quota

import (
	"testing"
	"time"
)

func TestTheWeekOrTheMonth(t *testing.T) {
	const subscribed = "2026-03-04T16:55:13+08:00" // the week ends 2026-11-25T08:55:13Z, the month 2026-12-04T08:55:13Z
	first := Event{ID: "first", At: instant("2026-10-26T03:00:00Z"), Model: "glm-4.5"}
	for _, c := range []struct {
		name, plan, subscribed string
		first                  bool // there is use of a month ago
		until                  string
		window, ends           string
	}{
		{"the weekly reset", "v2/pro", subscribed, false, "2026-11-25T08:55:13Z", "week", "2026-11-25T08:55:13Z"},
		{"a minute beside it", "v2/pro", subscribed, false, "2026-11-25T08:56:13Z", "week", "2026-11-25T08:56:13Z"},
		{"more than that", "v2/pro", subscribed, false, "2026-11-25T08:56:14Z", "month", "2026-11-25T08:56:14Z"},
		{"the monthly reset", "v2/pro", subscribed, false, "2026-12-04T08:55:13Z", "month", "2026-12-04T08:55:13Z"},
		{"no instant", "v2/pro", subscribed, false, "", "week", "2026-11-25T08:55:13Z"},
		{"the day of the weekly reset, bare", "v2/pro", subscribed, false, "2026-11-24T16:00:00Z", "week", "2026-11-25T08:55:13Z"},
		{"the day of the monthly reset, bare", "v2/pro", subscribed, false, "2026-12-03T16:00:00Z", "month", "2026-12-04T08:55:13Z"},
		{"another day, bare", "v2/pro", subscribed, false, "2026-11-26T16:00:00Z", "month", "2026-11-26T16:00:00Z"},
		{"a plan without a month", "v3/pro", subscribed, false, "2026-11-27T08:00:00Z", "week", "2026-11-27T08:00:00Z"},
		{"a plan without a week", "v1/pro", subscribed, false, "2026-11-25T08:55:13Z", "month", "2026-11-25T08:55:13Z"},
		{"within a week, where no reset is known", "v2/pro", "", false, "2026-11-27T08:00:00Z", "week", "2026-11-27T08:00:00Z"},
		{"beyond a week, where no reset is known", "v2/pro", "", false, "2026-12-04T08:00:00Z", "month", "2026-12-04T08:00:00Z"},
		{"within a week, where resets are assumed from the first use", "v2/pro", "", true, "2026-11-27T08:00:00Z", "week", "2026-11-27T08:00:00Z"},
		{"the month's reset, assumed from the first use", "v2/pro", "", true, "2026-11-26T03:00:10Z", "month", "2026-11-26T03:00:10Z"},
	} {
		m, at := meterOf(t, c.plan, c.subscribed), instant("2026-11-23T11:00:00Z")
		stop := Event{ID: "stop", Kind: KindExhausted, At: at, Window: WindowWeekOrMonth}
		if c.until != "" {
			stop.Until = instant(c.until)
		}
		events := []Event{stop}
		if c.first {
			events = append(events, first)
		}
		st := late(t, m, events...).At(m, all, at.Add(time.Minute))
		for _, w := range st.Windows {
			if full := w.State == PhaseExhausted; full != (w.Window == c.window) || full && !w.ResetsAt.Equal(instant(c.ends)) {
				t.Errorf("%s: %s", c.name, mustJSON(w))
			}
		}
	}
}

func TestAStopThatLastsLongerThanItsWindowIsRefused(t *testing.T) {
	at := instant("2026-11-23T11:00:00Z")
	for window, most := range map[string]time.Duration{
		"5h": 5*time.Hour + 5*time.Minute, "week": 7*24*time.Hour + 5*time.Minute, "month": 35 * 24 * time.Hour, WindowWeekOrMonth: 35 * 24 * time.Hour,
	} {
		e := Event{Kind: KindExhausted, At: at, Window: window, Until: at.Add(most)}.Normalize(at)
		if err := e.Check(); err != nil {
			t.Errorf("%s: %v", window, err)
		}
		if e.Until = e.Until.Add(time.Second); e.Check() == nil || e.Check().Field != "until" {
			t.Errorf("%s until %v: %v", window, e.Until, e.Check())
		}
	}
}
