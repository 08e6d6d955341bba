package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"quotad/quota"
)

// timeForms is what help says about a time.
const timeForms = `A time is 2026-11-23T14:30:00+08:00, "2026-11-23 14:30" or 2026-11-23 (local),
14:30 (today), now, today, yesterday, or an age such as 90m, 2h or 3d.`

// parseTime reads a time that a person typed, as a clock in now's zone shows it
// where it has no zone of its own. An age counts back from now.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if t, ok := parseInstant(text, now.Location()); ok {
		return t, nil
	}
	switch word := strings.ToLower(strings.TrimSpace(text)); word {
	case "now":
		return now, nil
	case "today":
		return midnight(now, 0), nil
	case "yesterday":
		return midnight(now, -1), nil
	default:
		if at, ok := parseTimeOfDay(word); ok {
			first, _ := onDay(now, 0, at)
			return first, nil
		}
		if age, ok := parseAge(word); ok {
			return now.Add(-age), nil
		}
	}
	return time.Time{}, usage("", "%s: %q is no time; expected 2026-11-23T14:30:00+08:00, \"2026-11-23 14:30\", 14:30, today, yesterday, or an age such as 2h or 3d", flag, text)
}

// parseRange reads --since and --until, either of which may be empty and is then
// zero.
func parseRange(since, until string, now time.Time, hint string) (from, to time.Time, err error) {
	if since != "" {
		if from, err = parseTime("--since", since, now); err != nil {
			return from, to, err
		}
	}
	if until != "" {
		if to, err = parseTime("--until", until, now); err != nil {
			return from, to, err
		}
	}
	if !to.IsZero() && !from.Before(to) {
		return from, to, usage(hint, "--until %s is not after --since %s", until, since)
	}
	return from, to, nil
}

// parseInstant reads a time that means the same whenever it is read. One without
// a zone is when a clock in loc shows it first; where it never does, because it
// is moved then, the moment of that.
func parseInstant(text string, loc *time.Location) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.ParseInLocation(layout, text, loc); err == nil {
			return t, t.Year() >= 2000
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			first, _ := quota.OnWall(t.Year(), t.Month(), t.Day(), timeOfDay(t), loc)
			return first, t.Year() >= 2000
		}
	}
	return time.Time{}, false
}

// parseTimeOfDay reads "14:30" or "14:30:05", as so long after midnight.
func parseTimeOfDay(text string) (time.Duration, bool) {
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return timeOfDay(t), true
		}
	}
	return 0, false
}

// timeOfDay is what the clock of t shows, as so long after midnight.
func timeOfDay(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

// onDay is the first and the last instant of a time of day, so many days after
// that of now.
func onDay(now time.Time, days int, at time.Duration) (first, last time.Time) {
	return quota.OnWall(now.Year(), now.Month(), now.Day()+days, at, now.Location())
}

// midnight is when the day begins that is so many after that of now.
func midnight(now time.Time, days int) time.Time {
	first, _ := onDay(now, days, 0)
	return first
}

// nextTime is when a clock shows a time of day after now.
func nextTime(now time.Time, at time.Duration) time.Time {
	first, last := onDay(now, 0, at)
	switch {
	case first.After(now):
		return first
	case last.After(now): // the clock is put back today
		return last
	}
	first, _ = onDay(now, 1, at)
	return first
}

// parseAge reads "90m", "2h", "-1h30m", "3d", "2w", each with or without "ago".
func parseAge(text string) (time.Duration, bool) {
	text = strings.TrimPrefix(strings.TrimSpace(strings.TrimSuffix(text, "ago")), "-")
	age, err := parseSpan(text)
	return age, err == nil
}

// parseSpan reads a length of time above 0: as Go writes it, or in whole days
// or weeks.
func parseSpan(text string) (time.Duration, error) {
	unit := map[byte]time.Duration{'d': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if n := len(text); n > 1 && unit[text[n-1]] > 0 {
		count, err := strconv.ParseUint(text[:n-1], 10, 16)
		if err == nil && count > 0 {
			return time.Duration(count) * unit[text[n-1]], nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no length of time; expected one such as 90s, 30m, 2h or 3d", text)
	}
	return d, nil
}
