package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/systemd"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON, verbose bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong, and say what mends it",
		Long: `Looks at all that quotad rests on: program, configuration, folders, database,
socket, service and its sandbox, clock, desktop, spool, backups, hooks and the
provider's own reading. It changes nothing. To each thing that is not as it
should be it names the command that mends it.

Exit code 0 says that there is no fault (there may be warnings), 1 that there
is.`,
		Example: `  quotad doctor
  quotad doctor --json | jq '.checks[] | select(.verdict != "ok")'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), asJSON, verbose) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show what was found wrong as it came, such as an answer of the provider")
	return c
}

// gravity says how bad a finding is.
type gravity int

const (
	sound   gravity = iota
	warning         // it works, but not as it could
	fault           // something does not work
)

func (v gravity) String() string { return [...]string{"ok", "warning", "fault"}[v] }

// MarshalText implements encoding.TextMarshaler.
func (v gravity) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// finding is one thing that was looked at.
type finding struct {
	Check   string  `json:"check"`
	Verdict gravity `json:"verdict"`
	Text    string  `json:"text"`
	Mend    string  `json:"mend,omitempty"`   // a command
	Detail  string  `json:"detail,omitempty"` // what it was found by, such as the answer of another program
}

// examination is one run of doctor. It finds out as much as it can, whatever
// is broken.
type examination struct {
	*app
	ctx      context.Context
	paths    config.Paths
	settings config.Settings // the defaults where the configuration is wrong
	client   *api.Client
	about    *daemon.About // nil: no daemon answers, or one that is too old to say
	away     error         // why the daemon does not answer; nil where it does

	verbose  bool
	check    string
	findings []finding
}

func (x *examination) ok(format string, args ...any) { x.note(sound, "", format, args...) }
func (x *examination) warn(mend, format string, args ...any) {
	x.note(warning, mend, format, args...)
}
func (x *examination) fault(mend, format string, args ...any) {
	x.note(fault, mend, format, args...)
}

func (x *examination) note(v gravity, mend, format string, args ...any) {
	x.findings = append(x.findings, finding{Check: x.check, Verdict: v, Text: clean(fmt.Sprintf(format, args...)), Mend: clean(mend)})
}

func (a *app) doctor(ctx context.Context, asJSON, verbose bool) error {
	x := examination{app: a, ctx: ctx, verbose: verbose}
	x.run()
	return x.conclude(asJSON, fault, "fault")
}

// conclude shows what was found. It fails where something is as bad as limit.
func (x *examination) conclude(asJSON bool, limit gravity, name string) error {
	bad := 0
	for _, f := range x.findings {
		if f.Verdict >= limit {
			bad++
		}
	}
	print := x.print
	if asJSON {
		print = x.printJSON
	}
	if err := print(bad == 0); err != nil {
		return err
	}
	if bad > 0 {
		return failed("", "%s", counted(bad, name))
	}
	return nil
}

// tellsWithin is how long a daemon may take to say what it knows. At systemd's
// socket one that cannot start lets everybody wait.
const tellsWithin = 1500 * time.Millisecond

// ask asks the daemon what it knows, and notes why it does not say.
func (x *examination) ask(within time.Duration) *daemon.About {
	var about daemon.About
	x.client = &api.Client{Sockets: x.paths.Sockets, Timeout: within}
	x.away = x.client.Get(x.ctx, "/v1/about", nil, &about)
	return &about
}

// starts reports whether the service is on its way up, or cannot come up.
func (x *examination) starts() bool {
	u, err := x.userService()
	if err != nil {
		return false
	}
	state, err := u.show(x.ctx, systemd.Service)
	return err == nil && state.Active == "activating"
}

// run makes all checks. Without places to look at there is only one.
func (x *examination) run() {
	var err error
	if x.paths, err = x.app.paths(); err != nil {
		x.check = "places"
		x.fault("export HOME, or name the places with flags", "%v", err)
		return
	}
	about := x.ask(tellsWithin)
	if errors.Is(x.away, context.DeadlineExceeded) && !x.starts() {
		about = x.ask(answerWithin) // it may have much to do
	}
	if x.away == nil {
		x.about = about
	} else if told := (*api.Error)(nil); errors.As(x.away, &told) {
		x.away = nil // it answers, and is of another version
	}
	for _, c := range []struct {
		name string
		look func()
	}{
		{"program", x.program}, {"configuration", x.configuration}, {"accounts", x.accounts}, {"state folder", x.stateFolder},
		{"runtime folder", x.runtimeFolder}, {"socket", x.socketFile}, {"daemon", x.daemon}, {"database", x.database},
		{"backups", x.backups}, {"spool", x.spool}, {"service", x.service}, {"sandbox", x.sandbox}, {"clock", x.clock},
		{"notices", x.notices}, {"hooks", x.hooks}, {"calls of hooks", x.hookTroubles},
		{"provider", x.provider},
	} {
		x.check = c.name
		c.look()
	}
}

func (x *examination) printJSON(well bool) error {
	return json.NewEncoder(x.stdout).Encode(struct {
		Schema int       `json:"schema"`
		OK     bool      `json:"ok"`
		Checks []finding `json:"checks"`
	}{1, well, append([]finding{}, x.findings...)})
}

func (x *examination) print(bool) error {
	s := x.tableScreen()
	style := map[gravity]style{sound: good, warning: warned, fault: bad}
	last := ""
	for _, f := range x.findings {
		name := f.Check
		if name == last {
			name = ""
		}
		last = f.Check
		head := padRight(name, 16) + s.paint(padRight(f.Verdict.String(), 9), style[f.Verdict])
		for i, line := range wrap(f.Text, max(s.width-25, leastWidth)) {
			if i > 0 {
				head = padRight("", 25)
			}
			fmt.Fprintln(x.stdout, head+line)
		}
		if f.Mend != "" {
			fmt.Fprintf(x.stdout, "%s%s %s\n", padRight("", 25), s.paint("mend:", dim), f.Mend)
		}
		if f.Detail != "" && x.verbose {
			fmt.Fprintf(x.stdout, "%s%s %s\n", padRight("", 25), s.paint("came:", dim), f.Detail)
		}
	}
	return nil
}
