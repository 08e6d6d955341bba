package quota

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// gauged is a working day before day0 on which the provider counts factor times
// what the tokens come to: prompts that come to 1 to 3 by their tokens, 6
// minutes apart, and a reading half an hour after each five of them.
func gauged(factor float64) (list []Event) {
	const off = 330 * time.Second // the lag is over
	for d := range 3 {
		start, use := day0.AddDate(0, 0, d-3).Add(time.Hour), 0.0
		add := func(id string, e Event) {
			e.ID = fmt.Sprintf("day%d-%s", d, id)
			list = append(list, e.Normalize(e.At))
		}
		for i := range 20 {
			at, size := start.Add(time.Duration(i)*6*time.Minute), i%3+1
			turn := fmt.Sprintf("day%d-turn%d", d, i)
			add(fmt.Sprintf("p%02d", i), Event{At: at, Model: "glm-4.5", Turn: turn})
			add(fmt.Sprintf("u%02d", i), Event{Kind: KindUsage, At: at.Add(10 * time.Second), Model: "glm-4.5", Turn: turn,
				Tokens: Tokens{Input: int64(size) * promptTokens}})
			if use += factor * float64(size); i%5 == 4 {
				add(fmt.Sprintf("r%02d", i), Event{Kind: KindReading, At: at.Add(off), Readings: []Reading{
					{Window: WindowFive, Percent: of(float64(int(100 * use / 80))), ResetsAt: of(start.Add(5 * time.Hour))}}})
			}
		}
	}
	return list
}

func TestTokensCountOnceReadingsHaveTaughtWhatTheyAre(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	at := day0.Add(time.Hour)
	prompt := Event{At: at, Model: "glm-4.5", Turn: "now"}
	answer := Event{Kind: KindUsage, At: at.Add(time.Minute), Model: "glm-4.5", Turn: "now", Tokens: Tokens{Cached: 4 * promptTokens}}
	for _, c := range []struct {
		name   string
		before []Event
		events []Event
		want   float64
	}{
		{"before, prompts count and tokens do not", nil, []Event{prompt, answer}, 1},
		{"after, tokens count and their prompt does not", gauged(0.5), []Event{prompt, answer}, 2},
		{"whatever a prompt comes to", gauged(1.5), []Event{prompt, answer}, 6},
		{"also where no hook told of the prompt", gauged(0.5), []Event{answer}, 2},
		{"a prompt without tokens counts as prompts do", gauged(0.5), []Event{{At: at, Model: "glm-4.5"}}, 0.975},
	} {
		s := stateOf(t, m, append(c.before, c.events...)...)
		w := s.At(m, all, at.Add(2*time.Minute)).window(t, WindowFive)
		if got := w.Used.Float(); got < 0.9*c.want || got > 1.1*c.want {
			t.Errorf("%s: %v used, want about %v", c.name, w.Used, c.want)
		}
	}
}

func TestTokensThatCountDependOnTheSetOfEventsAlone(t *testing.T) {
	before := gauged(0.8)
	rapid.Check(t, func(t *rapid.T) {
		m, day := anyPlan(t), anyDay(t)
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		r.Shuffle(len(day), func(i, j int) { day[i], day[j] = day[j], day[i] })
		events := append(append([]Event{}, before...), day...)
		want := string(fullFold(t, m, events).Encode())
		got := arrive(t, m, events, func() int { return 1 + r.Intn(4) })
		if g := string(got.State.Encode()); g != want {
			t.Fatalf("\n got %s\nwant %s", g, want)
		}
	})
}

func TestWithoutReadingsTokensChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, blind := anyPlan(t), []Event{}
		m.Account.Plan.Unit, m.Account.Plan.Weights = Prompts, weights()
		var told []Event
		for _, e := range anyDay(t) {
			if e.Kind == KindReading {
				continue
			}
			told = append(told, e)
			if e.Kind == KindUsage {
				e.Tokens = Tokens{}
			}
			if e.Kind != KindUsage || e.Turn != "" { // those tell the model of their prompt
				blind = append(blind, e)
			}
		}
		got, want := fullFold(t, m, told), fullFold(t, m, blind)
		for half := range 24 {
			now := later(got.Head, day0).Add(time.Duration(half) * 30 * time.Minute)
			if g, w := mustJSON(got.At(m, all, now)), mustJSON(want.At(m, all, now)); g != w {
				t.Fatalf("\n got %s\nwant %s", g, w)
			}
		}
	})
}

func TestTokensThatDoNotCountTakeNoRatiosForAnInstance(t *testing.T) {
	m, idle := meterOf(t, "v2/lite", ""), day0.Add(5*24*time.Hour)
	s := stateOf(t, m, days(4, "glm-4.5", 0.5)...)
	s.Apply(m, Entry{Event: Event{ID: "idle", Kind: KindUsage, At: idle, Model: "glm-4.5", Tokens: Tokens{Input: 1000}}.Normalize(idle)})
	if w := s.At(m, all, idle).window(t, WindowFive); w.State != PhaseIdle || w.OpenedAt != nil {
		t.Fatalf("tokens opened it: %s", mustJSON(w))
	}
	if five := s.Windows[0]; five.Rated || five.Ratios != nil {
		t.Errorf("an idle window has the ratios %v", five.Ratios)
	}
}

func TestTokensThatDoNotCountOpenNoWindowAfterAnEarlyRefresh(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	at := func(d time.Duration) time.Time { return day0.Add(d) }
	s := late(t, m, Event{ID: "p", At: day0, Model: "glm-4.5", Count: 20},
		Event{ID: "r1", Kind: KindReading, At: at(time.Hour), Readings: []Reading{{Window: WindowFive, Percent: of(25.0), ResetsAt: of(at(5 * time.Hour))}}},
		Event{ID: "u", Kind: KindUsage, At: at(2*time.Hour - time.Minute), Model: "glm-4.5", Tokens: Tokens{Input: 1000}},
		Event{ID: "r2", Kind: KindReading, At: at(2 * time.Hour), Readings: []Reading{{Window: WindowFive, Percent: of(0.0)}}})
	if w := s.At(m, all, at(2*time.Hour)).window(t, WindowFive); w.State != PhaseIdle || w.Used != 0 || w.RefreshedEarlyAt == nil {
		t.Errorf("%s", mustJSON(w))
	}
}
