package quota

import (
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func of[T any](v T) *T { return &v }

// told is a reading of the 5 hours in short: "34%", "0% idle", "12.5 used".
func told(at string, r Reading) Event {
	r.Window = WindowFive
	return Event{Kind: KindReading, At: instant("2026-11-23T" + at + "Z"), Readings: []Reading{r}}
}

func percent(p float64) Reading { return Reading{Percent: &p} }

func (r Reading) until(at string) Reading {
	r.ResetsAt = of(instant("2026-11-23T" + at + "Z"))
	return r
}

func used(clock string, count int) Event {
	return Event{At: instant("2026-11-23T" + clock + "Z"), Count: count, Model: "glm-4.5"}
}

func stopped(clock, until string) Event {
	return Event{Kind: KindExhausted, At: instant("2026-11-23T" + clock + "Z"), Window: WindowFive, Until: instant("2026-11-23T" + until + "Z")}
}

// The cap is 80: a percent is 0.8 of a prompt.
func TestAReadingIsHeldAgainstTheCount(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []Event // the last one is the reading that is looked at, but for charges after it
		used   string
		why    FindingWhy
		state  WindowPhase
		early  bool
	}{
		{"alone it is the count", []Event{told("06:00:00", percent(34))}, "27.2", FindRaised, PhaseOpen, false},
		{"inside the bracket the count stands", []Event{used("05:00:00", 27), used("05:30:00", 1), told("06:00:00", percent(35))}, "28", FindStands, PhaseOpen, false},
		{"below it the count is raised to what is shown", []Event{used("05:00:00", 10), used("05:59:00", 2), told("06:00:00", percent(35))}, "28", FindRaised, PhaseOpen, false},
		{"above it, what was charged a minute ago is on top", []Event{used("05:00:00", 40), used("05:59:00", 2), told("06:00:00", percent(35))}, "30.799999", FindLowered, PhaseOpen, false},
		{"what was charged four minutes ago may be missing in it", []Event{used("05:00:00", 28), used("05:56:00", 5), told("06:00:00", percent(35))}, "33", FindStands, PhaseOpen, false},
		{"what was charged six minutes ago may not", []Event{used("05:00:00", 28), used("05:54:00", 5), told("06:00:00", percent(35))}, "28.799999", FindLowered, PhaseOpen, false},
		{"1 % is anything up to 2 %", []Event{used("05:00:00", 1), told("06:00:00", percent(1))}, "1", FindStands, PhaseOpen, false},
		{"1 % without any count is the least there is", []Event{told("06:00:00", percent(1))}, "0.000001", FindRaised, PhaseOpen, false},
		{"a row without figures tells of no use", []Event{used("05:00:00", 7), told("06:00:00", Reading{}.until("10:00:00"))}, "7", FindNothing, PhaseOpen, false},
		{"nor does one whose reset is past", []Event{used("05:00:00", 7), told("06:00:00", percent(90).until("05:59:00"))}, "7", FindOver, PhaseOpen, false},

		{"a small fall is noise", []Event{used("05:00:00", 5), told("05:30:00", percent(34)), told("06:00:00", percent(33))}, "27.2", FindNoise, PhaseOpen, false},
		{"so is one of 9 %", []Event{told("05:30:00", percent(34)), told("06:00:00", percent(25))}, "27.2", FindNoise, PhaseOpen, false},
		{"one of 10 % is an early refresh", []Event{told("05:30:00", percent(34)), told("06:00:00", percent(24))}, "19.999999", FindEarly, PhaseOpen, true},
		{"a count that was too high is corrected, and that is no refresh", []Event{used("05:00:00", 60), told("05:30:00", percent(34))}, "27.999999", FindLowered, PhaseOpen, false},
		{"even after a reading", []Event{told("05:01:00", percent(34)), used("05:10:00", 40), told("05:30:00", percent(40))}, "32.799999", FindLowered, PhaseOpen, false},
		{"but never below the reading before", []Event{told("05:01:00", percent(34)), used("05:10:00", 40), told("05:30:00", percent(33))}, "27.999999", FindNoise, PhaseOpen, false},
		{"from 2 % to nothing is an early refresh", []Event{told("05:30:00", percent(2).until("10:00:00")), told("06:00:00", percent(0).until("10:00:00"))}, "0", FindEarly, PhaseOpen, true},
		{"from 1 % to nothing is noise", []Event{told("05:30:00", percent(1).until("10:00:00")), told("06:00:00", percent(0).until("10:00:00"))}, "0.000001", FindNoise, PhaseOpen, false},
		{"a reset that moved on is another instance", []Event{used("05:00:00", 30), told("05:30:00", percent(37).until("10:00:00")), told("06:00:00", percent(3).until("10:50:00"))}, "2.4", FindEarly, PhaseOpen, true},
		{"a reset within a minute is the same", []Event{used("05:00:00", 30), told("05:30:00", percent(37).until("10:00:00")), told("06:00:00", percent(36).until("10:00:59"))}, "30", FindNoise, PhaseOpen, false},
		{"a first reset may be another than was thought", []Event{used("05:00:00", 30), told("05:30:00", percent(37).until("10:20:00"))}, "30", FindStands, PhaseOpen, false},

		{"nothing open there, and all counted a minute ago: it stands", []Event{used("05:59:00", 3), told("06:00:00", percent(0))}, "3", FindLag, PhaseOpen, false},
		{"nothing open there though an hour ago it was used here: closed", []Event{used("05:00:00", 3), told("06:00:00", percent(0))}, "0", FindIdle, PhaseIdle, false},
		{"the newest of it opens the next one", []Event{used("05:00:00", 3), used("05:59:30", 2), told("06:00:00", percent(0))}, "2", FindIdle, PhaseOpen, false},
		{"after a reading of use that is an early refresh", []Event{told("05:00:00", percent(5)), told("06:00:00", percent(0))}, "0", FindEarly, PhaseIdle, true},
		{"but not by the reset instant", []Event{told("05:00:00", percent(5).until("10:00:00")), told("09:59:30", percent(0))}, "0", FindIdle, PhaseIdle, false},
		{"nothing used and a reset told: it is open", []Event{told("06:00:00", percent(0).until("10:00:00"))}, "0", FindStands, PhaseOpen, false},

		{"a stop stands though a reading soon after shows less", []Event{used("05:00:00", 78), stopped("06:00:00", "10:00:00"), told("06:04:00", percent(97))}, "80", FindStands, PhaseExhausted, false},
		{"but not one that shows less than a lag can hide", []Event{used("05:00:00", 78), stopped("06:00:00", "10:00:00"), told("06:00:10", percent(34))}, "27.999999", FindLowered, PhaseOpen, false},
		{"and not one that shows nothing open", []Event{used("05:00:00", 78), stopped("06:00:00", "10:00:00"), told("06:04:00", percent(0))}, "0", FindIdle, PhaseIdle, false},
		{"a later one says otherwise", []Event{used("05:00:00", 78), stopped("06:00:00", "10:00:00"), told("06:06:00", percent(97))}, "78", FindStands, PhaseOpen, false},
		{"and a full one does not", []Event{used("05:00:00", 78), stopped("06:00:00", "10:00:00"), told("06:06:00", percent(100))}, "80", FindRaised, PhaseExhausted, false},

		{"use without a reset right after one is of the instance before", []Event{told("05:00:00", percent(50).until("07:00:00")), told("07:02:00", percent(50))}, "0", FindOver, PhaseIdle, false},
		{"ten minutes after it is not", []Event{told("05:00:00", percent(50).until("07:00:00")), told("07:10:00", percent(50))}, "40", FindRaised, PhaseOpen, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
			s, f := findings(m, c.events)
			w := s.At(m, all, c.events[len(c.events)-1].At).window(t, WindowFive)
			if w.Used.String() != c.used || f.Why != c.why || w.State != c.state || (w.RefreshedEarlyAt != nil) != c.early {
				t.Errorf("used %v, %s, %q, early %v; want %s, %s, %q, %v", w.Used, w.State, f.Why, w.RefreshedEarlyAt, c.used, c.state, c.why, c.early)
			}
		})
	}
}

