package quota

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	day0 = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) // a Monday
	all  = NoticeRules{Thresholds: []int{75, 90, 100}, Refresh: true, Forecast: true}
)

// labPlan has every kind of window, short enough that a few events pass through many.
func labPlan() Plan {
	return Plan{
		ID: "lab/all", Name: "Lab", Unit: Prompts,
		Windows: []Window{
			{Name: "5h", Kind: Fixed, Length: 5 * time.Minute, Cap: 5 * One},
			{Name: "roll", Kind: Rolling, Length: 4 * time.Minute, Cap: 4 * One},
			{Name: "week", Kind: Anchored, Length: 11 * time.Minute, Cap: 9 * One},
			{Name: "month", Kind: Monthly, Cap: 100 * One},
			{Name: "mcp", Kind: Fixed, Length: 7 * time.Minute, Cap: 3 * One, Counts: CountTools},
		},
		Weights: []Weight{{Model: "glm-5.3", Peak: 3 * One, OffPeak: One}, {Model: "flash", Peak: 1_200_000, OffPeak: 400_000}},
		Peaks:   []Peak{{Days: [7]bool{true, true, true, true, true, true, true}, Start: 14 * time.Hour, End: 18 * time.Hour, Offset: 8 * time.Hour}},
	}
}

func labMeter(subscribed time.Time) *Meter {
	return &Meter{Account: Account{Name: "default", Plan: labPlan(), Subscribed: subscribed, Model: "glm-5.3"}}
}

// anyEvents draws a set of events of every kind within two hours around a
// peak edge, close enough that ties, gaps and window edges happen.
func anyEvents(t *rapid.T) []Event {
	start := day0.Add(5*time.Hour + 30*time.Minute)
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event { return anyEvent(t, start) }), 0, 60).Draw(t, "events")
	for i := range list {
		list[i].ID = fmt.Sprintf("e%03d", i)
		if list[i].Kind == KindVoid {
			list[i].Voids = fmt.Sprintf("e%03d", rapid.IntRange(0, len(list)-1).Draw(t, "voids"))
		}
	}
	return list
}

func anyEvent(t *rapid.T, start time.Time) Event {
	at := start.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "half minutes")) * 30 * time.Second)
	e := Event{At: at, Count: rapid.IntRange(1, 2).Draw(t, "count")}.Normalize(at)
	kinds := []Kind{KindPrompt, KindPrompt, KindPrompt, KindPrompt, KindUsage, KindTool, KindExhausted, KindReading, KindVoid}
	switch e.Kind = rapid.SampledFrom(kinds).Draw(t, "kind"); e.Kind {
	case KindPrompt, KindUsage:
		e.Model = rapid.SampledFrom([]string{"", "flash", "glm-5.3", "other"}).Draw(t, "model")
		e.Turn = rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "turn")
		e.Endpoint = rapid.SampledFrom([]string{"", "", "", "https://api.anthropic.com", perToken}).Draw(t, "endpoint")
		if e.Kind == KindUsage {
			e.Tokens.Input = int64(rapid.IntRange(0, 3).Draw(t, "input")) * 1_000
		}
	case KindTool:
		e.Endpoint = rapid.SampledFrom([]string{"", "", perToken}).Draw(t, "endpoint")
	case KindExhausted:
		e.Window = rapid.SampledFrom([]string{"5h", "roll", "week", "month", WindowWeekOrMonth}).Draw(t, "window")
		if ahead := rapid.IntRange(-2, 20).Draw(t, "until"); ahead != 0 {
			e.Until = at.Add(time.Duration(ahead) * 30 * time.Second)
		}
	case KindReading:
		e.Readings = []Reading{anyReading(t, at)}
	}
	return e
}

func anyReading(t *rapid.T, at time.Time) Reading {
	r := Reading{Window: rapid.SampledFrom([]string{"5h", "roll", "week"}).Draw(t, "window")}
	switch rapid.IntRange(0, 2).Draw(t, "form") {
	case 0:
		p := float64(rapid.IntRange(0, 110).Draw(t, "percent"))
		r.Percent = &p
	case 1:
		u := One.Times(int64(rapid.IntRange(0, 9).Draw(t, "used")))
		r.Used = &u
	}
	if rapid.Bool().Draw(t, "has reset") {
		reset := at.Add(time.Duration(rapid.IntRange(1, 12).Draw(t, "reset")) * 30 * time.Second)
		r.ResetsAt = &reset
	}
	return r
}

func anyMeter(t *rapid.T) *Meter {
	subscribed := rapid.SampledFrom([]time.Time{
		{}, day0.Add(-31*24*time.Hour + 90*time.Second), monthAndWeekAtHalfPastSix,
	}).Draw(t, "subscribed")
	m := labMeter(subscribed)
	m.Prices = labPrices()
	return m
}

type fataler interface{ Fatal(args ...any) }

// arrive records events in batches, in the order given.
func arrive(t fataler, m *Meter, events []Event, batch func() int) *Ledger {
	book, l := NewMemBook(), &Ledger{Meter: m, every: 3}
	left := batch()
	for _, e := range events {
		p, err := book.Put(e)
		if err != nil {
			t.Fatal(err)
		}
		if p.Outcome == Recorded {
			if _, err := l.Take(book, p); err != nil {
				t.Fatal(err)
			}
		}
		if left--; left <= 0 {
			if _, err := l.Settle(book); err != nil {
				t.Fatal(err)
			}
			left = batch()
		}
	}
	if _, err := l.Settle(book); err != nil {
		t.Fatal(err)
	}
	again, err := Resume(m, book)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(again.State.Encode()), string(l.State.Encode()); got != want {
		t.Fatal("taken up from the newest checkpoint:\n got " + got + "\nwant " + want)
	}
	return l
}

