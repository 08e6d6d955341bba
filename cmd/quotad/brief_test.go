package main

import (
	"slices"
	"testing"
	"time"

	"quotad/quota"
)

// barScreen is one that shows more than ASCII.
var barScreen = screen{width: 80, blocks: true}

// glanced is a glance at accounts at the instant of these tests.
func glanced(accounts ...quota.Status) *glance {
	g := glanceOf(quota.Statuses{Schema: 1, Now: boardNow, Accounts: accounts}, barScreen, clock{boardNow, time.UTC})
	return &g
}

// absent is a glance where no daemon is.
func absent() *glance {
	return &glance{away: absence{"no daemon", "no daemon answers at /run/s", "quotad run"}, screen: barScreen}
}

func low(st quota.Status) quota.Status {
	st.State = quota.StateLow
	return st
}

// assumed is an account of which nothing is configured.
func assumed(st quota.Status) quota.Status {
	st.Plan.Assumed, st.Plan.AnchorAssumed = true, true
	return st
}

// other is an account of another name.
func other(name string, st quota.Status) quota.Status {
	st.Account = name
	return st
}

// exact is a window that is counted without estimates.
func exact(w quota.WindowStatus) quota.WindowStatus {
	w.Approximate = false
	return w
}

func TestBrief(t *testing.T) {
	five := window("5h", quota.Fixed, 310, 400, in(2*time.Hour+14*time.Minute))
	week := window("week", quota.Anchored, 790, 2000, in(49*time.Hour))
	tools := window("month", quota.Monthly, 0, 1000, in(20*24*time.Hour))
	tools.Counts = quota.CountTools
	early := five
	early.Forecast = &quota.Forecast{PerHour: 112, ExhaustsAt: in(48 * time.Minute)}
	full := window("5h", quota.Fixed, 412, 400, in(72*time.Minute))
	unsubscribed := pro(five, week)
	unsubscribed.Plan.AnchorAssumed = true
	weekFirst := pro(five, window("week", quota.Anchored, 1900, 2000, in(9*24*time.Hour)))
	weekFirst.Binding = "week"
	none := pro(tools)
	none.Binding = ""

	for _, c := range []struct {
		name string
		st   quota.Status
		want [lengths]string
	}{
		{"what stops work first comes first", pro(five, week, tools), [lengths]string{
			"GLM 5h ~77 % (about 310 of 400 prompts), resets 08:44 · week ~39 %, resets Wed 07:30",
			"GLM 5h ~77 %, resets 08:44 · week ~39 %",
			"GLM 5h ~77 %, resets 08:44", "5h ~77 %, 08:44", "5h ~77 %"}},
		{"a pace that runs out says when", pro(early), [lengths]string{
			"GLM 5h ~77 % (about 310 of 400 prompts), resets 08:44, runs out 07:18 at this pace",
			"GLM 5h ~77 %, resets 08:44, runs out 07:18",
			"GLM 5h ~77 %, resets 08:44", "5h ~77 %, 08:44", "5h ~77 %"}},
		{"a week may come first, and its reset be far", weekFirst, [lengths]string{
			"GLM week ~95 % (about 1,900 of 2,000 prompts), resets 2 Dec · 5h ~77 %, resets 08:44",
			"GLM week ~95 %, resets 2 Dec · 5h ~77 %",
			"GLM week ~95 %, resets 2 Dec", "week ~95 %, 2 Dec", "week ~95 %"}},
		{"no room says until when", blocked(pro(full, week), in(72*time.Minute)), [lengths]string{
			"GLM no room until 07:42, in 1 h 12 min: 5h exhausted · week ~39 %, resets Wed 07:30",
			"GLM no room until 07:42 · week ~39 %",
			"GLM no room until 07:42", "no room, 07:42", "no room"}},
		{"or does not, where nobody knows", blocked(pro(full), nil), [lengths]string{
			"GLM no room: 5h exhausted, and when it is full again is not known",
			"GLM no room", "GLM no room", "no room", "no room"}},
		{"nothing used yet", pro(idle("5h", quota.Fixed, 400)), [lengths]string{
			"GLM 5h 0 % (0 of 400 prompts)", "GLM 5h 0 %", "GLM 5h 0 %", "5h 0 %", "5h 0 %"}},
		{"next to nothing used", pro(window("5h", quota.Fixed, 1, 400, in(time.Hour))), [lengths]string{
			"GLM 5h <1 % (about 1 of 400 prompts), resets 07:30", "GLM 5h <1 %, resets 07:30", "GLM 5h <1 %, resets 07:30", "5h <1 %, 07:30", "5h <1 %"}},
		{"what is certain is not about", pro(exact(five)), [lengths]string{
			"GLM 5h 77 % (310 of 400 prompts), resets 08:44", "GLM 5h 77 %, resets 08:44", "GLM 5h 77 %, resets 08:44", "5h 77 %, 08:44", "5h 77 %"}},
		{"a rolling window never is full at once", pro(window("5h", quota.Rolling, 37, 400, in(time.Hour))), [lengths]string{
			"GLM 5h ~9 % (about 37 of 400 prompts)", "GLM 5h ~9 %", "GLM 5h ~9 %", "5h ~9 %", "5h ~9 %"}},
		{"a plan that is assumed says so", assumed(pro(five)), [lengths]string{
			"GLM 5h ~77 % (about 310 of 400 prompts), resets 08:44 · plan assumed",
			"GLM 5h ~77 %, resets 08:44 · assumed", "GLM 5h ~77 %, resets 08:44 · assumed", "5h ~77 %?, 08:44", "5h ~77 %?"}},
		{"so does a subscription date", unsubscribed, [lengths]string{
			"GLM 5h ~77 % (about 310 of 400 prompts), resets 08:44 · week ~39 %, resets Wed 07:30 · subscription date assumed",
			"GLM 5h ~77 %, resets 08:44 · week ~39 % · assumed", "GLM 5h ~77 %, resets 08:44 · assumed", "5h ~77 %?, 08:44", "5h ~77 %?"}},
		{"another account has its name", other("work", pro(five)), [lengths]string{
			"GLM work 5h ~77 % (about 310 of 400 prompts), resets 08:44", "GLM work 5h ~77 %, resets 08:44", "GLM work 5h ~77 %, resets 08:44",
			"work 5h ~77 %, 08:44", "work 5h ~77 %"}},
		{"long names are cut", other("an-account-of-a-very-long-name", pro(five)), [lengths]string{
			"GLM an-account-of-a… 5h ~77 % (about 310 of 400 prompts), resets 08:44", "GLM an-account-of-a… 5h ~77 %, resets 08:44",
			"GLM an-account-of-a… 5h ~77 %, resets 08:44", "an-account-of-a… 5h ~77 %, 08:44", "an-account-of-a… 5h ~77 %"}},
		{"no window stops work", none, [lengths]string{"GLM no limit", "GLM no limit", "GLM no limit", "no limit", "no limit"}},
	} {
		g := glanced(c.st)
		for n := range lengths {
			if got := joined(g.parts(n), bare); got != c.want[n] {
				t.Errorf("%s, length %d: %q, want %q", c.name, n, got, c.want[n])
			}
		}
	}
}

