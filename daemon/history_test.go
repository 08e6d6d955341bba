package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// used is a record of three pages, many entries of it at one instant.
func used() (list []quota.Event) {
	for i := range 2*pageSize + 500 {
		e := quota.Event{ID: fmt.Sprintf("e%05d", i), At: noon.Add(-time.Duration(i/400) * 13 * time.Hour), Tool: fmt.Sprint("tool", i%7), Model: "glm-4.5"}
		if i%3 == 0 {
			e.Kind, e.Tokens = quota.KindUsage, quota.Tokens{Input: 1, Cached: 2, Output: 3}
		}
		list = append(list, e)
	}
	return list
}

func TestHistoryAddsUpOverManyPages(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.post(used()...)
	meter, _ := r.engine.Snapshot().meter(quota.DefaultAccount)
	q := HistoryQuery{HistoryQuery: quota.HistoryQuery{Per: quota.PerDay, By: quota.SplitByTool, Since: noon.Add(-60 * time.Hour), Zone: time.FixedZone("+08:00", 8*60*60)}}
	want := quota.NewTally(quota.NewPricer(meter), q.HistoryQuery)
	for _, e := range used() {
		if err := want.Add(quota.Entry{Event: e.Normalize(noon)}); err != nil {
			t.Fatal(err)
		}
	}
	d := r.served()
	code, got := d.call(t, "GET /v1/history", "?"+q.Values().Encode()+"&account=default", "")
	h := want.History()
	if b, _ := json.Marshal(h); code != 200 || got != string(b) {
		t.Errorf("%d\n got %s\nwant %s", code, got, b)
	}
	if h.Total.Prompts == 0 || h.Total.Answers == 0 || len(h.Rows) < 14 {
		t.Errorf("the test looks at too little: %+v", h.Total)
	}
}

// learned is a record of three days in which turns teach what a prompt without
// tokens costs, and such prompts, one of them of the present week.
func learned() (list []quota.Event) {
	for i := range 3 * 1500 {
		e := quota.Event{ID: fmt.Sprintf("e%05d", i), At: noon.Add(-time.Duration(i) * time.Minute), Model: "glm-5.3"}
		if i%5 != 0 {
			e.Kind, e.Turn, e.Tokens = quota.KindUsage, fmt.Sprint("t", i/9), quota.Tokens{Input: int64(i) * 100, Output: 200}
		}
		list = append(list, e)
	}
	return list
}

func TestHistoryEstimatesAsTheStatusDoes(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, "[account.default]\nplan = \"v3/max\"\nsubscribed = 2026-11-22T00:00:00Z\n"), atNoon)
	for list := learned(); len(list) > 0; list = list[500:] {
		r.post(list[:500]...)
	}
	st, _ := r.engine.Snapshot().Status(quota.DefaultAccount, noon)
	for _, w := range st.Windows {
		h, err := r.engine.History(t.Context(), HistoryQuery{HistoryQuery: quota.HistoryQuery{Since: *w.OpenedAt}})
		if err != nil || w.Estimated == nil || h.Total.Charged != w.Used || h.Total.Estimated != *w.Estimated {
			t.Fatalf("%s: %+v, %v\nwant %v", w.Window, h.Total, err, w)
		}
		if seed := 175 * quota.One / 10; *w.Estimated == seed.Times(h.Total.Prompts) {
			t.Errorf("%s: nothing was learned", w.Window)
		}
		x, err := r.engine.WhatIf(t.Context(), WhatIfQuery{Plans: []string{"v3/max"}, Since: *w.OpenedAt})
		if err != nil || x.Plans[0].Asked != w.Used || x.Plans[0].Estimated != *w.Estimated {
			t.Errorf("%s, tried: %+v, %v", w.Window, x.Plans[0], err)
		}
	}
}

func TestHistoryEndsWithItsClient(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.post(used()...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.engine.History(ctx, HistoryQuery{}); err != context.Canceled {
		t.Errorf("history: %v", err)
	}
	if _, err := r.engine.WhatIf(ctx, WhatIfQuery{}); err != context.Canceled {
		t.Errorf("what if: %v", err)
	}
}

func TestWhatIfTriesThePlansAskedFor(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.post(used()...)
	x, err := r.engine.WhatIf(context.Background(), WhatIfQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range x.Plans {
		ids = append(ids, fmt.Sprintf("%s %v %v", p.Plan.ID, p.Present, p.Enough))
	}
	const want = "lab/tiny true false, v2/lite false false, v2/pro false true, v2/max false true, " +
		"v3/lite false false, v3/pro false true, v3/max false true, v3/team-standard false true, v3/team-premium false true"
	if got := strings.Join(ids, ", "); got != want {
		t.Errorf("%s", got)
	}
	if x.Prompts != 1666 || x.Answers != 834 || !x.Until.Equal(noon) {
		t.Errorf("%d prompts, %d answers until %v", x.Prompts, x.Answers, x.Until)
	}
	one, err := r.engine.WhatIf(context.Background(), WhatIfQuery{Plans: []string{"v1/max"}, Since: noon.Add(-time.Hour), Until: noon.Add(time.Hour)})
	if err != nil || len(one.Plans) != 1 || one.Plans[0].Plan.ID != "v1/max" || !one.Until.Equal(noon) {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestHistoryRefuses(t *testing.T) {
	d := start(t, t.TempDir(), settings(t, labConfig), atNoon).served()
	for _, c := range []struct{ name, call, query, says string }{
		{"an unknown period", "history", "?per=year", `"message":"one of hour, day, week, month was expected","field":"per"`},
		{"an unknown key", "history", "?by=colour", `"message":"one of tool, project, session, model was expected","field":"by"`},
		{"an unknown zone", "history", "?zone=Mars/Base", `"field":"zone"`},
		{"a zone that is a path", "history", "?zone=../../etc/passwd", `"field":"zone"`},
		{"a time that is none", "history", "?since=noon", `"field":"since"`},
		{"an end that is none", "whatif", "?until=noon", `"field":"until"`},
		{"a time that ends before it begins", "history", "?since=2026-11-23T12:00:00Z&until=2026-11-23T12:00:00%2B01:00", `"field":"until"`},
		{"an account that is not there", "history", "?account=other", `"code":"not_found"`},
		{"another such", "whatif", "?account=other", `"code":"not_found"`},
		{"a plan that is not there", "whatif", "?plans=v3/pro,v9/pro", `"message":"there is no plan \"v9/pro\"","field":"plans"`},
		{"a parameter that is unknown", "whatif", "?plan=v3/pro", `"field":"plan"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if code, got := d.call(t, "GET /v1/"+c.call, c.query, ""); code < 400 || code > 404 || !strings.Contains(got, c.says) {
				t.Errorf("%d %s, want %s", code, got, c.says)
			}
		})
	}
}
