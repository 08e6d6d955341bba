package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon/api"
	"quotad/quota"
)

// statusFlags are what status was asked for.
type statusFlags struct {
	account, format, template string
	json                      bool
}

func (a *app) statusCommand() *cobra.Command {
	var f statusFlags
	c := &cobra.Command{
		Use:   "status",
		Short: "Show what is left in each window",
		Long: `Show what each window holds, what of it is used, when it is full again, and
whether the present pace lasts until then. Times are local.

Scripts take --json, whose format is stable. --format is for status bars: short
is one plain line, the others are each what that bar reads, with its colours:

  waybar     a line of JSON: text, alt, tooltip, class, percentage. The class is
             ok, low, exhausted or away, and assumed or warning beside it
  tmux       a line with #[...] styles
  i3blocks   full text, short text and colour; exit code 33, which marks the
             block as urgent, where there is no room
  polybar    a line with %{F...} tags
  xbar       a menu, for xbar, Argos and SwiftBar

In these ~ is "about", ? is "assumed". They ask the daemon once and end within
200 ms. Where it does not answer they say so in their format and exit 0, because
a bar hides or blames what fails; short exits 4.

A template gets the document that --json prints, its fields by the same names,
and three functions:

  percent NUMBER     "37 %"
  clock TIME         "14:20", or "Thu 26 Nov 14:20" on another day
  duration TIME      from now until then: "1 h 12 min"`,
		Example: `  quotad status
  quotad status --json | jq '.accounts[0].blocked_until'
  quotad status --format tmux
  quotad status --template '{{range .accounts}}{{.binding}} {{.state}}{{end}}'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.status(c.Context(), f) },
	}
	flags := c.Flags()
	a.accountFlag(c, &f.account, "only this `account` (default all)")
	flags.BoolVar(&f.json, "json", false, "print the document the daemon gives")
	flags.StringVar(&f.format, "format", "", "`form` of one line: "+strings.Join(statusFormats(), ", "))
	flags.StringVar(&f.template, "template", "", "print by a Go `template`")
	fixedCompletion(c, "format", statusFormats()...)
	return c
}

func (a *app) status(ctx context.Context, f statusFlags) error {
	start := time.Now()
	print, err := a.statusPrinter(f)
	if err != nil {
		return err
	}
	if bar, ok := barNamed(f.format); ok {
		return a.bar(ctx, bar, f.account, start)
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	doc, err := statusDocument(ctx, client, f.account)
	if err != nil {
		return err
	}
	return print(doc)
}

// statusPrinter finds the way to print, before anybody is asked.
func (a *app) statusPrinter(f statusFlags) (func(doc []byte) error, error) {
	const hint = "quotad status --help"
	ways := 0
	for _, given := range []bool{f.json, f.format != "", f.template != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return nil, usage(hint, "--json, --format and --template are three ways to print: give one of them")
	case f.json:
		return a.printJSON, nil
	case f.template != "":
		return a.templatePrinter(f.template)
	case f.format == "short":
		return a.decoded(a.printShort), nil
	case f.format != "" && !slices.Contains(statusFormats(), f.format):
		return nil, usage(hint, "--format %q is not known: %s", f.format, strings.Join(statusFormats(), ", "))
	}
	return a.decoded(a.printStatus), nil
}

// statusDocument asks for the status of one account, or of all (""), as it is.
func statusDocument(ctx context.Context, client *api.Client, account string) ([]byte, error) {
	query := url.Values{}
	if account != "" {
		query.Set("account", account)
	}
	var doc json.RawMessage
	err := client.Get(ctx, "/v1/status", query, &doc)
	return doc, accountError(err)
}

// accountError adds what helps where there is no such account.
func accountError(err error) error {
	var told *api.Error
	if errors.As(err, &told) && told.Code == api.NotFound && told.Field == "account" {
		return &failure{code: exitFailed, err: errors.New(clean(told.Message)), hint: "quotad status   (shows all accounts)"}
	}
	return err
}

// printJSON writes a document on a line of its own.
func (a *app) printJSON(doc []byte) error {
	_, err := a.stdout.Write(append(cleanJSON(doc), '\n'))
	return err
}

// encode prints v as JSON.
func (a *app) encode(v any) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.printJSON(doc)
}

// decoded is a printer of a document that was read, and cleaned.
func (a *app) decoded(print func(quota.Statuses) error) func([]byte) error {
	return func(doc []byte) error {
		var all quota.Statuses
		if err := json.Unmarshal(doc, &all); err != nil {
			return fmt.Errorf("the daemon's status cannot be read: %w", err)
		}
		return print(cleanStatuses(all))
	}
}

// cleanStatuses makes every text in a document fit for a terminal.
func cleanStatuses(all quota.Statuses) quota.Statuses {
	for i := range all.Accounts {
		st := &all.Accounts[i]
		st.Account, st.Binding = clean(st.Account), clean(st.Binding)
		st.Plan.ID, st.Plan.Name, st.Plan.Unit = clean(st.Plan.ID), clean(st.Plan.Name), quota.Unit(clean(string(st.Plan.Unit)))
		if f := st.Plan.Fee; f != nil {
			f.Cycle = quota.Cycle(clean(string(f.Cycle)))
		}
		for j := range st.Windows {
			st.Windows[j].Window = clean(st.Windows[j].Window)
		}
		for j := range st.Warnings {
			st.Warnings[j].Message = clean(st.Warnings[j].Message)
		}
	}
	return all
}

// clockOf tells times by the daemon's now, in the local zone.
func (a *app) clockOf(all quota.Statuses) clock {
	return clock{now: all.Now, loc: a.now().Location()}
}

func (a *app) printStatus(all quota.Statuses) error {
	b := board{screen: a.screen(), clock: a.clockOf(all)}
	_, err := fmt.Fprint(a.stdout, b.draw(all))
	return err
}

// printShort is one line for all accounts.
func (a *app) printShort(all quota.Statuses) error {
	s, c := a.screen(), a.clockOf(all)
	var parts []string
	for i := range all.Accounts {
		part := c.short(&all.Accounts[i], s.dot())
		if len(all.Accounts) > 1 {
			part = all.Accounts[i].Account + ": " + part
		}
		parts = append(parts, part)
	}
	_, err := fmt.Fprintln(a.stdout, strings.Join(parts, " | "))
	return err
}
