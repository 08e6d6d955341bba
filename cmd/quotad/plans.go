package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/notify"
	"quotad/quota"
)

func (a *app) plansCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "plans [ID]",
		Short: "List the plans, or all that is known of one",
		Long: `Lists the plans that can be configured: what a month of each costs, its windows
and caps, and which one is yours. With an ID, shows all that is known of that
plan: what a prompt costs on which model and when, peak hours in local time,
what the subscription costs and has cost, and where each figure is from. The
configuration overrides all of it.`,
		Example: `  quotad plans
  quotad plans v2/pro
  quotad config set account.default.plan v2/pro`,
		Args:              rangeArgs(0, 1, "the ID of a plan"),
		ValidArgsFunction: a.planArgument,
		RunE:              func(_ *cobra.Command, args []string) error { return a.plans(args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print all rows as JSON")
	return c
}

func (a *app) planArgument(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.planCompletions(c, args, typed)
}

func (a *app) plans(args []string, asJSON bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		if asJSON {
			return a.printPlans(s, s.Plans)
		}
		_, err := fmt.Fprint(a.stdout, a.planTable(s))
		return err
	}
	plan, ok := s.Plan(args[0])
	if !ok {
		return failed("quotad plans", "there is no plan %q", args[0])
	}
	if asJSON {
		return a.printPlans(s, []quota.Plan{plan})
	}
	now := a.now()
	sheet := &planSheet{screen: a.screen(), clock: clock{now, now.Location()}, plan: &plan}
	_, err = fmt.Fprint(a.stdout, sheet.draw(usersOf(s, plan.ID)))
	return err
}

// usersOf names the accounts that a plan is configured for, or assumed of.
func usersOf(s config.Settings, id string) []string {
	var names []string
	for _, acc := range s.Accounts {
		if acc.Plan.ID != id {
			continue
		}
		name := "account " + acc.Name
		if acc.Assumed {
			name += " (assumed, for none is configured)"
		}
		names = append(names, name)
	}
	return names
}

func (a *app) planTable(s config.Settings) string {
	t := table{screen: a.tableScreen(), head: []string{"", "ID", "NAME", "COUNTS", "A MONTH", "WINDOWS"}, spare: []int{2}, flex: 5}
	var rows [][]string
	var notes []string
	for i := range s.Plans {
		p, mark := &s.Plans[i], " "
		if users := usersOf(s, p.ID); len(users) > 0 {
			mark = "*"
			notes = append(notes, "* "+p.ID+": "+strings.Join(users, ", "))
		}
		rows = append(rows, []string{mark, clean(p.ID), clean(p.Name), string(p.Unit), priceOf(p, a.now()), windowsOf(p)})
	}
	return t.draw(rows) + "\n" + strings.Join(notes, "\n") + "\n"
}

// windowsOf is "5h 400, week 2,000, month 1,000 MCP calls".
func windowsOf(p *quota.Plan) string {
	var said []string
	for _, w := range p.Windows {
		text := w.Name + " " + figure(w.Cap)
		if w.Counts == quota.CountTools {
			text += " MCP calls"
		}
		said = append(said, text)
	}
	return strings.Join(said, ", ")
}

// planSheet is all that is known of a plan. Sources are numbered, and listed at
// its end.
type planSheet struct {
	screen
	clock
	plan    *quota.Plan
	sources sources
	lines   []string
}

func (s *planSheet) draw(users []string) string {
	p := s.plan
	s.add(s.paint(clean(p.Name)+" ("+clean(p.ID)+"), counts "+string(p.Unit), bold))
	for _, user := range users {
		s.add("The plan of " + user)
	}
	s.windows()
	s.peaks()
	s.weights()
	s.rates()
	s.discounts()
	s.routes()
	s.models()
	s.fees()
	if len(s.sources) > 0 {
		s.title("Sources")
	}
	s.lines = append(s.lines, s.sources.list(s.width)...)
	return strings.Join(s.lines, "\n") + "\n"
}

func (s *planSheet) add(line string) { s.lines = append(s.lines, line) }

func (s *planSheet) title(text string) {
	s.add("")
	s.add(s.paint(text, bold))
}

// hang adds text whose further lines stand behind the beginning of the first.
func (s *planSheet) hang(first, text string) {
	s.lines = append(s.lines, hanging(first, text, s.width)...)
}

func (s *planSheet) source(words string) string { return s.sources.cite(words) }

// rows draws rows below a title; without rows there is none.
func (s *planSheet) rows(title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	s.title(title)
	for i := range head {
		head[i] = strings.ToUpper(head[i])
	}
	const indent = 2
	for _, line := range aligned(folded(append([][]string{head}, rows...), len(head)-2, s.width-indent)) {
		s.add(strings.Repeat(" ", indent) + line)
	}
}

