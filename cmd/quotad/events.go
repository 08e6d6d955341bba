package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/notify"
	"quotad/quota"
)

// eventsFlags are what events was asked for.
type eventsFlags struct {
	since, until, account string
	limit                 int
	json                  bool
}

func (a *app) eventsCommand() *cobra.Command {
	var f eventsFlags
	c := &cobra.Command{
		Use:   "events",
		Short: "List or export what was recorded",
		Long: `Lists recorded events, oldest first. With --json it writes one JSON object a
line, which "quotad import" and "quotad simulate" read. It asks the daemon, and
opens the database itself where none runs. Events older than the retention
([store] retention_days) are not among them: of those "quotad history" has the
sums of each hour.

` + timeForms,
		Example: `  quotad events --since today
  quotad events --json >events.ndjson
  quotad events --since 2026-11-01 --until 2026-12-01 --account work --json`,
		Args: noArgs,
	}
	flags := c.Flags()
	flags.StringVar(&f.since, "since", "", "only those at this `time` or later")
	flags.StringVar(&f.until, "until", "", "only those before this `time`")
	a.accountFlag(c, &f.account, "only this `account`'s (default all)")
	flags.IntVar(&f.limit, "limit", 0, "at most so `many`, the oldest (default all)")
	flags.BoolVar(&f.json, "json", false, "write one JSON object a line")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if c.Flags().Changed("limit") && f.limit < 1 {
			return usage("quotad events --help", "--limit: %d is not above 0", f.limit)
		}
		q, err := f.query(a.now())
		if err != nil {
			return err
		}
		return a.events(c.Context(), q, f)
	}
	return c
}

func (f *eventsFlags) query(now time.Time) (api.EventQuery, error) {
	since, until, err := parseRange(f.since, f.until, now, "quotad events --help")
	return api.EventQuery{Account: f.account, Since: since, Until: until}, err
}

func (a *app) events(ctx context.Context, q api.EventQuery, f eventsFlags) error {
	return a.withRecord(ctx, someDatabase, func(r record) error {
		list := atMost(f.limit, r.Events(ctx, q))
		if f.json {
			return a.exportEvents(list)
		}
		return a.listEvents(list)
	})
}

// record is where events are kept: with a daemon, or in the database itself.
type record interface {
	Events(ctx context.Context, q api.EventQuery) iter.Seq2[quota.Event, error]
	Submit(ctx context.Context, events []quota.Event) ([]api.Result, error)
}

// remote is the record that a daemon keeps.
type remote struct{ *api.Client }

func (r remote) Events(ctx context.Context, q api.EventQuery) iter.Seq2[quota.Event, error] {
	return r.Client.Events(ctx, q, 0)
}

func (r remote) Submit(ctx context.Context, events []quota.Event) ([]api.Result, error) {
	return r.Record(ctx, events...)
}

// withRecord calls f with the daemon's record. Where no daemon answers it opens
// the database, unless ready says that this will not do.
func (a *app) withRecord(ctx context.Context, ready func(config.Paths) error, f func(record) error) error {
	return a.eitherWay(ctx, ready,
		func(c *api.Client) error { return f(remote{c}) },
		func(e *daemon.Engine) error { return f(e.Backend()) })
}

// eitherWay asks the daemon. Where none answers it opens the database for an engine
// of its own, unless ready says that this will not do.
func (a *app) eitherWay(ctx context.Context, ready func(config.Paths) error, ask func(*api.Client) error, alone func(*daemon.Engine) error) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	if err = client.Healthy(ctx); err == nil {
		return ask(client)
	}
	if !noDaemon(err) {
		return err
	}
	paths, err := a.paths()
	if err != nil {
		return err
	}
	if err := ready(paths); err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	return daemon.Offline(paths, settings, a.now, alone)
}

// atMost yields the first of a list; 0 is all.
func atMost(limit int, list iter.Seq2[quota.Event, error]) iter.Seq2[quota.Event, error] {
	return func(yield func(quota.Event, error) bool) {
		n := 0
		for e, err := range list {
			if n++; !yield(e, err) || n == limit {
				return
			}
		}
	}
}

