package main

import (
	"slices"
	"strings"

	"quotad/notify"
	"quotad/quota"
)

// board draws statuses for people: of each account what stops work first, then
// its plan, then a row for each window, the columns of all accounts aligned.
type board struct {
	screen
	clock
	lines []string
	cols  columns
}

// row is one window, in words.
type row struct {
	name, percent, used string
	reset, source       string
	more                []said // what else there is to say
	share               float64
	style               style
}

// said is a text and how it looks.
type said struct {
	text  string
	style style
}

// columns are the widths of a board's columns; 0 where one is left out. Bar
// included, they fit the screen.
type columns struct{ name, bar, percent, used, reset, source int }

// Widths of a bar, and of the space between columns.
const (
	leastBar = 10
	mostBar  = 30
	gap      = 2
)

func (b *board) draw(all quota.Statuses) string {
	rows := make([][]row, len(all.Accounts))
	for i := range all.Accounts {
		for j := range all.Accounts[i].Windows {
			rows[i] = append(rows[i], b.row(&all.Accounts[i].Windows[j], all.Accounts[i].Plan.Unit))
		}
	}
	b.cols = b.layout(rows)
	for i := range all.Accounts {
		if i > 0 {
			b.line("")
		}
		b.head(&all.Accounts[i], len(all.Accounts) > 1)
		for _, r := range rows[i] {
			b.drawRow(r)
		}
		if m := all.Accounts[i].Money; m != nil {
			b.say(moneyOf(m), dim)
		}
		for _, w := range all.Accounts[i].Warnings {
			b.say("Warning: "+w.Message, warned)
		}
	}
	if account, ok := assumes(all); ok {
		b.line("")
		b.say("Tell quotad what it assumes now: "+setupOf(account), dim)
	}
	return strings.Join(b.lines, "\n") + "\n"
}

func (b *board) line(text string) { b.lines = append(b.lines, text) }

// say adds a sentence, broken into lines.
func (b *board) say(text string, with style) {
	for _, line := range wrap(text, b.width) {
		b.line(b.paint(line, with))
	}
}

// head is what is said of an account before its windows.
func (b *board) head(st *quota.Status, named bool) {
	name := ""
	if named || st.Account != quota.DefaultAccount {
		name = st.Account + ": "
	}
	if st.State == quota.StateExhausted {
		b.say(name+b.noRoom(st), alarm)
	}
	plan := name + st.Plan.Name + " (" + st.Plan.ID + ")"
	if st.Plan.Name == st.Plan.ID {
		plan = name + st.Plan.ID
	}
	switch {
	case st.Plan.Assumed:
		plan += ", assumed: no plan is configured"
	case st.Plan.Detected:
		plan += ", detected: the provider told it"
	}
	b.say(plan, bold)
	if term := b.termOf(&st.Plan); term != "" {
		b.say(term, dim)
	}
	if steps := stepped(st); st.Plan.AnchorAssumed && steps != "" {
		b.say(steps+" from the first event on, assumed: no subscription date is configured", dim)
	}
}

// assumes names the first account of which anything is assumed that could be
// configured.
func assumes(all quota.Statuses) (account string, ok bool) {
	i := slices.IndexFunc(all.Accounts, isAssumed)
	if i < 0 {
		return "", false
	}
	return all.Accounts[i].Account, true
}

// isAssumed reports whether anything of an account is assumed.
func isAssumed(st quota.Status) bool {
	return st.Plan.Assumed || st.Plan.AnchorAssumed && stepped(&st) != ""
}

// setupOf is the command that asks what an account is.
func setupOf(account string) string {
	if account == quota.DefaultAccount {
		return "quotad setup"
	}
	return "quotad setup --account " + account
}

// stepped names the windows that step from the subscription.
func stepped(st *quota.Status) string {
	var names []string
	for i := range st.Windows {
		if k := st.Windows[i].Kind; k == quota.Anchored || k == quota.Monthly {
			names = append(names, st.Windows[i].Window)
		}
	}
	return strings.Join(names, " and ")
}

// noRoom says until when work stops, and what stops it.
func (c clock) noRoom(st *quota.Status) string {
	var names []string
	for i := range st.Windows {
		if w := &st.Windows[i]; w.State == quota.PhaseExhausted && w.Counts != quota.CountTools {
			names = append(names, w.Window)
		}
	}
	why := strings.Join(names, " and ") + " exhausted"
	if st.BlockedUntil == nil {
		return "No room: " + why + ", and when it is full again is not known"
	}
	return "No room until " + c.until(*st.BlockedUntil) + ": " + why
}