// Of several accounts the worst decides, and each is shown.
func TestGlanceAtSeveral(t *testing.T) {
	calm, busy := pro(window("5h", quota.Fixed, 40, 400, in(time.Hour))), pro(window("5h", quota.Fixed, 320, 400, in(time.Hour)))
	full := blocked(pro(window("5h", quota.Fixed, 400, 400, in(time.Hour))), in(time.Hour))
	for _, c := range []struct {
		name    string
		shown   []quota.Status
		level   level
		percent int
		text    string
	}{
		{"two that are well", []quota.Status{other("a", calm), other("b", busy)}, levelOK, 80, "GLM a 5h ~10 %, resets 07:30 | b 5h ~80 %, resets 07:30"},
		{"one is low", []quota.Status{low(busy), other("b", calm)}, levelLow, 80, "GLM default 5h ~80 %, resets 07:30 | b 5h ~10 %, resets 07:30"},
		{"one has no room", []quota.Status{other("a", low(busy)), other("b", full)}, levelExhausted, 100, "GLM a 5h ~80 %, resets 07:30 | b no room until 07:30"},
	} {
		g := glanced(c.shown...)
		if got := joined(g.parts(lengthTerse), bare); g.level() != c.level || g.worst().percent != c.percent || got != c.text {
			t.Errorf("%s: %v, %d %%, %q", c.name, g.level(), g.worst().percent, got)
		}
	}
	if g := absent(); g.level() != levelAway || g.worst() != nil || joined(g.parts(lengthTerse), bare) != "quotad: no daemon" {
		t.Errorf("away: %v, %v", g.level(), g.parts(lengthTerse))
	}
}

func TestSoon(t *testing.T) {
	c := clock{boardNow, time.UTC}
	for after, want := range map[time.Duration]string{
		time.Hour: "07:30", 24 * time.Hour: "Tue 06:30", 143 * time.Hour: "Sun 05:30", 144 * time.Hour: "29 Nov", 400 * 24 * time.Hour: "28 Dec",
	} {
		if got := c.soon(boardNow.Add(after)); got != want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
}

func TestStatusFormats(t *testing.T) {
	if got := statusFormats(); !slices.Equal(got, []string{"short", "waybar", "tmux", "i3blocks", "polybar", "xbar"}) {
		t.Error(got)
	}
}
