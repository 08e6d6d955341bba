package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// How long systemctl may take. A start waits until the daemon is ready.
const (
	askWithin   = 10 * time.Second
	startWithin = 60 * time.Second
)

const journalHint = "journalctl --user -u quotad -n 20"

// runner runs a program to its end and gives its standard output.
type runner func(ctx context.Context, name string, args ...string) (string, error)

// systemctl asks the user manager.
type systemctl struct {
	run        runner
	runtimeDir string // of the user manager
}

// newSystemctl finds the manager where XDG_RUNTIME_DIR is not set too: in a
// shell of cron, su or a container.
func newSystemctl(env func(string) string, uid int) systemctl {
	dir := env("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("/run/user", strconv.Itoa(uid))
	}
	vars := append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "LC_ALL=C", "TZ=UTC", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")
	return systemctl{runtimeDir: dir, run: func(ctx context.Context, name string, args ...string) (string, error) {
		return output(ctx, vars, name, args...)
	}}
}

// output runs a program; its error is the last line the program said on
// standard error, where it said one.
func output(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.WaitDelay = time.Second
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	if line := lastLine(complaint.String()); line != "" {
		err = errors.New(line)
	}
	return "", err
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// do runs one systemctl command of the user manager.
func (s systemctl) do(ctx context.Context, within time.Duration, args ...string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	out, err := s.run(limited, "systemctl", append([]string{"--user", "--no-ask-password"}, args...)...)
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case limited.Err() != nil:
		err = fmt.Errorf("no answer within %s", within)
	}
	return "", fmt.Errorf("systemctl --user %s: %w", strings.Join(args, " "), err)
}

// reach makes sure that there is a user manager, and says what to run where
// there is none.
func (s systemctl) reach(ctx context.Context) error {
	_, err := s.do(ctx, askWithin, "show", "--property=Version")
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return failed("quotad run", "there is no systemd here, and so no service; quotad runs in the foreground instead")
	}
	return failed("quotad run, or where you only come in by ssh or su: loginctl enable-linger, then log in again",
		"no systemd user manager answers, and so there is no service (%v)", err)
}

// unitState is what systemd tells about a unit.
type unitState struct {
	Load, Active, Sub, Result string
	Enabled                   string    // "enabled", "disabled", "" where there is none
	Fragment                  string    // path of the unit file
	Status                    string    // what the daemon tells about itself
	Sandboxed                 bool      // in a user namespace of its own
	PID, Restarts             int       // 0: none
	Since                     time.Time // in the present state; zero where never
}

// running: it is up, or on its way.
func (u unitState) running() bool {
	return u.Active == "active" || u.Active == "activating" || u.Active == "reloading"
}

// show asks for the state of a unit. One that is not installed has one too.
func (s systemctl) show(ctx context.Context, unit string) (unitState, error) {
	out, err := s.do(ctx, askWithin, "show", unit,
		"--property=LoadState,ActiveState,SubState,Result,UnitFileState,FragmentPath,StatusText,MainPID,NRestarts,StateChangeTimestamp,PrivateUsers")
	if err != nil {
		return unitState{}, failed("", "%v", err)
	}
	v := map[string]string{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
		v[name] = value
	}
	state := unitState{
		Load: v["LoadState"], Active: v["ActiveState"], Sub: v["SubState"], Result: v["Result"],
		Enabled: v["UnitFileState"], Fragment: v["FragmentPath"], Status: v["StatusText"],
		Sandboxed: v["PrivateUsers"] == "yes",
	}
	state.PID, _ = strconv.Atoi(v["MainPID"])
	state.Restarts, _ = strconv.Atoi(v["NRestarts"])
	// In UTC, because systemctl was told so.
	state.Since, _ = time.Parse("Mon 2006-01-02 15:04:05 MST", v["StateChangeTimestamp"])
	return state, nil
}

// lingers reports whether the user manager goes on after the last logout;
// known is false where there is no logind to tell.
func (s systemctl) lingers(ctx context.Context) (lingers, known bool) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	out, err := s.run(ctx, "loginctl", "show-user", strconv.Itoa(os.Getuid()), "--property=Linger", "--value")
	word := strings.TrimSpace(out)
	return word == "yes", err == nil && (word == "yes" || word == "no")
}
