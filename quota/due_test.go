package quota

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// tinyMeter is a plan of one fixed window of 20 s and 5 prompts.
func tinyMeter(kind WindowKind) *Meter {
	return &Meter{Account: Account{Name: DefaultAccount, Model: "glm-4.5", Plan: Plan{ID: "lab/tiny", Name: "Tiny", Unit: Prompts,
		Windows: []Window{{Name: "5h", Kind: kind, Length: 20 * time.Second, Cap: 5 * One}}}}}
}

// script runs events through a replay and lists the notices in short:
// "4s threshold 75".
func script(t *testing.T, m *Meter, rules NoticeRules, events ...Event) []string {
	t.Helper()
	var list []string
	for step, err := range NewReplay(m, rules).Steps(Sort(events)) {
		if err != nil {
			t.Fatal(err)
		}
		if n := step.Notice; n != nil {
			list = append(list, fmt.Sprintf("%v %s %d", n.At.Sub(day0), n.Kind, n.Level))
		}
	}
	return list
}

func after(d time.Duration, count int) Event {
	return Event{ID: fmt.Sprintf("%012d-%d", d, count), At: day0.Add(d), Count: count, Kind: KindPrompt, Account: DefaultAccount}
}

func TestNotices(t *testing.T) {
	s := time.Second
	early := func(d time.Duration, p float64) Event {
		return Event{ID: fmt.Sprintf("r%012d", d), Kind: KindReading, At: day0.Add(d), Account: DefaultAccount, Count: 1, Readings: []Reading{{Window: "5h", Percent: &p}}}
	}
	stop := Event{ID: "stop", Kind: KindExhausted, At: day0.Add(2 * s), Account: DefaultAccount, Count: 1, Window: "5h", Until: day0.Add(9 * s)}
	for _, c := range []struct {
		name   string
		kind   WindowKind
		rules  NoticeRules
		events []Event
		want   []string
	}{
		{"each threshold is told once, and the refresh at its instant", Fixed, all,
			[]Event{after(0, 1), after(1*s, 3), after(2*s, 1), after(3*s, 1)},
			[]string{"1s threshold 75", "2s exhausted 100", "20s refreshed 0"}},
		{"of levels crossed by one step the highest is told", Fixed, NoticeRules{Thresholds: []int{20, 40, 60, 100}, Refresh: true},
			[]Event{after(0, 3)}, []string{"0s threshold 60", "20s refreshed 0"}},
		{"below the lowest threshold nothing is told, not even the refresh", Fixed, all,
			[]Event{after(0, 3)}, nil},
		{"the next window is told of anew", Fixed, all,
			[]Event{after(0, 5), after(20*s, 4)},
			[]string{"0s exhausted 100", "20s refreshed 0", "20s threshold 75", "40s refreshed 0"}},
		{"without refresh only the thresholds", Fixed, NoticeRules{Thresholds: []int{75, 100}},
			[]Event{after(0, 5)}, []string{"0s exhausted 100"}},
		{"without 100 among the thresholds exhaustion is not told", Fixed, NoticeRules{Thresholds: []int{75}, Refresh: true},
			[]Event{after(0, 5)}, []string{"0s threshold 75", "20s refreshed 0"}},
		{"the provider's stop is told, and ends when it said", Fixed, all,
			[]Event{stop}, []string{"2s exhausted 100", "9s refreshed 0"}},
		{"use that falls early is told, and thresholds hold anew", Fixed, all,
			[]Event{after(0, 4), early(1*s, 80), early(2*s, 0), after(3*s, 4)},
			[]string{"0s threshold 75", "2s early_refresh 0", "3s threshold 75", "23s refreshed 0"}},
		{"after an early refresh the reset is told only where a threshold was crossed again", Fixed, all,
			[]Event{after(0, 4), early(1*s, 80), early(2*s, 0)},
			[]string{"0s threshold 75", "2s early_refresh 0"}},
		{"a first reading may correct the count without a refresh", Fixed, all,
			[]Event{after(0, 4), early(2*s, 20)}, []string{"0s threshold 75", "20s refreshed 0"}},
		{"a stop soon after a refresh is told", Fixed, all,
			[]Event{after(0, 5), {ID: "stop", Kind: KindExhausted, At: day0.Add(21 * s), Account: DefaultAccount, Count: 1, Window: "5h", Until: day0.Add(28 * s)}},
			[]string{"0s exhausted 100", "20s refreshed 0", "21s exhausted 100", "28s refreshed 0"}},
		{"a rolling window that had half of its cap free is told of anew", Rolling, all,
			[]Event{after(0, 3), after(1*s, 1), after(2*s, 1), after(20500*time.Millisecond, 3)},
			[]string{"1s threshold 75", "2s exhausted 100", "20.5s exhausted 100", "40.5s refreshed 0"}},
		{"one that never had room is told of once", Rolling, all,
			[]Event{after(0, 1), after(1*s, 4), after(20*s, 1)},
			[]string{"1s exhausted 100", "40s refreshed 0"}},
		{"a stop of a rolling window ends when it said", Rolling, all,
			[]Event{after(0, 1), stop, {ID: "again", Kind: KindExhausted, At: day0.Add(15 * s), Account: DefaultAccount, Count: 1, Window: "5h", Until: day0.Add(18 * s)}},
			[]string{"2s exhausted 100", "15s exhausted 100", "20s refreshed 0"}},
		{"a rolling window is full again when its last charge is back", Rolling, all,
			[]Event{after(0, 2), after(5*s, 2), after(21*s, 1)},
			[]string{"5s threshold 75", "41s refreshed 0"}},
		{"an anchored window is told of like the others", Anchored, all,
			[]Event{after(0, 1), after(19*s, 4), after(20*s, 1)},
			[]string{"19s exhausted 100", "20s refreshed 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := script(t, tinyMeter(c.kind), c.rules, c.events...); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("\n got %v\nwant %v", got, c.want)
			}
		})
	}
}

