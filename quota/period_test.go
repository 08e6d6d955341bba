package quota

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones below, wherever this runs

	"pgregory.net/rapid"
)

func zoneOf(t interface{ Fatal(...any) }, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// oddZones move their clocks at midnight, by half an hour, or over a whole day.
var oddZones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Beirut", "America/Havana",
	"Australia/Lord_Howe", "Atlantic/Azores", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "Africa/Cairo", "Asia/Amman", "Asia/Damascus",
}

func TestPeriodsLieEndToEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := zoneOf(t, rapid.SampledFrom(oddZones).Draw(t, "zone"))
		per := rapid.SampledFrom([]Per{PerHour, PerDay, PerWeek, PerMonth}).Draw(t, "per")
		first := time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		at := time.Unix(first+rapid.Int64Range(0, 21*366*86400).Draw(t, "second"), 0)
		holdsTogether(t, per, at, zone)
	})
}

func TestPeriodsLieEndToEndWhereAClockIsMoved(t *testing.T) {
	for _, name := range oddZones {
		zone := zoneOf(t, name)
		for _, moved := range clockMoves(zone) {
			for minutes := -26 * 60; minutes <= 26*60; minutes += 10 {
				for _, per := range []Per{PerHour, PerDay, PerWeek, PerMonth} {
					holdsTogether(t, per, moved.Add(time.Duration(minutes)*time.Minute), zone)
				}
			}
		}
	}
}

func clockMoves(zone *time.Location) (list []time.Time) {
	for at := time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2026; {
		_, next := at.In(zone).ZoneBounds()
		if next.IsZero() {
			break
		}
		list, at = append(list, next), next
	}
	return list
}

func holdsTogether(t interface{ Fatalf(string, ...any) }, per Per, at time.Time, zone *time.Location) {
	begin := per.Begin(at, zone)
	end := per.End(begin, zone)
	if begin.After(at) || !end.After(at) {
		t.Fatalf("%s in %s: %v is not in [%v, %v)", per, zone, at.In(zone), begin, end)
	}
	if again := per.Begin(end.Add(-time.Millisecond), zone); !again.Equal(begin) {
		t.Fatalf("%s in %s: the end of what begins at %v is in one that begins at %v", per, zone, begin, again)
	}
	if next := per.Begin(end, zone); !next.Equal(end) {
		t.Fatalf("%s in %s: none begins at %v, the end of one, but at %v", per, zone, end, next)
	}
	a, b := at.In(zone), begin
	if per != PerHour && (per == PerDay && a.Day() != b.Day() || per == PerWeek && b.Weekday() != time.Monday || per == PerMonth && (b.Day() != 1 || a.Month() != b.Month())) {
		t.Fatalf("%s in %s: %v begins at %v", per, zone, a, b)
	}
}

func TestADayIsAsLongAsItsClockMakesIt(t *testing.T) {
	for _, c := range []struct {
		name, zone, at, begin string
		hours                 float64
	}{
		{"spring", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 23},
		{"autumn", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 25},
		{"no midnight", "Asia/Beirut", "2022-03-27T12:00:00Z", "2022-03-26T22:00:00Z", 23},
		{"two midnights", "America/Havana", "2022-11-06T12:00:00Z", "2022-11-06T04:00:00Z", 25},
		{"a leap day", "Europe/Berlin", "2028-02-29T12:00:00Z", "2028-02-28T23:00:00Z", 24},
		{"a clock that is not moved", "Asia/Shanghai", "2026-10-25T12:00:00Z", "2026-10-24T16:00:00Z", 24},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone := zoneOf(t, c.zone)
			begin := PerDay.Begin(instant(c.at), zone)
			hours := PerDay.End(begin, zone).Sub(begin).Hours()
			if !begin.Equal(instant(c.begin)) || hours != c.hours {
				t.Errorf("begins at %v and has %v hours", begin.UTC(), hours)
			}
		})
	}
}

func TestMonthsOfAHistoryAreThoseOfTheCalendar(t *testing.T) {
	for _, c := range []struct {
		name, zone, at, begin string
		hours                 float64
	}{
		{"a leap year", "Europe/Berlin", "2028-02-29T22:59:59Z", "2028-01-31T23:00:00Z", 29 * 24},
		{"the month after it", "Europe/Berlin", "2028-02-29T23:00:00Z", "2028-02-29T23:00:00Z", 31*24 - 1},
		{"another year", "America/New_York", "2027-02-28T12:00:00Z", "2027-02-01T05:00:00Z", 28 * 24},
		{"a hundredth", "UTC", "2100-02-28T12:00:00Z", "2100-02-01T00:00:00Z", 28 * 24},
		{"a clock put back", "Africa/Cairo", "2024-10-31T21:59:59Z", "2024-09-30T21:00:00Z", 31*24 + 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone := zoneOf(t, c.zone)
			begin := PerMonth.Begin(instant(c.at), zone)
			if hours := PerMonth.End(begin, zone).Sub(begin).Hours(); !begin.Equal(instant(c.begin)) || hours != c.hours {
				t.Errorf("begins at %v and has %v hours", begin.UTC(), hours)
			}
		})
	}
}
