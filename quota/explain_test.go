package quota

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAnExplanationEndsAtTheNumber(t *testing.T) {
	at := instant("2026-11-23T05:00:00Z") // a Monday; the week is from Wednesday to Wednesday
	prompts := func(id string, ago time.Duration, n int) Event {
		return Event{ID: id, At: at.Add(-ago), Count: n, Model: "glm-4.5"}
	}
	reading := func(window string, ago time.Duration, percent float64, resets time.Time) Event {
		return Event{ID: "r", Kind: KindReading, At: at.Add(-ago), Readings: []Reading{{Window: window, Percent: &percent, ResetsAt: moment(resets)}}}
	}
	rolling := meterOf(t, "v2/lite", "")
	rolling.Account.Plan.Windows[0].Kind = Rolling
	lite := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
	for _, c := range []struct {
		name   string
		meter  *Meter
		window string
		events []Event
		steps  int
		says   string // the last step
	}{
		{"of a week whose reset the provider has moved", lite, "week",
			[]Event{prompts("a", 72*time.Hour, 50), prompts("b", time.Hour, 3), reading("week", time.Minute, 13, at.Add(6*24*time.Hour))}, 3, "reading"},
		{"of a rolling window that a reading has corrected", rolling, "5h",
			[]Event{prompts("a", 6*time.Hour, 10), reading("5h", 4*time.Hour, 50.5, time.Time{}), prompts("b", time.Hour, 3)}, 2, "charged"},
		{"and tells of a stop that names week and month", lite, "week",
			[]Event{prompts("a", time.Hour, 3), {ID: "s", Kind: KindExhausted, At: at, Window: WindowWeekOrMonth, Until: instant("2026-11-25T08:55:13Z")}}, 2, "exhausted until"},
		{"and not of one by another service", lite, "week",
			[]Event{{ID: "s", Kind: KindExhausted, At: at.Add(-2 * time.Hour), Window: "week", Endpoint: "https://api.anthropic.com"}, prompts("a", time.Hour, 3)}, 1, "charged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			book, s := NewMemBook(), &State{}
			for _, e := range c.events {
				book.Put(e.Normalize(at))
			}
			for e := range book.Entries("default", time.Time{}) {
				s.Apply(c.meter, e)
			}
			x, err := s.Explain(c.meter, all, c.window, book, at, 100)
			if err != nil || len(x.Steps) != c.steps {
				t.Fatalf("%v: %s", err, mustJSON(x))
			}
			last := x.Steps[c.steps-1]
			if !strings.Contains(last.Why, c.says) || last.Used != x.Window.Used && !x.Window.refused {
				t.Errorf("the steps end at %v (%s), the window says %v", last.Used, last.Why, x.Window.Used)
			}
		})
	}
}

func TestAnExplanationLeavesOutWhatDoesNotConcernItsWindow(t *testing.T) {
	m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
	now := instant("2026-11-23T06:00:00Z")
	r := NewReplay(m, all)
	for _, e := range Sort([]Event{
		{ID: "p", At: now.Add(-time.Hour), Model: "glm-4.5"},
		{ID: "off", At: now.Add(-50 * time.Minute), Endpoint: "https://api.anthropic.com"},
		{ID: "call", Kind: KindTool, At: now.Add(-40 * time.Minute), Name: "web_search"},
		{ID: "void", Kind: KindVoid, At: now.Add(-30 * time.Minute), Voids: "p"},
	}) {
		if err := r.Put(e.Normalize(e.At)); err != nil {
			t.Fatal(err)
		}
	}
	s := &r.ledger.State
	for window, want := range map[string]string{"week": "p off", "month": "call"} {
		x, err := s.Explain(m, all, window, r.book, now, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, step := range x.Steps {
			got = append(got, step.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", window, strings.Join(got, " "), want)
		}
	}
}

func TestAnExplanationEndsAtTheNumberWhateverReadingsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := anyPlan(t), anyDay(t)
		m.Account.Plan.Windows[0].Kind = rapid.SampledFrom([]WindowKind{Fixed, Rolling}).Draw(t, "kind")
		explainsAll(t, m, events, 3*time.Hour)
	})
	rapid.Check(t, func(t *rapid.T) { explainsAll(t, anyMeter(t), anyEvents(t), 5*time.Minute) })
	rapid.Check(t, func(t *rapid.T) {
		explainsAll(t, creditsMeter(rapid.Bool().Draw(t, "rolling")), anyTurns(t), 3*time.Hour)
	})
}

