package daemon

import (
	"context"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// tells is a reading that tells a plan, so long ago.
func tells(id string, ago time.Duration, plan quota.PlanTold) quota.Event {
	ten := float64(10)
	return quota.Event{ID: id, Kind: quota.KindReading, At: noon.Add(-ago), Plan: plan,
		Readings: []quota.Reading{{Window: quota.WindowFive, Percent: &ten}}}
}

func (r *rig) status() quota.Status {
	r.t.Helper()
	st, _ := r.engine.Snapshot().Status(quota.DefaultAccount, r.engine.now())
	return st
}

// proved holds what is kept against the events.
func (r *rig) proved() {
	r.t.Helper()
	v, err := r.engine.Verify(context.Background(), nil)
	if err != nil || !v.OK {
		r.t.Errorf("verify: %+v, %v", v, err)
	}
}

func TestThePlanThatTheProviderToldIsCountedBy(t *testing.T) {
	began := time.Date(2026, 8, 26, 3, 4, 5, 0, time.UTC)
	max := quota.PlanTold{ID: "v3/max", Subscribed: began, Renews: noon.Add(72 * time.Hour).Truncate(24 * time.Hour)}
	for _, c := range []struct {
		name, config string
		events       []quota.Event
		plan         string
		detected     bool
		configured   string
		assumed      bool
		anchor       bool // the provider's
		warns, says  string
	}{
		{name: "where none is configured, and nothing is said against it", events: []quota.Event{tells("r", time.Hour, max)},
			plan: "v3/max", detected: true, anchor: true},
		{name: "where the same is configured", config: "plan = \"v3/max\"", events: []quota.Event{tells("r", time.Hour, max)},
			plan: "v3/max", detected: true, anchor: true},
		{name: "where another is configured, and it is said", config: "plan = \"v2/lite\"", events: []quota.Event{tells("r", time.Hour, max)},
			plan: "v3/max", detected: true, configured: "v2/lite", anchor: true, warns: warnDiffers, says: "quotad config set account.default.plan v3/max"},
		{name: "where another beginning is configured, and it is said", config: "plan = \"v3/max\"\nsubscribed = 2026-01-02T03:04:05Z",
			events: []quota.Event{tells("r", time.Hour, max)}, plan: "v3/max", detected: true, anchor: true,
			warns: warnDiffers, says: "quotad config set account.default.subscribed 2026-08-26T11:04:05+08:00"},
		{name: "where the beginning is configured without the seconds", config: "plan = \"v3/max\"\nsubscribed = 2026-08-26T11:04:00+08:00",
			events: []quota.Event{tells("r", time.Hour, max)}, plan: "v3/max", detected: true},
		{name: "where another day of renewal is configured, and it is said", config: "plan = \"v3/max\"\nrenews = 2026-12-24",
			events: []quota.Event{tells("r", time.Hour, max)}, plan: "v3/max", detected: true, anchor: true,
			warns: warnDiffers, says: "quotad config set account.default.renews 2026-11-26"},
		{name: "but not one that nobody knows", config: "plan = \"v2/pro\"", events: []quota.Event{tells("r", time.Hour, quota.PlanTold{ID: "v9/huge"})},
			plan: "v2/pro", warns: warnUnknown, says: `"v9/huge"`},
		{name: "the newest one, in whatever order they arrive",
			events: []quota.Event{tells("new", time.Hour, max), tells("old", 48*time.Hour, quota.PlanTold{ID: "v1/lite"})},
			plan:   "v3/max", detected: true, anchor: true},
		{name: "but not one that was taken back", events: []quota.Event{tells("r", time.Hour, max), {ID: "v", Kind: quota.KindVoid, Voids: "r", At: noon}},
			plan: "v2/lite", assumed: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, s := t.TempDir(), settings(t, "[account.default]\n"+c.config)
			r := start(t, dir, s, atNoon)
			r.post(prompt("before", 90*time.Minute), prompt("after", 30*time.Minute))
			for _, e := range c.events {
				r.post(e)
			}
			check := func() {
				t.Helper()
				st := r.status()
				p := st.Plan
				if p.ID != c.plan || p.Detected != c.detected || p.Configured != c.configured || p.Assumed != c.assumed {
					t.Errorf("plan %+v", p)
				}
				if got := p.Anchor != nil && p.Anchor.Equal(began); got != c.anchor {
					t.Errorf("the anchor is %v", p.Anchor)
				}
				if c.warns == "" && len(st.Warnings) > 0 || c.warns != "" && (len(st.Warnings) != 1 || st.Warnings[0].Code != c.warns || !strings.Contains(st.Warnings[0].Message, c.says)) {
					t.Errorf("warnings: %+v", st.Warnings)
				}
				r.proved()
			}
			check()
			was := r.status()
			r.stop()
			r = start(t, dir, s, atNoon)
			check()
			if now := r.status(); now.Windows[0].Used != was.Windows[0].Used || now.Windows[0].Cap != was.Windows[0].Cap {
				t.Errorf("after a restart %+v, before it %+v", now.Windows[0], was.Windows[0])
			}
			if err := r.engine.Reconfigure(context.Background(), settings(t, "[account.default]\n"+c.config+"\nmodel = \"glm-4.7\"")); err != nil {
				t.Fatal(err)
			}
			check()
		})
	}
}

