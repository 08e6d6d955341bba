package notify

import "time"

// HoldReason says why notices are held back.
type HoldReason int

// The reasons.
const (
	HoldNone    HoldReason = iota // nothing holds them back
	HoldQuiet                     // quiet hours
	HoldSnoozed                   // a person asked for silence
)

func (r HoldReason) String() string {
	return [...]string{"not held", "quiet hours", "snoozed"}[r]
}

// Hold is whether notices are held back, why, and until when.
type Hold struct {
	Reason HoldReason
	Until  time.Time // zero where nothing holds
}

// On reports whether notices are held back.
func (h Hold) On() bool { return h.Reason != HoldNone }

// Quiet is a stretch of each day, by the clock on the wall, in which nothing
// is told. The zero value is none.
type Quiet struct {
	Start, End int // minutes after midnight; half-open; End before Start: on the next day; equal: none
}

// At is the hold at an instant, by the clock of a zone. Where the clock is put back over a start or an
// end, the longer stretch holds; where it is put forward over one, the moment
// of the change stands for it.
func (q Quiet) At(now time.Time, zone *time.Location) Hold {
	if q.Start == q.End {
		return Hold{}
	}
	y, m, d := now.In(zone).Date()
	for day := d - 1; day <= d; day++ {
		endDay := day
		if q.End < q.Start {
			endDay++
		}
		start, _ := onWall(y, m, day, q.Start, zone)
		_, end := onWall(y, m, endDay, q.End, zone)
		if !now.Before(start) && now.Before(end) {
			return Hold{Reason: HoldQuiet, Until: end}
		}
	}
	return Hold{}
}

// onWall is the first and the last instant at which the clock in zone shows
// the minute of the day; the moment of the change where it never does.
func onWall(y int, m time.Month, d, minute int, zone *time.Location) (first, last time.Time) {
	wall := time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
	for _, near := range []time.Time{wall.Add(-24 * time.Hour), wall.Add(24 * time.Hour)} {
		_, offset := near.In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		if _, shown := t.In(zone).Zone(); shown != offset {
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
		_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
		change, _ := wall.Add(-time.Duration(before) * time.Second).In(zone).ZoneBounds()
		return change, change
	}
	return first, last
}
