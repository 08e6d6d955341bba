package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon/api"
	"quotad/quota"
)

// recordFlags are what record was given.
type recordFlags struct {
	event     quota.Event // what needs no reading
	at        string
	exhausted string
	readings  []string
	json      bool
}

func (a *app) recordCommand() *cobra.Command {
	var f recordFlags
	c := &cobra.Command{
		Use:   "record",
		Short: "Record a prompt by hand, or what the provider says",
		Long: `Records one prompt, as a coding tool's hook would. The text of a prompt is no
part of it.

With --exhausted it records that the provider said stop: MESSAGE is its words,
as the tool shows them, or just the window: 5h, week or month. With --reading,
once for each window, it records what the provider's page shows: WINDOW=34%,
WINDOW=120 (used), WINDOW=120/400 (used of the cap); with @TIME after it, when
the window refreshes.

The same --id again is counted once.

` + timeForms,
		Example: `  quotad record
  quotad record --model glm-5.3 --count 3 --at 14:30
  quotad record --exhausted 'Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:00:00'
  quotad record --reading 5h=34%@18:00 --reading week=12%`,
		Args: noArgs,
	}
	a.recordFlags(c, &f)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := f.check(c); err != nil {
			return err
		}
		e, err := f.read(a.now())
		if err != nil {
			return err
		}
		e, why, err := a.placed(e)
		if err != nil {
			return err
		}
		return a.record(c.Context(), e, why, f.json)
	}
	return c
}

func (a *app) recordFlags(c *cobra.Command, f *recordFlags) {
	flags := c.Flags()
	flags.StringVar(&f.event.ID, "id", "", "`id` that makes a repeat harmless (default a new one)")
	flags.StringVar(&f.at, "at", "", "when it was, a `time` (default now)")
	flags.StringVar(&f.event.Model, "model", "", "`model` that was asked")
	flags.StringVar(&f.event.Tool, "tool", "", "coding `tool`")
	flags.StringVar(&f.event.Session, "session", "", "the tool's `session`")
	flags.StringVar(&f.event.Project, "project", "", "`project`, such as its folder")
	flags.StringVar(&f.event.Endpoint, "endpoint", "", "`URL` that the tool talks to (default the plan's)")
	flags.StringVar(&f.event.Turn, "turn", "", "`turn` that links the events of one prompt")
	flags.IntVar(&f.event.Count, "count", 1, "how many prompts, 1 to 1000")
	flags.StringVar(&f.exhausted, "exhausted", "", "the provider said stop, with this `MESSAGE`")
	flags.StringArrayVar(&f.readings, "reading", nil, "the provider's page shows `WINDOW=USE`; may be repeated")
	flags.BoolVar(&f.json, "json", false, "print the daemon's answer")
	a.accountFlag(c, &f.event.Account, "the `account` it belongs to (default as [[belongs]] in the configuration says)")
	fixedCompletion(c, "exhausted", quota.WindowFive, quota.WindowWeek, quota.WindowMonth)
	complete(c, "reading", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		words := []cobra.Completion{quota.WindowFive + "=", quota.WindowWeek + "=", quota.WindowMonth + "="}
		return words, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
}

// check tells which flags do not go together.
func (f *recordFlags) check(c *cobra.Command) error {
	const hint = "quotad record --help"
	exhausted, reading := c.Flags().Changed("exhausted"), c.Flags().Changed("reading")
	if exhausted && reading {
		return usage(hint, "--exhausted and --reading are two things to record: give one of them")
	}
	if c.Flags().Changed("count") && (exhausted || reading) {
		return usage(hint, "--count is for prompts, not for what the provider says")
	}
	if f.event.Count < 1 { // 0 would be taken for "left out"
		return usage(hint, "--count: %d is out of range: 1 to %d", f.event.Count, quota.MaxCount)
	}
	if e := f.event.Endpoint; e != "" && !isAddress(e) {
		return usage(hint, noAddress, e)
	}
	for _, name := range []string{"id", "exhausted"} {
		if flag := c.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
			return usage(hint, "--%s is empty", name)
		}
	}
	return nil
}

