package quota

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// refresh is a reading of use before a reset instant and one after it, with
// prompts in between.
func refresh(day int, before, after float64, gap time.Duration, prompts int) []Event {
	reset := day0.AddDate(0, 0, day).Add(6 * time.Hour)
	list := []Event{
		{Kind: KindReading, At: reset.Add(-10 * time.Minute), Readings: []Reading{{Window: WindowFive, Percent: &before, ResetsAt: &reset}}},
		{Kind: KindReading, At: reset.Add(gap), Readings: []Reading{{Window: WindowFive, Percent: &after, ResetsAt: of(reset.Add(5 * time.Hour))}}},
	}
	if prompts > 0 {
		list = append(list, Event{Kind: KindPrompt, At: reset.Add(time.Minute), Count: prompts, Model: "glm-4.5"})
	}
	for i := range list {
		list[i].ID = fmt.Sprintf("%d-%d", day, i)
		list[i] = list[i].Normalize(list[i].At)
	}
	return list
}

func TestARefreshIsEvidenceForAKindOfWindow(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after float64
		gap           time.Duration
		prompts       int
		want          Refreshes
	}{
		{"all came back: fixed", 60, 1, 10 * time.Minute, 0, Refreshes{Full: 1}},
		{"some did not: rolling", 60, 40, 10 * time.Minute, 0, Refreshes{Partial: 1}},
		{"what was charged here since is no rest", 60, 40, 10 * time.Minute, 30, Refreshes{Full: 1}},
		{"nor is little", 60, 9, 10 * time.Minute, 0, Refreshes{Full: 1}},
		{"no fall at all says nothing", 60, 60, 10 * time.Minute, 0, Refreshes{}},
		{"nor does one within the lag", 60, 40, 4 * time.Minute, 0, Refreshes{}},
		{"a full one within the lag does", 60, 1, 4 * time.Minute, 0, Refreshes{Full: 1}},
		{"after more than half an hour it may be new use", 60, 40, 31 * time.Minute, 0, Refreshes{}},
		{"of little use before nothing can be told", 19, 1, 10 * time.Minute, 0, Refreshes{}},
	} {
		for _, kind := range []WindowKind{Fixed, Rolling} {
			t.Run(fmt.Sprintf("%s, counted as %s", c.name, kind), func(t *testing.T) {
				m := meterOf(t, "v2/lite", "")
				m.Account.Plan.Windows[0].Kind = kind
				if got := stateOf(t, m, refresh(0, c.before, c.after, c.gap, c.prompts)...).Windows[0].Refreshes; got != c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
			})
		}
	}
}

func TestEvidenceAgainstTheKindIsSaid(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  WindowKind
		after []float64 // percent left after each refresh of 60
		says  string    // in an explanation
		warns bool
	}{
		{"three full refreshes of a fixed window", Fixed, []float64{1, 1, 1}, "3 of 3 refreshes seen were full: fixed", false},
		{"two of three partial", Fixed, []float64{1, 40, 40}, "1 of 3 refreshes seen were full: rolling", true},
		{"two partial ones are too few", Fixed, []float64{40, 40}, "0 of 2 refreshes seen were full", false},
		{"as many as full ones say nothing", Fixed, []float64{40, 40, 1, 1}, "2 of 4 refreshes seen were full", false},
		{"full ones of a rolling window", Rolling, []float64{1, 1, 1}, "3 of 3 refreshes seen were full: fixed", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := meterOf(t, "v2/lite", "")
			m.Account.Plan.Windows[0].Kind = c.kind
			var list []Event
			for day, left := range c.after {
				list = append(list, refresh(day, 60, left, 10*time.Minute, 0)...)
			}
			s := late(t, m, list...)
			st := s.At(m, all, s.Head)
			warned := len(st.Warnings) == 1 && st.Warnings[0].Code == "rolling_evidence" && strings.Contains(st.Warnings[0].Message, c.says)
			if warned != c.warns {
				t.Errorf("warnings %s", mustJSON(st.Warnings))
			}
			notes := s.readingNotes(m, 0, s.Head)
			if last := notes[len(notes)-1]; last != c.says {
				t.Errorf("notes %q", notes)
			}
			for _, w := range st.Windows {
				if w.RefreshedEarlyAt != nil {
					t.Errorf("a refresh at its instant is not early: %s", mustJSON(w))
				}
			}
		})
	}
}