// findings folds events in their order, and tells what the last reading of the
// 5 hours was found to say.
func findings(m *Meter, events []Event) (s *State, last Finding) {
	s, anchor := &State{}, m.Account.Subscribed
	for i, e := range events {
		e.ID = fmt.Sprintf("e%03d", i)
		if e = e.Normalize(e.At); e.Kind == KindReading {
			s.grow(m)
			at := s.Clone().Windows[0]
			last = at.read(&m.Account.Plan.Windows[0], anchor, e.At, e.Readings[0])
		}
		s.Apply(m, Entry{Event: e})
	}
	return s, last
}

func TestTheCalendarFollowsTheProvider(t *testing.T) {
	reading := func(at, window, resets string) Event {
		return Event{Kind: KindReading, At: instant(at), Readings: []Reading{{Window: window, Percent: of(12.0), ResetsAt: of(instant(resets))}}}
	}
	for _, c := range []struct {
		name, window string
		events       []Event
		at           string
		opened, ends string
	}{
		{"a week's reset that jitters is the same", "week", []Event{reading("2026-11-23T05:00:00Z", "week", "2026-11-25T08:55:43Z")}, "2026-11-23T06:00:00Z", "2026-11-18T08:55:13Z", "2026-11-25T08:55:13Z"},
		{"a week that ends on another day steps from there", "week", []Event{reading("2026-11-23T05:00:00Z", "week", "2026-11-27T01:00:00Z")}, "2026-11-28T00:00:00Z", "2026-11-27T01:00:00Z", "2026-12-04T01:00:00Z"},
		{"a month's reset that jitters is the same", "month", []Event{reading("2026-11-23T05:00:00Z", "month", "2026-12-04T08:55:14Z")}, "2026-11-23T06:00:00Z", "2026-11-04T08:55:13Z", "2026-12-04T08:55:13Z"},
		{"a month that ends on another day steps from there", "month", []Event{reading("2026-11-23T05:00:00Z", "month", "2026-12-10T01:00:00Z")}, "2026-12-11T00:00:00Z", "2026-12-10T01:00:00Z", "2027-01-10T01:00:00Z"},
		{"a reset further ahead than the window is long is none", "week", []Event{reading("2026-11-23T05:00:00Z", "week", "2026-12-10T01:00:00Z")}, "2026-11-23T06:00:00Z", "2026-11-18T08:55:13Z", "2026-11-25T08:55:13Z"},
		{"the next week, told by a clock ahead of ours, begins now", "week", []Event{reading("2026-11-25T08:54:43Z", "week", "2026-12-02T08:55:13Z")}, "2026-11-25T08:54:50Z", "2026-11-25T08:54:43Z", "2026-12-02T08:55:13Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
			w := stateOf(t, m, c.events...).At(m, all, instant(c.at)).window(t, c.window)
			if !w.OpenedAt.Equal(instant(c.opened)) || !w.ResetsAt.Equal(instant(c.ends)) {
				t.Errorf("from %v to %v, want %s to %s", w.OpenedAt, w.ResetsAt, c.opened, c.ends)
			}
		})
	}
}

