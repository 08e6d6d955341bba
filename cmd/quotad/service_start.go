package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"quotad/daemon"
	"quotad/systemd"
)

// startReason says what has to be done to have the installed service run.
type startReason int

const (
	startFresh     startReason = iota // it does not run
	startedAlready                    // it runs what is installed
	startNewUnit                      // its unit is another
	startNewBinary                    // its program was replaced
	startAnew                         // it waits for what keeps it from starting: systemctl would too
)

func (r startReason) String() string {
	return [...]string{"started", "running already", "restarted, its unit is new", "restarted, its program is new", "restarted, it could not start"}[r]
}

// bringUp makes systemd read the units, enables them, and has the service run
// the program as it is now.
func (u *userService) bringUp(ctx context.Context, program string, changed bool) error {
	before, err := u.show(ctx, systemd.Service)
	if err != nil {
		return err
	}
	if err := u.load(ctx); err != nil {
		return err
	}
	if _, err := u.do(ctx, askWithin, "enable", systemd.Service, systemd.Socket); err != nil {
		return failed("", "the service cannot be enabled: %v", err)
	}
	reason := startFresh
	if before.running() {
		reason = restartReason(changed, before, program)
	}
	if err := u.start(ctx, reason); err != nil {
		return failed(journalHint, "the service does not start: %v", err)
	}
	after, err := u.show(ctx, systemd.Service)
	if err != nil {
		return err
	}
	fmt.Fprintf(u.stdout, "%s: %s, pid %d\n", systemd.Service, reason, after.PID)
	if reason != startFresh {
		return nil
	}
	if lingers, known := u.lingers(ctx); known && !lingers {
		fmt.Fprintln(u.stdout, "It starts when you log in and ends when you log out; loginctl enable-linger keeps it.")
	}
	return nil
}

// load makes systemd read the units, and sees that it has read these.
func (u *userService) load(ctx context.Context) error {
	if _, err := u.do(ctx, askWithin, "daemon-reload"); err != nil {
		return failed("", "systemd cannot read its units anew: %v", err)
	}
	state, err := u.show(ctx, systemd.Service)
	if err != nil {
		return err
	}
	ours := filepath.Join(u.dir, systemd.Service)
	switch {
	case state.Load == "not-found":
		return failed("systemctl --user show -p UnitPath", "systemd does not look for units in %s: its XDG_CONFIG_HOME is another", u.dir)
	case state.Load != "loaded":
		return failed("systemd-analyze --user verify "+ours, "systemd does not take %s: %s", ours, state.Load)
	case !sameFile(state.Fragment, ours):
		return failed("systemctl --user cat "+systemd.Service, "%s hides the unit that was written, %s", state.Fragment, ours)
	}
	return nil
}

// restartReason compares a running service with what is installed now. Where
// the program was replaced, the process still has the old file.
func restartReason(changed bool, before unitState, program string) startReason {
	switch {
	case changed:
		return startNewUnit
	case before.PID > 0 && !sameFile(filepath.Join("/proc", strconv.Itoa(before.PID), "exe"), program):
		return startNewBinary
	case before.Active == "activating" && strings.HasPrefix(before.Status, daemon.CannotStart):
		return startAnew
	}
	return startedAlready
}

// start does it. Where only the program is new the socket stays open.
func (u *userService) start(ctx context.Context, reason startReason) error {
	args := []string{"start", systemd.Socket, systemd.Service}
	switch reason {
	case startNewUnit:
		args[0] = "restart"
	case startNewBinary, startAnew:
		args = []string{"restart", systemd.Service}
	}
	_, err := u.do(ctx, startWithin, args...)
	return err
}

func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
