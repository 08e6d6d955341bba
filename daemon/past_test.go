package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"quotad/quota"
)

// useFor is use of days, in virtual time: prompts in and out of peak hours,
// answers whose tokens are known, calls, stops, and what is not the plan's.
func (r *rig) useFor(days int) {
	for day := range days {
		at := time.Now()
		r.post(
			quota.Event{ID: fmt.Sprint("first", day), Model: "glm-4.5", Tool: "a", Project: "/p", Count: 1 + day%3, At: at},
			quota.Event{Model: "glm-5.3", Tool: "b", Session: "s", Turn: fmt.Sprint("t", day), At: at},
			quota.Event{Kind: quota.KindUsage, Model: "glm-5.3", Tool: "b", Turn: fmt.Sprint("t", day), Tokens: quota.Tokens{Input: 20_000, Cached: 300_001, Output: 777}, At: at},
			quota.Event{Kind: quota.KindTool, Name: "search", Tool: "b", At: at},
			quota.Event{Kind: quota.KindUsage, Model: "glm-5.3", Endpoint: "https://api.z.ai/api/paas/v4", Tokens: quota.Tokens{Input: 1234}, At: at},
			quota.Event{Kind: quota.KindExhausted, Window: quota.WindowFive, At: at},
			quota.Event{ID: fmt.Sprint("mistaken", day), At: at},
			quota.Event{Kind: quota.KindVoid, Voids: fmt.Sprint("mistaken", day), At: at},
		)
		time.Sleep(25 * time.Hour)
	}
}

func (r *rig) history(t *testing.T, q quota.HistoryQuery) quota.History {
	t.Helper()
	h, err := r.engine.History(t.Context(), HistoryQuery{HistoryQuery: q})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHistoryTellsWhatRetentionHasSummedUp(t *testing.T) {
	for _, plan := range []string{"v2/pro", "v3/pro"} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 8, 30, 11, 20, 0, 0, time.UTC)))
			r := start(t, t.TempDir(), settings(t, "[store]\nretention_days = 35\n[account.default]\nplan = \""+plan+"\"\n"), time.Now)
			defer r.stop()
			begun := time.Now()
			r.useFor(60)
			queries := []quota.HistoryQuery{
				{Per: quota.PerMonth}, {Per: quota.PerDay, Zone: time.UTC}, {Per: quota.PerHour, Since: begun.Add(5 * 24 * time.Hour)},
				{By: quota.SplitByModel}, {By: quota.SplitByProject, Per: quota.PerWeek}, {Until: begun.Add(10 * 24 * time.Hour)},
			}
			var before []quota.History
			for _, q := range queries {
				before = append(before, r.history(t, q))
			}
			was, err := r.engine.WhatIf(t.Context(), WhatIfQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.engine.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			about, err := r.engine.about()
			if err != nil || about.Accounts[0].Sums == 0 || about.Accounts[0].SumsFrom == nil || about.Accounts[0].Events > 8*40 {
				t.Fatalf("%+v, %v", about.Accounts, err)
			}
			for i, q := range queries {
				if got, want := inMillis(r.history(t, q)), inMillis(before[i]); got != want {
					t.Errorf("%s, %+v:\ngot  %s\nwant %s", plan, q, got, want)
				}
			}
			is, err := r.engine.WhatIf(t.Context(), WhatIfQuery{})
			if err != nil || is.Prompts != was.Prompts || is.Answers != was.Answers || is.Calls != was.Calls || len(is.Plans) != len(was.Plans) {
				t.Errorf("on other plans: %+v, before %+v, %v", is, was, err)
			}
			late := quota.Event{ID: "void", Kind: quota.KindVoid, Voids: "first0"}
			sums := r.history(t, quota.HistoryQuery{Until: begun.Add(time.Hour)})
			r.post(late)
			if again := r.history(t, quota.HistoryQuery{Until: begun.Add(time.Hour)}); again.Total != sums.Total {
				t.Errorf("a void of what was summed up changed %+v to %+v", sums.Total, again.Total)
			}
			if v, err := r.engine.Verify(context.Background(), nil); err != nil || !v.OK {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
}

// inMillis is a history to a thousandth of a credit and of a dollar: what each
// event is rounded to adds up to less here. What is estimated of credits is left
// out, which rests on what turns had taught.
func inMillis(h quota.History) string {
	round := func(u *quota.Use) {
		if h.Plan.Unit == quota.Credits {
			u.Charged, u.Estimated = u.Charged-u.Estimated, 0
		}
		for _, a := range []*quota.Amount{&u.Charged, &u.Estimated, &u.Spent, &u.Worth} {
			*a = (*a + 500) / 1000
		}
	}
	round(&h.Total)
	for i := range h.Rows {
		round(&h.Rows[i].Use)
	}
	b, _ := json.MarshalIndent(h, "", " ")
	return string(b)
}
