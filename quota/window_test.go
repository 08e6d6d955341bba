package quota

import (
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
