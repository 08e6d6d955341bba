package providertest_test

import (
	"fmt"
	"testing"
	"time"

	"quotad/daemon/provider/providertest"
	"quotad/quota"
)

// stage is a world in which only what the test says happens: it is read every
// 5 minutes.
type stage struct {
	*clock
	*side
	count int
	kinds []string // notices told: "5h threshold 50"
}

func newStage(t *testing.T, plan providertest.Plan, id string) *stage {
	c := &clock{now: instant("2026-09-16T12:00:00Z")}
	p := providertest.New(plan, instant("2026-08-05T09:30:00Z"), 1, func() time.Time { return c.now })
	p.Manner.Lag = func(time.Time) time.Duration { return 2 * time.Minute }
	g := &stage{clock: c, side: newSide(t, c, p, id)}
	g.side.notices = func(d quota.DueNotice) {
		g.kinds = append(g.kinds, fmt.Sprintf("%s %s %d", d.Window, d.Kind, d.Level))
	}
	g.at(c.now, g.side.poll)
	return g
}

// spend uses so many percent of the 5 hours of v3/lite now, in a tool that tells
// tokens.
func (g *stage) spend(percent int64) *providertest.Refusal {
	g.count++
	e := quota.Event{ID: fmt.Sprint(g.count), Kind: quota.KindUsage, At: g.now(), Model: "glm-5.3", Tokens: quota.Tokens{Output: percent * 20 * 10_000 / 12}}
	if stop := g.side.provider.Call(providertest.Call{At: e.At, Model: e.Model, Output: e.Tokens.Output}); stop != nil {
		return stop
	}
	g.hear(e)
	return nil
}

func (g *stage) now() time.Time { return g.clock.now }

// pass lets so much time pass.
func (g *stage) pass(d time.Duration) { g.run(g.now().Add(d)) }

func (g *stage) five() quota.WindowStatus { return g.status().Windows[0] }

func TestAReadingFromBeforeAResetBringsNothingBack(t *testing.T) {
	for _, late := range []bool{false, true} {
		g := newStage(t, lite, "v3/lite")
		g.side.provider.Manner.LateUse = late
		g.pass(time.Minute)
		g.spend(60)
		g.pass(5 * time.Hour)
		for range 20 {
			if w := g.five(); w.Used != 0 || w.State != quota.PhaseIdle {
				t.Fatalf("late use %t, %v: %v used of a window that has ended, %s", late, g.now(), w.Used, w.State)
			}
			g.pass(17 * time.Second)
		}
		if fmt.Sprint(g.kinds) != "[5h threshold 50 5h refreshed 0]" {
			t.Errorf("late use %t: told %q", late, g.kinds)
		}
	}
}

func TestAReadingFromBeforeARefusalDoesNotEndIt(t *testing.T) {
	g := newStage(t, lite, "v3/lite")
	g.pass(time.Minute)
	g.spend(99)
	g.pass(20 * time.Minute)
	g.spend(2)
	stop := g.spend(1)
	if stop == nil {
		t.Fatal("not refused")
	}
	g.hear(quota.Event{ID: "stop", Kind: quota.KindExhausted, At: g.now(), Window: stop.Window, Until: stop.Until})
	for range 30 {
		st := g.status()
		if st.BlockedUntil == nil || st.BlockedUntil.Sub(stop.Until).Abs() > time.Minute {
			t.Fatalf("%v: blocked until %v, want %v", g.now(), st.BlockedUntil, stop.Until)
		}
		g.pass(20 * time.Second)
	}
}

func TestAnEarlyRefreshArmsAnew(t *testing.T) {
	g := newStage(t, lite, "v3/lite")
	g.pass(time.Minute)
	for range 6 {
		g.spend(10)
		g.pass(5 * time.Minute)
	}
	g.side.provider.Refresh("5h", g.now())
	g.spend(0) // a tool that goes on keeps the readings coming
	g.pass(11 * time.Minute)
	if w := g.five(); w.Percent > 1 {
		t.Errorf("%v %% used after a refresh", w.Percent)
	}
	for range 6 {
		g.spend(10)
		g.pass(5 * time.Minute)
	}
	if want := "[5h threshold 50 5h early_refresh 0 5h threshold 50]"; fmt.Sprint(g.kinds) != want {
		t.Errorf("told %q, want %s", g.kinds, want)
	}
	if w := g.five(); w.Percent < 59.5 || w.Percent > 60.5 {
		t.Errorf("%v %% used", w.Percent)
	}
}

func TestAnotherGenerationIsSeen(t *testing.T) {
	g := newStage(t, pro, "v2/pro")
	g.pass(time.Hour)
	bought := g.now()
	g.side.provider.Switch(bought, providertest.Plan{Generation: 3, Tier: "max"})
	reads := g.reads
	for g.reads < reads+2 {
		g.spend(1)
		g.pass(time.Minute)
	}
	st := g.status()
	if told := g.ledger.State.Told; told.ID != "v3/max" || !told.Subscribed.Equal(bought) || st.Plan.ID != "v3/max" {
		t.Errorf("%+v, counted by %s", told, st.Plan.ID)
	}
	if i, ok := g.meter.Account.Plan.Window("week"); !ok || !st.Windows[i].ResetsAt.Equal(bought.AddDate(0, 0, 7)) {
		t.Errorf("week: %+v", st.Windows)
	}
}
