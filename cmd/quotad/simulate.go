package main

import (
	"bufio"
	"encoding/json"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/notify"
	"quotad/quota"
)

// simulateFlags are what simulate was given.
type simulateFlags struct {
	subscribed, fiveHour, account string
	plans, at                     []string // of several plans the last one, but with --history
	history, json                 bool
	since, until                  string // with --history
}

func (a *app) simulateCommand() *cobra.Command {
	f := simulateFlags{account: quota.DefaultAccount}
	c := &cobra.Command{
		Use: `simulate --plan ID [--subscribed T] [--five-hour fixed|rolling] [--config F] [--at T]... FILE|-
  quotad simulate --history [--plan ID]... [--since T] [--until T] [--json]`,
		Short: "Replay events in virtual time, or your history on other plans",
		Long: `Reads events (NDJSON, as "quotad events --json" writes them) and replays them
in virtual time. It asks no daemon, no clock and, but for --config, no disk.

With --at it prints for each of them, in the order given, the account's status
at that instant, as in "quotad status --json", of the events up to and including
it. Without, it prints each transition of a window and each notice, in the order
of time. One JSON object a line.

What the provider said that is no stop of a window, or of one that had refreshed
by then, is left out with a word; any other line that is wrong ends it.

A time is 2026-11-23T14:30:00+08:00; one without a zone is local.

With --history it tries what was recorded here on other plans: how full their
windows would have been, how often and how long work would have stood still, how
many prompts would have been refused, what the peak hours cost on top, and which
plan that would have been enough costs least a month, by the prices of now. It
tries the plans that are sold or can be renewed, or those of --plan. What the
provider said of the real plan is left out. A prompt that is refused uses
nothing, and the next one is made all the same. Use older than the retention is
known by the hour, and tried as if it came at the beginning of each. It asks the
daemon, and opens the database itself where none runs.`,
		Example: `  quotad simulate --plan v2/pro --at 2026-11-23T12:00:00Z events.ndjson
  quotad events --json | quotad simulate --plan v3/pro --subscribed 2026-03-04T16:55:13+08:00 -
  quotad simulate --plan lab/tiny --config lab.toml events.ndjson
  quotad simulate --history
  quotad simulate --history --plan v3/lite --plan v3/pro --since 30d`,
		DisableFlagsInUseLine: true,
		Args: func(c *cobra.Command, args []string) error {
			if f.history {
				return noArgs(c, args)
			}
			return exactArgs(1, "a FILE of events, or - for standard input")(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.apart(); err != nil {
				return err
			}
			if f.history {
				return a.simulateHistory(c.Context(), f)
			}
			return a.simulate(f, args[0])
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.plans, "plan", nil, "`ID` of the plan (default the account's in --config); with --history it may be repeated")
	flags.BoolVar(&f.history, "history", false, "try what was recorded here on other plans")
	flags.StringVar(&f.since, "since", "", "with --history: only what was at this `time` or later, or so long ago, such as 30d")
	flags.StringVar(&f.until, "until", "", "with --history: only what was before this `time`")
	flags.BoolVar(&f.json, "json", false, "with --history: print one JSON object")
	flags.StringVar(&f.subscribed, "subscribed", "", "`time` that week and month step from (default the account's in --config, else the first event)")
	flags.StringVar(&f.fiveHour, "five-hour", "", "`kind` of the window 5h: fixed or rolling (default the account's in --config, else as the plan says)")
	flags.StringArrayVar(&f.at, "at", nil, "`time` to print the status at; may be repeated")
	a.accountFlag(c, &f.account, "the `account` whose events are replayed")
	complete(c, "plan", a.planCompletions)
	fixedCompletion(c, "five-hour", string(quota.Fixed), string(quota.Rolling))
	return c
}

// simulation is a replay that is ready to begin.
type simulation struct {
	meter *quota.Meter
	rules quota.NoticeRules
	at    []time.Time
	loc   *time.Location // that notices tell times in

	belongs quota.Assignment
}

func (a *app) simulate(f simulateFlags, file string) error {
	s, err := a.simulation(f)
	if err != nil {
		return err
	}
	events, err := a.simulated(file, s.meter.Account.Name, s.belongs)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	if len(s.at) > 0 {
		err = s.states(events, json.NewEncoder(out))
	} else {
		err = s.steps(events, json.NewEncoder(out))
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// simulation reads the flags.
func (a *app) simulation(f simulateFlags) (*simulation, error) {
	settings := config.Default()
	if a.configFile != "" {
		var err error
		if settings, err = a.settings(); err != nil {
			return nil, err
		}
	}
	acc := settings.Account(f.account)
	if id := f.plan(); id != "" {
		plan, ok := settings.Plan(id)
		if !ok {
			return nil, usage("quotad plans", "--plan: there is no plan %q", id)
		}
		acc = settings.AccountOn(f.account, plan)
	} else if acc.Assumed {
		return nil, usage("quotad plans", "simulate needs --plan ID")
	}
	loc := a.now().Location()
	if err := f.apply(&acc, loc); err != nil {
		return nil, err
	}
	at, err := f.instants(loc)
	return &simulation{
		meter: &quota.Meter{Account: acc, Rules: settings.Rules, Prices: settings.Money.PriceTable()},
		rules: settings.Notices, at: at, loc: loc,
		belongs: settings.Assignment(a.env("HOME")),
	}, err
}

// plan is the one that a replay is of.
func (f *simulateFlags) plan() string {
	if len(f.plans) == 0 {
		return ""
	}
	return f.plans[len(f.plans)-1]
}

// apart holds the flags of the two uses apart.
func (f *simulateFlags) apart() error {
	switch {
	case f.history && (len(f.at) > 0 || f.subscribed != "" || f.fiveHour != ""):
		return usage("quotad simulate --help", "--at, --subscribed and --five-hour are for a FILE of events, and not for --history")
	case !f.history && (f.json || f.since != "" || f.until != ""):
		return usage("quotad simulate --help", "--since, --until and --json are for --history; a replay prints JSON")
	}
	return nil
}

// apply lets --subscribed and --five-hour override what an account says.
func (f *simulateFlags) apply(acc *quota.Account, loc *time.Location) error {
	if f.subscribed != "" {
		t, ok := parseInstant(f.subscribed, loc)
		if !ok {
			return noInstant("--subscribed", f.subscribed)
		}
		acc.Subscribed = quota.Milli(t)
	}
	switch kind := quota.WindowKind(f.fiveHour); kind {
	case "":
	case quota.Fixed, quota.Rolling:
		acc.Plan = config.WithFiveHour(acc.Plan, kind)
	default:
		return usage("quotad simulate --help", "--five-hour %q is not known: fixed, rolling", f.fiveHour)
	}
	return nil
}

func (f *simulateFlags) instants(loc *time.Location) ([]time.Time, error) {
	var list []time.Time
	for _, text := range f.at {
		t, ok := parseInstant(text, loc)
		if !ok {
			return nil, noInstant("--at", text)
		}
		list = append(list, quota.Milli(t))
	}
	return list, nil
}

func noInstant(flag, text string) error {
	return usage("quotad simulate --help", "%s: %q is no time; expected one such as 2026-11-23T14:30:00+08:00", flag, text)
}

// states writes the status at each instant asked for, in the order asked. The
// events are run through once; an event says nothing about an instant before it.
func (s *simulation) states(events []quota.Event, out *json.Encoder) error {
	order := make([]int, len(s.at))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return s.at[order[i]].Before(s.at[order[j]]) })
	list := make([]quota.Status, len(s.at))
	book, ledger := quota.NewMemBook(), &quota.Ledger{Meter: s.meter}
	for _, i := range order {
		n := sort.Search(len(events), func(k int) bool { return events[k].At.After(s.at[i]) })
		for _, e := range events[:n] {
			p, err := book.Put(e)
			if err != nil {
				return err
			}
			if _, err := ledger.Take(book, p); err != nil {
				return err
			}
		}
		if _, err := ledger.Settle(book); err != nil {
			return err
		}
		events = events[n:]
		list[i] = ledger.State.At(s.meter, s.rules, s.at[i])
	}
	for i := range list {
		if err := out.Encode(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// steps writes each transition and notice.
func (s *simulation) steps(events []quota.Event, out *json.Encoder) error {
	for step, err := range quota.NewReplay(s.meter, s.rules).Steps(events) {
		if err != nil {
			return err
		}
		var v any = step.Transition
		if d := step.Notice; d != nil {
			d.Title, d.Body = notify.Words(d.Notice, step.Status, step.At, s.loc)
			v = d.Notice
		}
		if err := out.Encode(v); err != nil {
			return err
		}
	}
	return nil
}
