package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/notify"
)

func (a *app) notifyCommand() *cobra.Command {
	c := group(&cobra.Command{
		Use:   "notify",
		Short: "Test, list and silence notices",
		Long: `Notices come when a window passes a threshold, runs out, or is full again, and
three days before a subscription is renewed or ends, where that is known. The
configuration says which, and how: see [notify] in "quotad config show".`,
		Example: `  quotad notify test
  quotad notify list --since today
  quotad notify snooze 2h`,
	})
	c.AddCommand(a.notifyTest(), a.notifyList(), a.notifySnooze())
	return c
}

func (a *app) notifyTest() *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Show a notice, and say what became of it",
		Long: `Sends a test notice through each sender that is configured, whatever the quiet
hours are, and says what became of it. It goes through the daemon, whose desktop
is the one that counts; where none runs it is sent from here.

Exit code 1 says that a sender could not deliver it.`,
		Example: `  quotad notify test`,
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.testNotices(c.Context()) },
	}
}

func (a *app) testNotices(ctx context.Context) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	var out daemon.TestAnswer
	err = client.Post(ctx, "/v1/notify/test", nil, &out)
	if noDaemon(err) {
		fmt.Fprintln(a.stderr, "quotad: note: no daemon answers; the notice is sent from here")
		out.Results, err = a.testSenders(ctx)
	}
	if err != nil {
		return err
	}
	if len(out.Results) == 0 {
		return failed("quotad config set notify.desktop true", "nobody is told anything: notify.desktop is false, and notify.command is not set")
	}
	var rows [][]string
	var failing []daemon.TestResult
	for _, r := range out.Results {
		rows = append(rows, []string{r.To + ":", join(": ", r.Outcome, clean(r.Error))})
		if r.Outcome != notify.Delivered.String() {
			failing = append(failing, r)
		}
	}
	for _, line := range aligned(rows) {
		fmt.Fprintln(a.stdout, line)
	}
	if len(failing) > 0 {
		return failed(mendSender(failing[0]), "the test notice was not delivered by: %s", sendersOf(failing))
	}
	return nil
}

// testSenders sends the notice from this process.
func (a *app) testSenders(ctx context.Context) ([]daemon.TestResult, error) {
	settings, err := a.settings()
	if err != nil {
		return nil, err
	}
	return daemon.TestSenders(ctx, daemon.Senders(settings, a.env), a.now()), nil
}

func sendersOf(list []daemon.TestResult) string {
	var names []string
	for _, r := range list {
		names = append(names, r.To)
	}
	return strings.Join(names, ", ")
}

// mendSender says what to do about a sender that cannot deliver.
func mendSender(r daemon.TestResult) string {
	switch r.Outcome {
	case notify.NoBus.String():
		return "log in on a desktop, then: systemctl --user restart quotad; without one: quotad config set notify.desktop false"
	case notify.NoServer.String():
		return "install a notification server, such as dunst or mako, and start it"
	case notify.Hung.String(), notify.Refused.String():
		return "restart the notification server of your desktop"
	case notify.NotRun.String(), notify.Failed.String():
		return "run the command of notify.command by hand; quotad config show says what it is"
	}
	return "quotad doctor"
}

func (a *app) notifyList() *cobra.Command {
	var since string
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the notices, and what became of them",
		Long: `Lists what was told or is to be told, oldest first, and what became of it:
desktop or command where that took it; pending where nobody has yet; held during
quiet hours or a snooze; digest where it was told as a part of one; stale where
it was no longer true when it could be told; none where there is nobody to tell;
failed where the command failed; unknown where what sent it died on the way.

` + timeForms,
		Example: `  quotad notify list
  quotad notify list --since yesterday
  quotad notify list --json | jq -r .title`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.listNotices(c.Context(), since, asJSON) },
	}
	c.Flags().StringVar(&since, "since", "7d", "from this `time` on")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each")
	return c
}

func (a *app) listNotices(ctx context.Context, since string, asJSON bool) error {
	from, err := parseTime("--since", since, a.now())
	if err != nil {
		return err
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	var rows [][]string
	for n, err := range client.Notices(ctx, from) {
		if err != nil {
			return err
		}
		if asJSON {
			doc, err := json.Marshal(n)
			if err == nil {
				err = a.printJSON(doc)
			}
			if err != nil {
				return err
			}
			continue
		}
		rows = append(rows, a.noticeRow(n))
	}
	if asJSON {
		return nil
	}
	if len(rows) == 0 {
		fmt.Fprintf(a.stderr, "quotad: note: no notice since %s\n", notify.Clock(from, a.now(), a.now().Location()))
		return nil
	}
	t := table{screen: a.tableScreen(), head: []string{"WHEN", "WHAT", "TITLE", "DELIVERED"}, spare: []int{1}, flex: 2}
	_, err = io.WriteString(a.stdout, t.draw(rows))
	return err
}

func (a *app) noticeRow(n api.Notice) []string {
	what := string(n.Kind)
	if n.Window != "" {
		what = n.Window + " " + what
	}
	return []string{notify.Clock(n.At, a.now(), a.now().Location()), clean(what), clean(n.Title), clean(n.Delivered)}
}