func TestAForecastTellsWhenThePaceRunsOut(t *testing.T) {
	m := meterOf(t, "v2/lite", "") // 80 prompts
	// 40 prompts in the hour before the peak, at 1 each: at the peak each costs 3.
	var events []Event
	for i := range 40 {
		events = append(events, Event{At: instant("2026-11-23T05:00:00Z").Add(time.Duration(i) * 90 * time.Second), Model: "glm-5.3"})
	}
	now := instant("2026-11-23T06:00:00Z")
	f := stateOf(t, m, events...).At(m, all, now).window(t, "5h").Forecast
	if f == nil || f.LastsToNext || f.ExhaustsAt == nil {
		t.Fatalf("forecast %s", mustJSON(f))
	}
	// 120 an hour from now on, 40 left: 20 minutes.
	if want := now.Add(20 * time.Minute); f.ExhaustsAt.Sub(want).Abs() > time.Second {
		t.Errorf("exhausts at %v, want %v", f.ExhaustsAt, want)
	}
	if f.PerHour != 40 {
		t.Errorf("%v an hour, want 40", f.PerHour)
	}
	if quiet := stateOf(t, m, events[:4]...).At(m, all, now).window(t, "5h").Forecast; quiet != nil {
		t.Errorf("of four prompts: %s", mustJSON(quiet))
	}
}

