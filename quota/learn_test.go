package quota

import (
	"fmt"
	"math"
	"math/rand"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// creditsMeter has windows that reach over many turns, with or without a rolling
// one, to which no late event only adds, and a price that is halved off-peak.
func creditsMeter(rolling bool) *Meter {
	p := labPlan()
	p.Unit, p.Estimate = Credits, 25*One
	p.Windows = []Window{{Name: "week", Kind: Anchored, Length: 4 * time.Hour, Cap: 900 * One}}
	if rolling {
		p.Windows = append(p.Windows, Window{Name: "roll", Kind: Rolling, Length: 90 * time.Minute, Cap: 400 * One},
			Window{Name: "5h", Kind: Fixed, Length: 50 * time.Minute, Cap: 500 * One})
	}
	p.Rates = []Rate{
		{Model: "glm-5.3", Input: 10 * One, Cached: One, Output: 20 * One, OffPeakFactor: One / 2},
		{Model: "flash", Input: One, Cached: One / 10, Output: 2 * One, OffPeakFactor: One / 2},
	}
	p.Tools = []ToolRate{{Name: "*", Credits: 12 * One / 10}}
	p.Discounts = []Discount{{Tool: "zcode", Factor: 67 * One / 100}, {Tool: "free"}}
	return &Meter{Account: Account{Name: DefaultAccount, Plan: p, Model: "glm-5.3"}}
}

// anyTurns draws events of turns over five hours around a peak edge: more turns
// than are looked at in an hour, prompts without tokens, readings and stops.
func anyTurns(t *rapid.T) []Event {
	start := day0.Add(3 * time.Hour)
	kinds := []Kind{KindPrompt, KindPrompt, KindUsage, KindUsage, KindUsage, KindUsage, KindUsage, KindUsage, KindTool}
	if rapid.Bool().Draw(t, "all kinds") {
		kinds = append(kinds, KindExhausted, KindReading, KindVoid)
	}
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event {
		at := start.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "five minutes")) * 5 * time.Minute)
		e := Event{At: at, Count: rapid.IntRange(1, 2).Draw(t, "count")}.Normalize(at)
		e.Kind = rapid.SampledFrom(kinds).Draw(t, "kind")
		e.Turn = rapid.SampledFrom(append(turnNames(24), "", "")).Draw(t, "turn")
		switch e.Kind {
		case KindPrompt, KindUsage, KindTool:
			e.Model = rapid.SampledFrom([]string{"", "flash", "glm-5.3", "other"}).Draw(t, "model")
			e.Tool = rapid.SampledFrom([]string{"", "zcode", "free"}).Draw(t, "tool")
			e.Tokens.Input = int64(rapid.IntRange(0, 9).Draw(t, "input")) * 5_000
		case KindExhausted:
			e.Window = rapid.SampledFrom([]string{"5h", "roll", "week"}).Draw(t, "window")
		case KindReading:
			e.Readings = []Reading{anyReading(t, at)}
		}
		return e
	}), 0, 120).Draw(t, "events")
	for i := range list {
		list[i].ID = fmt.Sprintf("e%03d", i)
		if list[i].Kind == KindVoid {
			list[i].Voids = fmt.Sprintf("e%03d", rapid.IntRange(0, len(list)-1).Draw(t, "voids"))
		}
	}
	return list
}

func turnNames(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("turn %d", i))
	}
	return names
}

func TestWhatIsLearnedDependsOnTheSetOfEventsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := creditsMeter(rapid.Bool().Draw(t, "rolling")), anyTurns(t)
		want := string(fullFold(t, m, events).Encode())
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		mixed := append([]Event(nil), events...)
		if rapid.Bool().Draw(t, "late but a little") {
			for i := range mixed {
				j := min(i+r.Intn(4), len(mixed)-1)
				mixed[i], mixed[j] = mixed[j], mixed[i]
			}
		} else {
			r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		}
		got := arrive(t, m, mixed, func() int { return 1 + r.Intn(8) })
		if g := string(got.State.Encode()); g != want {
			t.Fatalf("shuffled arrival\n got %s\nwant %s", g, want)
		}
	})
}