func TestUseThatNoEventTellsOfIsElsewhere(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []Event
		want   string // "" where none is told
	}{
		{"without a reading nothing is known of it", []Event{used("05:00:00", 10)}, ""},
		{"what a reading raises", []Event{used("05:00:00", 10), told("06:00:00", percent(35))}, "18"},
		{"and the next one again", []Event{used("05:00:00", 10), told("06:00:00", percent(35)), told("06:30:00", percent(40))}, "22"},
		{"less what one takes off", []Event{told("05:30:00", percent(20)), used("05:40:00", 20), told("06:00:00", percent(30))}, "4.799999"},
		{"below 1 % of the cap it is none", []Event{used("05:00:00", 27), told("06:00:00", percent(34))}, ""},
		{"after an early refresh it begins anew", []Event{told("05:30:00", percent(50)), told("06:00:00", percent(20))}, ""},
		{"and in the next instance", []Event{told("05:30:00", percent(50)), used("11:00:00", 1), told("11:30:00", percent(1))}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := meterOf(t, "v2/lite", "")
			w := stateOf(t, m, c.events...).At(m, all, c.events[len(c.events)-1].At).window(t, WindowFive)
			got := ""
			if w.Elsewhere != nil {
				got = w.Elsewhere.String()
			}
			if got != c.want {
				t.Errorf("elsewhere %q, want %q (used %v)", got, c.want, w.Used)
			}
		})
	}
}

