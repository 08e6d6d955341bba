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

// A prompt more and one less at another time leave the sum that a checkpoint
// after a pause holds, and not when it comes back.
func TestAnEqualSumOfOtherChargesIsFoldedOn(t *testing.T) {
	m := labMeter(time.Time{})
	m.Account.Plan.Windows = m.Account.Plan.Windows[1:2]
	at := func(halfMinutes int, id string) Event {
		e := Event{ID: id, At: day0.Add(7*time.Hour + time.Duration(halfMinutes)*30*time.Second), Model: "other"}
		return e.Normalize(e.At)
	}
	void := at(0, "v")
	void.Kind, void.Voids = KindVoid, "d"
	before := []Event{at(0, "a"), at(0, "b"), at(0, "c"), at(1, "d"), at(1, "e"), at(2, "f"), at(12, "g")}
	events := append(before, at(0, "h"), void)
	batches := []int{len(before), 2}
	got := arrive(t, m, events, func() int {
		n := batches[0]
		batches = append(batches[1:], n)
		return n
	})
	if g, w := string(got.State.Encode()), string(fullFold(t, m, events).Encode()); g != w {
		t.Errorf("\n got %s\nwant %s", g, w)
	}
}

func TestAReadingThatLowersARollingWindowTakesOffWhatItHeldThen(t *testing.T) {
	s := time.Second
	reading := func(at time.Duration, percent float64) Event {
		return Event{ID: fmt.Sprintf("r%d", at), Kind: KindReading, At: day0.Add(at), Readings: []Reading{{Window: "5h", Percent: &percent}}}.Normalize(day0)
	}
	for _, c := range []struct {
		name   string
		events []Event
		want   map[time.Duration]Amount // at these instants
	}{
		{"all of it: what comes after stands", []Event{after(0, 4), reading(10*s, 0), after(11*s, 1)},
			map[time.Duration]Amount{11 * s: One, 20 * s: One, 30 * s: One, 31 * s: 0}},
		{"a part of it, the oldest first", []Event{after(0, 2), after(5*s, 2), reading(10*s, 20.5), after(11*s, 1)},
			map[time.Duration]Amount{11 * s: 2_025_000, 20 * s: 2_025_000, 25 * s: One, 31 * s: 0}},
		{"what an earlier reading had added", []Event{after(0, 1), reading(5*s, 80.5), reading(10*s, 20.5)},
			map[time.Duration]Amount{10 * s: 1_025_000, 20 * s: 1_025_000, 25 * s: 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := tinyMeter(Rolling)
			st := fullFold(t, m, c.events)
			for at, want := range c.want {
				if w := st.At(m, all, day0.Add(at)).Windows[0]; w.Used != want {
					t.Errorf("at %v used %v, want %v", at, w.Used, want)
				}
			}
		})
	}
}

func TestWhatComesBackWithItsCorrectionFreesNothing(t *testing.T) {
	s, none := time.Second, 0.0
	m := tinyMeter(Rolling)
	r := Event{ID: "r", Kind: KindReading, At: day0.Add(10 * s), Readings: []Reading{{Window: "5h", Percent: &none}}}.Normalize(day0)
	st := fullFold(t, m, []Event{after(0, 4), r, after(11*s, 4)})
	st.Windows[0].expire(&m.Account.Plan.Windows[0], day0.Add(25*s))
	if w := st.Windows[0]; w.Used != 4*One || !w.Dipped.IsZero() {
		t.Errorf("used %v, half free at %v", w.Used, w.Dipped)
	}
}
