package quota

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const perToken = "https://api.z.ai/api/paas/v4"

// monthAndWeekAtHalfPastSix is a subscription whose month and 39th week end at
// 06:30 UTC on day0, amid the events that are drawn.
var monthAndWeekAtHalfPastSix = time.Date(2026, 2, 23, 6, 30, 0, 0, time.UTC)

// labPrices knows one model, and one tool.
func labPrices() Prices {
	return Prices{
		Name:  "lab",
		Rows:  []Price{{Model: "glm-5.3", Input: 2 * One, Cached: One, Output: 8 * One}, {Model: "dear", Input: 100 * One}},
		Tools: []ToolPrice{{Name: "*", PerCall: One / 100}},
	}
}

// naive is what a period holds, by a plain sum over its entries.
func naive(m *Meter, book *MemBook, span Span, now time.Time) (p MoneyPeriod) {
	p.Since = span.From
	for e := range book.Entries("default", time.Time{}) {
		bill := m.Rules.Bill(e.Event)
		if e.Voided || !span.Holds(e.At) || e.At.After(now) {
			continue
		}
		cost, known := m.Prices.Of(m.Account.asked(e), e.Tokens, e.At)
		tokens := e.Kind == KindUsage && e.Tokens != (Tokens{})
		n := int64(e.Count)
		switch {
		case bill == PayPerToken && tokens:
			p.Spent, p.Calls = p.Spent+cost, p.Calls+1
		case bill == PayPerToken && e.Kind == KindTool:
			p.Spent, p.Calls = p.Spent+One/100*Amount(n), p.Calls+n
		case bill == PayPerToken && (e.Kind == KindUsage || e.Kind == KindPrompt && !e.TurnUsage):
			p.Unpriced += n
		case bill == OnPlan && tokens:
			p.Worth += cost
		case bill == OnPlan && e.Kind == KindTool:
			p.Worth += One / 100 * Amount(n)
		case bill == OnPlan && e.Kind == KindPrompt:
			p.Turns += n
			if e.TurnUsage {
				p.Known += n
			}
		}
		if bill != Elsewhere && tokens && !known {
			p.Guessed++
		}
	}
	return p
}

func TestMoneyIsTheNaiveSumOfItsPeriods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := anyMeter(t), anyEvents(t)
		now := day0.Add(8 * time.Hour)
		got := fullFold(t, m, events).At(m, all, now).Money
		if got == nil {
			if slices.ContainsFunc(events, func(e Event) bool { return e.Kind == KindTool && e.Endpoint == perToken }) &&
				!slices.ContainsFunc(events, func(e Event) bool { return e.Kind == KindVoid }) {
				t.Fatalf("there was something to pay for")
			}
			return
		}
		if m.Account.Subscribed.IsZero() { // then the periods begin with the first of them
			return
		}
		book := NewMemBook()
		for _, e := range events {
			if _, err := book.Put(e); err != nil {
				t.Fatal(err)
			}
		}
		anchor := m.Account.Subscribed
		for _, p := range []struct {
			name string
			got  MoneyPeriod
			span Span
		}{{"week", got.Week, weekSpan(anchor, now)}, {"month", got.Month, monthSpan(anchor, now)}} {
			if want := naive(m, book, p.span, now); p.got != want {
				t.Fatalf("%s\n got %s\nwant %s", p.name, mustJSON(p.got), mustJSON(want))
			}
		}
	})
}

// paidOn is a usage event of a thousand tokens in and as many out.
func paidOn(id, endpoint, at string) Event {
	return Event{ID: id, Kind: KindUsage, At: instant("2026-11-23T" + at + "Z"), Model: "glm-5.3", Endpoint: endpoint,
		Tokens: Tokens{Input: 1_000, Output: 1_000}}
}

func moneyMeter(t *testing.T, id, subscribed string) *Meter {
	m := meterOf(t, id, subscribed)
	m.Prices = pricesOfficial()
	return m
}