func TestWhatTheProviderToldOfTheSubscriptionIsKept(t *testing.T) {
	plan := func(clock string, p PlanTold) Event {
		e := told(clock, Reading{})
		e.ID, e.Plan = clock, p
		return e
	}
	bought, renews, ends := instant("2026-03-04T08:55:13Z"), instant("2026-12-03T16:00:00Z"), instant("2027-01-03T16:00:00Z")
	m := meterOf(t, "v2/lite", "")
	s := late(t, m,
		plan("06:00:00", PlanTold{ID: "v3/pro", Subscribed: bought}),
		plan("07:00:00", PlanTold{Renews: renews}),
		plan("05:00:00", PlanTold{ID: "v2/pro", Renews: ends}),
		told("08:00:00", Reading{}))
	want := PlanTold{ID: "v3/pro", Subscribed: bought, Renews: renews}
	if s.Told != want || !s.ToldAt.Equal(instant("2026-11-23T07:00:00Z")) {
		t.Errorf("%s at %v", mustJSON(s.Told), s.ToldAt)
	}
	s = late(t, m, plan("06:00:00", PlanTold{Renews: renews}), plan("07:00:00", PlanTold{Ends: ends}))
	if s.Told != (PlanTold{Ends: ends}) {
		t.Errorf("what ends is not renewed: %s", mustJSON(s.Told))
	}
	if back, err := DecodeState(s.Encode()); err != nil || back.Told != s.Told {
		t.Errorf("%v: %s", err, mustJSON(back.Told))
	}
}

func TestAnExplanationSaysWhatAReadingDid(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	events := []Event{used("05:00:00", 10), used("05:59:00", 1), told("06:00:00", percent(35)), told("06:10:00", percent(100))}
	book := NewMemBook()
	for i, e := range events {
		e.ID = fmt.Sprintf("e%d", i)
		book.Put(e.Normalize(e.At))
	}
	s := fullFold(t, m, nil)
	for e := range book.Entries(DefaultAccount, time.Time{}) {
		s.Apply(m, e)
	}
	now := instant("2026-11-23T06:20:00Z")
	x, err := s.Explain(m, all, WindowFive, book, now, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]string{
		2: "the provider's reading: 35 %, which allows 28 to 29.799999; raised to the bracket",
		3: "the provider's reading: 100 %, which allows 80 and more; raised to the bracket",
	} {
		if got := x.Steps[i].Why; got != want {
			t.Errorf("step %d: %q, want %q", i, got, want)
		}
	}
	if r := x.Steps[2].Reading; r == nil || r.Was != 11*One || r.Now != 28*One || x.Steps[2].Used != 28*One {
		t.Errorf("%s", mustJSON(x.Steps[2]))
	}
	notes := strings.Join(x.Notes, "\n")
	if want := "the newest reading is of 2026-11-23T06:10:00Z, 10m0s ago"; !strings.Contains(notes, want) {
		t.Errorf("no %q in\n%s", want, notes)
	}
	if w := x.Window; w.Elsewhere == nil || *w.Elsewhere != 69*One || w.Low == nil || *w.Low != 80*One {
		t.Errorf("the window: %s", mustJSON(w))
	}
}