func TestWhatWasLearnedIsTakenUpFromItsEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := creditsMeter(true), Sort(anyTurns(t))
		l := reopened(t, m, events, &Ledger{Meter: m, every: 3})
		if got, want := string(l.State.Encode()), string(fullFold(t, m, events).Encode()); got != want {
			t.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

func TestARollingWindowGivesEstimatesBack(t *testing.T) {
	m, at := creditsMeter(true), day0
	var events []Event
	for i := range 6 { // 25 each, the last five of them learned of nothing
		events = append(events, Event{ID: fmt.Sprint(i), At: at.Add(time.Duration(i) * 20 * time.Minute)}.Normalize(at))
	}
	s := fullFold(t, m, events)
	for minute, want := range map[int]string{100: "125", 130: "75", 189: "25", 190: ""} {
		w := s.At(m, all, at.Add(time.Duration(minute)*time.Minute)).window(t, "roll")
		if got := mustJSON(w.Estimated); got != want && (want != "" || w.Estimated != nil) {
			t.Errorf("after %d minutes %s is estimated of %v, want %s", minute, got, w.Used, want)
		}
	}
	s.Apply(m, Entry{Event: Event{ID: "new", At: at.Add(150 * time.Minute)}.Normalize(at)})
	if roll := s.Windows[1]; len(roll.Guessed) != 3 || roll.Est != 75*One {
		t.Errorf("of what came back is left: %s", mustJSON(roll))
	}
}

func TestAReadingEndsWhatWasGuessedBefore(t *testing.T) {
	m, at, used := creditsMeter(false), day0, 70*One
	s := late(t, m, Event{ID: "a", At: at}, Event{ID: "b", At: at.Add(2 * time.Minute)},
		Event{ID: "r", Kind: KindReading, At: at.Add(time.Minute), Readings: []Reading{{Window: "week", Used: &used}}})
	if w := s.Windows[0]; w.Used != 95*One || w.Est != 25*One || w.Guess.Total != 25*One {
		t.Errorf("%s", mustJSON(w))
	}
}

func TestTheOrderInsideAnHourDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []Entry
		for i := range 96 {
			kind := rapid.SampledFrom([]Kind{KindUsage, KindTool}).Draw(t, "kind")
			at := day0.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "minute")) * time.Minute)
			events = append(events, Entry{Event: Event{Kind: kind, At: at, Turn: turnNames(24)[i%24],
				Model: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "model")}})
		}
		fold := func(list []Entry) (turns []turnCost) {
			for _, e := range list {
				turns = gather(turns, e, Charge{Model: e.Model, Peak: One, OffPeak: 1})
			}
			return turns
		}
		want := fold(events)
		if got := fold(rapid.Permutation(events).Draw(t, "order")); len(want) != turnsAnHour || mustJSON(got) != mustJSON(want) {
			t.Fatalf("\n got %s\nwant %s", mustJSON(got), mustJSON(want))
		}
	})
}

func TestPricesAreThoseOfTheFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := creditsMeter(rapid.Bool().Draw(t, "rolling")), anyTurns(t)
		book, l := NewMemBook(), &Ledger{Meter: m, every: 3}
		for _, e := range Sort(events) {
			p, _ := book.Put(e)
			l.Take(book, p)
			l.Settle(book)
		}
		var s State
		var want []Charge
		from := day0.Add(time.Duration(rapid.IntRange(180, 500).Draw(t, "from")) * time.Minute)
		for e := range book.Entries(DefaultAccount, time.Time{}) {
			if c := s.Turns.charge(m, e); !e.At.Before(from) {
				want = append(want, c)
			}
		}
		var got []Charge
		pricer, start, err := PricerAt(m, book, from, false)
		if err != nil {
			t.Fatal(err)
		}
		for e := range book.Entries(DefaultAccount, start) {
			if c := pricer.Charge(e); !e.At.Before(from) {
				got = append(got, c)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("from %v\n got %v\nwant %v", from, got, want)
		}
	})
}

// turnsOf are turns of one answer each, a minute apart, that cost so many
// credits on GLM-5.3 at peak.
func turnsOf(from time.Time, credits ...float64) (list []Event) {
	for i, c := range credits {
		at := from.Add(time.Duration(i) * time.Minute)
		list = append(list, Event{ID: fmt.Sprintf("%d/%d", from.Unix(), i), Kind: KindUsage, At: at, Model: "glm-5.3", Turn: fmt.Sprint(at),
			Tokens: Tokens{Output: int64(math.Round(c / 24 * 10_000))}})
	}
	return list
}

