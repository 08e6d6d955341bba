package quota

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tried runs entries on a plan.
func tried(plan Plan, subscribed time.Time, entries []Entry, until time.Time) WhatIf {
	trial := NewTrial(&Meter{Account: Account{Name: "default", Plan: plan, Subscribed: subscribed}}, time.Time{})
	for _, e := range entries {
		trial.Take(e)
	}
	return trial.WhatIf(until)
}

// larger is a plan with so many times the caps.
func larger(p Plan, by int64) Plan {
	p.Windows = slices.Clone(p.Windows)
	for i := range p.Windows {
		p.Windows[i].Cap = p.Windows[i].Cap.Times(by)
	}
	return p
}

// The windows of a plan shift against each other where one of them refuses, so
// that a larger plan is only sure to be no worse where it has one.
func TestAPlanWithTwiceTheCapsNeverBlocksMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := labPlan()
		whole := rapid.Bool().Draw(t, "all windows")
		if !whole {
			i := rapid.IntRange(0, len(plan.Windows)-1).Draw(t, "window")
			plan.Windows = plan.Windows[i : i+1]
		}
		entries, until := entriesOf(t, anyEvents(t)), day0.Add(12*time.Hour)
		small, large := tried(plan, day0, entries, until), tried(larger(plan, 2), day0, entries, until)
		if small.Enough && !large.Enough {
			t.Fatalf("the smaller is enough, and the larger is not: %s", mustJSON(large))
		}
		more := large.Refused.Prompts > small.Refused.Prompts || large.Refused.Calls > small.Refused.Calls || large.BlockedHours > small.BlockedHours
		if !whole && plan.Windows[0].Kind != Rolling && more {
			t.Fatalf("\n%s\n%s", mustJSON(small), mustJSON(large))
		}
		if huge := tried(larger(plan, 1000), day0, entries, until); !huge.Enough || huge.BlockedHours != 0 || huge.Exhaustions != 0 {
			t.Fatalf("with a thousand times the caps: %s", mustJSON(huge))
		}
	})
}

func TestATrialWithoutRefusalsIsTheFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := labMeter(day0), anyEvents
		if rapid.Bool().Draw(t, "credits") {
			m, events = creditsMeter(true), anyTurns
			m.Account.Subscribed = day0
		}
		m.Account.Plan = larger(m.Account.Plan, 1000)
		entries := entriesOf(t, untold(events(t)))
		trial, state := NewTrial(m, time.Time{}), State{}
		for _, e := range entries {
			trial.Take(e)
			state.Apply(m, e)
			for i := range state.Windows {
				w, tried, folded := &m.Account.Plan.Windows[i], trial.wins[i], state.standing(i)
				tried.roll(w, day0, e.At) // tokens that do not count bring the fold to their instant
				folded.roll(w, day0, e.At)
				if tried.Used != folded.Used {
					t.Fatalf("%s: %v, and in the fold %v", w.Name, tried.Used, folded.Used)
				}
			}
		}
	})
}

func TestATrialLearnsOfWhatCameBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := creditsMeter(false)
		m.Account.Plan = larger(m.Account.Plan, 1000)
		since := day0.Add(time.Duration(rapid.IntRange(180, 500).Draw(t, "since")) * time.Minute)
		trial, tally := NewTrial(m, since), NewTally(NewPricer(m), HistoryQuery{Since: since})
		for _, e := range entriesOf(t, untold(anyTurns(t))) {
			trial.Take(e)
			tally.Add(e)
		}
		x, h := trial.WhatIf(day0.Add(12*time.Hour)), tally.History().Total
		if x.Asked != h.Charged || x.Estimated != h.Estimated || !trial.first.IsZero() && trial.first.Before(since) {
			t.Fatalf("asked %v, estimated %v since %v, and the history is %+v", x.Asked, x.Estimated, trial.first, h)
		}
	})
}

func TestNothingUsedBlocksNothing(t *testing.T) {
	for _, p := range Plans() {
		if x := tried(p, time.Time{}, nil, day0); !x.Enough || x.BlockedHours != 0 || x.Asked != 0 || x.OffPeak.Saves != 0 {
			t.Errorf("%s: %s", p.ID, mustJSON(x))
		}
	}
}