func (a *app) exportEvents(list iter.Seq2[quota.Event, error]) error {
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	for e, err := range list {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if _, err := out.Write(cleanJSON(api.EncodeEvent(e))); err != nil {
			return err
		}
	}
	return out.Flush()
}

// sampled is how many rows decide on the columns of all.
const sampled = 1000

func (a *app) listEvents(list iter.Seq2[quota.Event, error]) error {
	t := &table{screen: a.tableScreen(), head: []string{"TIME", "EVENT", "TOOL", "PROJECT", "ID"}, spare: []int{3, 2}, flex: 1}
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	billed := a.billing()
	var rows [][]string
	flush := func() error {
		if t.widths == nil && len(rows) > 0 {
			_, err := out.WriteString(t.draw(rows))
			rows = nil
			return err
		}
		for _, row := range rows {
			if _, err := out.WriteString(t.line(row, plain)); err != nil {
				return err
			}
		}
		rows = rows[:0]
		return nil
	}
	for e, err := range list {
		if err != nil {
			return errors.Join(flush(), out.Flush(), err)
		}
		if rows = append(rows, a.eventRow(e, billed(e))); len(rows) == sampled {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(flush(), out.Flush()); err != nil {
		return err
	}
	if t.widths == nil {
		fmt.Fprintln(a.stderr, "quotad: note: there are no such events")
	}
	return nil
}

// billing tells of what is used whether it was off the plan, and "" where it
// was on it. It goes by the configuration, or without a good one by the
// provider's addresses alone.
func (a *app) billing() func(quota.Event) string {
	settings, _ := a.settings()
	return func(e quota.Event) string {
		switch e.Kind {
		case quota.KindPrompt, quota.KindTool, quota.KindUsage:
		default:
			return ""
		}
		switch settings.Rules.Bill(e) {
		case quota.Elsewhere:
			return quota.ChargeOffPlan.String()
		case quota.PayPerToken:
			return quota.ChargePerToken.String()
		default:
			return ""
		}
	}
}

func (a *app) eventRow(e quota.Event, billed string) []string {
	at := e.At.In(a.now().Location()).Format(time.DateTime)
	what := join(", ", a.inWords(e), billed)
	if e.Account != quota.DefaultAccount {
		what = e.Account + ": " + what
	}
	return []string{at, clean(what), clean(e.Tool), clean(e.Project), clean(e.ID)}
}

// inWords is what an event tells, as far as it fits on a line.
func (a *app) inWords(e quota.Event) string {
	switch e.Kind {
	case quota.KindPrompt:
		return join(" ", counting(e.Count, "prompt"), e.Model)
	case quota.KindTool:
		return join(" ", counting(e.Count, "MCP call"), e.Name)
	case quota.KindUsage:
		return join(" ", fmt.Sprintf("usage %d in, %d cached, %d out", e.Tokens.Input, e.Tokens.Cached, e.Tokens.Output), e.Model)
	case quota.KindExhausted:
		text := "exhausted " + e.Window
		if !e.Until.IsZero() {
			text += " until " + notify.Clock(e.Until, e.At, a.now().Location())
		}
		return text
	case quota.KindReading:
		text := ""
		for _, r := range e.Readings {
			text = join(", ", text, readingInWords(r))
		}
		return "reading " + text
	case quota.KindVoid:
		return "void " + e.Voids
	}
	return string(e.Kind)
}

func counting(n int, one string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func readingInWords(r quota.Reading) string {
	switch {
	case r.Used != nil && r.Cap != nil:
		return fmt.Sprintf("%s %v/%v", r.Window, *r.Used, *r.Cap)
	case r.Used != nil:
		return fmt.Sprintf("%s %v", r.Window, *r.Used)
	case r.Percent != nil:
		return fmt.Sprintf("%s %v %%", r.Window, *r.Percent)
	}
	return r.Window
}
