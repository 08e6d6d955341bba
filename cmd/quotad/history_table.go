package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"quotad/notify"
	"quotad/quota"
)

// The columns of a history's table.
const (
	histTime = iota
	histKey
	histPrompts
	histAnswers
	histCalls
	histIn
	histCached
	histOut
	histUsed
	histShare
	histEstimated
	histStops
	histApart
	histSpent
)

// table is a history in columns, its total at the end.
func (h *toldHistory) table() string {
	rows, lead := h.Rows, ""
	if h.By == "" {
		rows = h.perTime()
		if over := len(rows) - h.newest; h.newest > 0 && over > 0 {
			rows, lead = rows[over:], fmt.Sprintf("... %s before these\n", counted(over, string(h.Per)))
		}
	}
	if len(h.Rows) == 0 {
		return h.nothing()
	}
	t := table{
		screen: h.screen, flex: histKey, tail: h.By == quota.SplitByProject, head: h.head(),
		spare: []int{histCached, histIn, histOut, histAnswers, histApart, histCalls, histEstimated, histStops, histSpent},
		right: []int{histPrompts, histAnswers, histCalls, histIn, histCached, histOut, histUsed, histShare, histEstimated, histStops, histApart, histSpent},
	}
	var lines [][]string
	for i := range rows {
		lines = append(lines, h.line(&rows[i]))
		if i > 0 && h.By != "" && sameStart(&rows[i], &rows[i-1]) {
			lines[i][histTime] = "" // as the line before
		}
	}
	lines = append(lines, h.totalLine())
	return lead + t.draw(lines) + h.footnote()
}

func (h *toldHistory) nothing() string {
	text := "Nothing was used"
	if h.Since != nil {
		text += " since " + h.Since.In(h.now.Location()).Format("Mon 2 Jan 2006 15:04")
	}
	return text + ".\n"
}

func (h *toldHistory) head() []string {
	when := strings.ToUpper(string(h.Per))
	if h.Per == quota.PerWeek {
		when = "WEEK FROM"
	}
	return []string{
		when, strings.ToUpper(string(h.By)), "PROMPTS", "ANSWERS", "MCP", "IN", "CACHED", "OUT",
		"USED", "SHARE", "EST.", "STOPS", "APART", "US$",
	}
}

func (h *toldHistory) line(row *quota.HistoryRow) []string {
	cells := h.figures(&row.Use)
	if row.From != nil {
		cells[histTime] = h.when(*row.From)
	}
	if h.By != "" {
		cells[histKey] = h.keyOf(row)
	}
	return cells
}

func (h *toldHistory) totalLine() []string {
	cells := h.figures(&h.Total)
	cells[map[bool]int{true: histKey, false: histTime}[h.Per == ""]] = "total"
	return cells
}

// figures are the numbers of a row; one that is zero is left out, but for the
// prompts and what they used.
func (h *toldHistory) figures(u *quota.Use) []string {
	cells := make([]string, histSpent+1)
	for i, n := range map[int]int64{
		histAnswers: u.Answers, histCalls: u.Calls, histIn: u.Tokens.Input, histCached: u.Tokens.Cached,
		histOut: u.Tokens.Output, histStops: u.Stops, histApart: u.Apart,
	} {
		if n > 0 {
			cells[i] = compact(n)
		}
	}
	cells[histPrompts] = compact(u.Prompts)
	cells[histUsed], cells[histShare] = figure(u.Charged), percentage(h.share(u))
	if u.Spent > 0 {
		cells[histSpent] = notify.Dollars(u.Spent)
	}
	if u.Estimated > 0 {
		cells[histEstimated] = percentage(u.Estimated.Percent(u.Charged))
	}
	return cells
}

// compact writes a count in at most six columns: "9,999", "12.3k", "4.56M".
func compact(n int64) string {
	if n < 10_000 {
		return grouped(quota.One.Times(n))
	}
	value, unit := float64(n)/1e3, "k"
	for _, larger := range []string{"M", "G", "T"} {
		if value < 999.5 {
			break
		}
		value, unit = value/1e3, larger
	}
	return strconv.FormatFloat(value, 'f', max(2-int(math.Log10(value)), 0), 64) + unit
}

// percentage writes whole percents. Only nothing is 0 %, and only all is 100 %.
func percentage(p float64) string {
	switch {
	case p > 0 && p < 1:
		return "<1 %"
	case p < 100:
		p = min(p, 99)
	}
	return strconv.Itoa(int(math.Round(p))) + " %"
}

// footnote says what the numbers are, and how far they can be believed.
func (h *toldHistory) footnote() string {
	text := fmt.Sprintf("\nUsed is in %s, by %s as it is now.", h.Plan.Unit, clean(h.Plan.ID))
	if h.Total.Charged == 0 {
		text = "\nNothing of it was charged."
	}
	if h.Total.Estimated > 0 {
		text += fmt.Sprintf(" %s of it is estimated: of prompts whose tokens are not known.", percentage(h.Total.Estimated.Percent(h.Total.Charged)))
	}
	if h.Total.Apart > 0 {
		text += " Apart is what another service was used for, or is paid per token"
		if h.Total.Spent > 0 {
			text += ": US$ tells what that cost"
		}
		text += "."
	}
	if h.Total.Worth > 0 {
		text += fmt.Sprintf(" On the API the plan's use would have cost %s, as far as its tokens are known.", dollars(h.Total.Worth))
	}
	return "\n" + strings.Join(wrap(text, min(h.width, 100)), "\n") + "\n"
}