// explainsAll checks that of each window of an account the steps add up to the
// number and end at it, at its newest entry and so long after it at most.
func explainsAll(t *rapid.T, m *Meter, events []Event, after time.Duration) {
	book, l := NewMemBook(), &Ledger{Meter: m, every: rapid.IntRange(1, 20).Draw(t, "every")}
	for _, e := range events {
		p, _ := book.Put(e)
		l.Take(book, p)
		l.Settle(book)
	}
	s, now := &l.State, l.State.Head.Add(time.Duration(rapid.Int64Range(0, int64(after)).Draw(t, "after")))
	for i, w := range m.Account.Plan.Windows {
		x, err := s.Explain(m, all, w.Name, book, now, len(events))
		if err != nil {
			t.Fatal(err)
		}
		at := s.standing(i)
		at.roll(&w, s.Anchor(m), now)
		var sum, last Amount
		for _, step := range x.Steps {
			sum, last = sum+step.Amount, step.Used
		}
		if sum != at.Used || last != at.Used {
			t.Fatalf("%s at %v: the steps add up to %v and end at %v, the count is %v\n%s", w.Name, now, sum, last, at.Used, mustJSON(x))
		}
	}
}

func TestAnExplanationBeginsWithItsInstance(t *testing.T) {
	m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
	book := &countingBook{MemBook: NewMemBook()}
	l, start := &Ledger{Meter: m, every: 10}, instant("2026-11-20T00:00:00Z")
	put := func(id string, at time.Time, e Event) {
		e.ID, e.At = id, at
		p, _ := book.Put(e.Normalize(at))
		l.Take(book, p)
		l.Settle(book)
	}
	for i := range 500 {
		put(fmt.Sprintf("e%03d", i), start.Add(time.Duration(i)*20*time.Second), Event{Model: "glm-4.5"})
	}
	tomorrow := start.Add(24 * time.Hour)
	explained := func(now time.Time) Explanation {
		book.read = 0
		x, err := l.State.Explain(m, all, WindowFive, book, now, 100)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	put("off", tomorrow, Event{Endpoint: "https://api.anthropic.com"})
	if x := explained(tomorrow); len(x.Steps) != 1 || x.Steps[0].ID != "off" || x.Steps[0].Used != 0 {
		t.Errorf("while it is idle: %s", mustJSON(x.Steps))
	}
	put("in", tomorrow.Add(time.Minute), Event{Model: "glm-4.5"})
	if x := explained(tomorrow.Add(time.Minute)); len(x.Steps) != 1 || x.Steps[0].ID != "in" || x.Steps[0].Used != One {
		t.Errorf("since it opened: %s", mustJSON(x.Steps))
	}
	if book.read > 15 {
		t.Errorf("%d of 502 entries were read", book.read)
	}
}

func TestAnExplanationStepsFromAnAnchorThatWasForgotten(t *testing.T) {
	m, book := meterOf(t, "v2/lite", ""), NewMemBook()
	forgotten := instant("2026-11-12T05:00:00Z") // a Thursday
	s := &State{First: forgotten}
	for id, at := range map[string]time.Time{"a": instant("2026-11-25T04:00:00Z"), "b": instant("2026-11-26T05:00:00Z")} {
		book.Put(Event{ID: id, At: at, Model: "glm-4.5"}.Normalize(at))
	}
	for e := range book.Entries(DefaultAccount, time.Time{}) {
		s.Apply(m, e)
	}
	x, err := s.Explain(m, all, WindowWeek, book, s.Head, 10)
	if err != nil || len(x.Steps) != 1 || x.Steps[0].Used != One || x.Window.Used != One {
		t.Errorf("%v: %s", err, mustJSON(x))
	}
}
