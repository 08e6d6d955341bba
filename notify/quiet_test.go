package notify

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones below, wherever this runs
)

func TestQuietAt(t *testing.T) {
	night := Quiet{Start: 23 * 60, End: 8 * 60}
	for _, c := range []struct {
		name  string
		quiet Quiet
		zone  string
		now   string
		until string // "": not quiet
	}{
		{"no quiet hours", Quiet{}, "UTC", "2026-11-23T03:00:00Z", ""},
		{"before midnight", night, "UTC", "2026-11-23T23:30:00Z", "2026-11-24T08:00:00Z"},
		{"after midnight", night, "UTC", "2026-11-24T03:00:00Z", "2026-11-24T08:00:00Z"},
		{"the first instant is quiet", night, "UTC", "2026-11-23T23:00:00Z", "2026-11-24T08:00:00Z"},
		{"the instant before is not", night, "UTC", "2026-11-23T22:59:59Z", ""},
		{"the end is not quiet", night, "UTC", "2026-11-24T08:00:00Z", ""},
		{"within one day", Quiet{Start: 13 * 60, End: 14 * 60}, "UTC", "2026-11-24T13:59:59Z", "2026-11-24T14:00:00Z"},
		{"over new year", night, "UTC", "2026-12-31T23:30:00Z", "2027-01-01T08:00:00Z"},
		{"by the clock of the zone", night, "Asia/Shanghai", "2026-11-23T15:30:00Z", "2026-11-24T00:00:00Z"},
		{"the night of spring is an hour shorter", night, "Europe/Berlin", "2026-03-28T22:30:00Z", "2026-03-29T06:00:00Z"},
		{"the night of autumn is an hour longer", night, "Europe/Berlin", "2026-10-24T21:30:00Z", "2026-10-25T07:00:00Z"},
		{"an end that the clock skips is the moment of the change",
			Quiet{Start: 23 * 60, End: 2*60 + 30}, "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
		{"a start that the clock skips is the moment of the change",
			Quiet{Start: 2*60 + 30, End: 8 * 60}, "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T06:00:00Z"},
		{"an end that comes twice is the second",
			Quiet{Start: 23 * 60, End: 2*60 + 30}, "Europe/Berlin", "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z"},
		{"a start that comes twice is the first",
			Quiet{Start: 2*60 + 30, End: 8 * 60}, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T07:00:00Z"},
		{"midnight that the clock skips", Quiet{Start: 0, End: 60}, "America/Sao_Paulo", "2018-11-04T02:59:59Z", ""},
		{"a night without midnight", night, "Africa/Cairo", "2024-04-25T21:30:00Z", "2024-04-26T05:00:00Z"},
		{"a night with two hours before midnight", night, "Africa/Cairo", "2024-10-31T20:00:00Z", "2024-11-01T06:00:00Z"},
		{"the second of those hours is quiet too", Quiet{Start: 23 * 60, End: 23*60 + 30}, "Asia/Beirut", "2024-10-26T20:45:00Z", "2024-10-26T21:30:00Z"},
		{"a half hour that is missing", Quiet{Start: 2 * 60, End: 2*60 + 15}, "Australia/Lord_Howe", "2024-10-05T15:30:00Z", ""},
		{"into a leap day", night, "UTC", "2028-02-28T23:30:00Z", "2028-02-29T08:00:00Z"},
		{"out of a leap day", night, "UTC", "2028-02-29T23:30:00Z", "2028-03-01T08:00:00Z"},
		{"a leap day alone", Quiet{Start: 13 * 60, End: 14 * 60}, "Asia/Shanghai", "2028-02-29T05:30:00Z", "2028-02-29T06:00:00Z"},
		{"a change of half an hour", night, "Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-04T21:30:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			now, _ := time.Parse(time.RFC3339, c.now)
			h := c.quiet.At(now, zone)
			got := ""
			if h.On() {
				got = h.Until.UTC().Format(time.RFC3339)
			}
			if got != c.until {
				t.Fatalf("quiet until %q, want %q", got, c.until)
			}
		})
	}
}

// Whatever the zone does, a hold ends after now, and nothing is quiet right at
// its end.
func TestQuietAlwaysEnds(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []Quiet{{0, 60}, {23 * 60, 150}, {150, 140}, {60, 180}} {
			for now := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC); now.Year() < 2025; now = now.Add(29 * time.Minute) {
				h := q.At(now, zone)
				if h.On() && (!h.Until.After(now) || q.At(h.Until, zone).On() && q.At(h.Until, zone).Until.Equal(h.Until)) {
					t.Fatalf("%s %v at %v: until %v", name, q, now, h.Until)
				}
			}
		}
	}
}
