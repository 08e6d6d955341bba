package quota

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// days is a history of working days on which the provider counts factor times
// what a prompt counts here: prompts 6 minutes apart, a reading half an hour
// after each five of them.
func days(n int, model string, factor float64) (list []Event) {
	id := 0
	add := func(e Event) {
		e.ID = fmt.Sprintf("%05d", id)
		id++
		list = append(list, e.Normalize(e.At))
	}
	for d := range n {
		start, use := day0.AddDate(0, 0, d).Add(time.Hour), 0.0
		add(Event{Kind: KindReading, At: start, Readings: []Reading{{Window: WindowFive, Percent: of(0.0)}}})
		for i := range 20 {
			at := start.Add(time.Duration(i+1) * 6 * time.Minute)
			add(Event{At: at, Model: model})
			if use += factor; i%5 == 4 {
				add(Event{Kind: KindReading, At: at.Add(5*time.Minute + 30*time.Second), Readings: []Reading{
					{Window: WindowFive, Percent: of(float64(int(100 * use / 80))), ResetsAt: of(start.Add(5*time.Hour + 6*time.Minute))}}})
			}
		}
	}
	return list
}

func TestTheRatioToTheProviderIsLearnedOfReadings(t *testing.T) {
	const here = 0.4 // of a prompt, off-peak on Flash, as which this model is billed
	for _, factor := range []float64{0.5, 1, 1.6} {
		m := meterOf(t, "v2/lite", "")
		s := stateOf(t, m, days(4, "glm-4.7", factor)...)
		r, ok := s.Calibration.Ratios(s.Head).of("glm-5.3-flash")
		if !ok || r.Median.Float() < factor/here*0.9 || r.Median.Float() > factor/here*1.1 || r.Lower > r.Median || r.Upper < r.Median {
			t.Errorf("factor %v: %s", factor/here, mustJSON(s.Calibration.Ratios(s.Head)))
		}
		next := s.Head.Add(12 * time.Hour)
		s.Apply(m, Entry{Event: Event{ID: "next", At: next, Count: 10, Model: "glm-4.7"}.Normalize(next)})
		w := s.At(m, all, next).window(t, WindowFive)
		weight := m.Account.Cost(Entry{Event: Event{Kind: KindPrompt, At: next, Count: 10, Model: "glm-4.7"}}, m.Rules).Amount
		if want := weight.scaled(r.Median); w.Used != want || s.Windows[0].Spent != weight {
			t.Errorf("factor %v: used %v of %v charged, want %v", factor, w.Used, s.Windows[0].Spent, want)
		}
	}
}

func TestARatioIsOfOneModelWhereAlmostAllWasOnIt(t *testing.T) {
	for _, c := range []struct {
		models map[string]Amount
		want   string
	}{
		{map[string]Amount{"glm-5.3": 9 * One, "glm-5.3-flash": One}, "glm-5.3"},
		{map[string]Amount{"glm-5.3": 8 * One, "glm-5.3-flash": One}, "*"},
		{nil, "*"},
	} {
		if got := (&sampling{Models: c.models}).model(); got != c.want {
			t.Errorf("%v: %s, want %s", c.models, got, c.want)
		}
	}
}

func TestWhatScalesIsAGuess(t *testing.T) {
	prompts, credits := meterOf(t, "v2/lite", ""), meterOf(t, "v3/lite", "")
	now := instant("2026-11-23T06:00:00Z")
	for _, c := range []struct {
		what  string
		meter *Meter
		event Event
		want  string
	}{
		{"a prompt on a plan that counts prompts", prompts, Event{Model: "glm-5.3"}, "glm-5.3"},
		{"one of a model that no row tells of", prompts, Event{Model: "strange"}, "*"},
		{"a call counted by itself", prompts, Event{Kind: KindTool}, ""},
		{"a prompt without tokens", credits, Event{Model: "glm-5.3"}, "glm-5.3"},
		{"exact tokens, never", credits, Event{Kind: KindUsage, Model: "glm-5.3", Tokens: Tokens{Input: 10}}, ""},
		{"a call that costs credits", credits, Event{Kind: KindTool}, ""},
		{"what is off the plan", prompts, Event{Endpoint: "https://api.anthropic.com"}, ""},
	} {
		c.event.At = now
		if got := c.meter.Account.Cost(Entry{Event: c.event.Normalize(now)}, c.meter.Rules).Scale; got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestARatioIsForgottenAndKeptWithinBounds(t *testing.T) {
	var c Calibration
	for range ratioSamples {
		c.learn(day0, ratioSample{model: "a", ratio: 100})
		c.learn(day0, ratioSample{model: "b", ratio: 0.001})
	}
	r := c.Ratios(day0.Add(ratioFor))
	if r["a"].Median != 8*One || r["b"].Median > One/7 || r["b"].Median < One/8 {
		t.Errorf("%s", mustJSON(r))
	}
	if r := c.Ratios(day0.Add(ratioFor + time.Millisecond)); r != nil {
		t.Errorf("after a month: %s", mustJSON(r))
	}
	if _, ok := r.of("other"); ok {
		t.Error("a ratio of a model that was never sampled")
	}
}

func TestANewerRatioOutweighsTheOlder(t *testing.T) {
	var c Calibration
	for i := range 200 {
		c.learn(day0, ratioSample{model: "a", ratio: 1 + float64(i/100)})
	}
	if r := c.Ratios(day0)["a"]; r.Median.Float() < 1.9 || r.Lower.Float() < 1.9 {
		t.Errorf("%s", mustJSON(r))
	}
}

func TestWithoutReadingsNothingIsScaled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyPlan(t)
		var list []Event
		for _, e := range anyDay(t) {
			if e.Kind != KindReading {
				list = append(list, e)
			}
		}
		s := fullFold(t, m, list)
		for _, w := range s.Windows {
			if m.Account.Plan.Windows[0].Kind == Fixed && w.Used != w.Spent || w.Ratios != nil {
				t.Fatalf("used %v, spent %v by %v", w.Used, w.Spent, w.Ratios)
			}
		}
	})
}

func TestALateChargeBeforeTheRatiosAreForgottenCountsByThem(t *testing.T) {
	events := days(4, "glm-4.5", 0.5)
	s := stateOf(t, meterOf(t, "v2/lite", ""), events...)
	edge := s.Calibration.Newest.Add(ratioFor)
	late(t, meterOf(t, "v2/lite", ""), append(events,
		Event{ID: "stop", Kind: KindExhausted, At: edge.Add(-10 * time.Minute), Window: WindowFive, Until: edge.Add(2 * time.Hour)},
		Event{ID: "b", At: edge.Add(time.Minute), Model: "glm-4.5"},
		Event{ID: "a", At: edge.Add(-time.Minute), Model: "glm-4.5"})...)
}