func TestWhatAPlanWouldHaveRefused(t *testing.T) {
	clock := func(s string) time.Time { return instant("2026-11-23T" + s + "Z") } // a Monday, peak is 06:00 to 10:00
	plan := Plan{ID: "lab/two", Unit: Prompts, Peaks: labPlan().Peaks, Weights: labPlan().Weights, Windows: []Window{
		{Name: "5h", Kind: Fixed, Length: 5 * time.Hour, Cap: 4 * One},
		{Name: "week", Kind: Anchored, Length: 7 * 24 * time.Hour, Cap: 100 * One},
		{Name: "month", Kind: Monthly, Cap: One, Counts: CountTools},
	}}
	events := []Event{
		{ID: "a", At: clock("01:00:00"), Model: "glm-4.7", Count: 3},
		{ID: "b", At: clock("02:00:00"), Model: "glm-4.7", Count: 2},                          // goes over the cap, and is served
		{ID: "c", At: clock("02:30:00"), Model: "glm-4.7", Count: 7},                          // refused
		{ID: "s", At: clock("02:31:00"), Kind: KindExhausted, Window: "week"},                 // of the real plan
		{ID: "x", At: clock("02:32:00"), Endpoint: "https://api.anthropic.com", Count: 50},    // off the plan
		{ID: "d", At: clock("06:00:00"), Model: "glm-5.3"},                                    // peak: 3, in a new window
		{ID: "e", At: clock("06:01:00"), Kind: KindTool, Name: "search"},                      // the month's only call
		{ID: "f", At: clock("06:02:00"), Kind: KindTool, Name: "search", Count: 2},            // refused
		{ID: "g", At: clock("06:03:00"), Model: "glm-4.7"},                                    // goes through all the same, and fills the window
		{ID: "u", At: clock("06:04:00"), Kind: KindUsage, Model: "glm-4.7", Tokens: Tokens{}}, // goes with its prompt
	}
	x := tried(plan, clock("00:00:00"), entriesOf(t, events), clock("08:03:00"))
	if x.Enough || x.Refused != (Refused{Prompts: 7, Calls: 2}) || x.Exhaustions != 2 || x.BlockedHours != 6 {
		t.Errorf("%s", mustJSON(x))
	}
	if w := x.Windows[0]; w.Worst != 5*One || !w.WorstAt.Equal(clock("02:00:00")) || w.Exhaustions != 2 || w.BlockedHours != 6 {
		t.Errorf("5h: %s", mustJSON(w))
	}
	if w := x.Windows[1]; w.Worst != 9*One || w.WorstPercent != 9 || w.Exhaustions != 0 {
		t.Errorf("week: %s", mustJSON(w))
	}
	if x.Asked != 16*One || x.OffPeak.Saves != 2*One || x.OffPeak.Window != "week" || x.OffPeak.PercentOfCap != 2 {
		t.Errorf("off-peak: %s", mustJSON(x))
	}

	t.Run("a rolling window has room as soon as enough came back", func(t *testing.T) {
		rolling := plan
		rolling.Windows = []Window{{Name: "5h", Kind: Rolling, Length: 5 * time.Hour, Cap: 4 * One}}
		served := []Event{{ID: "a", At: clock("01:00:00"), Count: 3, Model: "glm-4.7"}, {ID: "b", At: clock("02:00:00"), Count: 2, Model: "glm-4.7"}}
		for i, at := range []string{"05:59:59", "06:00:00"} {
			x := tried(rolling, time.Time{}, entriesOf(t, append(served, Event{ID: "c", At: clock(at), Model: "glm-4.7"})), clock("12:00:00"))
			if x.Refused.Prompts != int64(1-i) || x.BlockedHours != 4 {
				t.Errorf("at %s: %s", at, mustJSON(x))
			}
		}
	})
	t.Run("a credits plan cuts a turn off, and says what is estimated", func(t *testing.T) {
		credits := plansV3()[0]
		turn := func(n int) []Event {
			id, at := fmt.Sprint(n), clock("01:00:00").Add(time.Duration(n)*time.Minute)
			return []Event{
				{ID: "p" + id, At: at, Turn: id, Model: "glm-5.3"},
				{ID: "u" + id, At: at.Add(10 * time.Second), Kind: KindUsage, Turn: id, Model: "glm-5.3", Tokens: Tokens{Output: 1_000_000}}, // 1,200 off-peak
				{ID: "w" + id, At: at.Add(20 * time.Second), Kind: KindUsage, Turn: id, Model: "glm-5.3", Tokens: Tokens{Output: 1_000_000}},
			}
		}
		bare := Event{ID: "z", At: clock("00:30:00"), Model: "glm-5.3", Count: 4}
		x := tried(credits, clock("00:00:00"), entriesOf(t, slices.Concat([]Event{bare}, turn(0), turn(1), turn(2))), clock("03:00:00"))
		if x.Refused != (Refused{Prompts: 2, Answers: 4}) || x.Estimated != 100*One || x.Asked != 7300*One {
			t.Errorf("%s", mustJSON(x))
		}
	})
}
