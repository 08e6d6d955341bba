package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quotad/systemd"
)

// How long the sandbox may be tried.
const (
	tryWithin  = 15 * time.Second
	lookWithin = 5 * time.Second // by doctor
)

const withoutSandbox = "quotad service install --no-sandbox"

func (u *userService) places() systemd.Places {
	return systemd.Places{Home: u.env("HOME"), Runtime: u.runtimeDir, State: u.paths.StateDir}
}

// addSandbox puts the drop-in among the units where it is wanted, or where it is
// there and nobody said that it should go. A text that is not there yet is tried
// before, so that no service is left that does not start.
func (u *userService) addSandbox(ctx context.Context, units map[string][]byte, wanted answer) error {
	old, err := os.ReadFile(filepath.Join(u.dir, systemd.Sandbox))
	if wanted == answeredNo || wanted == unanswered && errors.Is(err, os.ErrNotExist) {
		return nil
	}
	text, err := systemd.SandboxDropIn(u.places())
	if err != nil {
		return failed(withoutSandbox, "no sandbox can be written: %v", err)
	}
	if wanted == answeredYes || string(old) != string(text) {
		limited, cancel := context.WithTimeout(ctx, tryWithin)
		defer cancel()
		if err := u.trySandbox(limited); err != nil {
			return failed(withoutSandbox, "no sandbox is possible here: %v", err)
		}
	}
	units[systemd.Sandbox] = text
	return nil
}

// trySandbox runs `quotad service probe` under what the drop-in and the unit
// forbid. The error says what does not work.
func (u *userService) trySandbox(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if missing(u.paths.StateDir) { // it has to be there; later the unit makes it
		if err := os.MkdirAll(u.paths.StateDir, 0o700); err != nil {
			return err
		}
		defer os.Remove(u.paths.StateDir)
	}
	words, err := os.CreateTemp(u.runtimeDir, "quotad-sandbox-")
	if err != nil {
		return err
	}
	defer os.Remove(words.Name())
	defer words.Close()
	unit := filepath.Base(words.Name()) + ".service"
	args := []string{"--user", "--no-ask-password", "--quiet", "--unit=" + unit,
		"--property=Type=oneshot", "--property=TimeoutStartSec=" + lookWithin.String(),
		"--property=StandardOutput=null", "--property=StandardError=file:" + words.Name()}
	for _, p := range systemd.Trial(u.places()) {
		args = append(args, "--property="+p)
	}
	args = append(args, "--", program, "service", "probe")
	_, err = u.run(ctx, "systemd-run", append(args, u.arguments()...)...)
	if err == nil {
		return nil
	}
	said, _ := os.ReadFile(words.Name())
	return u.whyNoSandbox(ctx, unit, string(said), err)
}

// whyNoSandbox finds the words for a trial that failed: those of the probe where
// it ran, else those of systemd.
func (u *userService) whyNoSandbox(ctx context.Context, unit, said string, err error) error {
	// Gone after a look: a unit that failed stays until then.
	defer func() { _, _ = u.do(context.WithoutCancel(ctx), askWithin, "reset-failed", unit) }()
	if ctx.Err() != nil {
		return fmt.Errorf("systemd-run: %w", ctx.Err())
	}
	if _, words, found := strings.Cut(said, "quotad: error: "); found {
		line, _, _ := strings.Cut(words, "\n")
		return errors.New(line)
	}
	status, _ := u.do(ctx, askWithin, "show", unit, "--property=ExecMainStatus", "--value")
	status = strings.TrimSpace(status)
	if status == "" || status == "0" { // it did not come to a start
		return fmt.Errorf("systemd-run: %w", err)
	}
	text := "systemd ended it with status " + status + step(status)
	if line := u.complaint(ctx, unit); line != "" {
		text += " (" + line + ")"
	}
	return errors.New(text)
}

// step names what systemd was about when it ended a process by this status
// itself, as systemd.exec(5) has them; "" for others.
func step(status string) string {
	return map[string]string{"217": "/USER", "218": "/CAPABILITIES", "226": "/NAMESPACE", "228": "/SECCOMP"}[status]
}

// complaint is what systemd wrote of a unit that it could not set up, "" where
// no journal tells.
func (u *userService) complaint(ctx context.Context, unit string) string {
	out, err := u.run(ctx, "journalctl", "--user", "--quiet", "--no-pager", "--output=cat", "--lines=20", "--unit="+unit)
	if err != nil {
		return ""
	}
	lines := strings.Split(out, "\n")
	if i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "Failed") }); i >= 0 {
		return strings.TrimSpace(strings.TrimPrefix(lines[i], unit+":"))
	}
	return ""
}

// dropSandbox takes the drop-in away, and its folder where nothing else is in it.
func (u *userService) dropSandbox() (removed bool, err error) {
	path := filepath.Join(u.dir, systemd.Sandbox)
	switch err := os.Remove(path); {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	_ = os.Remove(filepath.Dir(path)) // other drop-ins keep it
	fmt.Fprintf(u.stdout, "%s: removed\n", path)
	return true, nil
}