func (b *board) row(w *quota.WindowStatus, unit quota.Unit) row {
	r := row{
		name: w.Window, percent: percentOf(w), used: usedOf(w, unit),
		reset: b.resetOf(w), source: b.sourceOf(w), share: w.Percent, style: levelStyle(w),
	}
	for _, text := range []string{estimatedOf(w), elsewhereOf(w), likelyOf(w)} {
		if text != "" {
			r.more = append(r.more, said{text, dim})
		}
	}
	if f := w.Forecast; f != nil {
		look := dim
		if f.ExhaustsAt != nil {
			look = warned
		}
		r.more = append(r.more, said{b.paceOf(w), look})
	}
	if w.RefreshedEarlyAt != nil {
		r.more = append(r.more, said{"use fell early, " + b.at(*w.RefreshedEarlyAt), dim})
	}
	if w.State == quota.PhaseExhausted {
		r.share = 100
	}
	return r
}

// levelStyle is the colour of a window's bar.
func levelStyle(w *quota.WindowStatus) style {
	switch {
	case w.State == quota.PhaseExhausted:
		return alarm
	case w.Percent >= 90:
		return bad
	case w.Percent >= 75, w.Forecast != nil && w.Forecast.ExhaustsAt != nil:
		return warned
	}
	return good
}

// layout finds which columns fit. What does not is said below its row.
func (b *board) layout(rows [][]row) columns {
	var c columns
	for _, list := range rows {
		for _, r := range list {
			c.name = min(max(c.name, cells(r.name)), 16)
			c.percent = max(c.percent, cells(r.percent))
			c.used = max(c.used, cells(r.used))
			c.reset = max(c.reset, cells(r.reset))
			c.source = max(c.source, cells(r.source))
		}
	}
	for _, drop := range []*int{&c.source, &c.reset, &c.used} {
		if b.width-c.taken() >= leastBar {
			break
		}
		*drop = 0
	}
	if c.bar = min(b.width-c.taken(), mostBar); c.bar < 4 {
		c.bar = 0
	}
	return c
}

// taken is what all columns but the bar take, and the space between them.
func (c columns) taken() int {
	n := c.name + gap
	for _, width := range []int{c.percent, c.used, c.reset, c.source} {
		if width > 0 {
			n += gap + width
		}
	}
	return n
}

// drawRow draws a window, and below it what found no room beside it.
func (b *board) drawRow(r row) {
	c := b.cols
	texts := []string{b.cell(b.fit(r.name, c.name), bold, c.name)}
	if c.bar > 0 {
		texts = append(texts, b.bar(r.share, c.bar, r.style))
	}
	texts = append(texts, strings.Repeat(" ", c.percent-cells(r.percent))+b.paint(r.percent, r.style))
	var below []said
	for _, next := range []struct {
		said
		width int
	}{{said{r.used, plain}, c.used}, {said{r.reset, plain}, c.reset}, {said{r.source, dim}, c.source}} {
		if next.width > 0 {
			texts = append(texts, b.cell(next.text, next.style, next.width))
		} else if next.text != "" {
			below = append(below, next.said)
		}
	}
	b.line(strings.TrimRight(strings.Join(texts, strings.Repeat(" ", gap)), " "))
	b.below(append(below, r.more...))
}

// cell is a text in its style, filled up to a width.
func (b *board) cell(text string, with style, width int) string {
	return b.paint(text, with) + strings.Repeat(" ", max(width-cells(text), 0))
}

// below says things under a row, as many on a line as fit.
func (b *board) below(list []said) {
	indent := strings.Repeat(" ", b.cols.name+gap)
	width := b.width - len(indent)
	line, used := "", 0
	flush := func() {
		if line != "" {
			b.line(indent + line)
		}
		line, used = "", 0
	}
	for _, s := range list {
		if used > 0 && used+cells(b.dot())+cells(s.text) > width {
			flush()
		}
		for i, part := range wrap(s.text, width) {
			if i > 0 {
				flush()
			}
			if used > 0 {
				line, used = line+b.paint(b.dot(), dim), used+cells(b.dot())
			}
			line, used = line+b.paint(part, s.style), used+cells(part)
		}
	}
	flush()
}

// short is one account in a few words: "5h 37 %, full 14:20 · week 12 %".
func (c clock) short(st *quota.Status, sep string) string {
	var parts []string
	if st.State == quota.StateExhausted {
		text := "no room"
		if st.BlockedUntil != nil {
			text += " until " + notify.Clock(*st.BlockedUntil, c.now, c.loc)
		}
		parts = append(parts, text)
	}
	for i := range st.Windows {
		w := &st.Windows[i]
		if w.Counts == quota.CountTools {
			continue
		}
		text := w.Window + " " + percentOf(w)
		if w.Window == st.Binding && w.ResetsAt != nil && st.State != quota.StateExhausted && w.Kind != quota.Rolling {
			text += ", full " + notify.Clock(*w.ResetsAt, c.now, c.loc)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, sep)
}