func TestAnEstimateIsTheMedianOfTheTurns(t *testing.T) {
	at := func(s string) time.Time { return instant("2026-11-23T" + s + "Z") } // a Monday; peak from 06:00 to 10:00
	ask := func(s, model string) Event { return Event{ID: "ask", At: at(s), Model: model} }
	five := turnsOf(at("03:00:00"), 100, 20, 60, 40, 300)
	about := func(got Amount, want float64) bool { return math.Abs(got.Float()-want) <= 0.025*want }
	for _, c := range []struct {
		name   string
		events []Event
		ask    Event
		want   float64
		turns  int64
	}{
		{"nothing learned: the seed", nil, ask("06:30:00", "glm-5.3"), 25, 0},
		{"four turns are too few", five[:4], ask("06:30:00", "glm-5.3"), 25, 0},
		{"the median of five at peak", five, ask("06:30:00", "glm-5.3"), 60, 5},
		{"the half off-peak", five, ask("05:30:00", "glm-5.3"), 30, 5},
		{"two at once", five, Event{ID: "ask", At: at("06:30:00"), Model: "glm-5.3", Count: 2}, 120, 5},
		{"by a client that pays less", five, Event{ID: "ask", At: at("06:30:00"), Model: "glm-5.3", Tool: "zcode"}, 40.2, 5},
		{"by a client that pays nothing", five, Event{ID: "ask", At: at("06:30:00"), Model: "glm-5.3", Tool: "free"}, 0, 5},
		{"of another model: all turns together", five, ask("06:30:00", "glm-5.3-flash"), 60, 5},
		{"an older name is billed as the model learned of", five, ask("06:30:00", "glm-5.2"), 60, 5},
		{"turns of this very hour teach nothing yet", turnsOf(at("06:00:00"), 100, 20, 60, 40, 300), ask("06:59:59", "glm-5.3"), 25, 0},
		{"turns of the hour before do", turnsOf(at("06:00:00"), 100, 20, 60, 40, 300), ask("07:00:00", "glm-5.3"), 60, 5},
		{"but not what may go on", turnsOf(at("06:44:58"), 100, 20, 60, 40, 300), ask("07:00:00", "glm-5.3"), 25, 0},
		{"until it has ended", turnsOf(at("06:44:58"), 100, 20, 60, 40, 300), ask("08:00:00", "glm-5.3"), 60, 5},
	} {
		m := meterOf(t, "v3/lite", "2026-08-04T16:55:13+08:00")
		m.Account.Plan.Discounts = append(m.Account.Plan.Discounts, Discount{Tool: "free"})
		events := append(append([]Event{}, c.events...), c.ask)
		got := priceOf(t, m, events, "ask")
		if !about(got.Amount, c.want) || got.Guess.Turns != c.turns || !got.Estimated || got.Reason != ChargeEstimated {
			t.Errorf("%s: %+v, want %v of %d turns", c.name, got, c.want, c.turns)
		}
		late(t, m, append([]Event{c.ask}, c.events...)...)
	}
}

// priceOf is what an event costs in the fold of the set.
func priceOf(t *testing.T, m *Meter, events []Event, id string) (c Charge) {
	t.Helper()
	book := NewMemBook()
	for _, e := range events {
		if _, err := book.Put(e.Normalize(e.At)); err != nil {
			t.Fatal(err)
		}
	}
	pricer := NewPricer(m)
	for e := range book.Entries(DefaultAccount, time.Time{}) {
		if c := pricer.Charge(e); e.ID == id {
			return c
		}
	}
	t.Fatalf("no entry %s", id)
	return c
}

func TestATurnIsTheSumOfItsAnswersAndCalls(t *testing.T) {
	m, at := meterOf(t, "v3/lite", ""), instant("2026-11-23T06:50:00Z")
	var events []Event
	for i := range 5 {
		turn := fmt.Sprint("t", i)
		for j, e := range []Event{
			{Kind: KindPrompt, Model: "glm-5.3"}, {Kind: KindTool, Name: "webReader"},
			{Kind: KindUsage, Model: "glm-5.3", Tokens: Tokens{10_000, 200_000, 3_000}},
			{Kind: KindUsage, Model: "glm-5.3-flash", Tokens: Tokens{10_000, 200_000, 3_000}},
			{Kind: KindUsage, Model: "glm-5.3", Tokens: Tokens{10_000, 200_000, 3_000}, Endpoint: "https://api.anthropic.com"},
		} { // on both sides of an hour
			e.ID, e.Turn, e.At, e.Tool = turn+fmt.Sprint(j), turn, at.Add(time.Duration(5*j)*time.Minute), "zcode"
			events = append(events, e)
		}
		events = append(events, Event{ID: turn + "call", Kind: KindTool, At: at, Turn: "calls alone " + turn, Name: "webReader"})
	}
	events = append(events, Event{ID: "ask", At: at.Add(2 * time.Hour), Model: "glm-5.3"})
	c := priceOf(t, m, events, "ask")
	const want = 48.1 + 15.9 + 1.2 // the list price, whoever asked
	if c.Guess.Turns != 5 || math.Abs(c.Amount.Float()-want) > want/45 {
		t.Errorf("%+v, want %v", c, want)
	}
}

