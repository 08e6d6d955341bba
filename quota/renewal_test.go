package quota

import (
	"slices"
	"testing"
	"time"
)

// renewing is the tiny plan, renewed a week after day0.
func renewing() *Meter {
	m := tinyMeter(Fixed)
	m.Account.Renews = day0.Add(7 * aDay)
	m.Account.Plan.Fees = []Fee{
		{Cycle: CycleMonth, USD: 18 * One}, {Cycle: CycleMonth, USD: 72 * One, Valid: since(day0.Add(2 * aDay))}, {Cycle: CycleYear, USD: 600 * One},
	}
	return m
}

func TestARenewalIsToldThreeDaysAhead(t *testing.T) {
	rules := NoticeRules{Renewal: true}
	h := time.Hour
	for _, c := range []struct {
		name   string
		change func(*Meter)
		rules  NoticeRules
		events []Event
		want   []string
	}{
		{"at its instant, though nothing happens then, and once", nil, rules,
			[]Event{after(0, 1), after(100*h, 1), after(101*h, 1), after(200*h, 1)}, []string{"96h0m0s renewal 0"}},
		{"at once, where the first event comes later than that", nil, rules, []Event{after(120*h, 1), after(121*h, 1)}, []string{"120h0m0s renewal 0"}},
		{"not where it has passed", nil, rules, []Event{after(168*h, 1), after(169*h, 1)}, nil},
		{"not where nobody wants to know", nil, NoticeRules{}, []Event{after(0, 1), after(100*h, 1)}, nil},
		{"not where the day is not known", func(m *Meter) { m.Account.Renews = time.Time{} }, rules, []Event{after(0, 1), after(100*h, 1)}, nil},
		{"the end is told in its place", func(m *Meter) { m.Account.Ends = day0.Add(8 * aDay) }, rules,
			[]Event{after(0, 1), after(200*h, 1)}, []string{"120h0m0s renewal 0"}},
		{"other notices do not make it forgotten", nil, NoticeRules{Renewal: true, Thresholds: []int{75}},
			[]Event{after(100*h, 4), after(101*h, 4)}, []string{"100h0m0s threshold 75", "100h0m0s renewal 0", "101h0m0s threshold 75"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := renewing()
			if c.change != nil {
				c.change(m)
			}
			if got := script(t, m, c.rules, c.events...); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestARenewalIsToldOnceThoughTheHourIsToldAnew(t *testing.T) {
	m, rules, now := renewing(), NoticeRules{Renewal: true}, day0.Add(5*aDay)
	st := (&State{}).At(m, rules, now)
	due := Due(m, &st, nil, rules, now)
	if len(due) != 1 || due[0].Why != WhyRenews || !due[0].ResetsAt.Equal(m.Account.Renews) || due[0].Window != "" {
		t.Fatalf("%+v", due)
	}
	told := []Told{due[0].Told()}
	m.Account.Renews = m.Account.Renews.Add(9 * time.Hour)
	if again := Due(m, &st, told, rules, now); len(again) != 0 {
		t.Errorf("%+v", again)
	}
	m.Account.Renews, m.Account.Ends = m.Account.Renews.AddDate(0, 0, 30), m.Account.Renews.Add(-2*aDay)
	if next := Due(m, &st, told, rules, now); len(next) != 1 || next[0].Why != WhyEnds {
		t.Errorf("another day is another notice: %+v", next)
	}
}

func TestTheStatusTellsTheRenewalAndItsFee(t *testing.T) {
	m := renewing()
	at := func(now time.Time) PlanStatus { return (&State{}).At(m, all, now).Plan }
	if p := at(day0); !p.RenewsAt.Equal(m.Account.Renews) || p.EndsAt != nil || *p.Fee != (FeeStatus{72 * One, CycleMonth}) {
		t.Errorf("%s", mustJSON(p))
	}
	if p := at(m.Account.Renews); p.RenewsAt != nil {
		t.Errorf("one that has passed is not the next: %s", mustJSON(p))
	}
	m.Account.Cycle = CycleYear
	if p := at(day0); *p.Fee != (FeeStatus{600 * One, CycleYear}) {
		t.Errorf("%s", mustJSON(p))
	}
	m.Account.Cycle = CycleQuarter
	if p := at(day0); p.Fee != nil {
		t.Errorf("%s", mustJSON(p))
	}
}

func TestTheNextBoundaryIsThatOfTheRenewal(t *testing.T) {
	m, s := renewing(), &State{}
	for now, want := range map[time.Duration]time.Duration{0: 4 * aDay, 4 * aDay: 7 * aDay} {
		if next, ok := s.NextBoundary(m, day0.Add(now)); !ok || !next.Equal(day0.Add(want)) {
			t.Errorf("after %v: %v", now, next)
		}
	}
	if next, ok := s.NextBoundary(m, day0.Add(7*aDay)); ok {
		t.Errorf("%v", next)
	}
}
