package quota

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tallied adds entries up.
func tallied(t interface{ Fatal(...any) }, m *Meter, q HistoryQuery, entries []Entry) History {
	tally := NewTally(NewPricer(m), q)
	for _, e := range entries {
		if err := tally.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return tally.History()
}

// entriesOf links events as a Book does.
func entriesOf(t interface{ Fatal(...any) }, events []Event) (list []Entry) {
	book := NewMemBook()
	for _, e := range Sort(events) {
		if _, err := book.Put(e.Normalize(e.At)); err != nil {
			t.Fatal(err)
		}
	}
	for e := range book.Entries(DefaultAccount, time.Time{}) {
		list = append(list, e)
	}
	return list
}

func TestAHistoryAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := labMeter(time.Time{}), anyEvents
		if rapid.Bool().Draw(t, "credits") {
			m, events = creditsMeter(false), anyTurns
		}
		m.Prices = pricesOfficial()
		q := HistoryQuery{
			Per:  rapid.SampledFrom([]Per{"", PerHour, PerDay, PerWeek, PerMonth}).Draw(t, "per"),
			By:   rapid.SampledFrom([]By{"", SplitByTool, SplitByProject, SplitBySession, SplitByModel}).Draw(t, "by"),
			Zone: zoneOf(t, rapid.SampledFrom(oddZones).Draw(t, "zone")),
		}
		entries := entriesOf(t, events(t))
		for i := range entries {
			entries[i].Tool = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "tool")
			entries[i].Project = rapid.SampledFrom([]string{"", "/p", "/q"}).Draw(t, "project")
		}
		h := tallied(t, m, q, entries)
		var sum Use
		for i := range h.Rows {
			sum = sum.Plus(h.Rows[i].Use)
		}
		if sum != h.Total {
			t.Fatalf("the rows come to %+v, the total is %+v", sum, h.Total)
		}
		if plain := tallied(t, m, HistoryQuery{}, entries); plain.Total != h.Total {
			t.Fatalf("the total is %+v per %q by %q, and else %+v", h.Total, q.Per, q.By, plain.Total)
		}
		if charged, estimated := chargedIn(m, entries); h.Total.Charged != charged || h.Total.Estimated != estimated {
			t.Fatalf("charged %v, estimated %v, and the entries cost %v and %v", h.Total.Charged, h.Total.Estimated, charged, estimated)
		}
		other := tallied(t, m, q, rapid.Permutation(entries).Draw(t, "order"))
		if m.Account.Plan.Unit == Prompts && mustJSON(other) != mustJSON(h) {
			t.Fatalf("in another order\n%s\n%s", mustJSON(other), mustJSON(h))
		}
	})
}

// chargedIn is what entries, in order, cost the windows that stop work in the
// fold, and how much of it is estimated.
func chargedIn(m *Meter, entries []Entry) (sum, estimated Amount) {
	var s State
	for _, e := range entries {
		if c := s.Turns.charge(m, e); c.Counts() && c.Counter == CountPrompts {
			sum += c.Amount
			if c.Estimated {
				estimated += c.Amount
			}
		}
	}
	return sum, estimated
}

// untold leaves out what the provider said: the count alone is left.
func untold(events []Event) []Event {
	return slices.DeleteFunc(events, func(e Event) bool { return e.Kind == KindExhausted || e.Kind == KindReading })
}

func TestAHistoryOfAWindowIsItsStatus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := creditsMeter(rapid.Bool().Draw(t, "rolling")), Sort(untold(anyTurns(t)))
		book, l := NewMemBook(), &Ledger{Meter: m, every: 3}
		for _, e := range events {
			p, _ := book.Put(e)
			l.Take(book, p)
			l.Settle(book)
		}
		st := l.State.At(m, all, l.State.Head)
		for i, w := range st.Windows {
			if w.OpenedAt == nil || m.Account.Plan.Windows[i].Kind == Rolling {
				continue
			}
			at := l.State.standing(i)
			at.roll(&m.Account.Plan.Windows[i], l.State.Anchor(m), l.State.Head)
			h := historyFrom(t, m, book, *w.OpenedAt)
			estimated := Amount(0)
			if w.Estimated != nil {
				estimated = *w.Estimated
			}
			if h.Total.Charged != w.Used || h.Total.Charged != at.Spent || h.Total.Estimated != estimated {
				t.Fatalf("%s since %v: %s\nand its history %s", w.Window, w.OpenedAt, mustJSON(w), mustJSON(h.Total))
			}
		}
		begin := day0.Add(time.Duration(rapid.IntRange(180, 500).Draw(t, "from")) * time.Minute)
		all, late := historyFrom(t, m, book, time.Time{}), historyFrom(t, m, book, begin)
		early := tallied(t, m, HistoryQuery{Until: begin}, entriesOf(t, events))
		if early.Total.Plus(late.Total) != all.Total {
			t.Fatalf("up to %v %+v, after it %+v, and in all %+v", begin, early.Total, late.Total, all.Total)
		}
	})
}

