package quota

import "time"

// Per is the length of the periods of a history. The zero Per is one period
// that holds everything.
type Per string

// The lengths of periods. Hours go by the instant; days, weeks (from Monday)
// and months by the calendar of a zone, however long its clock makes them.
const (
	PerHour  Per = "hour"
	PerDay   Per = "day"
	PerWeek  Per = "week"
	PerMonth Per = "month"
)

// Begin is when the period that holds t began, in zone.
func (p Per) Begin(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	year, month, day := t.Date()
	switch p {
	case PerHour:
		return hourBegin(t)
	case PerDay:
		return dayBegin(year, month, day, zone)
	case PerWeek:
		sinceMonday := (int(t.Weekday()) + 6) % 7
		return dayBegin(year, month, day-sinceMonday, zone)
	case PerMonth:
		return dayBegin(year, month, 1, zone)
	}
	return time.Time{}
}

// End is when the period that began at an instant ends, and the next begins.
func (p Per) End(begin time.Time, zone *time.Location) time.Time {
	begin = begin.In(zone)
	year, month, day := begin.Date()
	switch p {
	case PerHour:
		return hourEnd(begin)
	case PerDay:
		return dayBegin(year, month, day+1, zone)
	case PerWeek:
		return dayBegin(year, month, day+7, zone)
	case PerMonth:
		return dayBegin(year, month+1, 1, zone)
	}
	return time.Time{}
}

// hourBegin is the full hour before t on its clock. Where the clock was moved
// within that hour, it is when that was.
func hourBegin(t time.Time) time.Time {
	into := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	moved, _ := t.ZoneBounds()
	return later(t.Add(-into), moved)
}

func hourEnd(begin time.Time) time.Time {
	into := time.Duration(begin.Minute())*time.Minute + time.Duration(begin.Second())*time.Second
	end := begin.Add(time.Hour - into)
	if _, moved := begin.ZoneBounds(); !moved.IsZero() && moved.Before(end) {
		return moved
	}
	return end
}

// dayBegin is the first instant of a day. Clocks that are moved at midnight
// make that another hour, or one that comes twice.
func dayBegin(year int, month time.Month, day int, zone *time.Location) time.Time {
	first, _ := OnWall(year, month, day, 0, zone)
	return first
}