// read makes an event of the flags.
func (f *recordFlags) read(now time.Time) (quota.Event, error) {
	e := f.event
	e.At = now
	if f.at != "" {
		var err error
		if e.At, err = parseTime("--at", f.at, now); err != nil {
			return e, err
		}
	}
	var err error
	switch {
	case f.exhausted != "":
		e, err = exhaustion(e, f.exhausted)
	case len(f.readings) > 0:
		e.Kind = quota.KindReading
		for _, text := range f.readings {
			var r quota.Reading
			if r, err = parseReading(text, e.At.In(now.Location())); err != nil {
				return e, err
			}
			if slices.ContainsFunc(e.Readings, func(before quota.Reading) bool { return before.Window == r.Window }) {
				return e, usage("quotad record --help", "--reading: there are two of the window %s", r.Window)
			}
			e.Readings = append(e.Readings, r)
		}
	}
	if err != nil {
		return e, err
	}
	e = e.Fill(now)
	if complaint := e.Check(); complaint != nil {
		return e, usage("quotad record --help", "--%s: %s", strings.TrimSuffix(complaint.Field, "s"), clean(complaint.Message))
	}
	return e, nil
}

// record sends an event, which belongs to its account for a reason where it
// has one, and says what became of it.
func (a *app) record(ctx context.Context, e quota.Event, why quota.Grounds, asJSON bool) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	results, err := client.Record(ctx, e)
	if err != nil {
		return err
	}
	if asJSON {
		if err := a.encode(api.Results{Results: results}); err != nil {
			return err
		}
	}
	r := results[0]
	switch {
	case r.Status == quota.Rejected:
		return withHint(rejection(r), "quotad record --help")
	case asJSON:
		return nil
	case r.Status == quota.Duplicate:
		_, err = fmt.Fprintf(a.stdout, "Recorded before under id %s: it counts once.\n", clean(r.ID))
		return err
	}
	by := r.By
	if e.Account != "" {
		by = why.String()
	}
	e.Account = cmp.Or(r.Account, e.Account, quota.DefaultAccount)
	done := "Recorded" + belongs(e.Account, by)
	if why := a.billing()(e); why != "" {
		done += ", " + why + ": not charged"
	}
	return a.sayStanding(ctx, client, done+".", e)
}

// belongs says to which account something belongs, and by what, where it is not
// simply the one that most have.
func belongs(account, by string) string {
	switch {
	case by == quota.ByName.String():
		by = ""
	case account == quota.DefaultAccount && by == quota.ByDefault.String():
		return ""
	}
	if by != "" {
		by = " (by " + clean(by) + ")"
	}
	if account == quota.DefaultAccount && by == "" {
		return ""
	}
	return " for account " + clean(account) + by
}

// rejection is what the daemon said against an event.
func rejection(r api.Result) error {
	if r.Error == nil {
		return errors.New("the daemon did not take the event")
	}
	return errors.New(clean(r.Error.Error()))
}

// sayStanding says what was done, and where the account stands now.
func (a *app) sayStanding(ctx context.Context, client *api.Client, done string, e quota.Event) error {
	all, err := client.Status(ctx, e.Account)
	if err != nil || len(all.Accounts) != 1 {
		_, err = fmt.Fprintln(a.stdout, done) // it was done all the same
		return err
	}
	all = cleanStatuses(all)
	st, c := &all.Accounts[0], a.clockOf(all)
	fmt.Fprintln(a.stdout, join(" ", done, c.standing(st)))
	if e.Kind != quota.KindPrompt {
		return nil
	}
	for _, w := range st.Warnings {
		fmt.Fprintf(a.stdout, "Warning: %s\n", w.Message)
	}
	return nil
}

// standing is where an account stands, in a line: the window that stops work
// first at length, the others in short.
func (c clock) standing(st *quota.Status) string {
	var said []string
	for i := range st.Windows {
		w := &st.Windows[i]
		switch {
		case w.Window == st.Binding && w.State == quota.PhaseExhausted:
			said = slices.Insert(said, 0, w.Window+": "+usedOf(w, st.Plan.Unit)+".")
		case w.Window == st.Binding:
			said = slices.Insert(said, 0, w.Window+": "+join(", ", usedOf(w, st.Plan.Unit), percentOf(w), c.resetOf(w))+".")
		case w.Counts != quota.CountTools:
			said = append(said, w.Window+": "+percentOf(w)+".")
		}
	}
	if st.State == quota.StateExhausted {
		said = slices.Insert(said, 0, c.noRoom(st)+".")
	}
	return strings.Join(said, " ")
}
