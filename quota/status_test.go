package quota

import (
	"strings"
	"testing"
	"time"
)

func meterOf(t *testing.T, plan string, subscribed string) *Meter {
	t.Helper()
	p, ok := PlanByID(plan)
	if !ok {
		t.Fatalf("no plan %s", plan)
	}
	m := &Meter{Account: Account{Name: DefaultAccount, Plan: p, Model: DefaultModel}}
	if subscribed != "" {
		m.Account.Subscribed = instant(subscribed)
	}
	return m
}

// stateOf folds events; those without an ID get one by their place.
func stateOf(t *testing.T, m *Meter, events ...Event) *State {
	t.Helper()
	r := NewReplay(m, all)
	for _, e := range Sort(events) {
		e = e.Normalize(e.At)
		if err := e.Check(); err != nil {
			t.Fatalf("event %s: %v", e.ID, err)
		}
		if err := r.Put(e); err != nil {
			t.Fatal(err)
		}
	}
	return &r.ledger.State
}

func prompts(n int, from string, step time.Duration) []Event {
	var list []Event
	for i := range n {
		list = append(list, Event{At: instant(from).Add(time.Duration(i) * step), Model: "glm-4.5"})
	}
	return list
}

func (st Status) window(t *testing.T, name string) WindowStatus {
	t.Helper()
	for _, w := range st.Windows {
		if w.Window == name {
			return w
		}
	}
	t.Fatalf("no window %s", name)
	return WindowStatus{}
}

