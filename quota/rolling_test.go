package quota

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Prompts of one price and voids of them: the sum of two folds is often equal
// where what it is made of is not.
func TestWhatARollingWindowGivesBackDependsOnTheSetAlone(t *testing.T) {
	start := day0.Add(7 * time.Hour)
	rapid.Check(t, func(t *rapid.T) {
		m := labMeter(time.Time{})
		m.Account.Plan.Windows = m.Account.Plan.Windows[1:2]
		events := make([]Event, rapid.IntRange(2, 14).Draw(t, "events"))
		for i := range events {
			at := start.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "half minutes")) * 30 * time.Second)
			events[i] = Event{ID: fmt.Sprintf("e%03d", i), At: at, Model: "other"}.Normalize(at)
			if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
				events[i].Kind, events[i].Voids = KindVoid, fmt.Sprintf("e%03d", rapid.IntRange(0, len(events)-1).Draw(t, "voids"))
			}
		}
		want := fullFold(t, m, events)
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		got := arrive(t, m, events, func() int { return 1 + r.Intn(8) })
		for now := start.Add(6 * time.Minute); now.Before(start.Add(12 * time.Minute)); now = now.Add(30 * time.Second) {
			if g, w := mustJSON(got.State.At(m, all, now)), mustJSON(want.At(m, all, now)); g != w {
				t.Fatalf("at %v\n got %s\nwant %s", now, g, w)
			}
		}
	})
}
