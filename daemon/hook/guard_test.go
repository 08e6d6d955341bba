package hook

import (
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// windowAt is a 5-hour window with so much used, that ends in an hour.
func windowAt(percent float64, change func(*quota.WindowStatus)) quota.WindowStatus {
	end := start.Add(time.Hour)
	w := quota.WindowStatus{
		Window: quota.WindowFive, Kind: quota.Fixed, Counts: quota.CountPrompts, State: quota.PhaseOpen,
		Percent: percent, ResetsAt: &end, Approximate: true,
	}
	for _, level := range []int{75, 90} {
		if percent >= float64(level) {
			w.Crossed = level
		}
	}
	if percent >= 100 {
		w.State, w.Crossed = quota.PhaseExhausted, 100
	}
	if change != nil {
		change(&w)
	}
	return w
}

func stopped(w *quota.WindowStatus) { w.Stopped = true }

func named(name string) func(*quota.WindowStatus) {
	return func(w *quota.WindowStatus) { w.Window = name }
}

// statusOf is the status of the default account, of the instant start.
func statusOf(windows ...quota.WindowStatus) quota.Statuses {
	st := quota.Status{Account: quota.DefaultAccount, State: quota.StateOK, Windows: windows}
	for _, w := range windows {
		if w.State == quota.PhaseExhausted && w.Counts != quota.CountTools {
			st.State, st.BlockedUntil = quota.StateExhausted, w.ResetsAt
		}
	}
	return quota.Statuses{Schema: quota.Schema, Now: start, Accounts: []quota.Status{st}}
}

func ownClock(t time.Time) string { return "at " + t.UTC().Format("15:04") }

func TestDecide(t *testing.T) {
	past, later := start.Add(-time.Minute), start.Add(10*time.Minute)
	snoozed := func(until time.Time) quota.Statuses {
		all := statusOf(windowAt(105, stopped))
		all.SnoozedUntil = &until
		return all
	}
	ended := statusOf(windowAt(105, func(w *quota.WindowStatus) { w.Stopped, w.ResetsAt = true, &past }))
	unblocked := statusOf(windowAt(105, stopped))
	unblocked.Accounts[0].BlockedUntil = &past
	full := statusOf(windowAt(105, nil))
	refused := statusOf(windowAt(105, stopped))
	for _, c := range []struct {
		what  string
		guard Guard
		all   quota.Statuses
		late  time.Duration // after the status
		want  string        // actions and reasons
	}{
		{"nobody asked for a guard", GuardOff, refused, 0, "pass: no guard"},
		{"there is room", GuardBlock, statusOf(windowAt(74, nil)), 0, "pass: there is room"},
		{"there are no windows", GuardBlock, statusOf(), 0, "pass: there is room"},
		{"a threshold is reached", GuardWarn, statusOf(windowAt(75, nil)), 0, "warn: a threshold is reached"},
		{"that never blocks", GuardBlock, statusOf(windowAt(99.9, nil)), 0, "warn: a threshold is reached"},
		{"the count here is full", GuardWarn, full, 0, "warn: used up by the count here"},
		{"that does not block either", GuardBlock, full, 0, "warn: used up by the count here"},
		{"the provider said stop", GuardBlock, refused, 0, "block: the provider said stop"},
		{"who asked for warnings is warned of it", GuardWarn, refused, 0, "warn: the provider said stop"},
		{"the stop is over by now", GuardBlock, ended, 0, "warn: the provider said stop"},
		{"the account is not blocked any more", GuardBlock, unblocked, 0, "warn: the provider said stop"},
		{"the status is of just now", GuardBlock, refused, fresh, "block: the provider said stop"},
		{"it is older", GuardBlock, refused, fresh + 1, "pass: the status is stale"},
		{"it is of a clock that is ahead", GuardBlock, refused, -fresh - 1, "pass: the status is stale"},
		{"it is no status at all", GuardBlock, quota.Statuses{}, 0, "pass: the status is stale"},
		{"it tells of no account", GuardBlock, quota.Statuses{Now: start}, 0, "pass: no status of the account"},
		{"somebody wants quiet", GuardBlock, snoozed(later), 0, "pass: snoozed"},
		{"the quiet is over", GuardBlock, snoozed(start), 0, "block: the provider said stop"},
		{"MCP calls are used up", GuardBlock, statusOf(windowAt(105, func(w *quota.WindowStatus) { w.Counts, w.Stopped = quota.CountTools, true })), 0, "pass: there is room"},
		{"several windows: the provider's word first, then the fullest", GuardBlock,
			statusOf(windowAt(80, nil), windowAt(91, named("week")), windowAt(100, named("month")), windowAt(100, func(w *quota.WindowStatus) { w.Window, w.Stopped = "day", true })), 0,
			"block: the provider said stop, warn: used up by the count here, warn: a threshold is reached, warn: a threshold is reached"},
	} {
		var got []string
		for _, v := range Decide(c.guard, c.all, quota.DefaultAccount, start.Add(c.late), ownClock) {
			got = append(got, v.Action.String()+": "+v.Why.String())
			if (v.Action == Pass) != (v.Text == "") || v.Action == Warn && (v.About.Key == "" || !v.About.Until.After(start)) {
				t.Errorf("%s: %+v", c.what, v)
			}
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: got %q, want %q", c.what, text, c.want)
		}
	}
}

func TestWordsOfTheGuard(t *testing.T) {
	for _, c := range []struct {
		guard  Guard
		window quota.WindowStatus
		want   string
	}{
		{GuardWarn, windowAt(92.7, nil), "GLM 5h: about 92 % used, full again at 07:30"},
		{GuardWarn, windowAt(99.99, func(w *quota.WindowStatus) { w.Approximate = false }), "GLM 5h: 99 % used, full again at 07:30"},
		{GuardWarn, windowAt(103, nil), "GLM 5h: about 103 % used, full again at 07:30"},
		{GuardWarn, windowAt(80, func(w *quota.WindowStatus) { w.Kind = quota.Rolling }), "GLM 5h: about 80 % used, room comes back at 07:30"},
		{GuardWarn, windowAt(80, func(w *quota.WindowStatus) { w.ResetsAt = nil }), "GLM 5h: about 80 % used"},
		{GuardWarn, windowAt(105, stopped), "GLM 5h: used up (the provider says so), full again at 07:30"},
		{GuardBlock, windowAt(105, stopped), "GLM 5h: used up (the provider says so), full again at 07:30 (to send it anyway: quotad notify snooze 10m)"},
	} {
		if got := Decide(c.guard, statusOf(c.window), quota.DefaultAccount, start, ownClock); got[0].Text != c.want {
			t.Errorf("got %q, want %q", got[0].Text, c.want)
		}
	}
	all := statusOf(windowAt(80, nil))
	all.Accounts[0].Account = "work"
	if got := Decide(GuardWarn, all, "work", start, ownClock)[0].Text; !strings.HasPrefix(got, "GLM 5h (work): ") {
		t.Error(got)
	}
}

func TestWarnedOnce(t *testing.T) {
	dir := t.TempDir()
	m := Warned{Dirs: []string{"/dev/null/nowhere", dir}}
	about := func(w quota.WindowStatus) About {
		return Decide(GuardWarn, statusOf(w), quota.DefaultAccount, start, ownClock)[0].About
	}
	next := start.Add(6 * time.Hour)
	rolling := func(w *quota.WindowStatus) { w.Kind = quota.Rolling }
	for _, c := range []struct {
		what  string
		about About
		after time.Duration
		first bool
	}{
		{"a threshold", about(windowAt(76, nil)), 0, true},
		{"the same, a prompt later", about(windowAt(77, nil)), time.Minute, false},
		{"the next threshold", about(windowAt(90, nil)), 2 * time.Minute, true},
		{"the first again", about(windowAt(76, nil)), 3 * time.Minute, false},
		{"another window", about(windowAt(76, named("my \"week\"\n"))), 3 * time.Minute, true},
		{"and that again", about(windowAt(76, named("my \"week\"\n"))), 3 * time.Minute, false},
		{"the next instance", about(windowAt(76, func(w *quota.WindowStatus) { w.ResetsAt = &next })), 4 * time.Minute, true},
		{"a rolling window", about(windowAt(76, rolling)), 5 * time.Minute, true},
		{"whose end moves", about(windowAt(76, func(w *quota.WindowStatus) { w.Kind, w.ResetsAt = quota.Rolling, &next })), 6 * time.Minute, false},
		{"and after a while", about(windowAt(76, rolling)), forget, true},
	} {
		if got := m.First(c.about, start.Add(c.after)); got != c.first {
			t.Errorf("%s: first %t, want %t", c.what, got, c.first)
		}
	}
	if (Warned{Dirs: []string{"/dev/null/nowhere"}}).First(about(windowAt(76, nil)), start) {
		t.Error("what cannot be remembered is warned of")
	}
}
