package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"quotad/systemd"
)

func (a *app) serviceStatus() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Say whether the service is installed and runs",
		Long: `Says what systemd knows of the service. Ends with 0 where it runs and with 4
where it does not. What is left of the plan is told by "quotad status".`,
		Example: `  quotad service status
  quotad service status --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.showService(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// serviceState is what `service status --json` prints.
type serviceState struct {
	Schema    int        `json:"schema"`
	Installed bool       `json:"installed"`
	Enabled   bool       `json:"enabled"`
	State     string     `json:"state"` // of systemd: active, activating, inactive, failed
	SubState  string     `json:"sub_state"`
	Result    string     `json:"result"`
	PID       int        `json:"pid,omitempty"`
	Since     *time.Time `json:"since"`
	Restarts  int        `json:"restarts"`
	Says      string     `json:"says"` // the daemon, of itself
	Unit      string     `json:"unit"`
	Sandbox   bool       `json:"sandbox"` // it is to run in a user namespace of its own
	Socket    string     `json:"socket"`
	Listening bool       `json:"listening"`
	Linger    *bool      `json:"linger"` // null where nobody can tell
}

func (a *app) showService(ctx context.Context, asJSON bool) error {
	u, err := a.userService()
	if err != nil {
		return err
	}
	if err := u.reach(ctx); err != nil {
		return err
	}
	state, err := u.state(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		err = json.NewEncoder(a.stdout).Encode(state)
	} else {
		err = state.print(a.stdout)
	}
	if err != nil {
		return err
	}
	return state.verdict()
}

func (u *userService) state(ctx context.Context) (serviceState, error) {
	service, err := u.show(ctx, systemd.Service)
	if err != nil {
		return serviceState{}, err
	}
	socket, err := u.show(ctx, systemd.Socket)
	if err != nil {
		return serviceState{}, err
	}
	s := serviceState{
		Schema: 1, Installed: service.Load != "not-found", Enabled: service.Enabled == "enabled",
		State: service.Active, SubState: service.Sub, Result: service.Result,
		PID: service.PID, Restarts: service.Restarts, Says: service.Status, Unit: service.Fragment, Sandbox: service.Sandboxed,
		Socket: u.paths.Socket, Listening: socket.Active == "active",
	}
	if !service.Since.IsZero() {
		s.Since = &service.Since
	}
	if lingers, known := u.lingers(ctx); known {
		s.Linger = &lingers
	}
	return s, nil
}

func (s serviceState) print(w io.Writer) error {
	if !s.Installed {
		_, err := fmt.Fprintln(w, "quotad.service is not installed")
		return err
	}
	rows := [][2]string{
		{"service", s.line()},
		{"says", s.Says},
		{"at login", s.login()},
		{"socket", s.Socket + ", " + choose(s.Listening, "held by systemd", "not held by systemd")},
		{"sandbox", choose(s.Sandbox, "on", "off; on: quotad service install --sandbox")},
		{"unit", s.Unit},
		{"log", journalHint},
	}
	for _, row := range rows {
		if row[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-9s %s\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

func (s serviceState) line() string {
	text := s.State + " (" + s.SubState + ")"
	if s.PID > 0 {
		text += fmt.Sprintf(", pid %d", s.PID)
	}
	if s.Since != nil {
		text += ", since " + s.Since.Local().Format("2006-01-02 15:04:05")
	}
	if s.Restarts > 0 {
		text += fmt.Sprintf(", restarted %d times", s.Restarts)
	}
	if s.Result != "" && s.Result != "success" {
		text += ", last result: " + s.Result
	}
	return text
}

func (s serviceState) login() string {
	text := choose(s.Enabled, "starts", "does not start")
	if s.Enabled && s.Linger != nil {
		text += choose(*s.Linger, "; goes on after you log out", "; ends when you log out (loginctl enable-linger keeps it)")
	}
	return text
}

// verdict is the exit code, without more words than the hint.
func (s serviceState) verdict() error {
	switch {
	case !s.Installed:
		return &failure{code: exitNoDaemon, err: errors.New(""), hint: "quotad service install"}
	case s.State != "active" && s.State != "reloading":
		return &failure{code: exitNoDaemon, err: errors.New(""), hint: journalHint}
	}
	return nil
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
