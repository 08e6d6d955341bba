package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"quotad/config"
)

// A service that fails at its start is never "failed" while systemd tries again.
func TestDoctorOnTheStateOfTheUnit(t *testing.T) {
	for _, tt := range []struct {
		s    serviceState
		want finding
	}{
		{serviceState{}, finding{Verdict: warning, Text: "quotad.service is not installed: nothing starts the daemon by itself", Mend: "quotad service install"}},
		{
			serviceState{Installed: true, Enabled: true, State: "activating", SubState: "start", Result: "success", Restarts: 1, Says: "Cannot start: no such plan (next try at 10:00:00)"},
			finding{Verdict: fault, Text: "quotad.service does not start: no such plan (next try at 10:00:00)", Mend: journalHint},
		},
		{
			serviceState{Installed: true, Enabled: true, State: "activating", SubState: "auto-restart", Result: "exit-code"},
			finding{Verdict: fault, Text: "quotad.service does not start (exit-code); it is tried again and again", Mend: journalHint},
		},
		{
			serviceState{Installed: true, Enabled: true, State: "activating", SubState: "start", Result: "exit-code", Restarts: 3},
			finding{Verdict: fault, Text: "quotad.service does not start (exit-code); it is tried again and again", Mend: journalHint},
		},
		{
			serviceState{Installed: true, Enabled: true, State: "activating", SubState: "start", Result: "success"},
			finding{Verdict: fault, Text: "quotad.service is activating", Mend: "systemctl --user start quotad"},
		},
		{
			serviceState{Installed: true, State: "active", SubState: "running", Restarts: 3},
			finding{Verdict: warning, Text: "quotad.service runs, and does not start at login", Mend: "systemctl --user enable quotad.socket quotad"},
		},
	} {
		x := examination{app: &app{now: time.Now}}
		if x.unit(tt.s); !slices.Equal(x.findings, []finding{tt.want}) {
			t.Errorf("%+v: got %+v, want %+v", tt.s, x.findings, tt.want)
		}
	}
}

// No mode of a folder helps there.
func TestDoctorOnAStateFolderThatIsMountedReadOnly(t *testing.T) {
	dir := t.TempDir()
	mountSmall(t, dir, unix.MS_RDONLY, 1<<20)
	x := examination{app: &app{}, paths: config.Paths{StateDir: dir}}
	x.stateFolder()
	want := finding{Verdict: fault, Text: dir + " is on a file system that is mounted read-only", Mend: "findmnt -T " + dir}
	if !slices.Contains(x.findings, want) {
		t.Errorf("got %+v, want %+v", x.findings, want)
	}
}

func TestUnsafe(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]string{0o700: "", 0o600: "", 0o750: "is open to others (mode 750)", 0o701: "is open to others (mode 701)"} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&examination{}).unsafe(info); got != want {
			t.Errorf("mode %o: %q, want %q", mode, got, want)
		}
	}
	os.Chmod(dir, 0o700)
}

// A folder that is not there yet is well only where it can be made.
func TestDoctorOnAStateFolderThatCannotBeMade(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "state", "quotad")
	x := examination{app: &app{}, paths: config.Paths{StateDir: dir}}
	x.stateFolder()
	if want := (finding{Text: dir + " is not there yet; the first run makes it"}); !slices.Equal(x.findings, []finding{want}) {
		t.Errorf("got %+v, want %+v", x.findings, want)
	}
	for _, c := range []struct {
		name string
		set  func(*testing.T)
		want finding
	}{
		{"nobody may write above it", func(t *testing.T) {
			if os.Getuid() == 0 {
				t.Skip("root may write anywhere")
			}
			if err := os.Chmod(above, 0o500); err != nil { // TempDir takes it away all the same
				t.Fatal(err)
			}
		}, finding{Verdict: fault, Text: dir + " cannot be made: " + above + " cannot be written to", Mend: "ls -ld " + above}},
		{"mounted read-only", func(t *testing.T) { mountSmall(t, above, unix.MS_RDONLY, 1<<20) },
			finding{Verdict: fault, Text: dir + " cannot be made: " + above + " is on a file system that is mounted read-only", Mend: "findmnt -T " + above}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.set(t)
			x.findings = nil
			if x.stateFolder(); !slices.Equal(x.findings, []finding{c.want}) {
				t.Errorf("got %+v, want %+v", x.findings, c.want)
			}
		})
	}
}
