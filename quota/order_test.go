package quota

import (
	"iter"
	"testing"
	"time"
)

// late puts events in the order given, each settled on its own, and compares
// with the plain fold of the set.
func late(t *testing.T, m *Meter, events ...Event) *State {
	t.Helper()
	for i := range events {
		events[i] = events[i].Normalize(events[i].At)
	}
	got := arrive(t, m, events, func() int { return 1 })
	if want := fullFold(t, m, events); string(got.State.Encode()) != string(want.Encode()) {
		t.Fatalf("\n got %s\nwant %s", got.State.Encode(), want.Encode())
	}
	return &got.State
}

func TestWhatComesLateBeforeAReadingOrAStop(t *testing.T) {
	clock := func(s string) time.Time { return instant("2026-11-23T" + s + "Z") }
	prompt := func(id, s string) Event { return Event{ID: id, At: clock(s), Model: "glm-4.5"} }
	reading := func(id, s string, p float64) Event {
		return Event{ID: id, Kind: KindReading, At: clock(s), Readings: []Reading{{Window: "5h", Percent: &p}}}
	}
	m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")

	t.Run("a prompt before a reading is in the reading already", func(t *testing.T) {
		s := late(t, m, prompt("a", "05:00:00"), reading("r", "06:00:00", 10), prompt("b", "05:30:00"))
		if w := s.At(m, all, clock("06:00:00")).window(t, "5h"); w.Used != 8*One {
			t.Errorf("used %v", w.Used)
		}
	})
	t.Run("a reading of nothing used leaves an idle window idle", func(t *testing.T) {
		s := late(t, m, reading("r", "06:00:00", 0))
		if w := s.At(m, all, clock("06:01:00")).window(t, "5h"); w.State != PhaseIdle {
			t.Errorf("%s", mustJSON(w))
		}
		late(t, m, prompt("a", "05:00:00"), reading("r", "11:00:00", 0), prompt("b", "10:30:00"))
	})
	t.Run("a reading below the cap ends what a stop said", func(t *testing.T) {
		stop := Event{ID: "s", Kind: KindExhausted, At: clock("05:00:00"), Window: "5h", Until: clock("09:00:00")}
		s := late(t, m, stop, reading("r", "06:00:00", 40))
		if w := s.At(m, all, clock("06:01:00")).window(t, "5h"); w.State != PhaseOpen || w.Used != 32*One {
			t.Errorf("%s", mustJSON(w))
		}
	})
	t.Run("a stop until the instant of itself says nothing", func(t *testing.T) {
		s := late(t, m, Event{ID: "s", Kind: KindExhausted, At: clock("05:00:00"), Window: "5h", Until: clock("05:00:00")})
		if w := s.At(m, all, clock("05:00:00")).window(t, "5h"); w.State != PhaseIdle {
			t.Errorf("%s", mustJSON(w))
		}
	})
	t.Run("a stop of another service says nothing of the plan", func(t *testing.T) {
		for _, url := range []string{"https://api.anthropic.com", "https://api.z.ai/api/paas/v4"} {
			s := late(t, m, Event{ID: "s", Kind: KindExhausted, Endpoint: url, At: clock("05:00:00"), Window: "5h", Until: clock("09:00:00")})
			if st := s.At(m, all, clock("05:01:00")); st.State != StateOK || st.Windows[0].State != PhaseIdle {
				t.Errorf("%s: %s", url, mustJSON(st))
			}
		}
	})
	t.Run("a reset of the week that the provider told is stepped from", func(t *testing.T) {
		s := late(t, m, Event{ID: "s", Kind: KindExhausted, At: clock("05:00:00"), Window: "week", Until: instant("2026-11-27T01:00:00Z")})
		w := s.At(m, all, instant("2026-12-01T00:00:00Z")).window(t, "week")
		if !w.OpenedAt.Equal(instant("2026-11-27T01:00:00Z")) || !w.ResetsAt.Equal(instant("2026-12-04T01:00:00Z")) {
			t.Errorf("%s", mustJSON(w))
		}
	})
	t.Run("a stop moves the reset to the instant it told", func(t *testing.T) {
		s := late(t, m, prompt("a", "05:00:00"), Event{ID: "s", Kind: KindExhausted, At: clock("06:00:00"), Window: "5h", Until: clock("10:00:31")})
		w := s.At(m, all, clock("06:00:00")).window(t, "5h")
		if !w.ResetsAt.Equal(clock("10:00:31")) || !w.OpenedAt.Equal(clock("05:00:00")) || w.State != PhaseExhausted {
			t.Errorf("%s", mustJSON(w))
		}
	})
	t.Run("a stop holds a rolling window though its charges come back", func(t *testing.T) {
		roll := meterOf(t, "v2/lite", "")
		roll.Account.Plan.Windows[0].Kind = Rolling
		s := late(t, roll, prompt("a", "01:00:00"),
			Event{ID: "s", Kind: KindExhausted, At: clock("05:30:00"), Window: "5h", Until: clock("09:00:00")}, prompt("b", "06:30:00"))
		w := s.At(roll, all, clock("08:00:00")).window(t, "5h")
		if w.State != PhaseExhausted || w.Used != 80*One {
			t.Errorf("%s", mustJSON(w))
		}
		if w = s.At(roll, all, clock("09:00:00")).window(t, "5h"); w.State != PhaseOpen || w.Used != One {
			t.Errorf("after it: %s", mustJSON(w))
		}
		if next, ok := s.NextBoundary(roll, clock("08:00:00")); !ok || !next.Equal(clock("09:00:00")) {
			t.Errorf("next boundary %v", next)
		}
	})
	t.Run("a reading before any prompt anchors the week", func(t *testing.T) {
		five, week := 34.0, 12.0
		r := Event{ID: "r", Kind: KindReading, At: clock("05:00:00"), Readings: []Reading{{Window: "5h", Percent: &five}, {Window: "week", Percent: &week}}}
		s := late(t, meterOf(t, "v2/lite", ""), prompt("p", "05:30:00"), r)
		w := s.At(meterOf(t, "v2/lite", ""), all, clock("05:30:00")).window(t, "week")
		if w.Used != 49*One || !w.ResetsAt.Equal(instant("2026-11-30T05:00:00Z")) {
			t.Errorf("%s", mustJSON(w))
		}
	})
	t.Run("a week that ends a little early goes on from there", func(t *testing.T) {
		s := late(t, m, Event{ID: "s", Kind: KindExhausted, At: clock("05:00:00"), Window: "week", Until: instant("2026-11-25T08:54:43Z")})
		w := s.At(m, all, instant("2026-11-25T08:54:50Z")).window(t, "week")
		if !w.OpenedAt.Equal(instant("2026-11-25T08:54:43Z")) || !w.ResetsAt.Equal(instant("2026-12-02T08:55:13Z")) || w.Used != 0 {
			t.Errorf("%s", mustJSON(w))
		}
	})
	t.Run("a reading's reset within a minute is the same reset", func(t *testing.T) {
		p, reset := 10.0, clock("10:00:31")
		s := late(t, m, prompt("a", "05:00:00"), Event{ID: "r", Kind: KindReading, At: clock("06:00:00"), Readings: []Reading{{Window: "5h", Percent: &p, ResetsAt: &reset}}})
		if w := s.At(m, all, clock("06:00:00")).window(t, "5h"); !w.ResetsAt.Equal(clock("10:00:00")) {
			t.Errorf("%s", mustJSON(w))
		}
	})
	t.Run("a figure of the provider's holds no estimate of ours", func(t *testing.T) {
		credits := meterOf(t, "v3/lite", "")
		p := 2.0
		s := late(t, credits, Event{ID: "a", At: clock("05:00:00"), Count: 10}, Event{ID: "r", Kind: KindReading, At: clock("06:00:00"), Readings: []Reading{{Window: "5h", Percent: &p}}})
		w := s.At(credits, all, clock("06:00:00")).window(t, "5h")
		if w.Used.String() != "59.999999" || w.Estimated != nil || w.Approximate {
			t.Errorf("%s", mustJSON(w))
		}
	})
}