func TestMoneyStaysApartFromThePlan(t *testing.T) {
	now := instant("2026-11-23T12:00:00Z")
	sentences := []struct {
		what   string
		plan   string
		events []Event
		want   string // the week; "" where there is no money
	}{
		{"nothing recorded", "v2/lite", nil, ""},
		{"prompts alone cost nothing that is known", "v2/lite", []Event{{ID: "p", At: now}}, ""},
		{"another service is no concern", "v2/lite", []Event{paidOn("a", "https://api.anthropic.com", "11:00:00")}, ""},
		{"tokens on the standard API are paid", "v2/lite", []Event{paidOn("a", perToken, "11:00:00")},
			`"spent_usd":0.0058,"calls":1,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
		{"tokens on the plan are worth what they would have cost", "v2/lite", []Event{paidOn("a", "", "11:00:00")},
			`"spent_usd":0,"calls":0,"plan_worth_usd":0.0058,"plan_turns":0,"plan_turns_known":0`},
		{"so they are on a plan of credits", "v3/lite", []Event{paidOn("a", "", "11:00:00")},
			`"spent_usd":0,"calls":0,"plan_worth_usd":0.0058,"plan_turns":0,"plan_turns_known":0`},
		{"a prompt there without tokens has no price", "v2/lite", []Event{{ID: "p", At: now, Endpoint: perToken, Count: 3}},
			`"spent_usd":0,"calls":0,"unpriced":3,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
		{"a prompt whose turn has tokens is paid once", "v2/lite", []Event{
			{ID: "p", At: now, Endpoint: perToken, Turn: "t"}, withTurn(paidOn("u", perToken, "11:00:00"), "t")},
			`"spent_usd":0.0058,"calls":1,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
		{"of the turns on the plan some are known", "v2/lite", []Event{
			{ID: "p", At: now, Turn: "t"}, withTurn(paidOn("u", "", "11:00:00"), "t"), {ID: "q", At: now}},
			`"spent_usd":0,"calls":0,"plan_worth_usd":0.0058,"plan_turns":2,"plan_turns_known":1`},
		{"a web search costs a cent", "v2/lite", []Event{{ID: "w", Kind: KindTool, Name: "web_search", At: now, Endpoint: perToken, Count: 2}},
			`"spent_usd":0.02,"calls":2,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
		{"on the plan it would have cost that too", "v3/lite", []Event{{ID: "w", Kind: KindTool, Name: "web_search", At: now, Count: 2}},
			`"spent_usd":0,"calls":0,"plan_worth_usd":0.02,"plan_turns":0,"plan_turns_known":0`},
		{"a tool without a price has none", "v2/lite", []Event{{ID: "w", Kind: KindTool, Name: "paint", At: now, Endpoint: perToken}},
			`"spent_usd":0,"calls":0,"unpriced":1,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
		{"a model without a price costs the dearest, marked", "v2/lite", []Event{withModel(paidOn("a", perToken, "11:00:00"), "glm-9")},
			`"spent_usd":0.0111,"calls":1,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0,"guessed":1`},
		{"a free model costs nothing, and was called", "v2/lite", []Event{withModel(paidOn("a", perToken, "11:00:00"), "zai/GLM-4.7-Flash")},
			`"spent_usd":0,"calls":1,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
		{"no routing: the model as it was named", "v2/lite", []Event{withModel(paidOn("a", "", "11:00:00"), "glm-4.7")},
			`"spent_usd":0,"calls":0,"plan_worth_usd":0.0028,"plan_turns":0,"plan_turns_known":0`},
		{"what was voided does not count", "v2/lite", []Event{paidOn("a", perToken, "11:00:00"), paidOn("b", perToken, "11:00:00"),
			{ID: "v", Kind: KindVoid, Voids: "a", At: now}},
			`"spent_usd":0.0058,"calls":1,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
		{"what was before the week is over", "v2/lite", []Event{paidOn("a", perToken, "11:00:00"), early(paidOn("b", perToken, "11:00:00"), 7)},
			`"spent_usd":0.0058,"calls":1,"plan_worth_usd":0,"plan_turns":0,"plan_turns_known":0`},
	}
	for _, s := range sentences {
		t.Run(s.what, func(t *testing.T) {
			m := moneyMeter(t, s.plan, "2026-03-04T16:55:13+08:00")
			st := late(t, m, s.events...).At(m, all, now)
			if s.want == "" {
				if st.Money != nil {
					t.Errorf("%s", mustJSON(st.Money))
				}
				return
			}
			if got := mustJSON(st.Money); !strings.Contains(got, `"week":{"since":"2026-11-18T08:55:13Z",`+s.want+"}") {
				t.Errorf("%s", got)
			}
			for _, e := range s.events {
				if w := st.window(t, "5h"); e.Endpoint == perToken && len(s.events) == 1 && w.Used != 0 {
					t.Errorf("the plan was charged: %s", mustJSON(w))
				}
			}
		})
	}
}

func withTurn(e Event, turn string) Event   { e.Turn = turn; return e }
func withModel(e Event, model string) Event { e.Model = model; return e }
func early(e Event, days int) Event         { e.At = e.At.AddDate(0, 0, -days); return e }

func TestMoneyBeforeAnyUseOfThePlanIsKept(t *testing.T) {
	m := moneyMeter(t, "v2/lite", "")
	s := late(t, m, Event{ID: "p", At: instant("2026-11-23T11:00:00Z")}, paidOn("b", perToken, "11:30:00"), paidOn("a", perToken, "10:00:00"))
	st := s.At(m, all, instant("2026-11-23T12:00:00Z"))
	if st.Money.Week.Calls != 2 || !st.Money.Week.Since.Equal(instant("2026-11-23T10:00:00Z")) {
		t.Errorf("%s", mustJSON(st.Money))
	}
	if w := st.window(t, "week"); !w.OpenedAt.Equal(instant("2026-11-23T11:00:00Z")) {
		t.Errorf("the plan's week begins with its own use: %s", mustJSON(w))
	}
}

func TestTheWeekOfMoneyEndsBeforeItsMonth(t *testing.T) {
	m := moneyMeter(t, "v1/lite", "2026-03-04T16:55:13+08:00")
	s := late(t, m, paidOn("a", perToken, "11:00:00"))
	next, _ := s.NextBoundary(m, instant("2026-11-23T12:00:00Z"))
	if want := instant("2026-11-25T08:55:13Z"); !next.Equal(want) {
		t.Errorf("next boundary %v, want %v", next, want)
	}
	st := s.At(m, all, instant("2026-11-25T08:55:13Z"))
	if st.Money.Week.Calls != 0 || st.Money.Month.Spent.String() != "0.0058" {
		t.Errorf("%s", mustJSON(st.Money))
	}
	st = s.At(m, all, instant("2026-12-04T08:55:13Z"))
	if st.Money.Month.Calls != 0 || !st.Money.Month.Since.Equal(instant("2026-12-04T08:55:13Z")) {
		t.Errorf("%s", mustJSON(st.Money))
	}
}

func TestWithoutPricesNoMoneyIsCounted(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	s := late(t, m, paidOn("a", perToken, "11:00:00"))
	if st := s.At(m, all, instant("2026-11-23T12:00:00Z")); st.Money != nil || s.Money != (Money{}) {
		t.Errorf("%s", mustJSON(st))
	}
}
