package main

import (
	"strings"
	"time"

	"quotad/quota"
)

// exhaustion reads the provider's words, or the bare name of a window. The
// words themselves go no further.
func exhaustion(e quota.Event, message string) (quota.Event, error) {
	e.Kind = quota.KindExhausted
	word := strings.TrimSpace(message)
	switch word {
	case quota.WindowFive, quota.WindowWeek, quota.WindowMonth:
		e.Window = word
		return e, nil
	}
	stop, reason := quota.ParseStop(word, message, e.At)
	if stop.Window == "" {
		hint := "quotad record --exhausted 5h   (or week, month), where you know which window it is"
		if reason != quota.StopUnknown {
			hint = "quotad status"
		}
		return e, failed(hint, "--exhausted: nothing to record: %s", notStopped(reason))
	}
	e.Window, e.Until, e.Code = stop.Window, stop.Until, stop.Code
	return e, nil
}

// notStopped says why the provider's words exhaust no window.
func notStopped(r quota.StopReason) string {
	switch r {
	case quota.StopUnknown:
		return "these are not words in which the provider says that a window is used up"
	case quota.StopNotQuota:
		return "no window is used up: the provider says something else (too many requests at once, overload, fair use, balance, " +
			"a plan that has ended, a model outside it)"
	case quota.StopPast:
		return "the window has refreshed since: the instant in these words is past"
	default:
		return r.String()
	}
}

// parseReading reads WINDOW=34%, WINDOW=120 or WINDOW=120/400, and @TIME.
func parseReading(text string, at time.Time) (quota.Reading, error) {
	wrong := func() (quota.Reading, error) {
		return quota.Reading{}, usage("quotad record --help",
			"--reading %q: expected WINDOW=34%%, WINDOW=120 or WINDOW=120/400, such as 5h=34%% or week=120/2000", text)
	}
	window, use, ok := strings.Cut(text, "=")
	use, reset, timed := strings.Cut(use, "@")
	if !ok || strings.TrimSpace(window) == "" {
		return wrong()
	}
	r := quota.Reading{Window: strings.TrimSpace(window)}
	if !readUse(&r, strings.TrimSpace(use)) {
		return wrong()
	}
	if r.Percent != nil && *r.Percent > 100 {
		return r, usage("quotad record --help", "--reading %q: the provider shows at most 100 %%; what was used beyond that is WINDOW=USED/CAP", text)
	}
	if timed {
		t, err := parseReset(reset, at)
		if err != nil {
			return r, err
		}
		r.ResetsAt = &t
	}
	return r, nil
}

// readUse reads how much is used.
func readUse(r *quota.Reading, use string) bool {
	if percent, ok := strings.CutSuffix(use, "%"); ok {
		p, err := quota.ParseAmount(strings.TrimSpace(percent))
		if err != nil || p < 0 {
			return false
		}
		f := p.Float()
		r.Percent = &f
		return true
	}
	used, limit, capped := strings.Cut(use, "/")
	u, err := quota.ParseAmount(strings.TrimSpace(used))
	if err != nil || u < 0 {
		return false
	}
	r.Used = &u
	if capped {
		c, err := quota.ParseAmount(strings.TrimSpace(limit))
		if err != nil || c <= 0 {
			return false
		}
		r.Cap = &c
	}
	return true
}

// parseReset reads a time to come: a time of day is the next one after at.
func parseReset(text string, at time.Time) (time.Time, error) {
	if clock, ok := parseTimeOfDay(strings.TrimSpace(text)); ok {
		return nextTime(at, clock), nil
	}
	return parseTime("--reading: the time after @", text, at)
}