func TestAReadingWithoutFiguresGivesNothingBackTwice(t *testing.T) {
	m := tinyMeter(Rolling)
	book, l := NewMemBook(), &Ledger{Meter: m}
	empty := Event{ID: "r", Kind: KindReading, At: day0.Add(25 * time.Second), Readings: []Reading{{Window: WindowFive}}}.Normalize(day0)
	for _, e := range []Event{after(0, 1), after(10*time.Second, 3), empty} {
		p, _ := book.Put(e)
		l.Take(book, p)
	}
	l, err := Open(m, book, l.State.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if w := l.State.At(m, all, day0.Add(26*time.Second)).Windows[0]; w.Used != 3*One {
		t.Errorf("used %v", w.Used)
	}
}

func TestAFoldIsTakenUpNoEarlierThanNeeded(t *testing.T) {
	m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
	book, l := &countingBook{MemBook: NewMemBook()}, &Ledger{Meter: m, every: 10}
	put := func(e Event) {
		p, _ := book.Put(e.Normalize(e.At))
		if _, err := l.Take(book, p); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Settle(book); err != nil {
			t.Fatal(err)
		}
	}
	start := instant("2026-01-05T00:00:00Z")
	for day := range 200 {
		for i := range 5 {
			put(Event{ID: string(rune('a'+i)) + start.AddDate(0, 0, day).String(), At: start.AddDate(0, 0, day).Add(time.Duration(i) * time.Minute), Model: "glm-4.5"})
		}
	}
	book.read = 0
	put(Event{ID: "late", At: start.AddDate(0, 0, 20).Add(30 * time.Second), Model: "glm-4.5"})
	// The day itself, and on to the end of its week and the checkpoint after.
	if book.read == 0 || book.read > 60 {
		t.Errorf("a late event made %d of 1,000 entries be read again", book.read)
	}
}

// countingBook counts the entries that are read.
type countingBook struct {
	*MemBook
	read int
}

func (b *countingBook) Entries(account string, from time.Time) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range b.MemBook.Entries(account, from) {
			b.read++
			if !yield(e, err) {
				return
			}
		}
	}
}
