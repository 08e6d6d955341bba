package quota

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestMonthsStepByTheSubscriptionInUTC8(t *testing.T) {
	for _, c := range []struct{ name, anchor, now, from, until string }{
		{"the day of the subscription begins the month", "2026-03-04T16:55:13+08:00", "2026-03-04T16:55:13+08:00", "2026-03-04T16:55:13+08:00", "2026-04-04T16:55:13+08:00"},
		{"a millisecond before the step still belongs to the old month", "2026-03-04T16:55:13+08:00", "2026-04-04T16:55:12.999+08:00", "2026-03-04T16:55:13+08:00", "2026-04-04T16:55:13+08:00"},
		{"the 31st has its step on the last day of a short month", "2026-01-31T10:00:00+08:00", "2026-03-01T00:00:00+08:00", "2026-02-28T10:00:00+08:00", "2026-03-31T10:00:00+08:00"},
		{"and on the 29th in a leap year", "2028-01-31T10:00:00+08:00", "2028-02-29T09:59:59+08:00", "2028-01-31T10:00:00+08:00", "2028-02-29T10:00:00+08:00"},
		{"a subscription on a leap day steps on the 28th and the 29th", "2028-02-29T10:00:00+08:00", "2029-03-01T00:00:00+08:00", "2029-02-28T10:00:00+08:00", "2029-03-29T10:00:00+08:00"},
		{"late in the evening UTC it is the next day there", "2026-05-31T18:00:00Z", "2026-06-30T17:59:00Z", "2026-05-31T18:00:00Z", "2026-06-30T18:00:00Z"},
		{"an instant before the subscription has its month too", "2026-03-31T10:00:00+08:00", "2026-03-01T00:00:00+08:00", "2026-02-28T10:00:00+08:00", "2026-03-31T10:00:00+08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := Window{Kind: Monthly}
			got := w.span(instant(c.anchor), instant(c.now))
			if !got.From.Equal(instant(c.from)) || !got.Until.Equal(instant(c.until)) {
				t.Errorf("got %v to %v, want %v to %v", got.From, got.Until, instant(c.from), instant(c.until))
			}
		})
	}
}

func TestNoMonthDriftsAfterAShortOne(t *testing.T) {
	for anchor, want := range map[string]string{
		"2027-08-28T23:59:59+08:00": "09-28 10-28 11-28 12-28 01-28 02-28 03-28 04-28 05-28 06-28 07-28 08-28",
		"2027-08-29T00:00:00+08:00": "09-29 10-29 11-29 12-29 01-29 02-29 03-29 04-29 05-29 06-29 07-29 08-29",
		"2027-08-30T10:00:00+08:00": "09-30 10-30 11-30 12-30 01-30 02-29 03-30 04-30 05-30 06-30 07-30 08-30",
		"2027-08-31T23:59:59+08:00": "09-30 10-31 11-30 12-31 01-31 02-29 03-31 04-30 05-31 06-30 07-31 08-31",
		"2028-02-29T00:00:00+08:00": "03-29 04-29 05-29 06-29 07-29 08-29 09-29 10-29 11-29 12-29 01-29 02-28 03-29",
		"2028-02-29T07:59:59+08:00": "03-29 04-29 05-29 06-29 07-29 08-29 09-29 10-29 11-29 12-29 01-29 02-28 03-29", // the 28th in UTC
		"2024-02-29T12:00:00Z":      "03-29 04-29 05-29 06-29 07-29 08-29 09-29 10-29 11-29 12-29 01-29 02-28 03-29",
		"2099-12-31T12:00:00+08:00": "01-31 02-28 03-31 04-30", // 2100 has no leap day
	} {
		w, at := Window{Kind: Monthly}, instant(anchor)
		var got []string
		for range strings.Fields(want) {
			at = w.span(instant(anchor), at).Until
			got = append(got, at.In(UTC8).Format("01-02"))
			if clock := instant(anchor).In(UTC8).Format(time.TimeOnly); at.In(UTC8).Format(time.TimeOnly) != clock {
				t.Errorf("%s: %v is not at %s", anchor, at.In(UTC8), clock)
			}
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s\n got %s\nwant %s", anchor, text, want)
		}
	}
}

// Five years of boundaries rise, each a month after the one before, on the day of
// the subscription or the last that the month has, and so does what a State
// announces next.
func TestBoundariesRiseAndDoNotDrift(t *testing.T) {
	plan := Plan{ID: "lab/both", Unit: Prompts, Windows: []Window{
		{Name: "week", Kind: Anchored, Length: 7 * aDay, Cap: One}, {Name: "month", Kind: Monthly, Cap: One},
	}}
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.IntRange(28, 31).Draw(t, "day")
		second := rapid.IntRange(0, 86399).Draw(t, "second")
		anchor := time.Date(2027, time.Month(rapid.IntRange(1, 14).Draw(t, "month")), day, 0, 0, second, 0, UTC8).UTC()
		day = anchor.In(UTC8).Day() // of a month without it, one of the next
		m := &Meter{Account: Account{Name: DefaultAccount, Plan: plan, Subscribed: anchor}}
		state, month, week := State{}, anchor, anchor
		for at := anchor; at.Before(anchor.AddDate(5, 0, 0)); {
			next, ok := state.NextBoundary(m, at)
			if !ok || !next.After(at) || next.Sub(at) > 7*aDay {
				t.Fatalf("after %v comes %v", at, next)
			}
			at = next
			from := plan.Windows[1].span(anchor, at).From
			newWeek, newMonth := at.Sub(week) == 7*aDay, from.Equal(at)
			if newWeek {
				week = at
			}
			if !newMonth {
				if !newWeek {
					t.Fatalf("%v is the end of nothing", at)
				}
				continue
			}
			local := from.In(UTC8)
			last := time.Date(local.Year(), local.Month()+1, 0, 0, 0, 0, 0, UTC8).Day()
			if days := from.Sub(month) / aDay; days < 28 || days > 31 || local.Day() != min(day, last) || from.Sub(month)%aDay != 0 {
				t.Fatalf("the month of %v begins at %v", anchor.In(UTC8), local)
			}
			month = from
		}
	})
}

func TestWeeksAreSevenTimes24HoursWhateverTheClocksDo(t *testing.T) {
	w := Window{Kind: Anchored, Length: 7 * 24 * time.Hour}
	anchor := instant("2026-03-04T16:55:13+08:00")
	rapid.Check(t, func(t *rapid.T) {
		now := anchor.Add(time.Duration(rapid.Int64Range(-1e9, 4e9).Draw(t, "seconds")) * time.Second)
		s := w.span(anchor, now)
		if !s.Holds(now) || s.Until.Sub(s.From) != w.Length || s.From.Sub(anchor)%w.Length != 0 {
			t.Fatalf("%v lies in %v to %v", now, s.From, s.Until)
		}
	})
}

func TestMonthsFollowOnOneAnotherWithoutGap(t *testing.T) {
	w := Window{Kind: Monthly}
	rapid.Check(t, func(t *rapid.T) {
		anchor := day0.Add(time.Duration(rapid.Int64Range(0, 4e8).Draw(t, "anchor")) * time.Second)
		now := anchor.Add(time.Duration(rapid.Int64Range(-1e8, 4e8).Draw(t, "now")) * time.Second)
		s := w.span(anchor, now)
		if !s.Holds(now) {
			t.Fatalf("%v is not in %v to %v", now, s.From, s.Until)
		}
		if next := w.span(anchor, s.Until); !next.From.Equal(s.Until) {
			t.Fatalf("after %v comes %v", s.Until, next.From)
		}
	})
}