// anyDay draws events of two days about the 5 hours and the week of a real
// plan, in clusters so close that lags matter.
func anyDay(t *rapid.T) []Event {
	kinds := []Kind{KindPrompt, KindPrompt, KindPrompt, KindUsage, KindReading, KindReading, KindExhausted, KindVoid}
	list := make([]Event, rapid.IntRange(0, 40).Draw(t, "events"))
	for i := range list {
		hour := rapid.SampledFrom([]int{0, 1, 5, 6, 10, 15}).Draw(t, "hour")
		at := day0.Add(time.Duration(hour)*time.Hour + time.Duration(rapid.IntRange(-40, 40).Draw(t, "quarters"))*15*time.Second)
		e := Event{ID: fmt.Sprintf("e%03d", i), At: at, Count: rapid.IntRange(1, 6).Draw(t, "count")}.Normalize(at)
		switch e.Kind = rapid.SampledFrom(kinds).Draw(t, "kind"); e.Kind {
		case KindPrompt, KindUsage:
			e.Model = rapid.SampledFrom([]string{"glm-5.3", "glm-5.3-flash", "strange"}).Draw(t, "model")
			e.Turn = rapid.SampledFrom([]string{"", "", "a"}).Draw(t, "turn")
			e.Tokens = Tokens{Input: 40_000}
		case KindReading:
			e.Readings = []Reading{anyShown(t, at, WindowFive), anyShown(t, at, WindowWeek)}
		case KindExhausted:
			e.Window, e.Until = WindowFive, at.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "until"))*time.Minute)
		case KindVoid:
			e.Voids = fmt.Sprintf("e%03d", rapid.IntRange(0, len(list)-1).Draw(t, "voids"))
		}
		list[i] = e
	}
	return list
}

func anyShown(t *rapid.T, at time.Time, window string) Reading {
	r := Reading{Window: window}
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0, 1:
		r.Percent = of(float64(rapid.SampledFrom([]int{0, 0, 1, 2, 3, 10, 30, 31, 45, 60, 99, 100}).Draw(t, "percent")))
	case 2:
		r.Used = of(One.Times(int64(rapid.IntRange(0, 400).Draw(t, "used"))))
	}
	switch rapid.IntRange(0, 3).Draw(t, "reset") {
	case 0:
		r.ResetsAt = of(at.Add(time.Duration(rapid.IntRange(-10, 300).Draw(t, "minutes")) * time.Minute))
	case 1, 2:
		r.ResetsAt = of(day0.Add(5 * time.Hour).Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "next")) * 5 * time.Hour))
	}
	return r
}

// anyPlan is of prompts or credits, its 5 hours fixed or rolling.
func anyPlan(t *rapid.T) *Meter {
	p, _ := PlanByID(rapid.SampledFrom([]string{"v2/lite", "v3/lite"}).Draw(t, "plan"))
	p.Windows = append([]Window(nil), p.Windows...)
	p.Windows[0].Kind = rapid.SampledFrom([]WindowKind{Fixed, Fixed, Rolling}).Draw(t, "five_hour")
	m := &Meter{Account: Account{Name: DefaultAccount, Plan: p, Model: DefaultModel}}
	if rapid.Bool().Draw(t, "subscribed") {
		m.Account.Subscribed = day0.Add(-9 * 24 * time.Hour)
	}
	return m
}

