package main

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the zones below, wherever this runs
)

func TestParseTime(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	now := time.Date(2026, 11, 23, 14, 30, 0, 0, berlin)
	for _, c := range []struct{ name, text, want string }{
		{"a time with a zone", "2026-11-23T06:30:00Z", "2026-11-23T06:30:00Z"},
		{"with milliseconds", "2026-11-23T06:30:00.123+08:00", "2026-11-22T22:30:00.123Z"},
		{"a space in the place of the T", "2026-11-23 06:30:00+08:00", "2026-11-22T22:30:00Z"},
		{"without a zone it is local", "2026-11-23 06:30", "2026-11-23T05:30:00Z"},
		{"with seconds", "2026-11-23 06:30:05", "2026-11-23T05:30:05Z"},
		{"a day is its midnight", "2026-11-20", "2026-11-19T23:00:00Z"},
		{"a time of day is today", "09:15", "2026-11-23T08:15:00Z"},
		{"also a later one", "23:59:59", "2026-11-23T22:59:59Z"},
		{"now", "now", "2026-11-23T13:30:00Z"},
		{"today is its midnight", "today", "2026-11-22T23:00:00Z"},
		{"yesterday", "Yesterday", "2026-11-21T23:00:00Z"},
		{"an age", "90m", "2026-11-23T12:00:00Z"},
		{"an age with a sign", "-1h30m", "2026-11-23T12:00:00Z"},
		{"an age in words", "2h ago", "2026-11-23T11:30:00Z"},
		{"an age of days", "3d", "2026-11-20T13:30:00Z"},
		{"an age of weeks", "2w", "2026-11-09T13:30:00Z"},
	} {
		got, err := parseTime("--at", c.text, now)
		if err != nil || got.UTC().Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s: %q is %v (%v), want %s", c.name, c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "noon", "25:00", "2026-13-01", "0d", "-0h", "h", "d", "1700000000", "0026-11-23", "2026-11-23T06:30:00+08:00x"} {
		_, err := parseTime("--at", text, now)
		var f *failure
		if !errors.As(err, &f) || f.code != exitUsage {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Where clocks are moved a time may come twice, or not at all.
func TestParseTimeWhereClocksAreMoved(t *testing.T) {
	for _, c := range []struct{ name, zone, now, text, want string }{
		{"today without a midnight", "America/Sao_Paulo", "2018-11-04T15:00:00Z", "today", "2018-11-04T03:00:00Z"},
		{"yesterday without one", "America/Sao_Paulo", "2018-11-05T15:00:00Z", "yesterday", "2018-11-04T03:00:00Z"},
		{"yesterday before one", "Africa/Cairo", "2024-04-26T10:00:00Z", "yesterday", "2024-04-24T22:00:00Z"},
		{"a day without one", "America/Sao_Paulo", "2018-11-05T15:00:00Z", "2018-11-04", "2018-11-04T03:00:00Z"},
		{"today with two", "America/Havana", "2022-11-06T15:00:00Z", "today", "2022-11-06T04:00:00Z"},
		{"today after two hours before midnight", "Asia/Beirut", "2024-10-27T10:00:00Z", "today", "2024-10-26T22:00:00Z"},
		{"a time that is skipped is when it is", "Europe/Berlin", "2026-03-29T10:00:00Z", "02:30", "2026-03-29T01:00:00Z"},
		{"on a day that is named too", "Europe/Berlin", "2026-04-01T10:00:00Z", "2026-03-29 02:30", "2026-03-29T01:00:00Z"},
		{"half an hour that is skipped", "Australia/Lord_Howe", "2024-10-06T10:00:00Z", "02:15", "2024-10-05T15:30:00Z"},
		{"one that comes twice is the first", "Europe/Berlin", "2026-10-25T10:00:00Z", "2026-10-25 02:30:15", "2026-10-25T00:30:15Z"},
		{"a leap day", "Europe/Berlin", "2028-03-01T10:00:00Z", "yesterday", "2028-02-28T23:00:00Z"},
	} {
		got, err := parseTime("--at", c.text, inZone(t, c.zone, c.now))
		if err != nil || got.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%s: %q is %v (%v), want %s", c.name, c.text, got.UTC(), err, c.want)
		}
	}
}

func TestTheNextTimeToComeWhereClocksAreMoved(t *testing.T) {
	for _, c := range []struct{ name, zone, now, text, want string }{
		{"the second of two", "Europe/Berlin", "2026-10-25T00:40:00Z", "02:30", "2026-10-25T01:30:00Z"},
		{"the first of two", "Europe/Berlin", "2026-10-25T00:20:00Z", "02:30", "2026-10-25T00:30:00Z"},
		{"past both", "Europe/Berlin", "2026-10-25T01:40:00Z", "02:30", "2026-10-26T01:30:00Z"},
		{"skipped tomorrow", "America/Sao_Paulo", "2018-11-03T04:00:00Z", "00:30", "2018-11-04T03:00:00Z"},
		{"tomorrow without a midnight", "America/Sao_Paulo", "2018-11-03T15:00:00Z", "tomorrow", "2018-11-04T03:00:00Z"},
		{"tomorrow is a leap day", "Europe/Berlin", "2028-02-28T15:00:00Z", "08:00", "2028-02-29T07:00:00Z"},
	} {
		got, err := parseNext(c.text, inZone(t, c.zone, c.now))
		if err != nil || got.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%s: %q is %v (%v), want %s", c.name, c.text, got.UTC(), err, c.want)
		}
	}
}

func inZone(t *testing.T, zone, at string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	return when.In(loc)
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "2h30m": 150 * time.Minute, "3d": 72 * time.Hour, "1w": 168 * time.Hour,
	} {
		if got, err := parseSpan(text); err != nil || got != want {
			t.Errorf("%q is %v (%v)", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "-1h", "0s", "-3d", "1.5d", "99999w", "9999999h9999999999h"} {
		if got, err := parseSpan(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
