package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/quota"
)

func (a *app) configCommand() *cobra.Command {
	c := group(&cobra.Command{
		Use:   "config",
		Short: "Check, show and change the configuration",
		Long: `The configuration is one TOML file, and none is needed: every setting has a
default. It is $XDG_CONFIG_HOME/quotad/config.toml (~/.config where that is not
set), or the one that --config or QUOTAD_CONFIG names.`,
		Example: `  quotad config check
  quotad config show
  quotad config set account.default.plan v2/pro
  $EDITOR "$(quotad config path)"`,
	})
	c.AddCommand(a.configCheck(), a.configShow(), a.configPathCommand(), a.configSet())
	return c
}

func (a *app) configCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say whether the configuration is right, and what it comes to",
		Long: `Reads the configuration as the daemon would. Where it is right, says what is in
effect. Where it is not, lists all that is wrong, each with file, line, column
and what was expected, and ends with exit code 1.`,
		Example: `  quotad config check
  quotad config check --config ./new.toml`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			path, _, err := a.configPath()
			if err != nil {
				return err
			}
			s, err := a.settings()
			if err != nil {
				return err
			}
			verdict := "ok"
			if missing(path) {
				verdict = "not there, so the defaults hold"
			}
			fmt.Fprintf(a.stdout, "%s: %s\n", path, verdict)
			for _, line := range effect(s) {
				fmt.Fprintf(a.stdout, "  %s\n", line)
			}
			for _, remark := range s.Remarks() {
				fmt.Fprintf(a.stdout, "  note: %s\n", remark)
			}
			return nil
		},
	}
}

func (a *app) configShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print what is in effect, every default filled in",
		Long: `Prints the effective settings as TOML, which is a configuration itself. Plans
are there where they are not the built-in ones; "quotad plans" lists all.`,
		Example: `  quotad config show
  quotad config show --config /dev/null    # the defaults`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			text, err := config.Show(s)
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
}

func (a *app) configPathCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "path",
		Short: "Print where the configuration is",
		Long: `Prints the path of the configuration file on standard output and, on standard
error, a word where no such file is there yet.`,
		Example: `  $EDITOR "$(quotad config path)"`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			path, _, err := a.configPath()
			if err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, path)
			if missing(path) {
				fmt.Fprintln(a.stderr, "quotad: note: this file is not there yet; the defaults hold")
			}
			return nil
		},
	}
}

func (a *app) configSet() *cobra.Command {
	return &cobra.Command{
		Use:   "set KEY VALUE",
		Short: "Change one setting in the file",
		Long: `Changes one setting and leaves comments, order and layout of the file alone. The
value is TOML (true, 90, [75, 90], 2026-03-04T16:55:13+08:00); what is no TOML
of the right type is taken as a string. A result that would be wrong is not
written. Lists of tables ([[endpoint]], [[plan]], [[price]]) are edited in the
file.`,
		Example: `  quotad config set account.default.plan v2/pro
  quotad config set account.default.subscribed 2026-03-04T16:55:13+08:00
  quotad config set notify.thresholds '[50, 75, 90, 100]'
  quotad config set notify.quiet_hours 23:00-08:00`,
		Args: exactArgs(2, "KEY VALUE"),
		RunE: func(_ *cobra.Command, args []string) error { return a.setConfig(args[0], args[1]) },
	}
}

func (a *app) setConfig(key, value string) error {
	path, _, err := a.configPath()
	if err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot read the configuration: %w", err)
	}
	text, err := config.Set(path, old, key, value)
	switch {
	case inFile(err):
		return failed(a.mendHint(path), "%w", err)
	case err != nil:
		return failed("quotad config show", "%w", err)
	}
	if err := config.Write(path, text); err != nil {
		return fmt.Errorf("cannot write the configuration: %w", err)
	}
	fmt.Fprintf(a.stdout, "%s: %s is set\n", path, key)
	fmt.Fprintln(a.stdout, "A running daemon takes it with: systemctl --user reload quotad   (or send it SIGHUP)")
	return nil
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// effect says in a few lines what a configuration comes to.
func effect(s config.Settings) []string {
	var lines []string
	for _, acc := range s.Accounts {
		lines = append(lines, accountEffect(acc, s.Providers[acc.Name]))
	}
	for _, row := range s.Belongs {
		lines = append(lines, "to account "+row.Account+": "+conditions(row))
	}
	lines = append(lines, noticeEffect(s))
	if s.Money.Prices != quota.PricesOfficial || len(s.Money.Own) > 0 {
		lines = append(lines, "money: prices "+s.Money.Prices+", "+counted(len(s.Money.Own), "row")+" of your own")
	}
	if n := len(s.Rules.Endpoints) + len(s.Rules.Tools); n > 0 {
		lines = append(lines, counted(n, "rule")+" on what is on the plan")
	}
	return lines
}

func accountEffect(acc quota.Account, p config.Provider) string {
	var b strings.Builder
	fmt.Fprintf(&b, "account %s: plan %s", acc.Name, acc.Plan.ID)
	if acc.Assumed {
		b.WriteString(" (assumed)")
	}
	if acc.Subscribed.IsZero() {
		b.WriteString(", week and month from the first event (assumed)")
	} else {
		b.WriteString(", subscribed " + acc.Subscribed.Format(time.RFC3339))
	}
	if i, ok := acc.Plan.Window(quota.WindowFive); ok {
		fmt.Fprintf(&b, ", 5h %s", acc.Plan.Windows[i].Kind)
	}
	fmt.Fprintf(&b, ", model %s", acc.Model)
	if !acc.Renews.IsZero() {
		b.WriteString(", renews " + dayOf(acc.Renews))
	}
	if !acc.Ends.IsZero() {
		b.WriteString(", ends " + dayOf(acc.Ends))
	}
	if p.Enabled {
		b.WriteString(", " + p.Site + " is asked for its figures")
	}
	return b.String()
}

func noticeEffect(s config.Settings) string {
	words := []string{}
	for _, level := range s.Notices.Thresholds {
		words = append(words, strconv.Itoa(level)+" %")
	}
	for _, rule := range []struct {
		on   bool
		word string
	}{
		{s.Notices.Refresh, "refresh"},
		{s.Notices.Forecast, "forecast"},
		{s.Notices.Renewal, "renewal"},
		{s.Notify.Desktop, "on the desktop"},
		{len(s.Notify.Command) > 0, "to a command"},
		{!s.Notify.QuietHours.IsZero(), "quiet " + s.Notify.QuietHours.String()},
	} {
		if rule.on {
			words = append(words, rule.word)
		}
	}
	return "notices: " + strings.Join(words, ", ")
}