func TestACountIsInTheUnitOfThePlanThatWasTold(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, ""), atNoon)
	r.post(prompt("one", time.Hour))
	if got := r.status().Plan.Unit; got != quota.Prompts {
		t.Fatalf("counts %s before", got)
	}
	r.post(tells("r", 30*time.Minute, quota.PlanTold{ID: "v3/pro"}), quota.Event{ID: "u", Kind: quota.KindUsage, Model: "glm-5.3",
		At: noon.Add(-time.Minute), Tokens: quota.Tokens{Input: 10000}})
	st := r.status()
	if st.Plan.Unit != quota.Credits || st.Windows[0].Cap != 12000*quota.One {
		t.Errorf("%s, cap %v", st.Plan.Unit, st.Windows[0].Cap)
	}
	if st.Windows[0].Used < 1200*quota.One { // 10 % of the cap
		t.Errorf("used %v", st.Windows[0].Used)
	}
	r.proved()
}

func TestNothingOfThePlanBeforeIsLeftInAnotherUnit(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, ""), atNoon)
	used, limit := 2520*quota.One, 28000*quota.One
	before := tells("before", time.Hour, quota.PlanTold{ID: "v3/max"})
	before.Readings = []quota.Reading{{Window: quota.WindowFive, Used: &used, Cap: &limit}}
	r.post(before, tells("after", 30*time.Minute, quota.PlanTold{ID: "v2/max"}))
	if w := r.status().Windows[0]; w.Cap != 1600*quota.One || w.Used < 160*quota.One || w.Used > 176*quota.One {
		t.Errorf("%v of %v", w.Used, w.Cap)
	}
	x, err := r.engine.Explain(quota.DefaultAccount, "5h", 10)
	if err != nil || x.Window.Used != r.status().Windows[0].Used {
		t.Errorf("explained as %v, %v", x.Window.Used, err)
	}
	r.proved()
}

func TestExplainIsByThePlanThatWasTold(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, ""), atNoon)
	r.post(prompt("one", time.Hour), tells("r", 30*time.Minute, quota.PlanTold{ID: "v3/pro"}))
	x, err := r.engine.Explain(quota.DefaultAccount, "5h", 10)
	if err != nil || x.Window.Cap != 12000*quota.One {
		t.Errorf("%+v, %v", x.Window, err)
	}
}

func TestTheLaterTermHolds(t *testing.T) {
	day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
	on := func(d time.Time) string {
		return "[account.default]\nplan = \"v2/pro\"\nrenews = " + d.Format(time.RFC3339)
	}
	for _, c := range []struct {
		name, config string
		told         quota.PlanTold
		renews, ends time.Time
	}{
		{"what is configured, where nothing is told", on(day(3)), quota.PlanTold{}, day(3), time.Time{}},
		{"what is told, where a renewal has passed since", on(day(-20)), quota.PlanTold{Renews: day(10)}, day(10), time.Time{}},
		{"an end on the same day", on(day(10)), quota.PlanTold{Ends: day(10)}, time.Time{}, day(10)},
		{"what is configured, where what was told has passed", on(day(10)), quota.PlanTold{Renews: day(-20)}, day(10), time.Time{}},
	} {
		s := settings(t, c.config)
		a := accountOf(&s, quota.DefaultAccount, c.told)
		if !a.Renews.Equal(c.renews) || !a.Ends.Equal(c.ends) {
			t.Errorf("%s: renews %v, ends %v", c.name, a.Renews, a.Ends)
		}
	}
}
