package main

import (
	"context"
	"fmt"
	"strings"

	"quotad/daemon"
	"quotad/daemon/api"
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
		return withHint(err, "quotad plans")
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
	t := table{screen: x.screen, flex: trialPlan, head: []string{"", "PLAN"}, spare: []int{after + 4, after + 3, after, after + 1}}
	for _, name := range names {
		t.head = append(t.head, strings.ToUpper(name))
	}
	t.head = append(t.head, "RAN OUT", "BLOCKED", "REFUSED", "EST.", "PEAK")
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
	estimated := ""
	if p.Estimated > 0 {
		estimated = percentage(p.Estimated.Percent(p.Asked))
	}
	return append(row, out, blocked, refused, estimated, percentage(p.OffPeak.Saves.Percent(p.Asked)))
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

// verdicts say which plan would have been enough: the present one, and of each
// generation the smallest that was and the largest that was not.
func (x *toldWhatIfs) verdicts() (said []string) {
	told := map[string]bool{}
	for i := range x.Plans {
		if p := &x.Plans[i]; p.Present {
			said = append(said, x.verdict(p))
			told[p.Plan.ID] = true
		}
	}
	for i := range x.Plans {
		p := &x.Plans[i]
		turned := i > 0 && generation(p) == generation(&x.Plans[i-1]) && p.Enough != x.Plans[i-1].Enough
		switch {
		case isTeam(p):
		case turned && p.Enough:
			said = x.say(said, told, &x.Plans[i-1], p)
		case p.Enough && (i == 0 || generation(p) != generation(&x.Plans[i-1])):
			said = x.say(said, told, p)
		case !p.Enough && x.lastOf(i):
			said = x.say(said, told, p)
		}
	}
	return said
}

func (x *toldWhatIfs) say(said []string, told map[string]bool, plans ...*quota.WhatIf) []string {
	for _, p := range plans {
		if !told[p.Plan.ID] {
			told[p.Plan.ID] = true
			said = append(said, x.verdict(p))
		}
	}
	return said
}

// lastOf reports whether no larger plan of the generation follows.
func (x *toldWhatIfs) lastOf(i int) bool {
	return i+1 == len(x.Plans) || generation(&x.Plans[i+1]) != generation(&x.Plans[i]) || isTeam(&x.Plans[i+1])
}

func generation(p *quota.WhatIf) string {
	name, _, _ := strings.Cut(p.Plan.ID, "/")
	return name
}

func isTeam(p *quota.WhatIf) bool { return strings.Contains(p.Plan.ID, "/team-") }

func (x *toldWhatIfs) verdict(p *quota.WhatIf) string {
	text := clean(p.Plan.ID)
	if p.Present {
		text += ", the present plan,"
	}
	switch {
	case p.Enough:
		text += " would have been enough: " + x.fullestOf(p)
	case p.Refused.Prompts == 0:
		text += " would have refused no prompt, but " + refusedOf(p)
	default:
		text += fmt.Sprintf(" would have refused %s of %s", grouped(quota.One.Times(p.Refused.Prompts)), counted(int(x.Prompts), "prompt"))
	}
	if p.Refused.Prompts > 0 && p.Refused.Answers > 0 {
		text += ", cut off " + counted(int(p.Refused.Answers), "answer")
	}
	switch {
	case p.Enough && p.BlockedHours > 0:
		text += fmt.Sprintf(", and nothing was asked for in the %s until there was room again", hours(p.BlockedHours))
	case p.BlockedHours > 0:
		text += fmt.Sprintf(", and blocked work for %s in all (%s)", hours(p.BlockedHours), outOf(p))
	}
	if p.Estimated > 0 {
		text += fmt.Sprintf("; %s of the use is estimated", percentage(p.Estimated.Percent(p.Asked)))
	}
	return text + "."
}

// fullestOf names the window with the least room to spare.
func (x *toldWhatIfs) fullestOf(p *quota.WhatIf) string {
	most := &p.Windows[0]
	for i := range p.Windows {
		if p.Windows[i].WorstPercent > most.WorstPercent {
			most = &p.Windows[i]
		}
	}
	text := fmt.Sprintf("the fullest window, %s, reached %s", most.Window, percentage(most.WorstPercent))
	if most.WorstAt != nil {
		text += " on " + most.WorstAt.In(x.loc).Format("Mon 2 Jan")
	}
	return text
}

// outOf says which windows would have run out, and how often.
func outOf(p *quota.WhatIf) string {
	var said []string
	for _, w := range p.Windows {
		if w.Exhaustions > 0 && w.Counts == quota.CountPrompts {
			said = append(said, w.Window+" "+often(w.Exhaustions))
		}
	}
	return strings.Join(said, ", ")
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
