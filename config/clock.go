package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// clock is a time of day, "HH:MM"; "24:00" is an end only.
func (v value) clock(isEnd bool) time.Duration {
	s, ok := v.raw.(string)
	if !ok {
		v.wrongType(`a time of day such as "14:00"`)
		return 0
	}
	at, ok := parseClock(s)
	if !ok || at == day && !isEnd {
		v.bad(`%s is not a time of day; expected "00:00" to "%s"`, quoted(s), map[bool]string{false: "23:59", true: "24:00"}[isEnd])
	}
	return at
}

func parseClock(s string) (time.Duration, bool) {
	if len(s) != len("HH:MM") || s[2] != ':' {
		return 0, false
	}
	hours, err1 := strconv.ParseUint(s[:2], 10, 8)
	minutes, err2 := strconv.ParseUint(s[3:], 10, 8)
	at := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	return at, err1 == nil && err2 == nil && minutes < 60 && at <= day
}

func formatClock(at time.Duration) string {
	return fmt.Sprintf("%02d:%02d", at/time.Hour, at%time.Hour/time.Minute)
}

// offset is a distance from UTC, "+08:00".
func (v value) offset(otherwise time.Duration) time.Duration {
	const expected = `an offset from UTC such as "+08:00"`
	if !v.set() {
		return otherwise
	}
	s, ok := v.raw.(string)
	if !ok {
		v.wrongType(expected)
		return otherwise
	}
	if !strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "-") {
		v.bad("%s has no sign; expected %s", quoted(s), expected)
		return otherwise
	}
	at, ok := parseClock(s[1:])
	if !ok || at > 14*time.Hour {
		v.bad("%s is out of range; expected %s, at most 14:00", quoted(s), expected)
		return otherwise
	}
	if s[0] == '-' {
		return -at
	}
	return at
}

func formatOffset(off time.Duration) string {
	if off < 0 {
		return "-" + formatClock(-off)
	}
	return "+" + formatClock(off)
}

// QuietHours is a stretch of each day, local time, half-open [Start, End), in
// which notices are held back; where End is not after Start it ends on the next
// day. The zero value is none.
type QuietHours struct{ Start, End time.Duration } // since midnight

// IsZero reports whether there are none.
func (q QuietHours) IsZero() bool { return q == QuietHours{} }

// Holds reports whether a time of day, since midnight, is in them.
func (q QuietHours) Holds(at time.Duration) bool {
	if q.Start < q.End {
		return q.Start <= at && at < q.End
	}
	return !q.IsZero() && (at >= q.Start || at < q.End)
}

// String is "23:00-08:00", or empty where there are none.
func (q QuietHours) String() string {
	if q.IsZero() {
		return ""
	}
	return formatClock(q.Start) + "-" + formatClock(q.End)
}

func (v value) quietHours() QuietHours {
	s := v.text()
	if s == "" {
		return QuietHours{}
	}
	from, until, _ := strings.Cut(s, "-")
	var q QuietHours
	var ok1, ok2 bool
	q.Start, ok1 = parseClock(from)
	q.End, ok2 = parseClock(until)
	switch {
	case !ok1 || !ok2 || q.Start == day:
		v.bad(`%s is not a stretch of the day; expected "HH:MM-HH:MM" such as "23:00-08:00"`, quoted(s))
	case q.Start == q.End:
		v.bad(`%s starts where it ends; expected two times such as "23:00-08:00", or "00:00-24:00" for always`, quoted(s))
	default:
		return q
	}
	return QuietHours{}
}

// weekdays are the names of days, indexed by time.Weekday.
var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// days is an array of names of days; all seven where nothing stands there.
func (v value) days() [7]bool {
	if !v.set() {
		return [7]bool{true, true, true, true, true, true, true}
	}
	var days [7]bool
	items := v.list(`an array of days such as ["mon", "tue"]`)
	for _, item := range items {
		name := item.choice("", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
		for d := range weekdays {
			days[d] = days[d] || weekdays[d] == name
		}
	}
	if _, ok := v.raw.([]any); ok && len(items) == 0 {
		v.bad(`no day; expected at least one of mon, tue, wed, thu, fri, sat, sun`)
	}
	return days
}
