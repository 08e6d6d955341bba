package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon"
)

func (a *app) notifySnooze() *cobra.Command {
	return &cobra.Command{
		Use:   "snooze [DURATION | until TIME | off]",
		Short: "Hold notices back for a while",
		Long: `Holds notices back for a DURATION such as 30m, 2h or 1d (an hour where none is
named), or until a TIME. What came meanwhile is told in one digest afterwards.
The guard of hooks lets all prompts pass meanwhile. "off" ends it at once.

A TIME is 14:30 (the next one to come), tomorrow, 2026-11-23,
"2026-11-23 14:30", or 2026-11-23T14:30:00+08:00.`,
		Example: `  quotad notify snooze
  quotad notify snooze 90m
  quotad notify snooze until 18:00
  quotad notify snooze off`,
		ValidArgsFunction: fixedArgs("30m", "1h", "2h", "until", "off"),
		RunE: func(c *cobra.Command, args []string) error {
			now := a.now()
			until, err := parseSnooze(args, now)
			if err != nil {
				return err
			}
			return a.snooze(c.Context(), until, clock{now, now.Location()})
		},
	}
}

// longestSnooze keeps a slip of the finger from silencing notices for good.
const longestSnooze = 31 * 24 * time.Hour

// parseSnooze reads until when to snooze; zero ends it.
func parseSnooze(args []string, now time.Time) (time.Time, error) {
	const hint = "quotad notify snooze --help"
	until := now.Add(time.Hour)
	switch {
	case len(args) == 0:
	case len(args) == 1 && args[0] == "off":
		return time.Time{}, nil
	case args[0] == "until" && len(args) > 1:
		var err error
		if until, err = parseNext(strings.Join(args[1:], " "), now); err != nil {
			return until, err
		}
	case len(args) == 1 && args[0] != "until":
		d, err := parseSpan(args[0])
		if err != nil {
			return until, usage(hint, "%v, or off", err)
		}
		until = now.Add(d)
	default:
		return until, usage(hint, "quotad notify snooze takes a duration, until TIME, or off")
	}
	switch {
	case !until.After(now):
		return until, usage(hint, "%s is past", until.Format(time.DateTime))
	case until.After(now.Add(longestSnooze)):
		return until, usage("quotad config set notify.desktop false", "a snooze lasts at most 31 days")
	}
	return until, nil
}

// parseNext reads a time that is to come.
func parseNext(text string, now time.Time) (time.Time, error) {
	if at, ok := parseTimeOfDay(text); ok {
		return nextTime(now, at), nil
	}
	if strings.EqualFold(text, "tomorrow") {
		return midnight(now, 1), nil
	}
	if t, ok := parseInstant(text, now.Location()); ok {
		return t, nil
	}
	return now, usage("quotad notify snooze --help", "%q is no time to come; expected 14:30, tomorrow or \"2026-11-23 14:30\"", text)
}

func (a *app) snooze(ctx context.Context, until time.Time, told clock) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	in, out := daemon.SnoozeRequest{}, daemon.SnoozeAnswer{}
	if !until.IsZero() {
		in.Until = &until
	}
	if err := client.Post(ctx, "/v1/notify/snooze", in, &out); err != nil {
		return err
	}
	text := "Notices are told again."
	if out.Until != nil {
		text = "Notices are held back until " + told.until(until) + "; then one digest tells what came meanwhile."
	}
	_, err = fmt.Fprintln(a.stdout, text)
	return err
}
