package quota

import "testing"

func TestEachPlanHasItsFees(t *testing.T) {
	for _, want := range []struct {
		day                         string
		cycle                       Cycle
		v1lite, v1pro, v1max        string
		v2lite, v2pro, v2max        string
		v3lite, v3pro, v3max, teams string
	}{
		{"2026-01-10", CycleFirst, "3", "15", "30", "", "", "", "", "", "", ""},
		{"2026-02-11 23:59:59.999", CycleFirst, "3", "15", "30", "", "", "", "", "", "", ""},
		{"2026-02-12", CycleFirst, "", "", "", "", "", "", "", "", "", ""},
		{"2026-02-11 23:59:59.999", CycleMonth, "6", "30", "60", "", "", "", "", "", "", ""},
		{"2026-02-12", CycleMonth, "6", "30", "60", "10", "30", "80", "", "", "", ""},
		{"2026-03-31 23:59:59.999", CycleMonth, "6", "30", "60", "10", "30", "80", "", "", "", ""},
		{"2026-04-01", CycleMonth, "6", "30", "60", "18", "72", "160", "", "", "", ""},
		{"2026-05-01", CycleMonth, "", "", "", "18", "72", "160", "", "", "", ""},
		{"2026-07-29 23:59:59.999", CycleQuarter, "", "", "", "", "", "", "", "", "", ""},
		{"2026-07-30", CycleMonth, "", "", "", "18", "72", "160", "18", "80", "168", ""},
		{"2026-07-30", CycleQuarter, "", "", "", "", "", "", "43.2", "192", "403.2", ""},
		{"2026-07-30", CycleYear, "", "", "", "", "", "", "151.2", "672", "1411.2", ""},
	} {
		for id, usd := range map[string]string{
			"v1/lite": want.v1lite, "v1/pro": want.v1pro, "v1/max": want.v1max,
			"v2/lite": want.v2lite, "v2/pro": want.v2pro, "v2/max": want.v2max,
			"v3/lite": want.v3lite, "v3/pro": want.v3pro, "v3/max": want.v3max,
			"v3/team-standard": want.teams, "v3/team-premium": want.teams,
		} {
			p := plan(t, id)
			got := ""
			if fee, ok := p.FeeAt(want.cycle, utc8(t, want.day)); ok {
				got = fee.USD.String()
			}
			if got != usd {
				t.Errorf("%s: a %s from %s on costs %q, want %q", id, want.cycle, want.day, got, usd)
			}
		}
	}
}
