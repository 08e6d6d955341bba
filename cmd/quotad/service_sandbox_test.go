package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quotad/config"
	"quotad/systemd"
)

// trial is a manager that answers each program with what it is told to.
type trial struct {
	said   string            // by the probe, into the file it is given
	fails  error             // of systemd-run
	tells  map[string]string // by the program that is asked
	asked  []string
	cancel context.CancelFunc
}

func (tr *trial) run(_ context.Context, name string, args ...string) (string, error) {
	tr.asked = append(tr.asked, name+" "+strings.Join(args, " "))
	if name != "systemd-run" {
		return tr.tells[name], nil
	}
	if tr.cancel != nil {
		tr.cancel()
	}
	for _, arg := range args {
		if path, is := strings.CutPrefix(arg, "--property=StandardError=file:"); is {
			return "", errors.Join(tr.fails, os.WriteFile(path, []byte(tr.said), 0o600))
		}
	}
	return "", errors.New("the words of the probe go nowhere")
}

func tried(t *testing.T, tr *trial) *userService {
	t.Helper()
	home := t.TempDir()
	env := func(name string) string { return map[string]string{"HOME": home}[name] }
	return &userService{
		app: &app{env: env, stdout: t.Output()}, systemctl: systemctl{run: tr.run, runtimeDir: t.TempDir()},
		paths: config.Paths{StateDir: filepath.Join(home, ".local", "state", "quotad")},
		dir:   filepath.Join(home, ".config", "systemd", "user"),
	}
}

func TestWhyThereIsNoSandbox(t *testing.T) {
	failed := errors.New("Job for quotad-sandbox-1.service failed")
	for _, tt := range []struct {
		name string
		tr   trial
		want string
	}{
		{"it works", trial{}, ""},
		{"the probe says what does not", trial{fails: failed, said: "quotad: error: systemd does not make /home/u read-only\nquotad: hint: x\n"},
			"systemd does not make /home/u read-only"},
		{"systemd could not set it up, and the journal says why", trial{fails: failed, tells: map[string]string{
			"systemctl":  "217\n",
			"journalctl": "Starting it...\nFailed to set up user namespacing: Permission denied\nFailed at step USER\n"}},
			"systemd ended it with status 217/USER (Failed to set up user namespacing: Permission denied)"},
		{"no journal tells", trial{fails: failed, tells: map[string]string{"systemctl": "226\n"}},
			"systemd ended it with status 226/NAMESPACE"},
		{"an older systemd does not know a line", trial{fails: errors.New("Unknown assignment: PrivateUsers=yes"), tells: map[string]string{"systemctl": "0\n"}},
			"systemd-run: Unknown assignment: PrivateUsers=yes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := tried(t, &tt.tr)
			got := ""
			if err := u.trySandbox(t.Context()); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if left, _ := os.ReadDir(u.runtimeDir); len(left) > 0 || !missing(u.paths.StateDir) {
				t.Errorf("the trial leaves %v, and a state folder: %t", left, !missing(u.paths.StateDir))
			}
			last := tt.tr.asked[len(tt.tr.asked)-1]
			if tt.want != "" && !strings.Contains(last, "reset-failed quotad-sandbox-") {
				t.Errorf("the failed unit is left; the last call was %s", last)
			}
		})
	}
}

func TestATrialHasItsTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := tried(t, &trial{cancel: cancel, fails: errors.New("killed")}).trySandbox(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWhenTheSandboxIsTriedAndWritten(t *testing.T) {
	for _, tt := range []struct {
		name         string
		wanted       answer
		there        string // the drop-in, "" where there is none; "same" is the one of this version
		fails        error
		tries, wants bool
	}{
		{"nobody asked for it", unanswered, "", nil, false, false},
		{"it is asked for", answeredYes, "", nil, true, true},
		{"it is asked for once more", answeredYes, "same", nil, true, true},
		{"it stays on", unanswered, "same", nil, false, true},
		{"it stays on, and its text is another in this version", unanswered, "older", nil, true, true},
		{"it is to go", answeredNo, "same", nil, false, false},
		{"it does not work here", answeredYes, "", errors.New("no"), true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := &trial{fails: tt.fails}
			u := tried(t, tr)
			text, err := systemd.SandboxDropIn(u.places())
			if err != nil {
				t.Fatal(err)
			}
			if tt.there != "same" {
				text = []byte(tt.there)
			}
			if tt.there != "" {
				if err := config.Write(filepath.Join(u.dir, systemd.Sandbox), text); err != nil {
					t.Fatal(err)
				}
			}
			units := map[string][]byte{}
			err = u.addSandbox(t.Context(), units, tt.wanted)
			if (err != nil) != (tt.fails != nil) || err != nil && failureOf(err).hint != withoutSandbox {
				t.Errorf("error %v", err)
			}
			if tries := len(tr.asked) > 0; tries != tt.tries {
				t.Errorf("tried: %t, want %t", tries, tt.tries)
			}
			if (units[systemd.Sandbox] != nil) != tt.wants {
				t.Errorf("written: %t, want %t", !tt.wants, tt.wants)
			}
		})
	}
}

// What runs the tests is in no sandbox, and the probe has to say so.
func TestTheProbeTellsThatThereIsNoSandbox(t *testing.T) {
	if err := readOnly(t.TempDir()); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a folder that can be written: %v", err)
	}
	if err := readOnly("/nowhere/at/all"); err == nil {
		t.Error("a folder that is not there is no proof")
	}
	dir := t.TempDir()
	if err := writable(dir); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
	if err := selfAdmitted(); err != nil && os.Getuid() != 65534 {
		t.Error(err)
	}
}
