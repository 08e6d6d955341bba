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

	"quotad/config"
	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/daemon/provider"
	"quotad/quota"
)

// syncWithin is how long all accounts together may take: of each the key, the
// figures and the subscription.
const syncWithin = 2 * time.Minute

func (a *app) syncCommand() *cobra.Command {
	var account string
	var asJSON bool
	c := &cobra.Command{
		Use:   "sync",
		Short: "Read the provider's own figures now",
		Long: `Asks the provider at once what it has counted, whatever is due, records it, and
shows what the count was here, what the provider says, and what it is now. After
a key was refused, a sync that succeeds makes the daemon ask by itself again.

The reading has to be enabled for an account first, with the key in a file that
only you can read:

  quotad config set account.default.provider.key_file '~/.config/quotad/zai.key'
  quotad config set account.default.provider.enabled true

It costs no quota, and nothing but GET requests leave. It goes through the
daemon; where none runs it opens the database itself. A failed reading changes
no number: exit code 1.`,
		Example: `  quotad sync
  quotad sync --account work
  quotad sync --json | jq '.results[0].changed'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.sync(c.Context(), account, asJSON) },
	}
	a.accountFlag(c, &account, "only this `account` (default each whose reading is enabled)")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func (a *app) sync(ctx context.Context, account string, asJSON bool) error {
	answer, byDaemon, err := a.readProvider(ctx, account)
	if err != nil {
		return accountError(err)
	}
	if asJSON {
		if err := a.encode(answer); err != nil {
			return err
		}
	}
	var failing []error
	for i, r := range answer.Results {
		if r.Status != daemon.SyncRead {
			failing = append(failing, a.notRead(r, byDaemon))
			continue
		}
		if !asJSON {
			if i > 0 {
				fmt.Fprintln(a.stdout)
			}
			a.printReading(r)
		}
	}
	return firstFailure(failing)
}

// firstFailure is an error of all, with the hint of the first.
func firstFailure(list []error) error {
	if len(list) < 2 {
		return errors.Join(list...)
	}
	var texts []string
	for _, err := range list {
		texts = append(texts, err.Error())
	}
	return failed(failureOf(list[0]).hint, "%s", strings.Join(texts, "; "))
}

// readProvider has the daemon ask, or asks itself where none runs.
func (a *app) readProvider(ctx context.Context, account string) (answer daemon.SyncAnswer, byDaemon bool, err error) {
	paths, err := a.paths()
	if err != nil {
		return answer, false, err
	}
	client := api.Client{Sockets: paths.Sockets, Timeout: syncWithin}
	err = client.Post(ctx, "/v1/sync", daemon.SyncRequest{Account: account}, &answer)
	if !noDaemon(err) {
		return answer, true, err
	}
	answer, err = a.readOffline(ctx, paths, account)
	return answer, false, err
}

func (a *app) readOffline(ctx context.Context, paths config.Paths, account string) (answer daemon.SyncAnswer, err error) {
	settings, err := a.settings()
	if err != nil {
		return answer, err
	}
	ctx, cancel := context.WithTimeout(ctx, syncWithin)
	defer cancel()
	err = daemon.Offline(paths, settings, a.now, func(e *daemon.Engine) (err error) {
		answer, err = e.SyncOffline(ctx, account, a.env)
		return err
	})
	return answer, err
}

// enables reports whether the configuration, as it is now, has an account's
// reading enabled.
func (a *app) enables(account string) bool {
	s, err := a.settings()
	return err == nil && s.Providers[account].Enabled
}

// notRead says why an account was not read, and what to do.
func (a *app) notRead(r daemon.SyncResult, byDaemon bool) error {
	name := clean(r.Account)
	if off := r.Status == daemon.SyncOff || r.Fault == nil; off && byDaemon && a.enables(r.Account) {
		return failed("systemctl --user reload quotad", "the daemon has not taken the configuration yet, in which the provider's reading of the account %s is enabled", name)
	} else if off {
		return failed(enableHint(name), "the provider's reading is not enabled for the account %s", name)
	}
	text := fmt.Sprintf("the provider's figures for the account %s were not read: %s", name, clean(r.Fault.Message))
	hint := clean(r.Fault.Hint)
	switch r.Fault.Kind {
	case provider.FaultKey.String():
		text = fmt.Sprintf("the provider refuses the key from %s%s", clean(cmp.Or(r.Source, "the configuration")), codeOf(r.Fault))
		hint = cmp.Or(hint, "put the new key there, then: quotad sync")
	case provider.FaultNoKey.String():
		if byDaemon && a.env(provider.EnvKey) != "" {
			text += fmt.Sprintf(" (%s is set here, and the daemon has an environment of its own)", provider.EnvKey)
			hint = keyFileHint(name)
		}
		hint = cmp.Or(hint, keyFileHint(name))
	case provider.FaultNoPlan.String(), provider.FaultBalance.String(), provider.FaultEmpty.String():
		hint = cmp.Or(hint, "check that the key is of the subscription, and for a team: quotad config set "+config.AccountKey(name, "provider.organization")+" ID, and .project")
	default:
		hint = cmp.Or(hint, "quotad sync   (again, a little later)")
	}
	return failed(hint, "%s", text)
}

func codeOf(f *daemon.SyncFault) string {
	if f.Code == 0 {
		return ""
	}
	return fmt.Sprintf(" (code %d)", f.Code)
}

// enableHint is how a reading is enabled.
func enableHint(account string) string {
	return keyFileHint(account) + "; quotad config set " + config.AccountKey(account, "provider.enabled") + " true; systemctl --user reload quotad"
}

// keyFileHint is how a key is put where nobody else can read it, and no shell
// remembers it.
func keyFileHint(account string) string {
	const file = "~/.config/quotad/zai.key"
	return "install -D -m 600 /dev/stdin " + file + "   (paste the key, Enter, Ctrl-D); quotad config set " + config.AccountKey(account, "provider.key_file") + " '" + file + "'"
}

// printReading shows what a reading came to.
func (a *app) printReading(r daemon.SyncResult) {
	plan := "the plan is not clear from it"
	if r.Plan != nil && r.Plan.ID != "" {
		plan = clean(r.Plan.ID)
	}
	fmt.Fprintf(a.stdout, "%s: read, %s\n", clean(r.Account), plan)
	t := table{screen: a.tableScreen(), head: []string{"WINDOW", "WAS HERE", "PROVIDER SAYS", "IS NOW", "RESETS"}, spare: []int{4}, flex: 3}
	var rows [][]string
	for _, c := range r.Changed {
		i := slices.IndexFunc(r.Reading.Windows, func(w quota.Reading) bool { return w.Window == c.Window })
		row := []string{clean(c.Window), standingOf(c.Before), "", "not in this plan", ""}
		if i >= 0 {
			row[2] = readingText(r.Reading.Windows[i])
		}
		if c.After != nil {
			row[3] = standingOf(c.After)
			row[4] = clock{now: a.now(), loc: a.now().Location()}.resetOf(c.After)
		}
		rows = append(rows, row)
	}
	fmt.Fprint(a.stdout, t.draw(rows))
	a.printRest(r)
}

// printRest says what else the provider told, or did not.
func (a *app) printRest(r daemon.SyncResult) {
	for _, row := range r.Reading.Unknown {
		fmt.Fprintf(a.stdout, "Unknown row, left aside: %s unit %d\n", clean(row.Type), row.Unit)
	}
	if p := r.Plan; p != nil && p.Fault != nil {
		fmt.Fprintf(a.stdout, "The subscription was not told: %s\n", clean(p.Fault.Message))
	}
	if off := daemon.ClockIsOff(time.Duration(r.Reading.Skew * float64(time.Second))); off != "" {
		fmt.Fprintf(a.stdout, "Warning: %s\n", off)
	}
}

// standingOf is what a window holds, in short.
func standingOf(w *quota.WindowStatus) string {
	if w == nil {
		return "-"
	}
	return about(w) + figure(w.Used) + " of " + figure(w.Cap) + ", " + percentOf(w)
}

// readingText is what the provider says of a window.
func readingText(r quota.Reading) string {
	var said []string
	if r.Used != nil {
		text := figure(*r.Used)
		if r.Cap != nil {
			text += " of " + figure(*r.Cap)
		}
		said = append(said, text)
	}
	if r.Percent != nil {
		said = append(said, fmt.Sprintf("%g %%", *r.Percent))
	}
	return strings.Join(said, ", ")
}
