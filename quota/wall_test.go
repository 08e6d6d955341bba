package quota

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhenAClockShowsATimeOfDay(t *testing.T) {
	at := func(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }
	for _, c := range []struct {
		name, zone, day string
		into            time.Duration
		first, last     string
	}{
		{"an ordinary day", "Europe/Berlin", "2026-03-28", at(2, 30), "2026-03-28T01:30:00Z", "2026-03-28T01:30:00Z"},
		{"put forward over it", "Europe/Berlin", "2026-03-29", at(2, 30), "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
		{"put back over it", "Europe/Berlin", "2026-10-25", at(2, 30), "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		{"no midnight, west of Greenwich", "America/Sao_Paulo", "2018-11-04", 0, "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z"},
		{"no midnight, east of it", "Africa/Cairo", "2024-04-26", 0, "2024-04-25T22:00:00Z", "2024-04-25T22:00:00Z"},
		{"two midnights", "America/Havana", "2022-11-06", 0, "2022-11-06T04:00:00Z", "2022-11-06T05:00:00Z"},
		{"two hours before midnight", "Africa/Cairo", "2024-10-31", at(23, 30), "2024-10-31T20:30:00Z", "2024-10-31T21:30:00Z"},
		{"and one midnight after them", "Asia/Beirut", "2024-10-27", 0, "2024-10-26T22:00:00Z", "2024-10-26T22:00:00Z"},
		{"half an hour is missing", "Australia/Lord_Howe", "2024-10-06", at(2, 15), "2024-10-05T15:30:00Z", "2024-10-05T15:30:00Z"},
		{"half an hour comes twice", "Australia/Lord_Howe", "2024-04-07", at(1, 45), "2024-04-06T14:45:00Z", "2024-04-06T15:15:00Z"},
		{"a day is missing", "Pacific/Apia", "2011-12-30", at(12, 0), "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"a leap day", "Asia/Shanghai", "2028-02-29", at(8, 0), "2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			day, err := time.Parse(time.DateOnly, c.day)
			if err != nil {
				t.Fatal(err)
			}
			first, last := OnWall(day.Year(), day.Month(), day.Day(), c.into, zoneOf(t, c.zone))
			if !first.Equal(instant(c.first)) || !last.Equal(instant(c.last)) {
				t.Errorf("%v and %v, want %s and %s", first.UTC(), last.UTC(), c.first, c.last)
			}
		})
	}
}

// Every instant is one of the two at which its own clock is shown.
func TestEachInstantIsWhenItsClockIsShown(t *testing.T) {
	holds := func(t interface{ Fatalf(string, ...any) }, at time.Time) {
		year, month, day := at.Date()
		into := time.Date(0, 1, 1, at.Hour(), at.Minute(), at.Second(), 0, time.UTC).Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
		if first, last := OnWall(year, month, day, into, at.Location()); !at.Equal(first) && !at.Equal(last) {
			t.Fatalf("%v is neither %v nor %v", at, first, last)
		}
	}
	for _, name := range oddZones {
		zone := zoneOf(t, name)
		for _, moved := range clockMoves(zone) {
			for minutes := -26 * 60; minutes <= 26*60; minutes += 15 {
				holds(t, moved.Add(time.Duration(minutes)*time.Minute).In(zone))
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		zone := zoneOf(t, rapid.SampledFrom(oddZones).Draw(t, "zone"))
		first := time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		holds(t, time.Unix(first+rapid.Int64Range(0, 21*366*86400).Draw(t, "second"), 0).In(zone))
	})
}
