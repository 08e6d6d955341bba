package quota

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// summed are the sums of entries, in the order of their hours.
func summed(entries []Entry) (list []Entry) {
	sums := map[HourKey]HourSum{}
	for _, e := range entries {
		if k, s, ok := e.Hour(); ok {
			sums[k] = sums[k].Plus(s)
		}
	}
	for k, s := range sums {
		list = append(list, k.Entry(DefaultAccount, s))
	}
	slices.SortFunc(list, func(a, b Entry) int { return a.At.Compare(b.At) })
	return list
}

// roundedAlike reports whether two uses are equal but for the rounding of so many
// events' money.
func roundedAlike(a, b Use, events int64) bool {
	near := func(x, y Amount) bool { return max(x, y)-min(x, y) <= Amount(events) }
	ok := near(a.Charged, b.Charged) && near(a.Estimated, b.Estimated) && near(a.Spent, b.Spent) && near(a.Worth, b.Worth)
	b.Charged, b.Estimated, b.Spent, b.Worth = a.Charged, a.Estimated, a.Spent, a.Worth
	return ok && a == b
}

// known leaves out what is estimated.
func known(h *History) {
	uses := []*Use{&h.Total}
	for i := range h.Rows {
		uses = append(uses, &h.Rows[i].Use)
	}
	for _, u := range uses {
		u.Charged, u.Estimated = u.Charged-u.Estimated, 0
	}
}

// Each event is rounded to the millionth by half of one at most, and so is each
// sum, of which there are no more than events.
func TestSumsOfHoursTellTheSameHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := labMeter(time.Time{}), anyEvents
		if rapid.Bool().Draw(t, "credits") {
			m, events = creditsMeter(false), anyTurns
		}
		m.Prices = pricesOfficial()
		q := HistoryQuery{
			Per: rapid.SampledFrom([]Per{"", PerHour, PerDay, PerMonth}).Draw(t, "per"),
			By:  rapid.SampledFrom([]By{"", SplitByTool, SplitByProject, SplitByModel}).Draw(t, "by"),
		}
		list := events(t)
		for i := range list {
			if list[i].Model == "other" {
				list[i].Model = "glm-4.7" // the dearest row of a model without one may be another for the sum
			}
			list[i].Project = rapid.SampledFrom([]string{"", "/p"}).Draw(t, "project")
		}
		entries := entriesOf(t, list)
		want, got := tallied(t, m, q, entries), tallied(t, m, q, summed(entries))
		if m.Account.Plan.Unit == Credits {
			known(&want) // an estimate rests on what turns had taught, which sums do not know
			known(&got)
		}
		if !roundedAlike(want.Total, got.Total, int64(len(entries))) || len(want.Rows) != len(got.Rows) {
			t.Fatalf("the sums come to\n%s\nand the events to\n%s", mustJSON(got), mustJSON(want))
		}
		if m.Account.Plan.Unit == Prompts && (want.Total.Charged != got.Total.Charged || want.Total.Estimated != got.Total.Estimated) {
			t.Fatalf("charged %v by the sums, %v by the events", got.Total.Charged, want.Total.Charged)
		}
		for i, row := range want.Rows {
			if other := got.Rows[i]; row.Key != other.Key || row.Rest != other.Rest || !roundedAlike(row.Use, other.Use, int64(len(entries))) {
				t.Fatalf("row %d: %s by the sums, %s by the events", i, mustJSON(other), mustJSON(row))
			}
		}
	})
}

func TestASumOfSumsIsTheSumOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := entriesOf(t, anyEvents(t))
		cut := rapid.IntRange(0, len(entries)).Draw(t, "cut")
		again := summed(append(summed(entries[:cut]), entries[cut:]...))
		if total := tallied(t, labMeter(time.Time{}), HistoryQuery{}, again).Total; total != tallied(t, labMeter(time.Time{}), HistoryQuery{}, summed(entries)).Total {
			t.Fatalf("in two steps %+v", total)
		}
	})
}

