package main

import (
	"strings"
	"testing"
	"time"
)

func TestParseSnooze(t *testing.T) {
	now := time.Date(2026, 11, 23, 22, 30, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct{ name, args, want string }{
		{"nothing is an hour", "", "2026-11-23T23:30:00+01:00"},
		{"a length of time", "90m", "2026-11-24T00:00:00+01:00"},
		{"days", "2d", "2026-11-25T22:30:00+01:00"},
		{"a time of day that is to come", "until 23:00", "2026-11-23T23:00:00+01:00"},
		{"one that is past is tomorrow's", "until 08:00", "2026-11-24T08:00:00+01:00"},
		{"the same minute is tomorrow's", "until 22:30", "2026-11-24T22:30:00+01:00"},
		{"tomorrow is midnight", "until tomorrow", "2026-11-24T00:00:00+01:00"},
		{"an instant", "until 2026-11-24T08:00:00Z", "2026-11-24T08:00:00Z"},
		{"a day and a time", "until 2026-11-24 08:00", "2026-11-24T08:00:00+01:00"},
		{"off", "off", "0001-01-01T00:00:00Z"},
		{"a number is no length of time", "90", ""},
		{"an instant that is past", "until 2026-11-23T20:00:00Z", ""},
		{"more than a month", "400d", ""},
		{"two words", "1 h", ""},
		{"until alone", "until", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseSnooze(strings.Fields(c.args), now)
			if c.want == "" {
				if err == nil {
					t.Errorf("taken as %s", got)
				}
				return
			}
			if err != nil || got.Format(time.RFC3339) != c.want {
				t.Errorf("got %s, %v; want %s", got.Format(time.RFC3339), err, c.want)
			}
		})
	}
}
