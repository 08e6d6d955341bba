package main

import (
	"context"
	"fmt"
	"strings"

	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/notify"
	"quotad/quota"
)

// simulateHistory tries what was recorded on other plans.
func (a *app) simulateHistory(ctx context.Context, f simulateFlags) error {
	now := a.now()
	since, until, err := parseRange(f.since, f.until, now, "quotad simulate --help")
	if err != nil {
		return err
	}
	q := daemon.WhatIfQuery{Account: f.account, Since: since, Until: until, Plans: f.plans}
	var x quota.WhatIfs
	err = a.eitherWay(ctx, someDatabase,
		func(c *api.Client) error { return c.Get(ctx, "/v1/whatif", q.Values(), &x) },
		func(e *daemon.Engine) (err error) { x, err = e.WhatIf(ctx, q); return err })
	if err != nil {
		return withHint(accountError(err), "quotad plans")
	}
	if f.json {
		return a.encode(x)
	}
	told := toldWhatIfs{screen: a.tableScreen(), clock: clock{now, now.Location()}, WhatIfs: x}
	_, err = fmt.Fprint(a.stdout, told.text())
	return err
}

// toldWhatIfs are trials of plans on their way to a person.
type toldWhatIfs struct {
	screen
	clock
	quota.WhatIfs
}

func (x *toldWhatIfs) text() string {
	if x.Since == nil {
		return "Nothing was used in that time.\n"
	}
	var b strings.Builder
	b.WriteString(x.paint(x.title(), bold) + "\n\n")
	b.WriteString(x.table())
	for _, text := range append(x.verdicts(), x.notes()...) {
		b.WriteString("\n" + strings.Join(wrap(text, min(x.width, 100)), "\n") + "\n")
	}
	return b.String()
}

// title says what was tried.
func (x *toldWhatIfs) title() string {
	const day = "Mon 2 Jan 2006"
	text := counted(int(x.Prompts), "prompt")
	if x.Answers > 0 {
		text += ", " + counted(int(x.Answers), "answer")
	}
	if x.Calls > 0 {
		text += ", " + counted(int(x.Calls), "MCP call")
	}
	return text + " from " + x.Since.In(x.loc).Format(day) + " to " + x.Until.In(x.loc).Format(day)
}

// The columns of the table. The windows stand between.
const (
	trialMark = iota
	trialPlan
	trialWindows
)

// columnOf is what a window's column is called.
func columnOf(w *quota.WhatIfWindow) string {
	if w.Counts == quota.CountTools {
		return "MCP"
	}
	return w.Window
}

// windows are the columns of those of any plan, as they come.
func (x *toldWhatIfs) windows() (names []string) {
	seen := map[string]bool{}
	for _, p := range x.Plans {
		for _, w := range p.Windows {
			if name := columnOf(&w); !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

func (x *toldWhatIfs) table() string {
	names := x.windows()
	after := trialWindows + len(names)
	t := table{screen: x.screen, flex: trialPlan, head: []string{"", "PLAN"}, spare: []int{after + 5, after + 4, after + 1, after, after + 2}}
	for _, name := range names {
		t.head = append(t.head, strings.ToUpper(name))
	}
	t.head = append(t.head, "US$/MONTH", "RAN OUT", "BLOCKED", "REFUSED", "EST.", "PEAK")
	for i := trialWindows; i < len(t.head); i++ {
		t.right = append(t.right, i)
	}
	var rows [][]string
	for i := range x.Plans {
		rows = append(rows, x.row(&x.Plans[i], names))
	}
	return t.draw(rows)
}

func (x *toldWhatIfs) row(p *quota.WhatIf, names []string) []string {
	row := []string{" ", clean(p.Plan.ID)}
	if p.Present {
		row[trialMark] = "*"
	}
	for _, name := range names {
		row = append(row, fullest(p, name))
	}
	refused, out, blocked := "none", "", ""
	if !p.Enough {
		refused = refusedOf(p)
	}
	if p.Exhaustions > 0 {
		out, blocked = often(p.Exhaustions), hours(p.BlockedHours)
	}
	fee, estimated := "", ""
	if p.Fee != nil {
		fee = notify.Dollars(*p.Fee)
	}
	if p.Estimated > 0 {
		estimated = percentage(p.Estimated.Percent(p.Asked))
	}
	return append(row, fee, out, blocked, refused, estimated, percentage(p.OffPeak.Saves.Percent(p.Asked)))
}

// fullest is the most that an instance of a window would have held.
func fullest(p *quota.WhatIf, name string) string {
	for _, w := range p.Windows {
		if columnOf(&w) == name {
			return percentage(w.WorstPercent)
		}
	}
	return ""
}

// refusedOf is what found no room, prompts first.
func refusedOf(p *quota.WhatIf) string {
	switch r := p.Refused; {
	case r.Prompts > 0:
		return counted(int(r.Prompts), "prompt")
	case r.Answers > 0:
		return counted(int(r.Answers), "answer")
	default:
		return counted(int(p.Refused.Calls), "MCP call")
	}
}

func often(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func hours(h float64) string {
	if h < 10 {
		return fmt.Sprintf("%.1f h", h)
	}
	return fmt.Sprintf("%.0f h", h)
}

// notes say what off-peak hours would have saved, and what the table shows.
func (x *toldWhatIfs) notes() (said []string) {
	for i := range x.Plans {
		p := &x.Plans[i]
		if s := p.OffPeak; p.Present && s.Saves > 0 {
			said = append(said, fmt.Sprintf("All of it off-peak would have used %s %s less: %s of the %s's cap on the average.",
				figure(s.Saves), p.Plan.Unit, percentage(s.PercentOfCap), s.Window))
		}
	}
	return append(said, "Each window is shown at its fullest; PEAK is the part that off-peak hours would have saved. "+
		"What the provider said of the real plan is left out.")
}