func (s *planSheet) windows() {
	var rows [][]string
	for _, w := range s.plan.Windows {
		unit := string(s.plan.Unit)
		if w.Counts == quota.CountTools {
			unit = "MCP calls"
		}
		rows = append(rows, []string{w.Name, figure(w.Cap) + " " + unit, refreshWords(w), s.source(s.plan.Source)})
	}
	s.rows("Windows", []string{"name", "cap", "refreshes", ""}, rows)
	if s.plan.Unit == quota.Credits && s.plan.Estimate > 0 {
		s.hang("  ", "A prompt whose tokens are not known counts "+s.plan.Estimate.String()+" credits, an estimate.")
	}
}

// refreshWords says how a window opens and refreshes.
func refreshWords(w quota.Window) string {
	length := notify.Duration(w.Length)
	switch w.Kind {
	case quota.Fixed:
		return length + " after its first use"
	case quota.Rolling:
		return "each use comes back after " + length
	case quota.Anchored:
		return "each " + length + " from the subscription"
	}
	return "monthly, on the day of the subscription"
}

func (s *planSheet) peaks() {
	if len(s.plan.Peaks) == 0 {
		return
	}
	var rows [][]string
	for i := range s.plan.Peaks {
		k := &s.plan.Peaks[i]
		rows = append(rows, []string{daysOf(k.Days), hoursOf(k), validOf(k.Valid), s.source(k.Source)})
	}
	for _, p := range s.plan.Promotions {
		rows = append(rows, []string{clean(p.Name), "never peak", validOf(p.Valid), s.source(p.Source)})
	}
	s.rows("Peak hours", []string{"days", "hours", "valid", ""}, rows)
	s.hang("  ", s.peakNow())
}

// peakNow says whether it is peak, and until when, by the local clock.
func (s *planSheet) peakNow() string {
	now, then := "off-peak", "peak"
	peak := s.plan.IsPeak(s.now)
	if peak {
		now, then = then, now
	}
	next, ok := s.plan.NextPeakChange(s.now)
	for ok && s.plan.IsPeak(next) == peak && next.Sub(s.now) < 30*24*60*60*1e9 {
		next, ok = s.plan.NextPeakChange(next)
	}
	if !ok || s.plan.IsPeak(next) == peak {
		return "Now it is " + now + "."
	}
	return "Now it is " + now + "; " + then + " from " + s.until(next) + "."
}

func (s *planSheet) weights() {
	var rows [][]string
	for _, w := range s.plan.Weights {
		rows = append(rows, []string{clean(w.Model), w.Peak.String(), w.OffPeak.String(), validOf(w.Valid), s.source(w.Source)})
	}
	s.rows("A prompt costs", []string{"model", "peak", "off-peak", "valid", ""}, rows)
	if s.plan.Unit == quota.Prompts {
		s.hang("  ", "A model that is not listed costs 1.")
	}
}

func (s *planSheet) rates() {
	var rows [][]string
	for _, r := range s.plan.Rates {
		rows = append(rows, []string{
			clean(r.Model), r.Input.String(), r.Cached.String(), r.Output.String(), r.OffPeakFactor.String(),
			validOf(r.Valid), s.source(r.Source),
		})
	}
	s.rows("10,000 tokens cost, in credits", []string{"model", "input", "cached", "output", "off-peak x", "valid", ""}, rows)
	rows = nil
	for _, t := range s.plan.Tools {
		name := clean(t.Name)
		if name == "*" {
			name = "any"
		}
		rows = append(rows, []string{name, t.Credits.String(), validOf(t.Valid), s.source(t.Source)})
	}
	s.rows("An MCP call costs, in credits", []string{"tool", "credits", "valid", ""}, rows)
}

func (s *planSheet) discounts() {
	var rows [][]string
	for _, d := range s.plan.Discounts {
		rows = append(rows, []string{clean(d.Tool), d.Factor.String(), validOf(d.Valid), s.source(d.Source)})
	}
	s.rows("Clients that pay a part of it, MCP calls aside", []string{"tool", "price x", "valid", ""}, rows)
}

func (s *planSheet) routes() {
	var rows [][]string
	for _, r := range s.plan.Routes {
		rows = append(rows, []string{clean(r.Model), clean(r.As), validOf(r.Valid), s.source(r.Source)})
	}
	s.rows("Models that are billed as others", []string{"model", "billed as", "valid", ""}, rows)
}

func (s *planSheet) models() {
	var rows [][]string
	for _, m := range s.plan.Models {
		rows = append(rows, []string{clean(m.Model), validOf(m.Valid), s.source(m.Source)})
	}
	s.rows("Models the plan is known to have", []string{"model", "valid", ""}, rows)
}
