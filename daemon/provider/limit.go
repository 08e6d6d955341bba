package provider

import (
	"strings"
	"time"

	"quotad/quota"
)

// The types of rows.
const (
	tokensLimit = "TOKENS_LIMIT" // v1 and v2
	creditLimit = "CREDIT_LIMIT" // v3
	timeLimit   = "TIME_LIMIT"   // MCP calls on v1 and v2
)

// The units of rows: how long their window is. Their number varies and says
// nothing (a week is 1 or 7).
const (
	unitHours  = 3
	unitMonths = 5
	unitWeeks  = 6
)

// The span in which a reset can be: others are seconds taken for milliseconds,
// or somebody's clock.
const (
	resetBehind = 24 * time.Hour
	resetAhead  = 35 * 24 * time.Hour
)

// most is far above any figure of a plan, tokens included, and within an Amount.
const most = 1e12

// limit is one row of the provider's answer.
type limit struct {
	Row
	resets time.Time // zero: not told, as of a window that is not open yet
}

// readLimit reads a row; a field that makes no sense is missing.
func readLimit(o object, now time.Time) limit {
	l := limit{Row: Row{
		Type: strings.ToUpper(o.word("type")), Unit: o.whole("unit"), Number: o.whole("number"),
		Percent: o.within("percentage", 0, 1000),
		Used:    o.within("currentValue", 0, most), // may be above the cap
		Cap:     o.within("usage", 1e-6, most),     // the name notwithstanding
	}}
	if ms := o.within("nextResetTime", 0, 1e15); ms != nil {
		at := time.UnixMilli(int64(*ms)).UTC()
		if at.After(now.Add(-resetBehind)) && at.Before(now.Add(resetAhead)) {
			l.resets = at
		}
	}
	return l
}

// window is which window a row is of; "" where that is not known. A row is told
// by type and unit: the order of rows varies.
func (l limit) window() string {
	switch counted := l.Type == tokensLimit || l.Type == creditLimit; {
	case counted && l.Unit == unitHours:
		return quota.WindowFive
	case counted && l.Unit == unitWeeks:
		return quota.WindowWeek
	case l.Type == timeLimit && l.Unit == unitMonths:
		return quota.WindowMonth
	}
	return ""
}

// figures reports whether a row tells of any use. A missing field is no zero.
func (l limit) figures() bool { return l.Percent != nil || l.Used != nil }

// beats reports whether a row tells more of a window than another does.
func (l limit) beats(other limit) bool {
	if l.figures() != other.figures() {
		return l.figures()
	}
	return l.Type == creditLimit && other.Type != creditLimit
}

// says reports whether anything can be read from a row.
func (l limit) says() bool {
	return l.figures() || !l.resets.IsZero() || l.Cap != nil && l.Type != tokensLimit
}

// reading is what a row says of its window.
func (l limit) reading(window string) quota.Reading {
	r := quota.Reading{Window: window, Percent: l.Percent}
	if !l.resets.IsZero() {
		r.ResetsAt = &l.resets
	}
	if l.Type == tokensLimit { // tokens, of which the plan's prompts know nothing
		r.Percent = l.percent()
		return r
	}
	r.Used, r.Cap = amount(l.Used), amount(l.Cap)
	return r
}

// percent is finer than what the provider writes where it also gave the numbers
// behind it; until 2026-02 it did for tokens.
func (l limit) percent() *float64 {
	if l.Used == nil || l.Cap == nil {
		return l.Percent
	}
	p := min(100**l.Used / *l.Cap, 1000)
	return &p
}

func amount(f *float64) *quota.Amount {
	if f == nil {
		return nil
	}
	a := quota.FromFloat(*f)
	return &a
}