func TestReadingsWithLagDependOnTheSetOfEventsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := anyPlan(t), anyDay(t)
		want := string(fullFold(t, m, events).Encode())
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		got := arrive(t, m, events, func() int { return 1 + r.Intn(4) })
		if g := string(got.State.Encode()); g != want {
			t.Fatalf("\n got %s\nwant %s", g, want)
		}
	})
}

func TestAStateGoesThroughItsEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := fullFold(t, anyPlan(t), anyDay(t))
		back, err := DecodeState(s.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(back.Encode()), string(s.Encode()); got != want {
			t.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

func TestAReadingLeavesTheCountInItsBracketAndNeverBelowTheOneBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyPlan(t)
		book := NewMemBook()
		for _, e := range anyDay(t) {
			book.Put(e)
		}
		s := &State{}
		for e := range book.Entries(DefaultAccount, time.Time{}) {
			s.grow(m)
			for i := range m.Account.Plan.Windows[:2] {
				checkReading(t, m, s, i, e)
			}
			s.Apply(m, e)
			for _, w := range s.At(m, all, e.At).Windows {
				if w.Low != nil && (*w.Low > w.Used || *w.High < w.Used || *w.Low < 0) {
					t.Fatalf("%s: %v is not from %v to %v", w.Window, w.Used, *w.Low, *w.High)
				}
			}
		}
	})
}

func checkReading(t *rapid.T, m *Meter, s *State, i int, e Entry) {
	if e.Kind != KindReading || e.Voided {
		return
	}
	w, at := &m.Account.Plan.Windows[i], s.Clone().Windows[i]
	at.roll(w, s.Anchor(m), e.At)
	low, opened, read := at.Bracket.Low, at.Opened, !at.Read.IsZero()
	f := at.read(w, s.Anchor(m), e.At, e.Readings[i])
	switch {
	case !f.bounded():
		return
	case f.Used < f.Low || f.Used > f.High:
		t.Fatalf("%s: %v is not from %v to %v: %s", w.Name, f.Used, f.Low, f.High, f.Why)
	case w.Kind == Fixed && read && opened.Equal(at.Opened) && f.Why != FindEarly && f.Why != FindIdle && f.Used < low:
		t.Fatalf("%s: lowered to %v, below %v of the reading before: %s", w.Name, f.Used, low, f.Why)
	case f.High < math.MaxInt64 && at.Used != f.Used:
		t.Fatalf("%s: counts %v, says %v", w.Name, at.Used, f.Used)
	}
}

// A cap of 28,000 credits is none of a plan that counts prompts, nor are 2,520
// of them.
func TestAReadingOfAPlanInAnotherUnitCountsByItsPercent(t *testing.T) {
	credits := Reading{Used: of(2520 * One), Cap: of(28000 * One)}
	floored := credits
	floored.Percent = of(9.0)
	for _, c := range []struct {
		name, plan, told string
		reading          Reading
		used, limit      string
	}{
		{"another unit", "v2/lite", "v3/max", credits, "7.2", "80"},
		{"another unit, floored", "v2/lite", "v3/max", floored, "7.2", "80"},
		{"another unit, and nothing else", "v2/lite", "v3/max", Reading{Used: of(2520 * One)}, "0", "80"},
		{"the same", "v3/max", "v3/max", credits, "2520", "28000"},
		{"another tier", "v3/lite", "v3/max", credits, "2520", "28000"},
		{"one that is not known", "v3/lite", "v9/huge", credits, "2520", "28000"},
		{"none", "v3/lite", "", credits, "2520", "28000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := told("06:00:00", c.reading)
			e.Plan.ID = c.told
			m := meterOf(t, c.plan, "")
			s := stateOf(t, m, e)
			st := s.At(m, NoticeRules{}, e.At)
			if w := st.Windows[0]; w.Used.String() != c.used || w.Cap.String() != c.limit {
				t.Errorf("%v of %v, want %s of %s", w.Used, w.Cap, c.used, c.limit)
			}
		})
	}
}
