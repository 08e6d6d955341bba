package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"quotad/daemon/api"
	"quotad/notify"
	"quotad/quota"
)

func (a *app) voidCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "void ID",
		Short: "Take a mistaken event out of the count",
		Long: `Takes an event out of the count. It stays in the record, and so does the fact
that it was taken out. "quotad events" shows the ids.`,
		Example: `  quotad events --since today
  quotad void 01KC3E7T5Q8W2X4Y6Z8A0B2C4D`,
		Args:              exactArgs(1, "the ID of an event"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return a.void(c.Context(), args[0], asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the daemon's answer")
	return c
}

func (a *app) void(ctx context.Context, id string, asJSON bool) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	e, err := a.eventByID(ctx, client, id)
	if err != nil {
		return err
	}
	if e.Kind == quota.KindVoid {
		return failed("quotad events", "%s is itself a void: what was taken out stays out; record it anew", clean(id))
	}
	void := quota.Event{ID: voidID(id), Kind: quota.KindVoid, At: a.now(), Account: e.Account, Voids: id}
	results, err := client.Record(ctx, void)
	if err != nil {
		return err
	}
	if asJSON {
		if err := a.encode(api.Results{Results: results}); err != nil {
			return err
		}
	}
	switch r := results[0]; {
	case r.Status == quota.Rejected:
		return withHint(rejection(r), "quotad void --help")
	case asJSON:
		return nil
	case r.Status == quota.Duplicate:
		_, err = fmt.Fprintf(a.stdout, "Already void: %s.\n", a.describe(e))
		return err
	}
	return a.sayStanding(ctx, client, "Void: "+a.describe(e)+".", void)
}

// voidID is the id of the event that takes another out: a second one is a
// duplicate. An id that leaves no room for more gets one of its own each time.
func voidID(id string) string {
	if void := "void:" + id; len(void) <= quota.MaxID {
		return void
	}
	return ""
}

// eventByID asks the daemon for an event.
func (a *app) eventByID(ctx context.Context, client *api.Client, id string) (quota.Event, error) {
	var line json.RawMessage
	err := client.Get(ctx, "/v1/event", url.Values{"id": {id}}, &line)
	var told *api.Error
	if errors.As(err, &told) && told.Code == api.NotFound {
		return quota.Event{}, failed("quotad events", "there is no event with the id %q", clean(id))
	}
	if err != nil {
		return quota.Event{}, err
	}
	e, wrong := api.DecodeEvent(line, a.now())
	if wrong != nil {
		return e, fmt.Errorf("the daemon's event cannot be read: %w", wrong)
	}
	return e, nil
}

// describe says what an event is: "prompt of 14:03 (claude-code, glm-5.3)".
func (a *app) describe(e quota.Event) string {
	now := a.now()
	text := fmt.Sprintf("%s of %s", e.Kind, notify.Clock(e.At, now, now.Location()))
	if about := join(", ", clean(e.Tool), clean(e.Model)); about != "" {
		text += " (" + about + ")"
	}
	return text
}
