package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch word := strings.ToLower(strings.TrimSpace(text)); word {
	case "now":
		return now, nil
	case "today":
		return midnight, nil
	case "yesterday":
		return midnight.AddDate(0, 0, -1), nil
	default:
		if at, ok := parseTimeOfDay(word); ok {
			return onDay(now, at), nil
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

// parseInstant reads a time that means the same whenever it is read.
func parseInstant(text string, loc *time.Location) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00",
		"2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly,
	} {
		if t, err := time.ParseInLocation(layout, text, loc); err == nil {
			return t, t.Year() >= 2000
		}
	}
	return time.Time{}, false
}

// parseTimeOfDay reads "14:30" or "14:30:05".
func parseTimeOfDay(text string) (time.Time, bool) {
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// onDay is a time of day on the day of t.
func onDay(t, at time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), at.Hour(), at.Minute(), at.Second(), 0, t.Location())
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
