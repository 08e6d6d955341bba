package main

import (
	"errors"
	"testing"
	"time"
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
