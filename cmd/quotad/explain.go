package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/notify"
	"quotad/quota"
)

// explainSteps is how many steps are told unless all are asked for.
const explainSteps = 20

// explainFlags are what explain was asked for.
type explainFlags struct {
	window, account string
	json, all       bool
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain [WINDOW]",
		Short: "Tell how a number came about, event by event",
		Long: `Tells how the number of a window came about: which plan and which opening it
rests on, and what each event since then added, and why. WINDOW is one of the
plan's, such as 5h, week or month; without one it is the window that will stop
work first. The newest 20 events are shown unless --all is given; the sums are
always of all.`,
		Example: `  quotad explain
  quotad explain week --all
  quotad explain 5h --json | jq '.steps[-1]'`,
		Args:              rangeArgs(0, 1, "one WINDOW"),
		ValidArgsFunction: fixedArgs(quota.WindowFive, quota.WindowWeek, quota.WindowMonth),
		RunE: func(c *cobra.Command, args []string) error {
			f.window = strings.Join(args, "")
			return a.explain(c.Context(), f)
		},
	}
	a.accountFlag(c, &f.account, "of this `account` (default the one this folder belongs to)")
	c.Flags().BoolVar(&f.all, "all", false, "show all events, not only the newest 20")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	return c
}

func (a *app) explain(ctx context.Context, f explainFlags) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	if f.account == "" {
		if f.account, err = a.accountHere(); err != nil {
			return err
		}
	}
	query := url.Values{}
	for name, value := range map[string]string{"window": f.window, "account": f.account} {
		if value != "" {
			query.Set(name, value)
		}
	}
	var x quota.Explanation
	if err := client.Get(ctx, "/v1/explain", query, &x); err != nil {
		return withHint(err, "quotad status")
	}
	told := explained{Explanation: x, clock: clock{a.now(), a.now().Location()}, sums: sumsOf(x.Steps), portions: portionsOf(x.Steps)}
	told.opener = told.openedBy()
	if over := len(x.Steps) - explainSteps; over > 0 && !f.all {
		told.Steps, told.Omitted = x.Steps[over:], x.Omitted+over
	}
	if f.json {
		return a.encode(told.Explanation)
	}
	told.screen = a.tableScreen()
	return told.print(a.stdout)
}

// explained is an explanation on its way to a person.
type explained struct {
	quota.Explanation
	clock
	screen
	sums     sums
	portions []portion // of all steps
	opener   string    // what opened the window, in words
	sources  sources   // of the rows that priced the steps
}

// sums are what the steps add, by tool and by model.
type sums struct{ tools, models map[string]quota.Amount }

func sumsOf(steps []quota.ExplanationStep) sums {
	s := sums{map[string]quota.Amount{}, map[string]quota.Amount{}}
	for _, step := range steps {
		if step.Model == "" || step.Amount <= 0 {
			continue
		}
		s.tools[step.Tool] += step.Amount
		s.models[step.Model] += step.Amount
	}
	return s
}