// historyFrom is the history of a book from an instant on.
func historyFrom(t fataler, m *Meter, b Book, from time.Time) History {
	price, start, err := PricerAt(m, b, from, false)
	if err != nil {
		t.Fatal(err)
	}
	tally := NewTally(price, HistoryQuery{Since: from})
	for e := range b.Entries(m.Account.Name, start) {
		if err := tally.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return tally.History()
}

func TestWhatAHistoryTells(t *testing.T) {
	at := func(s string) time.Time { return instant("2026-11-23T" + s + "Z") } // a Monday, peak is 06:00 to 10:00
	events := []Event{
		{ID: "a", At: at("05:00:00"), Tool: "claude-code", Model: "glm-4.7", Turn: "t", Count: 2},
		{ID: "b", At: at("07:00:00"), Tool: "claude-code", Model: "glm-5.3"},
		{ID: "u", At: at("05:00:30"), Kind: KindUsage, Tool: "claude-code", Model: "glm-5.3", Turn: "t", Tokens: Tokens{10, 20, 30}},
		{ID: "c", At: at("05:01:00"), Kind: KindTool, Tool: "cline", Name: "search", Count: 3},
		{ID: "s", At: at("08:00:00"), Kind: KindExhausted, Window: "5h", Until: at("10:00:00")},
		{ID: "x", At: at("08:01:00"), Endpoint: "https://api.anthropic.com", Model: "claude-opus", Count: 4},
		{ID: "y", At: at("08:02:00"), Tool: "cline", Count: 9},
		{ID: "v", At: at("08:03:00"), Kind: KindVoid, Voids: "y"},
		{ID: "r", At: at("08:04:00"), Kind: KindReading, Readings: []Reading{{Window: "5h"}}},
	}
	m := meterOf(t, "v2/lite", "")
	h := tallied(t, m, HistoryQuery{By: SplitByTool}, entriesOf(t, events))
	want := map[string]Use{
		"claude-code": {Prompts: 3, Answers: 1, Tokens: Tokens{10, 20, 30}, Charged: 5 * One},
		"cline":       {Calls: 3},
		"":            {Stops: 1, Apart: 4},
	}
	if len(h.Rows) != len(want) {
		t.Errorf("%d rows: %s", len(h.Rows), mustJSON(h.Rows))
	}
	for _, row := range h.Rows {
		if row.Use != want[row.Key] || row.From != nil {
			t.Errorf("%q: %s", row.Key, mustJSON(row))
		}
	}
	if len(h.Caps) != 2 || h.Caps[1] != (HistoryCap{"week", 168, 400 * One}) {
		t.Errorf("caps %s", mustJSON(h.Caps))
	}

	t.Run("by the model that is billed", func(t *testing.T) {
		h := tallied(t, m, HistoryQuery{By: SplitByModel, Since: at("05:00:00"), Until: at("08:02:00")}, entriesOf(t, events))
		keys := ""
		for _, row := range h.Rows {
			keys += fmt.Sprintf("%q %d; ", row.Key, row.Prompts+row.Apart)
		}
		if keys != `"" 0; "claude-opus" 4; "glm-5.3" 3; ` {
			t.Error(keys)
		}
	})
	t.Run("a time is half-open", func(t *testing.T) {
		h := tallied(t, m, HistoryQuery{Since: at("05:00:30"), Until: at("08:01:00")}, entriesOf(t, events))
		if want := (Use{Prompts: 1, Answers: 1, Calls: 3, Tokens: Tokens{10, 20, 30}, Charged: 3 * One, Stops: 1}); h.Total != want {
			t.Errorf("%+v", h.Total)
		}
	})
	t.Run("an estimate on a credits plan", func(t *testing.T) {
		h := tallied(t, meterOf(t, "v3/lite", ""), HistoryQuery{}, entriesOf(t, events))
		if h.Total.Estimated != 25*One || h.Total.Charged <= h.Total.Estimated {
			t.Errorf("%s of %s is estimated", h.Total.Estimated, h.Total.Charged)
		}
	})
}

func TestAHistoryIsBounded(t *testing.T) {
	m := labMeter(time.Time{})
	many := NewTally(NewPricer(m), HistoryQuery{By: SplitBySession})
	for i := range MaxHistoryKeys + 5 {
		if err := many.Add(Entry{Event: Event{Kind: KindPrompt, At: day0, Session: fmt.Sprint("s", i), Count: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	h := many.History()
	last := h.Rows[len(h.Rows)-1]
	if len(h.Rows) != MaxHistoryKeys+1 || !last.Rest || last.Prompts != 5 || h.Total.Prompts != MaxHistoryKeys+5 {
		t.Errorf("%d rows, the last %s, total %s", len(h.Rows), mustJSON(last), mustJSON(h.Total))
	}

	long := NewTally(NewPricer(m), HistoryQuery{Per: PerHour})
	var err error
	for i := 0; i <= MaxHistoryPeriods; i++ {
		err = cmp.Or(err, long.Add(Entry{Event: Event{Kind: KindPrompt, At: day0.Add(time.Duration(i) * time.Hour), Count: 1}}))
	}
	if wrong := (*Error)(nil); !errors.As(err, &wrong) || wrong.Field != "per" {
		t.Errorf("hours without end: %v", err)
	}
}
