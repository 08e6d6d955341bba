package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/quota"
)

// historyKeys is how many keys are told apart for people, unless they say.
const historyKeys = 20

// historyFlags are what history was asked for.
type historyFlags struct {
	since, until, per, by, account string
	json, csv, chart, utc          bool
	limit                          int
}

func (a *app) historyCommand() *cobra.Command {
	var f historyFlags
	c := &cobra.Command{
		Use:   "history",
		Short: "Show what was used, by day, tool, project, session or model",
		Long: `Adds up what was used: prompts, answers of a model, MCP calls, tokens, what the
plan was charged for them, and how often the provider said stop. Of each hour,
day, week (from Monday) or month; with --by also of each tool, project, session
or model, and with --by alone of each over all the time asked for.

Without --since it is of the last 7 days, 24 hours, 8 weeks or 12 months, as
--per is, the present one among them. The charge is by the plan that the account
is on now. What went to another service is counted as "apart", and not charged;
what was paid by the token on the provider's standard API is told in US$.

With --by the 20 that used most are told apart, and the others summed up;
--limit takes another number of them. Without, --limit is of the newest periods.

--csv is RFC 4180, with times in UTC. A text in it that a spreadsheet would take
for a formula (it begins with = + - or @) has a ' before it.

Of what is older than the retention ([store] retention_days) the sums of each
hour in UTC are kept, for ever. They count at the beginning of their hour, also
in a zone that is off by half an hour, and know no sessions: --by session counts
them among the others.

It asks the daemon, and opens the database itself where none runs.

` + timeForms,
		Example: `  quotad history
  quotad history --by project --since 30d
  quotad history --per week --chart
  quotad history --per hour --by tool --csv >hours.csv
  quotad history --json | jq '.rows[] | [.from, .charged]'`,
		Args: noArgs,
	}
	flags := c.Flags()
	flags.StringVar(&f.since, "since", "", "only what was at this `time` or later")
	flags.StringVar(&f.until, "until", "", "only what was before this `time`")
	flags.StringVar(&f.per, "per", "", "`period`: hour, day, week or month (default day, unless --by is given)")
	flags.StringVar(&f.by, "by", "", "tell apart by `key`: tool, project, session or model")
	a.accountFlag(c, &f.account, "of this `account` (default \"default\")")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	flags.BoolVar(&f.csv, "csv", false, "print comma-separated values")
	flags.BoolVar(&f.chart, "chart", false, "draw bars")
	flags.IntVar(&f.limit, "limit", 0, "so `many` keys of each period, or newest periods (default 20 keys, all in JSON and CSV)")
	flags.BoolVar(&f.utc, "utc", false, "go by the days and hours of UTC (default local)")
	fixedCompletion(c, "per", "hour", "day", "week", "month")
	fixedCompletion(c, "by", "tool", "project", "session", "model")
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case c.Flags().Changed("limit") && f.limit < 1:
			return usage("quotad history --help", "--limit: %d is not above 0", f.limit)
		case f.json && f.csv || f.json && f.chart || f.csv && f.chart:
			return usage("quotad history --help", "--json, --csv and --chart: only one of them can be given")
		}
		return a.history(c.Context(), f)
	}
	return c
}

func (a *app) history(ctx context.Context, f historyFlags) error {
	now := a.now().In(a.localZone(a.now().Location()))
	if f.utc {
		now = now.UTC()
	}
	q, err := f.query(now)
	if err != nil {
		return err
	}
	h, err := a.askHistory(ctx, q)
	if err != nil {
		return withHint(err, "quotad status")
	}
	if f.limit == 0 && !f.json && !f.csv {
		f.limit = historyKeys
	}
	if f.limit > 0 && f.by != "" {
		h.Rows = topRows(h.Rows, f.limit)
	} else if f.limit > 0 && (f.json || f.csv) {
		h.Rows = h.Rows[max(len(h.Rows)-f.limit, 0):]
	}
	return a.printHistory(f, &h, now)
}

func (a *app) printHistory(f historyFlags, h *quota.History, now time.Time) error {
	switch {
	case f.json:
		return a.encode(h)
	case f.csv:
		return writeHistory(a.stdout, h)
	}
	told := &toldHistory{screen: a.tableScreen(), now: now, home: a.env("HOME"), History: h}
	if f.chart {
		told.screen = a.screen()
	}
	if f.by == "" && f.limit != historyKeys {
		told.newest = f.limit
	}
	text := told.table()
	if f.chart {
		text = told.chart()
	}
	_, err := fmt.Fprint(a.stdout, text)
	return err
}

// askHistory asks the daemon, or the database.
func (a *app) askHistory(ctx context.Context, q daemon.HistoryQuery) (h quota.History, err error) {
	err = a.eitherWay(ctx, someDatabase,
		func(c *api.Client) error { return c.Get(ctx, "/v1/history", q.Values(), &h) },
		func(e *daemon.Engine) (err error) { h, err = e.History(ctx, q); return err })
	return h, accountError(err)
}

// query reads the flags, in now's zone.
func (f *historyFlags) query(now time.Time) (q daemon.HistoryQuery, err error) {
	q.Account, q.Zone = f.account, now.Location()
	if q.Per, err = wordOf("--per", f.per, quota.PerHour, quota.PerDay, quota.PerWeek, quota.PerMonth); err != nil {
		return q, err
	}
	if q.By, err = wordOf("--by", f.by, quota.SplitByTool, quota.SplitByProject, quota.SplitBySession, quota.SplitByModel); err != nil {
		return q, err
	}
	if q.Per == "" && q.By == "" {
		q.Per = quota.PerDay
	}
	if q.Since, q.Until, err = parseRange(f.since, f.until, now, "quotad history --help"); err != nil {
		return q, err
	}
	if f.since == "" {
		q.Since = usualSince(q.Per, q.Until, now)
	}
	return q, nil
}

// wordOf is the value of a flag that takes one of a few words, or none.
func wordOf[T ~string](flag, text string, known ...T) (T, error) {
	if word := T(text); word == "" || slices.Contains(known, word) {
		return word, nil
	}
	return "", usage("quotad history --help", "%s %q is not known: %s", flag, text, listOf(known))
}

func listOf[T ~string](words []T) string {
	var texts []string
	for _, w := range words {
		texts = append(texts, string(w))
	}
	return join(", ", texts...)
}

// usualSince is where a history begins that is not told: some periods back from
// its end.
func usualSince(per quota.Per, until, now time.Time) time.Time {
	end := now
	if !until.IsZero() && until.Before(now) {
		end = until.Add(-time.Millisecond)
	}
	back := map[quota.Per]int{quota.PerHour: 24, quota.PerWeek: 8, quota.PerMonth: 12}[per]
	if back == 0 {
		per, back = quota.PerDay, 7
	}
	begin := per.Begin(end, now.Location())
	for range back - 1 {
		begin = per.Begin(begin.Add(-time.Millisecond), now.Location())
	}
	return begin
}