func TestWhatIsOldFades(t *testing.T) {
	m, at := meterOf(t, "v3/lite", ""), instant("2026-09-01T00:00:00Z")
	s, ask := &State{}, Entry{Event: Event{Kind: KindPrompt, Model: "glm-5.3", Count: 1}}
	hours := func(n int, credits float64) {
		for range n {
			for _, e := range turnsOf(at, credits, credits, credits, credits, credits) {
				s.Apply(m, Entry{Event: e.Normalize(e.At)})
			}
			at = at.Add(time.Hour)
		}
	}
	price := func() Charge {
		ask.At = at.Add(time.Hour)
		turns := s.Turns.clone()
		return turns.charge(m, ask)
	}
	hours(200, 100) // 1,000 turns
	if n := price().Guess.Turns; n < manyTurns/2 || n > manyTurns+16 {
		t.Errorf("%d turns are kept", n)
	}
	hours(70, 10)
	if c := price(); c.Peak > 11*One || len(s.Turns.Models) != 1 {
		t.Errorf("350 turns of 10 credits after 1,000 of 100: %+v", c)
	}
	if size := len(s.Encode()); size > 4000 {
		t.Errorf("the state has %d bytes", size)
	}
}

func TestOfManyModelsThoseOfMostTurnsAreKept(t *testing.T) {
	var p TurnPrices
	for i := range 40 {
		for range 40 - i {
			p.learn(turnCost{Model: fmt.Sprintf("m%02d", i), Peak: One, OffPeak: One})
		}
	}
	if len(p.Models) != mostModels || p.Models[0].Model != "m00" || p.Models[0].Peak.Count() != 40 {
		t.Errorf("%d models are kept, the first %+v", len(p.Models), p.Models[0])
	}
}

func TestTokensThatComeLateTakeThePlaceOfTheEstimate(t *testing.T) {
	m, at := meterOf(t, "v3/lite", "2026-08-04T16:55:13+08:00"), instant("2026-11-23T06:30:00Z")
	events := []Event{
		{ID: "a", At: at, Turn: "a", Model: "glm-5.3"}, {ID: "b", At: at.Add(time.Second), Turn: "b", Model: "glm-5.3"},
		{ID: "later", At: at.Add(90 * time.Minute), Turn: "later", Model: "glm-5.3"},
		{ID: "u", Kind: KindUsage, At: at.Add(2 * time.Second), Turn: "a", Model: "glm-5.3", Tokens: Tokens{10_000, 200_000, 3_000}},
	}
	for i, want := range []struct{ used, est string }{{"25", "25"}, {"50", "50"}, {"75", "75"}, {"98.1", "50"}} {
		s := late(t, m, events[:i+1]...)
		w := s.At(m, all, at.Add(2*time.Hour)).window(t, "5h")
		if w.Used.String() != want.used || w.Estimated == nil || w.Estimated.String() != want.est || !w.Approximate {
			t.Errorf("after %s: %s", events[i].ID, mustJSON(w))
		}
	}
	events = append(events, Event{ID: "v", Kind: KindVoid, At: at.Add(3 * time.Hour), Voids: "u"})
	events = append(events, Event{ID: "ub", Kind: KindUsage, At: at.Add(time.Minute), Turn: "b", Model: "glm-5.3"},
		Event{ID: "ul", Kind: KindUsage, At: at.Add(2 * time.Hour), Turn: "later", Model: "glm-5.3"})
	w := late(t, m, events...).At(m, all, at.Add(3*time.Hour)).window(t, "5h")
	if w.Used != 0 || w.Estimated != nil || w.Low != nil || w.High != nil {
		t.Errorf("all tokens are told of, and one answer void: %s", mustJSON(w))
	}
}

func TestAnExplanationSaysWhatAnEstimateRestsOn(t *testing.T) {
	m, at := meterOf(t, "v3/lite", "2026-08-04T16:55:13+08:00"), instant("2026-11-23T06:30:00Z")
	events := append(turnsOf(at.Add(-26*time.Hour), 100, 20, 60, 40, 300), Event{ID: "old", At: at.Add(-27 * time.Hour), Model: "glm-5.3"},
		Event{ID: "new", At: at, Model: "glm-5.3"})
	r := NewReplay(m, all)
	for _, e := range Sort(events) {
		if err := r.Put(e.Normalize(e.At)); err != nil {
			t.Fatal(err)
		}
	}
	s := &r.ledger.State
	for window, want := range map[string]string{
		"5h":   "estimated: the median of 5 turns of this account, peak price (off-peak",
		"week": "estimated: seed",
	} {
		x, err := s.Explain(m, all, window, r.book, at, 10)
		if err != nil || len(x.Steps) == 0 || x.Steps[len(x.Steps)-1].Used != x.Window.Used {
			t.Fatalf("%s: %v: %s", window, err, mustJSON(x))
		}
		if why := x.Steps[0].Why; len(why) < len(want) || why[:len(want)] != want {
			t.Errorf("%s: %q, want %q", window, why, want)
		}
	}
}
