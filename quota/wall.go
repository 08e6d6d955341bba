package quota

import "time"

// OnWall is the first and the last instant at which a clock in zone shows a time
// of day: so long after midnight, as a clock that is not moved counts. Where
// the clock is put forward over it, both are the moment of the change; where it
// is put back, it is shown twice. A day that the month does not have is one of
// the next, as with time.Date.
func OnWall(year int, month time.Month, day int, into time.Duration, zone *time.Location) (first, last time.Time) {
	wall := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Add(into)
	for _, near := range []time.Time{wall.Add(-aDay), wall.Add(aDay)} {
		_, offset := near.In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, shown := t.Zone(); shown != offset {
			continue
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	if first.IsZero() {
		_, before := wall.Add(-aDay).In(zone).Zone()
		change, _ := wall.Add(-time.Duration(before) * time.Second).In(zone).ZoneBounds()
		return change, change
	}
	return first, last
}
