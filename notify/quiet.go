package notify

import (
	"time"

	"quotad/quota"
)

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

// At is the hold at an instant, by the clock of a zone. Where the clock is put
// back over a start or an end, the longer stretch holds; where it is put forward
// over one, the moment of the change stands for it.
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
		start, _ := quota.OnWall(y, m, day, time.Duration(q.Start)*time.Minute, zone)
		_, end := quota.OnWall(y, m, endDay, time.Duration(q.End)*time.Minute, zone)
		if !now.Before(start) && now.Before(end) {
			return Hold{Reason: HoldQuiet, Until: end}
		}
	}
	return Hold{}
}