func TestAForecastIsToldOnce(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	var events []Event
	for i := range 60 {
		events = append(events, Event{ID: fmt.Sprintf("e%03d", i), Kind: KindPrompt, Account: DefaultAccount, Count: 1,
			At: instant("2026-11-23T00:00:00Z").Add(time.Duration(i) * time.Minute), Model: "glm-4.5"})
	}
	n := 0
	for step := range NewReplay(m, all).Steps(events) {
		if step.Notice != nil && step.Notice.Kind == NoticeForecast {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestAfterAnEarlyRefreshAForecastIsToldAnew(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	at := func(minute int) time.Time { return day0.Add(time.Duration(minute) * time.Minute) }
	shown := func(id string, minute int, percent float64) Event {
		return Event{ID: id, Kind: KindReading, At: at(minute), Readings: []Reading{
			{Window: WindowFive, Percent: of(percent), ResetsAt: of(at(300))}}}.Normalize(day0)
	}
	var events []Event
	for i := range 55 { // 55 of 80, in an hour: it runs out
		events = append(events, Event{ID: fmt.Sprintf("e%03d", i), At: at(i), Model: "glm-4.5"}.Normalize(day0))
	}
	events = append(events, shown("r1", 61, 68), shown("r2", 70, 3))
	for i := range 55 {
		events = append(events, Event{ID: fmt.Sprintf("f%03d", i), At: at(80 + i), Model: "glm-4.5"}.Normalize(day0))
	}
	var told []time.Time
	for step := range NewReplay(m, NoticeRules{Thresholds: []int{25, 100}, Refresh: true, Forecast: true}).Steps(Sort(events)) {
		if step.Notice != nil && step.Notice.Kind == NoticeForecast {
			told = append(told, step.At)
		}
	}
	if len(told) != 2 || told[0].After(at(61)) || told[1].Before(at(80)) {
		t.Errorf("told at %v", told)
	}
}

func TestALateEventThatMovesTheOpeningTellsNothingTwice(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		name string
		late time.Duration // an event that arrives at 101 s
		want []string      // of a window of 20 s that was opened at 100 s, and used up again at 106 s or after
	}{
		{"no late event", 101 * s, []string{"100s threshold 75", "101s exhausted 100", "120s refreshed 0", "121s exhausted 100", "141s refreshed 0"}},
		{"by little", 97 * s, []string{"100s threshold 75", "101s exhausted 100", "117s refreshed 0", "118s exhausted 100", "138s refreshed 0"}},
		{"by more than half a window", 85 * s, []string{"100s threshold 75", "101s exhausted 100", "105s refreshed 0", "106s exhausted 100", "126s refreshed 0"}},
		{"into a window that is over", 70 * s, []string{"100s threshold 75", "120s refreshed 0", "121s exhausted 100", "141s refreshed 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := tinyMeter(Fixed)
			book, l := NewMemBook(), &Ledger{Meter: m}
			put := func(e Event) {
				p, _ := book.Put(e)
				l.Take(book, p)
				l.Settle(book)
			}
			var told []Told
			var got []string
			again := false
			for at := 100 * s; at < 150*s; at += s {
				now := day0.Add(at)
				switch refreshed := slices.ContainsFunc(told, func(t Told) bool { return t.Kind == NoticeRefreshed }); {
				case at == 100*s:
					put(after(at, 4))
				case at == 101*s:
					put(after(c.late, 1))
				case refreshed && !again:
					again = true
					put(after(at, 5))
				}
				st := l.State.At(m, all, now)
				for _, d := range Due(m, &st, told, all, now) {
					told = append(told, d.Told())
					got = append(got, fmt.Sprintf("%ds %s %d", at/s, d.Kind, d.Level))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("\n got %v\nwant %v", got, c.want)
			}
		})
	}
}

func TestARefreshOfLongAgoIsNotTold(t *testing.T) {
	m := tinyMeter(Fixed)
	told := []Told{{Kind: NoticeExhausted, Window: "5h", Level: 100, At: day0, Opened: day0, Resets: day0.Add(20 * time.Second)}}
	s := &State{}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{20 * time.Second, 1}, {23 * time.Hour, 1}, {25 * time.Hour, 0}} {
		now := day0.Add(c.after)
		st := s.At(m, all, now)
		if got := Due(m, &st, told, all, now); len(got) != c.want {
			t.Errorf("after %v: %d due, want %d", c.after, len(got), c.want)
		}
	}
}

func TestABurstIsNoEvidenceForAForecast(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	s := stateOf(t, m, prompts(30, "2026-11-23T00:00:00Z", time.Second)...)
	if f := s.At(m, all, instant("2026-11-23T00:01:00Z")).window(t, "5h").Forecast; f != nil {
		t.Errorf("after a minute: %s", mustJSON(f))
	}
	if f := s.At(m, all, instant("2026-11-23T00:10:00Z")).window(t, "5h").Forecast; f == nil {
		t.Error("none after ten minutes")
	}
}