// fullFold is the plain fold of the whole set, in its order.
func fullFold(t fataler, m *Meter, events []Event) *State {
	book := NewMemBook()
	for _, e := range events {
		if _, err := book.Put(e); err != nil {
			t.Fatal(err)
		}
	}
	s := &State{}
	for e := range book.Entries("default", time.Time{}) {
		s.Apply(m, e)
	}
	return s
}

func TestTheFoldDependsOnTheSetOfEventsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := anyMeter(t), anyEvents(t)
		want := string(fullFold(t, m, events).Encode())
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		mixed := append([]Event(nil), events...)
		for range rapid.IntRange(0, 5).Draw(t, "repeats") {
			if len(events) > 0 {
				mixed = append(mixed, events[r.Intn(len(events))])
			}
		}
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		got := arrive(t, m, mixed, func() int { return 1 + r.Intn(8) })
		if g := string(got.State.Encode()); g != want {
			t.Fatalf("shuffled arrival\n got %s\nwant %s", g, want)
		}
	})
}

// reopened takes sorted events one by one, and somewhere on the way takes the
// fold up from its encoding.
func reopened(t *rapid.T, m *Meter, events []Event, l *Ledger) *Ledger {
	cut, book := rapid.IntRange(0, len(events)).Draw(t, "cut"), NewMemBook()
	for i, e := range events {
		if i == cut {
			var err error
			if l, err = Open(m, book, l.State.Encode()); err != nil {
				t.Fatal(err)
			}
		}
		p, _ := book.Put(e)
		if _, err := l.Take(book, p); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Settle(book); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestAFoldTakenUpFromItsEncodingGoesOnTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := anyMeter(t), Sort(anyEvents(t))
		l := reopened(t, m, events, &Ledger{Meter: m})
		now := day0.Add(8 * time.Hour)
		want := fullFold(t, m, events).At(m, all, now)
		if got := l.State.At(m, all, now); fmt.Sprint(mustJSON(got)) != fmt.Sprint(mustJSON(want)) {
			t.Fatalf("\n got %s\nwant %s", mustJSON(got), mustJSON(want))
		}
	})
}

func TestARollingWindowIsTheNaiveSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := labMeter(time.Time{})
		var events []Event
		for _, e := range anyEvents(t) {
			if e.Kind == KindPrompt {
				events = append(events, e)
			}
		}
		now := day0.Add(5*time.Hour + 30*time.Minute + time.Duration(rapid.IntRange(0, 8000).Draw(t, "s"))*time.Second)
		var sum Amount
		var held []Event
		for _, e := range events {
			if !e.At.After(now) {
				held = append(held, e)
			}
		}
		book := NewMemBook()
		for _, e := range held {
			book.Put(e)
		}
		for e := range book.Entries("default", time.Time{}) {
			if c := m.Account.Cost(e, m.Rules); c.Counts() && e.At.After(now.Add(-4*time.Minute)) {
				sum += c.Amount
			}
		}
		got := fullFold(t, m, held).At(m, all, now).Windows[1]
		if got.Used != sum {
			t.Fatalf("at %v used %v, want %v", now, got.Used, sum)
		}
	})
}

func TestFixedWindowsNeverOverlapAndLastTheirLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := labMeter(time.Time{})
		var events []Event
		for _, e := range anyEvents(t) {
			if e.Kind == KindPrompt || e.Kind == KindTool {
				events = append(events, e)
			}
		}
		r := NewReplay(m, all)
		var end time.Time
		for _, e := range Sort(events) {
			r.Put(e)
			w := r.At(e.At).Windows[0]
			if w.OpenedAt == nil {
				continue
			}
			if got := w.ResetsAt.Sub(*w.OpenedAt); got != 5*time.Minute {
				t.Fatalf("lasts %v", got)
			}
			if !w.ResetsAt.Equal(end) && w.OpenedAt.Before(end) {
				t.Fatalf("opened %v before the last one ended %v", w.OpenedAt, end)
			}
			end = *w.ResetsAt
		}
	})
}

func TestTheNextBoundaryIsLaterAndNothingChangesBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMeter(t)
		s := fullFold(t, m, anyEvents(t))
		now := day0.Add(5*time.Hour + 30*time.Minute + time.Duration(rapid.IntRange(0, 9000).Draw(t, "s"))*time.Second)
		next, ok := s.NextBoundary(m, now)
		if !ok {
			t.Skip("no boundary")
		}
		if !next.After(now) {
			t.Fatalf("boundary %v is not after %v", next, now)
		}
		just := next.Add(-time.Millisecond)
		if just.Before(now) {
			return
		}
		a, b := s.At(m, all, now), s.At(m, all, just)
		for i := range a.Windows {
			if a.Windows[i].Used != b.Windows[i].Used || a.Windows[i].State != b.Windows[i].State {
				t.Fatalf("%s changed between %v and %v without a boundary", a.Windows[i].Window, now, just)
			}
		}
		if mustJSON(a.Money) != mustJSON(b.Money) {
			t.Fatalf("money changed between %v and %v without a boundary", now, just)
		}
	})
}