func TestWhatASumDoesNotTell(t *testing.T) {
	at := day0.Add(20 * time.Minute)
	one := Event{ID: "a", Kind: KindPrompt, At: at, Count: 2, Session: "s", Turn: "t", Account: DefaultAccount}
	k, s, ok := Entry{Event: one}.Hour()
	e := k.Entry(DefaultAccount, s)
	if !ok || e.ID != "" || e.Session != "" || e.Turn != "" || !e.At.Equal(day0.Truncate(time.Hour)) || e.Count != 2 || e.Sum != 1 {
		t.Errorf("%t %+v", ok, e)
	}
	for what, e := range map[string]Entry{
		"a voided one": {Event: one, Voided: true},
		"a reading":    {Event: Event{Kind: KindReading}},
		"a void event": {Event: Event{Kind: KindVoid}},
	} {
		if _, _, ok := e.Hour(); ok {
			t.Errorf("%s goes into a sum", what)
		}
	}
	h := tallied(t, labMeter(time.Time{}), HistoryQuery{By: SplitBySession}, []Entry{e, {Event: one}})
	if len(h.Rows) != 2 || h.Rows[0].Key != "s" || !h.Rows[1].Rest {
		t.Errorf("by session: %s", mustJSON(h.Rows))
	}
}

// What a sum costs is priced at the beginning of its hour.
func TestNoBuiltInPriceChangesWithinAnHour(t *testing.T) {
	whole := func(what string, spans ...Span) {
		for _, s := range spans {
			for _, at := range []time.Time{s.From, s.Until} {
				if !at.Equal(at.Truncate(time.Hour)) {
					t.Errorf("%s changes at %v", what, at)
				}
			}
		}
	}
	for _, p := range Plans() {
		for _, k := range p.Peaks {
			whole(p.ID, k.Valid)
			for _, d := range []time.Duration{k.Start - k.Offset, k.End - k.Offset} {
				if d%time.Hour != 0 {
					t.Errorf("%s has a peak that begins or ends at %v of UTC", p.ID, d)
				}
			}
		}
		for _, x := range p.Promotions {
			whole(p.ID, x.Valid)
		}
		for _, x := range p.Weights {
			whole(p.ID, x.Valid)
		}
		for _, x := range p.Rates {
			whole(p.ID, x.Valid)
		}
		for _, x := range p.Tools {
			whole(p.ID, x.Valid)
		}
		for _, x := range p.Discounts {
			whole(p.ID, x.Valid)
		}
		for _, x := range p.Routes {
			whole(p.ID, x.Valid)
		}
	}
	for _, table := range PriceTables() {
		for _, x := range table.Rows {
			whole(table.Name, x.Valid)
		}
		for _, x := range table.Tools {
			whole(table.Name, x.Valid)
		}
	}
}

// On a plan of credits a prompt without tokens costs what turns had taught. Of
// those before the oldest checkpoint that is what they had taught up to it.
func TestAnEstimateOlderThanTheOldestCheckpoint(t *testing.T) {
	m, later := creditsMeter(false), day0.Add(9*time.Hour)
	var state State
	for _, e := range turnsOf(day0.Add(3*time.Hour), 40, 40, 40, 40, 40, 40) {
		state.Turns.charge(m, Entry{Event: e})
	}
	state.Turns.pass(later)
	book := NewMemBook()
	if err := book.PutCheckpoint(DefaultAccount, Checkpoint{At: later, State: state.Encode()}); err != nil {
		t.Fatal(err)
	}
	old := Entry{Event: Event{Kind: KindPrompt, At: day0.Add(5 * time.Hour), Count: 3, Account: DefaultAccount, Model: "glm-5.3"}, Sum: 3}
	for pruned, want := range map[bool]string{true: "turns", false: "seed"} {
		p, _, err := PricerAt(m, book, time.Time{}, pruned)
		if err != nil {
			t.Fatal(err)
		}
		c := p.Charge(old)
		if got := map[bool]string{true: "turns", false: "seed"}[c.Guess.Turns > 0]; got != want {
			t.Errorf("pruned %t: %v rests on the %s", pruned, c.Amount, got)
		}
	}
}
