package quota

import (
	"fmt"
	"math"
	"math/rand"
	"testing"
	"time"
)

// Turns whose costs are log-normal teach a price, and prompts of the same sort
// are then estimated: how often does the real sum lie between the bounds?
func TestTheBoundsOfAnEstimateHoldNineteenTimesOf20(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	all, cases := 0.0, 0.0
	for _, spread := range []float64{0.3, 1} {
		for _, turns := range []int{8, 100} {
			for _, prompts := range []int{1, 5, 30} {
				held, wide := coverage(t, r, spread, turns, prompts)
				if all, cases = all+held, cases+1; held < 0.85 {
					t.Errorf("spread %v, %d turns, %d prompts: held %.0f %% of the time", spread, turns, prompts, 100*held)
				}
				t.Logf("spread %v, %3d turns, %2d prompts: held %.1f %%, from low to high %.1f times", spread, turns, prompts, 100*held, wide)
			}
		}
	}
	if all/cases < 0.93 || all/cases > 0.99 {
		t.Errorf("held %.1f %% of the time", 100*all/cases)
	}
}

// coverage is the share of trials in which the real sum lay between the bounds,
// and how many times the low one the high one was, in the mean.
func coverage(t *testing.T, r *rand.Rand, spread float64, turns, prompts int) (held, wide float64) {
	m, trials := meterOf(t, "v3/lite", ""), 120
	draw := func() float64 { return 40 * math.Exp(spread*r.NormFloat64()) }
	for range trials {
		var p TurnPrices
		for range turns {
			c := FromFloat(draw())
			p.learn(turnCost{Model: "glm-5.3", Peak: c, OffPeak: c / 2})
		}
		s, real := Standing{}, 0.0
		for i := range prompts {
			e := Entry{Event: Event{Kind: KindPrompt, Model: "glm-5.3", Count: 1, At: instant("2026-11-23T06:30:00Z").Add(time.Duration(i))}}
			s.charge(&m.Account.Plan.Windows[0], time.Time{}, e.At, p.charge(m, e))
			real += draw()
		}
		low, high := s.guessed()
		if low.Float() <= real && real <= high.Float() {
			held++
		}
		wide += high.Float() / low.Float()
	}
	return held / float64(trials), wide / float64(trials)
}

func TestAnEstimateOfNothingCountsInAnyOrder(t *testing.T) {
	m, at := meterOf(t, "v3/lite", "2026-08-04T16:55:13+08:00"), instant("2026-11-23T06:30:00Z")
	m.Account.Plan.Discounts = []Discount{{Tool: "free"}}
	late(t, m, append(turnsOf(at.Add(-24*time.Hour), 60, 60, 60, 60, 60),
		Event{ID: "p0", At: at, Model: "glm-5.3"}, Event{ID: "p2", At: at.Add(2 * time.Minute), Model: "glm-5.3"},
		Event{ID: "p1", At: at.Add(time.Minute), Model: "glm-5.3", Tool: "free"})...)
	used := 90 * One
	late(t, m, append(turnsOf(at.Add(-24*time.Hour), 60, 60, 60, 60, 60),
		Event{ID: "r", Kind: KindReading, At: at, Readings: []Reading{{Window: WindowFive, Used: &used}}},
		Event{ID: "p2", At: at.Add(8 * time.Minute), Model: "glm-5.3"},
		Event{ID: "p1", At: at.Add(7 * time.Minute), Model: "glm-5.3", Tool: "free"})...)
}

func TestHowSureAnEstimateIs(t *testing.T) {
	m, at := meterOf(t, "v3/lite", "2026-08-04T16:55:13+08:00"), instant("2026-11-23T06:30:00Z")
	window := func(events ...Event) WindowStatus {
		return late(t, m, events...).At(m, all, at.Add(time.Hour)).window(t, "5h")
	}
	between := func(w WindowStatus) string {
		if w.Low == nil || w.High == nil {
			return "nobody knows"
		}
		return fmt.Sprintf("%.1f %.1f", w.Low.Float(), w.High.Float())
	}
	tokens := Event{ID: "u", Kind: KindUsage, At: at, Model: "glm-5.3", Tokens: Tokens{10_000, 200_000, 3_000}}
	asked := Event{ID: "a", At: at, Model: "glm-5.3", Count: 3}
	for name, c := range map[string]struct {
		events []Event
		want   string
	}{
		"tokens are exact":                      {[]Event{tokens}, "nobody knows"},
		"seeds are off by three times":          {[]Event{asked}, "25.0 225.0"},
		"what is beside them is not":            {[]Event{tokens, asked}, "73.1 273.1"},
		"turns all alike leave little to guess": {append(turnsOf(at.Add(-24*time.Hour), 60, 60, 60, 60, 60), asked), "171.2 189.2"},
		"where the provider said stop, that holds": {[]Event{asked, {ID: "s", Kind: KindExhausted, At: at.Add(time.Minute),
			Window: "5h", Until: at.Add(2 * time.Hour)}}, "nobody knows"},
	} {
		if got := between(window(c.events...)); got != c.want {
			t.Errorf("%s: between %s, want %s", name, got, c.want)
		}
	}
	narrow, many := Guess{Total: 100, Prompts: 1, Turns: 256, Lower: 50, Upper: 200}, Guess{Total: 10_000, Prompts: 100, Turns: 256, Lower: 5_000, Upper: 20_000}
	if l1, h1 := narrow.factors(); l1 >= 0.3 || h1 <= 4 {
		t.Errorf("one prompt lies between %v and %v times its estimate", l1, h1)
	} else if l2, h2 := many.factors(); h2/l2 > h1/l1/4 {
		t.Errorf("a hundred lie between %v and %v times, one between %v and %v", l2, h2, l1, h1)
	}
	if l, h := (Guess{Total: 1, Prompts: 1, Turns: 5, Upper: 1}).factors(); l <= 0 || math.IsInf(h, 0) {
		t.Errorf("without a lower quartile: %v %v", l, h)
	}
}
