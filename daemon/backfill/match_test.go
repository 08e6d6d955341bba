package backfill

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// sent is a prompt of a session "s" so many seconds after noon.
func sent(turn string, second float64) prompt {
	return prompt{sessions: []string{"s"}, turn: turn, at: after(second)}
}

// seen is what a hook told of in session "s".
func seen(turn string, second float64) told {
	return told{session: "s", turn: turn, at: after(second), count: 1}
}

func after(second float64) time.Time {
	return noon.Add(time.Duration(second * float64(time.Second)))
}

func TestWhatIsTheSamePrompt(t *testing.T) {
	minute := 60.0
	for _, c := range []struct {
		name    string
		prompts []prompt
		record  []told
		want    []int
	}{
		{"nothing recorded", []prompt{sent("a", 0)}, nil, []int{-1}},
		{"the same turn", []prompt{sent("a", 0)}, []told{seen("a", 0.2)}, []int{0}},
		{"the same turn, whenever it was told of", []prompt{sent("a", 0)}, []told{seen("a", 90*minute)}, []int{0}},
		{"one event of a turn stands for one prompt of it", []prompt{sent("a", 0), sent("a", 1)}, []told{seen("a", 0)}, []int{0, -1}},
		{"of two in a turn the one at that time", []prompt{sent("a", 0), sent("a", 100)}, []told{seen("a", 100)}, []int{-1, 0}},
		{"two for two", []prompt{sent("a", 0), sent("a", 1)}, []told{seen("a", 0), seen("a", 1)}, []int{0, 1}},
		{"an event that counts two", []prompt{sent("a", 0), sent("a", 1), sent("a", 2)}, []told{{session: "s", turn: "a", at: noon, count: 2}}, []int{0, 0, -1}},
		{"another session", []prompt{sent("a", 0)}, []told{{session: "t", turn: "a", at: noon, count: 1}}, []int{-1}},
		{"a session that was forked", []prompt{{sessions: []string{"s", "t"}, turn: "a", at: noon}}, []told{{session: "t", turn: "a", at: noon, count: 1}}, []int{0}},
		{"a version that names no turn", []prompt{sent("a", 0)}, []told{seen("", -0.3)}, []int{0}},
		{"one that waited has the turn of the one that ran",
			[]prompt{sent("a", 0), sent("b", 10*minute)}, []told{seen("a", 0), seen("a", 2*minute)}, []int{0, 1}},
		{"two that waited and were sent as one",
			[]prompt{sent("a", 0), sent("b", 5*minute), sent("b", 5*minute)}, []told{seen("a", 0), seen("a", 30), seen("a", 40)}, []int{0, 1, 2}},
		{"one that waited is not one that came before it", []prompt{sent("a", 0)}, []told{seen("b", 6)}, []int{-1}},
		{"a quarter of an hour is the most", []prompt{sent("b", 15*minute), sent("c", 31*minute)}, []told{seen("a", 0), seen("a", 15*minute+30)}, []int{0, -1}},
		{"what a hook missed stays missed between others",
			[]prompt{sent("a", 0), sent("b", 60), sent("c", 120)}, []told{seen("a", 0), seen("c", 120)}, []int{0, -1, 1}},
		{"one that was taken back before it was sent does not stand for the next",
			[]prompt{sent("", 0), sent("", 120)}, []told{seen("", -60), seen("", 0), seen("", 120)}, []int{1, 2}},
		{"no order is needed", []prompt{sent("b", 60), sent("a", 0)}, []told{seen("", 60), seen("", 0)}, []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cover(c.prompts, c.record); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// drawn is a few sessions with prompts close to each other, and hooks that saw
// some of them, sometimes late, sometimes under another turn.
func drawn(t *rapid.T) (prompts []prompt, record []told) {
	second := rapid.Float64Range(0, 3600)
	turn := rapid.SampledFrom([]string{"", "a", "b", "c"})
	session := rapid.SampledFrom([]string{"s", "t"})
	prompts = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) prompt {
		return prompt{sessions: []string{session.Draw(t, "session")}, turn: turn.Draw(t, "turn"), at: after(second.Draw(t, "at"))}
	}), 0, 12).Draw(t, "prompts")
	record = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) told {
		return told{session: session.Draw(t, "session"), turn: turn.Draw(t, "turn"), at: after(second.Draw(t, "at")), count: rapid.IntRange(1, 3).Draw(t, "count")}
	}), 0, 12).Draw(t, "record")
	return prompts, record
}

// Pairs are of one session and agree in turn or time, and nothing stands for
// more than it counts.
func TestPairsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prompts, record := drawn(t)
		used := make([]int, len(record))
		for i, j := range cover(prompts, record) {
			if j < 0 {
				continue
			}
			used[j]++
			p, r := prompts[i], record[j]
			apart := p.at.Sub(r.at)
			inTurn := p.turn != "" && p.turn == r.turn
			if !slices.Contains(p.sessions, r.session) || !inTurn && (apart > waits || apart < -lags) {
				t.Fatalf("%v is not %v", p, r)
			}
		}
		for j, n := range used {
			if n > record[j].count {
				t.Fatalf("%v stands for %d", record[j], n)
			}
		}
	})
}

// Nothing stays unmatched on both sides where the two would agree: so no prompt
// is recorded again while a hook's is over.
func TestNoPairIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prompts, record := drawn(t)
		found := cover(prompts, record)
		left := make([]int, len(record))
		for j, r := range record {
			left[j] = r.count
		}
		for _, j := range found {
			if j >= 0 {
				left[j]--
			}
		}
		for i, j := range found {
			for k, r := range record {
				apart := prompts[i].at.Sub(r.at)
				agree := slices.Contains(prompts[i].sessions, r.session) &&
					(prompts[i].turn != "" && prompts[i].turn == r.turn || apart <= waits && apart >= -lags)
				if j < 0 && left[k] > 0 && agree {
					t.Fatalf("%v and %v were not paired", prompts[i], r)
				}
			}
		}
	})
}