func TestStatusSaysWhatTheContractShows(t *testing.T) {
	m := meterOf(t, "v2/pro", "2026-03-04T16:55:13+08:00")
	events := prompts(36, "2026-11-23T05:10:00Z", 2*time.Minute)
	events = append(events, Event{At: instant("2026-11-23T06:29:58Z"), Model: "glm-4.5"})
	st := stateOf(t, m, events...).At(m, all, instant("2026-11-23T06:30:00Z"))
	got := mustJSON(st.window(t, "5h"))
	for _, want := range []string{
		`"window":"5h"`, `"kind":"fixed"`, `"state":"open"`, `"cap":400`, `"used":37`, `"remaining":363`, `"percent":9.25`,
		`"opened_at":"2026-11-23T05:10:00Z"`, `"resets_at":"2026-11-23T10:10:00Z"`, `"approximate":true`,
		`"source":"local"`, `"as_of":"2026-11-23T06:29:58Z"`, `"forecast":{"per_hour":27.8,"exhausts_at":null,"lasts":true}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if st.State != StateOK || st.BlockedUntil != nil || st.Binding != "5h" {
		t.Errorf("state %s, blocked until %v, binding %q", st.State, st.BlockedUntil, st.Binding)
	}
}

func TestAWindowIsHalfOpen(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	s := stateOf(t, m, Event{At: instant("2026-11-23T05:00:00Z"), Model: "glm-4.5"})
	if w := s.At(m, all, instant("2026-11-23T09:59:59.999Z")).window(t, "5h"); w.State != PhaseOpen || w.Used != One {
		t.Errorf("just before its reset: %s, used %v", w.State, w.Used)
	}
	w := s.At(m, all, instant("2026-11-23T10:00:00Z")).window(t, "5h")
	if w.State != PhaseIdle || w.Used != 0 || w.OpenedAt != nil || w.ResetsAt != nil || w.Forecast != nil {
		t.Errorf("at its reset: %s", mustJSON(w))
	}
	s = stateOf(t, m, Event{At: instant("2026-11-23T05:00:00Z"), Model: "glm-4.5"}, Event{At: instant("2026-11-23T10:00:00Z"), Model: "glm-4.5"})
	w = s.At(m, all, instant("2026-11-23T10:00:00Z")).window(t, "5h")
	if w.Used != One || !w.OpenedAt.Equal(instant("2026-11-23T10:00:00Z")) {
		t.Errorf("an event at the reset belongs to the next window: %s", mustJSON(w))
	}
}

func TestExhaustionByTheProvider(t *testing.T) {
	stop := func(at0, window, until string) Event {
		e := Event{Kind: KindExhausted, At: instant(at0), Window: window}
		if until != "" {
			e.Until = instant(until)
		}
		return e
	}
	const noon, sub = "2026-11-23T12:00:00Z", "2026-03-04T16:55:13+08:00" // week resets 2026-11-25T08:55:13Z
	for _, c := range []struct {
		name         string
		event        Event
		window       string
		state        WindowPhase
		used         Amount
		opened, ends string
	}{
		{"an idle window is opened, full, until the instant told", stop("2026-11-23T11:00:00Z", "5h", "2026-11-23T14:20:00Z"), "5h", PhaseExhausted, 400 * One, "2026-11-23T09:20:00Z", "2026-11-23T14:20:00Z"},
		{"an instant already past says nothing", stop("2026-11-23T11:00:00Z", "5h", "2026-11-23T10:59:00Z"), "5h", PhaseIdle, 0, "", ""},
		{"without an instant the window is full for its length", stop("2026-11-23T11:00:00Z", "5h", ""), "5h", PhaseExhausted, 400 * One, "2026-11-23T11:00:00Z", "2026-11-23T16:00:00Z"},
		{"1310 with the weekly reset is the week", stop("2026-11-23T11:00:00Z", WindowWeekOrMonth, "2026-11-25T08:55:40Z"), "week", PhaseExhausted, 2000 * One, "2026-11-18T08:55:13Z", "2026-11-25T08:55:40Z"},
		{"1310 with another instant is the month of MCP calls", stop("2026-11-23T11:00:00Z", WindowWeekOrMonth, "2026-12-04T08:55:13Z"), "month", PhaseExhausted, 1000 * One, "2026-11-04T08:55:13Z", "2026-12-04T08:55:13Z"},
		{"a weekly reset that we did not know moves the week", stop("2026-11-23T11:00:00Z", "week", "2026-11-27T00:00:00Z"), "week", PhaseExhausted, 2000 * One, "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := meterOf(t, "v2/pro", sub)
			w := stateOf(t, m, c.event).At(m, all, instant(noon)).window(t, c.window)
			if w.State != c.state || w.Used != c.used {
				t.Errorf("%s, used %v; want %s, %v", w.State, w.Used, c.state, c.used)
			}
			if c.opened == "" {
				return
			}
			if !w.OpenedAt.Equal(instant(c.opened)) || !w.ResetsAt.Equal(instant(c.ends)) {
				t.Errorf("from %v to %v, want %v to %v", w.OpenedAt, w.ResetsAt, instant(c.opened), instant(c.ends))
			}
		})
	}
}

func TestAnExhaustedMonthOfMCPCallsDoesNotStopWork(t *testing.T) {
	m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
	st := stateOf(t, m, Event{Kind: KindTool, At: instant("2026-11-23T11:00:00Z"), Name: "web_search", Count: 100}).At(m, all, instant("2026-11-23T12:00:00Z"))
	if w := st.window(t, "month"); w.State != PhaseExhausted || w.Used != 100*One {
		t.Errorf("month: %s", mustJSON(w))
	}
	if st.State != StateOK || st.BlockedUntil != nil {
		t.Errorf("state %s, blocked until %v", st.State, st.BlockedUntil)
	}
}

func TestBothWindowsAreChargedAndTheLaterResetBlocks(t *testing.T) {
	m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
	var events []Event
	for i := range 5 {
		events = append(events, Event{At: instant("2026-11-23T00:00:00Z").Add(time.Duration(i) * 5 * time.Hour), Count: 80, Model: "glm-4.5"})
	}
	st := stateOf(t, m, events...).At(m, all, instant("2026-11-23T21:00:00Z"))
	if st.State != StateExhausted || st.Binding != "week" || !st.BlockedUntil.Equal(instant("2026-11-25T08:55:13Z")) {
		t.Errorf("%s, %s, %v", st.State, st.Binding, st.BlockedUntil)
	}
	if w := st.window(t, "week"); w.Used != 400*One || w.Remaining != 0 || w.Percent != 100 {
		t.Errorf("week %s", mustJSON(w))
	}
}

func TestAPromptOverTheCapShowsMoreThanAHundredPercent(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	w := stateOf(t, m, Event{At: instant("2026-11-23T00:00:00Z"), Count: 100, Model: "glm-4.5"}).At(m, all, instant("2026-11-23T01:00:00Z")).window(t, "5h")
	if w.Used != 100*One || w.Remaining != 0 || w.Percent != 125 {
		t.Errorf("%s", mustJSON(w))
	}
}

func TestAUsageEventTellsTheModelOfItsPrompt(t *testing.T) {
	m := meterOf(t, "v2/pro", "")
	peak := instant("2026-11-23T07:00:00Z")
	prompt := Event{ID: "p", At: peak, Turn: "t1", Model: "glm-5.3"}
	usage := Event{ID: "u", Kind: KindUsage, At: peak.Add(time.Minute), Turn: "t1", Model: "glm-5.3-flash"}
	if w := stateOf(t, m, prompt).At(m, all, peak).window(t, "5h"); w.Used != 3*One {
		t.Errorf("before: %v", w.Used)
	}
	if w := stateOf(t, m, prompt, usage).At(m, all, peak.Add(time.Hour)).window(t, "5h"); w.Used.String() != "1.2" {
		t.Errorf("after: %v", w.Used)
	}
}

func TestCreditsAreEstimatedUntilTheTokensCome(t *testing.T) {
	m := meterOf(t, "v3/lite", "")
	peak := instant("2026-11-23T07:00:00Z")
	prompt := Event{ID: "p", At: peak, Turn: "t1"}
	w := stateOf(t, m, prompt).At(m, all, peak).window(t, "5h")
	if w.Used != 25*One || w.Estimated == nil || *w.Estimated != 25*One || !w.Approximate {
		t.Errorf("estimate: %s", mustJSON(w))
	}
	usage := Event{ID: "u", Kind: KindUsage, At: peak.Add(time.Minute), Turn: "t1", Model: "glm-5.3", Tokens: Tokens{Input: 10_000, Cached: 200_000, Output: 3_000}}
	w = stateOf(t, m, prompt, usage).At(m, all, peak.Add(time.Hour)).window(t, "5h")
	if w.Used.String() != "48.1" || w.Estimated != nil {
		t.Errorf("tokens: %s", mustJSON(w))
	}
}

func TestAReadingBoundsTheCount(t *testing.T) {
	percent := func(p float64) *float64 { return &p }
	for _, c := range []struct {
		name  string
		count int
		read  Reading
		used  string
	}{
		{"inside the bracket the local count stands", 37, Reading{Window: "5h", Percent: percent(9)}, "37"},
		{"below it the use is raised to the least it allows", 30, Reading{Window: "5h", Percent: percent(9)}, "36"},
		{"above it the use is lowered to the most it allows", 50, Reading{Window: "5h", Percent: percent(9)}, "39.999999"},
		{"1 % means that something was used, and less than 2 %", 30, Reading{Window: "5h", Percent: percent(1)}, "7.999999"},
		{"a row without figures says nothing", 30, Reading{Window: "5h"}, "30"},
		{"a row of an unknown window says nothing", 30, Reading{Window: "fortnight", Percent: percent(90)}, "30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := meterOf(t, "v2/pro", "")
			events := prompts(c.count, "2026-11-23T05:00:00Z", time.Minute)
			events = append(events, Event{Kind: KindReading, At: instant("2026-11-23T06:00:00Z"), Readings: []Reading{c.read}})
			w := stateOf(t, m, events...).At(m, all, instant("2026-11-23T06:00:00Z")).window(t, "5h")
			if w.Used.String() != c.used {
				t.Errorf("used %v, want %s", w.Used, c.used)
			}
		})
	}
}

func TestSourceSaysWhatTheNumberRestsOn(t *testing.T) {
	m := meterOf(t, "v2/pro", "")
	p := 34.0
	read := Event{Kind: KindReading, At: instant("2026-11-23T06:00:00Z"), Readings: []Reading{{Window: "5h", Percent: &p}}}
	w := stateOf(t, m, read).At(m, all, instant("2026-11-23T06:01:00Z")).window(t, "5h")
	if w.Source != SourceProvider || w.Used != 136*One {
		t.Errorf("after the reading: %s", mustJSON(w))
	}
	w = stateOf(t, m, read, Event{At: instant("2026-11-23T06:05:00Z"), Model: "glm-4.5"}).At(m, all, instant("2026-11-23T06:06:00Z")).window(t, "5h")
	if w.Source != SourceProviderLocal || w.Used != 137*One {
		t.Errorf("after a prompt: %s", mustJSON(w))
	}
}

func TestWhoUsesOtherServicesBesideIsNotWarned(t *testing.T) {
	const plan, other, paid = "https://api.z.ai/api/anthropic", "https://api.anthropic.com", "https://api.z.ai/api/paas/v4"
	at := func(minute int, endpoint, model string) Event {
		return Event{At: instant("2026-11-23T06:00:00Z").Add(time.Duration(minute) * time.Minute), Endpoint: endpoint, Model: model}
	}
	for _, c := range []struct {
		what   string
		events []Event
		warns  bool
	}{
		{"nothing but another service: perhaps all is set up wrongly", []Event{at(0, other, "")}, true},
		{"another service beside the plan", []Event{at(0, plan, "glm-5.3"), at(1, other, "claude-opus-4-7")}, false},
		{"another service beside the plan, the model unknown", []Event{at(0, plan, "glm-5.3"), at(1, other, "")}, false},
		{"a model of the plan elsewhere", []Event{at(0, plan, "glm-5.3"), at(1, other, "GLM-5.3")}, true},
		{"pay per token", []Event{at(0, plan, "glm-5.3"), at(1, paid, "")}, true},
		{"and then the plan again", []Event{at(0, paid, ""), at(1, plan, "glm-5.3")}, false},
		{"and then another service too", []Event{at(0, plan, ""), at(1, paid, ""), at(2, other, "")}, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := meterOf(t, "v2/pro", "")
			st := stateOf(t, m, c.events...).At(m, all, instant("2026-11-23T07:00:00Z"))
			warns := false
			for _, w := range st.Warnings {
				warns = warns || w.Code == "off_plan"
			}
			if warns != c.warns {
				t.Errorf("warns %v: %v", warns, st.Warnings)
			}
		})
	}
}

// Whether the provider said it, or the count here alone, is what a guard goes by.
func TestStatusTellsWhoSaysThatAWindowIsUsedUp(t *testing.T) {
	percent := func(at string, p float64) Event {
		return Event{Kind: KindReading, At: instant(at), Readings: []Reading{{Window: WindowFive, Percent: &p}}}
	}
	full := prompts(80, "2026-11-23T05:00:00Z", time.Second)
	for _, c := range []struct {
		what    string
		events  []Event
		state   WindowPhase
		stopped bool
		crossed int
	}{
		{"there is room", full[:10], PhaseOpen, false, 0},
		{"a threshold is reached", full[:72], PhaseOpen, false, 90},
		{"the count here is full", full, PhaseExhausted, false, 100},
		{"the provider said stop", append(full[:10:10], Event{Kind: KindExhausted, At: instant("2026-11-23T06:00:00Z"), Window: WindowFive}), PhaseExhausted, true, 100},
		{"its figures are full", append(full[:10:10], percent("2026-11-23T06:00:00Z", 100)), PhaseExhausted, true, 100},
		{"and prompts came since", append(full[:10:10], percent("2026-11-23T06:00:00Z", 100), Event{At: instant("2026-11-23T06:01:00Z")}), PhaseExhausted, true, 100},
		{"its figures were almost full, and prompts came since",
			append(prompts(9, "2026-11-23T06:01:00Z", time.Minute), percent("2026-11-23T06:00:00Z", 99)), PhaseExhausted, false, 100},
		{"later figures are lower", append(full[:10:10], percent("2026-11-23T06:00:00Z", 100), percent("2026-11-23T06:10:00Z", 40)), PhaseOpen, false, 0},
		{"the window has ended since", append(full[:10:10], percent("2026-11-23T06:00:00Z", 100), Event{At: instant("2026-11-23T10:30:00Z")}), PhaseOpen, false, 0},
	} {
		m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
		now := c.events[len(c.events)-1].At.Add(10 * time.Minute)
		w := stateOf(t, m, c.events...).At(m, NoticeRules{Thresholds: []int{75, 90, 100}}, now).window(t, WindowFive)
		if w.State != c.state || w.Stopped != c.stopped || w.Crossed != c.crossed {
			t.Errorf("%s: %s, stopped %t, crossed %d of %v", c.what, w.State, w.Stopped, w.Crossed, w.Used)
		}
	}
}