func (x *explained) print(w io.Writer) error {
	lines := []string{x.paint(x.title(), bold)}
	for _, row := range x.basis() {
		lines = append(lines, hanging("  "+padRight(row[0], len("elsewhere")+2), row[1], x.width)...)
	}
	lines = append(lines, "")
	lines = append(lines, x.story()...)
	if len(x.sources) > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, x.sources.list(x.width)...)
	if len(x.Notes) > 0 {
		lines = append(lines, "")
	}
	for _, note := range x.Notes {
		lines = append(lines, hanging("note: ", clean(note), x.width)...)
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func (x *explained) title() string {
	name := x.Window.Window
	if x.Account != quota.DefaultAccount {
		name += " of " + x.Account
	}
	return fmt.Sprintf("%s: %s used, %s", name, usedOf(&x.Window, x.Plan.Unit), percentOf(&x.Window))
}

// basis is what the number rests on beside events.
func (x *explained) basis() [][]string {
	plan := clean(x.Plan.Name) + " (" + x.Plan.ID + ")"
	if x.Plan.Assumed {
		plan += ", assumed"
	}
	rows := [][]string{
		{"plan", plan},
		{"cap", figure(x.Window.Cap) + " " + unitOf(&x.Window, x.Plan.Unit)},
		{"source", clean(x.Source)},
		{"kind", kindWords(x.Window.Kind)},
	}
	if x.Window.OpenedAt != nil {
		rows = append(rows, []string{"since", join(", ", notify.Clock(*x.Window.OpenedAt, x.now, x.loc), x.opener)})
	}
	if reset := x.resetOf(&x.Window); reset != "" {
		rows = append(rows, []string{"reset", reset})
	}
	if x.Window.Estimated != nil && *x.Window.Estimated > 0 {
		rows = append(rows, []string{"estimate", figure(*x.Window.Estimated) + " of what is used"})
	}
	if x.Window.Elsewhere != nil && *x.Window.Elsewhere > 0 {
		rows = append(rows, []string{"elsewhere", figure(*x.Window.Elsewhere) + " of what is used: no event here tells of it"})
	}
	if low, high := x.Window.Low, x.Window.High; low != nil && high != nil {
		rows = append(rows, []string{"error", fmt.Sprintf("between %s and %s, 19 times of 20", figure(*low), figure(*high))})
	}
	return rows
}

// kindWords says how a window opens and refreshes.
func kindWords(k quota.WindowKind) string {
	switch k {
	case quota.Fixed:
		return "fixed: opens with the first use, and is full again when it ends"
	case quota.Rolling:
		return "rolling: each use comes back one window's length after it"
	case quota.Anchored:
		return "anchored: steps from the subscription"
	case quota.Monthly:
		return "monthly: steps with the day of the subscription"
	}
	return string(k)
}

// story is what happened since the window opened.
func (x *explained) story() []string {
	if len(x.Steps) == 0 {
		return []string{"  Nothing was recorded since it opened."}
	}
	rows := [][]string{{"  when", "what", "tool", "model", "change", "used", "why"}}
	for _, s := range x.Steps {
		rows = append(rows, []string{
			"  " + x.when(s), string(s.Kind), clean(s.Tool), clean(s.Model), signed(s.Amount), grouped(s.Used), x.because(&s),
		})
	}
	lines := x.fitted(rows)
	lines[0] = x.paint(lines[0], dim)
	if x.Omitted > 0 {
		lines = slices.Insert(lines, 1, fmt.Sprintf("  ... %s before these; --all shows them", counted(x.Omitted, "event")))
	}
	return append(append(lines, x.making()...), x.totals()...)
}

// because is why a step is as it is, with the numbers of what it rests on.
func (x *explained) because(s *quota.ExplanationStep) string {
	text := clean(s.Why)
	if b := s.Basis; b != nil {
		if b.Asked != "" {
			text += ", " + clean(b.Asked) + " billed as " + clean(s.Model) + " " + x.sources.cite(b.Routed)
		}
		if b.Promoted != "" {
			text += ", a promotion " + x.sources.cite(b.Promoted)
		}
	}
	return text
}

// fitted aligns the story. Where it is too wide for the screen it leaves out the
// model and then the tool, and breaks the reasons.
func (x *explained) fitted(rows [][]string) []string {
	const tool, model, change, used, why = 2, 3, 4, 5, 6
	wide := func(l string) bool { return cells(l) > x.width }
	lines := aligned(rows, change, used)
	for _, spare := range []int{model, tool} {
		if !slices.ContainsFunc(lines, wide) {
			return lines
		}
		for _, row := range rows {
			row[spare] = ""
		}
		lines = aligned(rows, change, used)
	}
	for n := len(rows) - 1; n >= 0; n-- {
		if reason := rows[n][why]; wide(lines[n]) {
			lines = slices.Replace(lines, n, n+1, hanging(strings.TrimSuffix(lines[n], reason), reason, x.width)...)
		}
	}
	return lines
}

// when is a clock with seconds, for several prompts may fall into one minute.
func (x *explained) when(s quota.ExplanationStep) string {
	at := s.At.In(x.loc)
	if at.Format(time.DateOnly) == x.now.In(x.loc).Format(time.DateOnly) {
		return at.Format(time.TimeOnly)
	}
	return at.Format("Mon 2 Jan 15:04:05")
}

func signed(a quota.Amount) string {
	if a > 0 {
		return "+" + grouped(a)
	}
	return grouped(a)
}

// totals are the sums of all steps; those of one tool or model alone tell
// nothing that the table does not.
func (x *explained) totals() []string {
	rows := [][]string{{"  total", fmt.Sprintf("%s of %s %s", grouped(x.Window.Used), grouped(x.Window.Cap), unitOf(&x.Window, x.Plan.Unit))}}
	for _, by := range []struct {
		name string
		sums map[string]quota.Amount
	}{{"  by tool", x.sums.tools}, {"  by model", x.sums.models}} {
		if len(by.sums) > 1 {
			rows = append(rows, []string{by.name, listed(by.sums)})
		}
	}
	return append([]string{""}, aligned(rows)...)
}

// listed names amounts, the largest first.
func listed(sums map[string]quota.Amount) string {
	names := slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		if sums[a] != sums[b] {
			return int(min(max(sums[b]-sums[a], -1), 1))
		}
		return strings.Compare(a, b)
	})
	var said []string
	for _, name := range names {
		shown := clean(name)
		if name == "" {
			shown = "unnamed"
		}
		said = append(said, shown+" "+grouped(sums[name]))
	}
	return strings.Join(said, ", ")
}
