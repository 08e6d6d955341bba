package notify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"quotad/quota"
)

// Duration writes d for people, in its two largest units, rounded down: "45 s",
// "12 min", "1 h 12 min", "2 d 4 h". Below a second, and below zero, it is
// "0 s".
func Duration(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		return twoUnits(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "min")
	}
	hours := int(d / time.Hour)
	return twoUnits(hours/24, "d", hours%24, "h")
}

func twoUnits(big int, bigUnit string, small int, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", big, bigUnit)
	}
	return fmt.Sprintf("%d %s %d %s", big, bigUnit, small, smallUnit)
}

// Clock writes t as a clock in loc shows it: "14:20" on the day of now,
// "Thu 26 Nov 14:20" on another, with the year where that differs.
func Clock(t, now time.Time, loc *time.Location) string {
	t, now = t.In(loc), now.In(loc)
	switch {
	case t.Year() != now.Year():
		return t.Format("Mon 2 Jan 2006 15:04")
	case t.YearDay() != now.YearDay():
		return t.Format("Mon 2 Jan 15:04")
	}
	return t.Format("15:04")
}

// Day writes a day of the provider's as such, "Fri 4 Dec", with the year where
// that of now differs; any other instant as Clock does.
func Day(t, now time.Time, loc *time.Location) string {
	local := t.In(quota.UTC8)
	h, m, s := local.Clock()
	switch {
	case h+m+s > 0:
		return Clock(t, now, loc)
	case local.Year() != now.In(quota.UTC8).Year():
		return local.Format("Mon 2 Jan 2006")
	}
	return local.Format("Mon 2 Jan")
}

// Dollars writes US$ without a sign: "72", "43.20", "1,411.20", rounded half up
// to a cent, but never to nothing.
func Dollars(a quota.Amount) string {
	const cent = quota.One / 100
	cents := (max(a, 0) + cent/2) / cent
	if a > 0 && cents == 0 {
		return "<0.01"
	}
	text := grouped(strconv.FormatInt(int64(cents/100), 10))
	if cents%100 == 0 {
		return text
	}
	return fmt.Sprintf("%s.%02d", text, cents%100)
}

// clock is a clock on the wall.
type clock struct {
	now time.Time
	loc *time.Location
}

// at is Clock as it stands in a sentence: "at 14:20", "on Thu 26 Nov 14:20".
func (c clock) at(t time.Time) string {
	return inSentence(Clock(t, c.now, c.loc))
}

// inSentence puts the word before a time or a day that it takes.
func inSentence(shown string) string {
	if len(shown) == len("15:04") {
		return "at " + shown
	}
	return "on " + shown
}

// amount writes whole units rounded down, "12,400"; below ten, tenths too.
func amount(a quota.Amount) string {
	if a < 10*quota.One && a%quota.One >= quota.One/10 {
		return (a - a%(quota.One/10)).String()
	}
	return grouped(strconv.FormatInt(int64(max(a, 0)/quota.One), 10))
}

// grouped sets the thousands of a whole number apart.
func grouped(digits string) string {
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, groups...), ",")
}
