package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"quotad/notify"
	"quotad/quota"
)

// clock is the instant and the zone that times are told by.
type clock struct {
	now time.Time
	loc *time.Location
}

// at is a time as it stands in a sentence: "at 14:20", "on Thu 26 Nov 14:20".
func (c clock) at(t time.Time) string {
	text := notify.Clock(t, c.now, c.loc)
	if len(text) == len("15:04") {
		return "at " + text
	}
	return "on " + text
}

// due is a time to come: "at 14:20, in 1 h 12 min".
func (c clock) due(t time.Time) string {
	return c.at(t) + ", in " + notify.Duration(t.Sub(c.now))
}

// until is the same after that word: "14:20, in 1 h 12 min".
func (c clock) until(t time.Time) string {
	return notify.Clock(t, c.now, c.loc) + ", in " + notify.Duration(t.Sub(c.now))
}

// ago is how long since, "just now" or "3 min ago".
func (c clock) ago(t time.Time) string {
	if since := c.now.Sub(t); since >= 5*time.Second {
		return notify.Duration(since) + " ago"
	}
	return "just now"
}

// figure writes whole units, "12,400"; below ten, tenths too. It rounds down,
// but never to nothing.
func figure(a quota.Amount) string {
	const tenth = quota.One / 10
	switch {
	case a <= 0:
		return "0"
	case a < tenth:
		return "<0.1"
	case a < 10*quota.One:
		return (a - a%tenth).String()
	}
	return grouped(a - a%quota.One)
}

// grouped is all of an amount, its thousands set apart.
func grouped(a quota.Amount) string {
	text := a.String()
	whole, _, _ := strings.Cut(text, ".")
	digits := strings.TrimPrefix(whole, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return strings.Repeat("-", strings.Count(whole, "-")) + digits + text[len(whole):]
}

// unitOf is what a window counts, as people say it.
func unitOf(w *quota.WindowStatus, unit quota.Unit) string {
	one := strings.TrimSuffix(string(unit), "s")
	if w.Counts == quota.CountTools {
		one = "MCP call"
	}
	if w.Cap == quota.One {
		return one
	}
	return one + "s"
}

// percentOf rounds down, but neither to nothing nor, while there is room, up
// to all.
func percentOf(w *quota.WindowStatus) string {
	whole := int(math.Floor(w.Percent))
	switch {
	case w.Used > 0 && whole == 0:
		return "<1 %"
	case w.State != quota.PhaseExhausted && w.Used < w.Cap:
		whole = min(whole, 99)
	}
	return strconv.Itoa(whole) + " %"
}

func about(w *quota.WindowStatus) string {
	if w.Approximate || w.Estimated != nil {
		return "about "
	}
	return ""
}

// usedOf is "about 37 of 400 prompts".
func usedOf(w *quota.WindowStatus, unit quota.Unit) string {
	some := about(w)
	if w.Used == 0 {
		some = ""
	}
	return some + figure(w.Used) + " of " + figure(w.Cap) + " " + unitOf(w, unit)
}

// estimatedOf says how much of a number is estimated: "480 of it estimated",
// "all of it estimated", "" where nothing is.
func estimatedOf(w *quota.WindowStatus) string {
	switch {
	case w.Estimated == nil || *w.Estimated <= 0:
		return ""
	case *w.Estimated >= w.Used:
		return "all of it estimated"
	}
	return figure(*w.Estimated) + " of it estimated"
}

// elsewhereOf says how much of a number no event here tells of.
func elsewhereOf(w *quota.WindowStatus) string {
	if w.Elsewhere == nil || *w.Elsewhere <= 0 {
		return ""
	}
	return figure(*w.Elsewhere) + " of it elsewhere"
}

// saidFrom is how wide the stated error has to be, in percent of the cap, for
// people to be told of it: a reading in whole percents, and the use since, leave
// less than that at the best of times.
const saidFrom = 2

// likelyOf says between which percents the use is, 19 times of 20: "likely 35 to
// 40 %". It is "" where that is not known, where it says no more than the
// number does, and where the provider said stop.
func likelyOf(w *quota.WindowStatus) string {
	if w.Low == nil || w.High == nil || w.Cap <= 0 || w.Stopped {
		return ""
	}
	low, high := w.Low.Percent(w.Cap), w.High.Percent(w.Cap)
	if high-low <= saidFrom {
		return ""
	}
	return fmt.Sprintf("likely %.0f to %.0f %%", math.Floor(low), math.Ceil(high))
}

// leftOf is "about 363 of 400 prompts left".
func leftOf(w *quota.WindowStatus, unit quota.Unit) string {
	return about(w) + figure(w.Remaining) + " of " + figure(w.Cap) + " " + unitOf(w, unit) + " left"
}

// resetOf says when a window is full again, "" where there is nothing to say.
func (c clock) resetOf(w *quota.WindowStatus) string {
	switch {
	case w.ResetsAt == nil && w.State == quota.PhaseExhausted:
		return "when it is full again is not known"
	case w.ResetsAt == nil && w.Kind == quota.Rolling:
		return ""
	case w.ResetsAt == nil:
		return "starts with the next use"
	case w.Kind == quota.Rolling:
		return "room comes back " + c.due(*w.ResetsAt)
	case w.Used == 0:
		return "starts anew " + c.due(*w.ResetsAt)
	}
	return "full " + c.due(*w.ResetsAt)
}

// paceOf says how the forecast is, "" where there is none.
func (c clock) paceOf(w *quota.WindowStatus) string {
	f := w.Forecast
	if f == nil {
		return ""
	}
	pace := "this pace, " + rate(f.PerHour) + " an hour, "
	if f.ExhaustsAt == nil {
		return pace + "lasts"
	}
	text := pace + "runs out " + c.at(*f.ExhaustsAt)
	if w.ResetsAt != nil && w.Kind != quota.Rolling {
		text += ", " + notify.Duration(w.ResetsAt.Sub(*f.ExhaustsAt)) + " too early"
	}
	return text
}

// rate writes units an hour: tenths count up to a hundred.
func rate(perHour float64) string {
	if perHour >= 100 {
		return figure(quota.FromFloat(perHour))
	}
	return strconv.FormatFloat(perHour, 'f', -1, 64)
}

// sourceOf says where a number is from, and how old it is.
func (c clock) sourceOf(w *quota.WindowStatus) string {
	age := ""
	if w.AsOf != nil {
		age = c.ago(*w.AsOf)
	}
	switch {
	case w.Source == quota.SourceProvider:
		return join(", ", "provider", age)
	case w.Source == quota.SourceProviderLocal:
		return join(", last use ", "provider, and counted here since", age)
	case w.AsOf == nil:
		return ""
	}
	return join(", last use ", "counted here", age)
}

// join puts sep between the texts that are not empty.
func join(sep string, texts ...string) string {
	var said []string
	for _, t := range texts {
		if t != "" {
			said = append(said, t)
		}
	}
	return strings.Join(said, sep)
}
