package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/daemon/store"
)

// Exit codes, as the contract with scripts has them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNoRoom   = 3
	exitNoDaemon = 4
)

// app is what every command works with: the streams, the environment, the
// clock, and the flags that all commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	now            func() time.Time

	configFile, stateDir, socket string // --config, --state-dir, --socket

	unhelped error // help was asked of a command that is not there
}

// failure is an error with the exit code it ends in and the command that mends
// it, if one does.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage is the failure of a command that was used wrongly.
func usage(hint, format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// report writes an error the way all commands do, and gives its exit code:
//
//	quotad: error: what was wrong
//	quotad: hint: what to run
//
// An error without words (exit code 3 of check) is not written. Where a command
// was used wrongly and no better hint is known, its help is one. A name that an
// error or a hint repeats is text here, whatever a terminal would make of it.
func (a *app) report(command string, err error) int {
	if err == nil {
		return exitDone
	}
	f, hint := failureOf(err), a.hintOf(err)
	if hint == "" && f.code == exitUsage {
		hint = command + " --help"
	}
	if msg := err.Error(); msg != "" {
		a.complain("quotad: error: " + msg)
	}
	if hint != "" {
		a.complain("quotad: hint: " + hint)
	}
	return f.code
}

// complain writes lines to standard error; the journal files them as an error.
func (a *app) complain(text string) {
	mark := daemon.ErrorMark(a.stderr, a.env)
	for line := range strings.SplitSeq(cleanLines(text), "\n") {
		fmt.Fprintln(a.stderr, mark+line)
	}
}

// hintOf is the command that mends what an error is about, "" where none is known.
func (a *app) hintOf(err error) string {
	hint := failureOf(err).hint
	if away := (*api.NoDaemonError)(nil); a.socket != "" && errors.As(err, &away) && hint == away.Hint() {
		return "quotad run --socket " + a.socket
	}
	return hint
}

// failureOf is the one place where errors become exit codes and hints.
func failureOf(err error) *failure {
	var known *failure
	var away *api.NoDaemonError
	var stored *store.Error
	var socket *api.SocketError
	var spoiled *spoiledError
	var told *api.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &away):
		return &failure{code: exitNoDaemon, err: err, hint: away.Hint()}
	case errors.As(err, &stored):
		return &failure{code: exitFailed, err: err, hint: stored.Hint}
	case errors.As(err, &socket):
		return &failure{code: exitFailed, err: err, hint: socket.Hint}
	case errors.Is(err, context.DeadlineExceeded): // it listens, or systemd does for it, and does not answer
		return &failure{code: exitFailed, err: err, hint: "quotad doctor"}
	case errors.As(err, &told) && (told.Code == api.Unavailable || told.Code == api.Internal):
		return &failure{code: exitFailed, err: err, hint: "quotad doctor"}
	case errors.As(err, &spoiled):
		return &failure{code: exitFailed, err: err, hint: "quotad hooks check"}
	}
	return &failure{code: exitFailed, err: err}
}

// rootCommand builds the command tree anew for each run.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "quotad",
		Short:         "Know what is left of your GLM Coding Plan",
		Version:       thisBuild().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	a.placeFlags(root.PersistentFlags())
	root.AddCommand(a.runCommand())
	root.AddCommand(a.configCommand())
	root.AddCommand(a.serviceCommand())
	root.AddCommand(a.hooksCommand())
	root.AddCommand(a.statusCommand())
	root.AddCommand(a.statuslineCommand())
	root.AddCommand(a.recordCommand())
	root.AddCommand(a.voidCommand())
	root.AddCommand(a.checkCommand())
	root.AddCommand(a.waitCommand())
	root.AddCommand(a.watchCommand())
	root.AddCommand(a.versionCommand())
	root.AddCommand(a.completionCommand())
	root.AddCommand(a.simulateCommand())
	root.AddCommand(a.setupCommand())
	root.AddCommand(a.doctorCommand())
	root.AddCommand(a.notifyCommand())
	root.AddCommand(a.explainCommand())
	root.AddCommand(a.verifyCommand())
	root.AddCommand(a.backupCommand())
	root.AddCommand(a.restoreCommand())
	root.AddCommand(a.historyCommand())
	root.AddCommand(a.eventsCommand())
	root.AddCommand(a.importCommand())
	root.AddCommand(a.plansCommand())
	root.AddCommand(a.syncCommand())
	return a.helpOf(group(root))
}

// placeFlags adds the flags that all commands share.
func (a *app) placeFlags(flags *pflag.FlagSet) {
	flags.StringVar(&a.configFile, "config", "", "configuration `file` (default $XDG_CONFIG_HOME/quotad/config.toml)")
	flags.StringVar(&a.stateDir, "state-dir", "", "`folder` of database, backups and spool (default $XDG_STATE_HOME/quotad)")
	flags.StringVar(&a.socket, "socket", "", "local API `socket` (default $XDG_RUNTIME_DIR/quotad/quotad.sock)")
}
