package systemd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func units(t *testing.T, c Command) (service, socket string) {
	t.Helper()
	all, err := Units(c)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d units, want 2", len(all))
	}
	return string(all[Service]), string(all[Socket])
}

// setting gives the values of a directive, in order.
func setting(unit, name string) []string {
	var values []string
	for line := range strings.Lines(unit) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			values = append(values, v)
		}
	}
	return values
}

func TestExecStart(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    Command
		want string
	}{
		{"a plain path stays plain", Command{Binary: "/usr/local/bin/quotad"}, `:/usr/local/bin/quotad run`},
		{"a space asks for quotes", Command{Binary: "/home/Jo Doe/bin/quotad"}, `:"/home/Jo Doe/bin/quotad" run`},
		{"a percent sign is no specifier", Command{Binary: "/a/100%h/quotad"}, `:"/a/100%%h/quotad" run`},
		{"a dollar sign is no variable, and is not doubled", Command{Binary: "/a/$HOME/quotad"}, `:"/a/$HOME/quotad" run`},
		{"quotes and backslashes are escaped", Command{Binary: "/q", Args: []string{`a"b"\n'`}}, `:/q run "a\"b\"\\n'"`},
		{"letters of any language stay plain", Command{Binary: "/home/józef/配额/quotad"}, `:/home/józef/配额/quotad run`},
		{"a semicolon ends no command", Command{Binary: "/a;b/quotad"}, `:"/a;b/quotad" run`},
		{
			"arguments are quoted one by one",
			Command{Binary: "/q", Args: []string{"--config", "/my files/$x.toml", "--state-dir", "/s"}},
			`:/q run --config "/my files/$x.toml" --state-dir /s`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			service, _ := units(t, tt.c)
			if got := setting(service, "ExecStart"); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("ExecStart=%q, want %q", got, tt.want)
			}
		})
	}
}

func TestListenStream(t *testing.T) {
	for _, tt := range []struct{ name, socket, want string }{
		{"without a path it is in the runtime folder", "", "%t/quotad/quotad.sock"},
		{"a path is taken as it is", "/run/my socks/q.sock", "/run/my socks/q.sock"},
		{"a percent sign is no specifier", "/run/%t/q", "/run/%%t/q"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, socket := units(t, Command{Binary: "/q", Socket: tt.socket})
			if got := setting(socket, "ListenStream"); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("ListenStream=%q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatAUnitCannotCarryIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    Command
		want string
	}{
		{"a relative program", Command{Binary: "quotad"}, "not an absolute path"},
		{"no program", Command{}, "not an absolute path"},
		{"a program with a quote, which systemd starts not", Command{Binary: `/a'b/quotad`}, "quote or a backslash"},
		{"a line break", Command{Binary: "/a\nExecStart=/bin/evil"}, "control character"},
		{"a line break in an argument", Command{Binary: "/q", Args: []string{"a\nb"}}, "control character"},
		{"bytes that are no text", Command{Binary: "/a\xff"}, "not UTF-8"},
		{"an empty argument", Command{Binary: "/q", Args: []string{""}}, "empty word"},
		{"a relative socket", Command{Binary: "/q", Socket: "q.sock"}, "not an absolute path"},
		{"a line break in the socket", Command{Binary: "/q", Socket: "/a\nb"}, "control character"},
		{"a socket that would go on in the next line", Command{Binary: "/q", Socket: `/a\`}, "cannot carry"},
		{"a socket that ends in a space", Command{Binary: "/q", Socket: "/a "}, "cannot carry"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if all, err := Units(tt.c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q (units %s)", err, tt.want, all)
			}
		})
	}
}

// What users and the rest of the program rely on.
func TestPromisesOfTheUnits(t *testing.T) {
	service, socket := units(t, Command{Binary: "/q"})
	for _, tt := range []struct{ unit, name, want string }{
		{service, "Type", "notify"},
		{service, "Restart", "on-failure"},
		{service, "RestartSec", "1s"},
		{service, "StartLimitIntervalSec", "0"},
		{service, "WatchdogSec", "3min"}, // the engine pings at half of that
		{service, "TimeoutStopSec", "10s"},
		{service, "Slice", "background.slice"},
		{service, "WantedBy", "default.target"},
		{service, "UMask", "0077"},
		{service, "SystemCallErrorNumber", "EPERM"},
		{socket, "FileDescriptorName", "quotad"}, // what the daemon looks for
		{socket, "SocketMode", "0600"},
		{socket, "DirectoryMode", "0700"},
		{socket, "RemoveOnStop", "yes"},
		{socket, "TriggerLimitIntervalSec", "0"},
	} {
		if got := setting(tt.unit, tt.name); !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%s=%q, want %q", tt.name, got, tt.want)
		}
	}
}

// In a user manager these end in a unit that does not start, or are ignored in
// silence, or break programs that the user has the daemon run.
func TestHardeningThatDoesNotWorkIsLeftOut(t *testing.T) {
	service, _ := units(t, Command{Binary: "/q"})
	for _, name := range []string{
		"CapabilityBoundingSet", "PrivateDevices", "ProtectClock", "DynamicUser",
		"ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateUsers", "StateDirectory",
		"MemoryDenyWriteExecute", "MemoryMax", "TasksMax",
	} {
		if got := setting(service, name); got != nil {
			t.Errorf("%s=%q is set", name, got)
		}
	}
	families := setting(service, "RestrictAddressFamilies")
	for _, family := range []string{"AF_UNIX", "AF_INET", "AF_INET6"} {
		if len(families) != 1 || !slices.Contains(strings.Fields(families[0]), family) {
			t.Errorf("RestrictAddressFamilies=%q lacks %s", families, family)
		}
	}
}

// systemd's own reading of the files, where it is installed.
func TestSystemdTakesTheUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	dir := filepath.Join(t.TempDir(), `a 100%h $HOME; q`)
	program := filepath.Join(dir, "quotad")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := Units(Command{Binary: program, Args: []string{"--config", `/my "files"/%i\.toml`}, Socket: "/run/my 100% sock"})
	if err != nil {
		t.Fatal(err)
	}
	unitDir := t.TempDir()
	if all[Sandbox], err = SandboxDropIn(Places{Home: "/home/u", State: "/srv/my 100% state"}); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(unitDir, filepath.Dir(Sandbox)), 0o700); err != nil {
		t.Fatal(err)
	}
	args := []string{"--user", "--man=no", "verify"}
	for name, text := range all {
		path := filepath.Join(unitDir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if name == Sandbox {
			continue // comes with its unit
		}
		args = append(args, path)
	}
	cmd := exec.Command(analyze, args...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	// Other units of this machine may be at fault; they are not our concern.
	if bytes.Contains(out, []byte("quotad")) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	} else if err != nil {
		t.Logf("systemd-analyze verify: %v\n%s", err, out)
	}
}
