package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quotad/daemon"
)

func TestAProgramThatWillNotStay(t *testing.T) {
	for _, tt := range []struct{ name, path, want string }{
		{"an installed one stays", "/home/u/.local/bin/quotad", ""},
		{"one in a folder that only sounds like /tmp stays", "/tmpfiles/quotad", ""},
		{"one in a home below another name stays", "/home/tmp/bin/quotad", ""},
		{"/tmp is emptied", "/tmp/quotad", "is in /tmp"},
		{"the runtime folder is a memory disk", "/run/user/1000/quotad", "is in /run"},
		{"TMPDIR may be anywhere", "/scratch/x/quotad", "is in /scratch"},
		{"go run builds in its cache", "/home/u/.cache/go-build/ab/abcd-d/quotad", "go run"},
		{"older ones build in a folder of their own", "/var/lib/go-build123/b001/exe/quotad", "go run"},
		{"a file that is gone already", "/usr/bin/quotad (deleted)", "replaced or removed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			why := vanishes(tt.path, "/scratch")
			if (why == "") != (tt.want == "") || !strings.Contains(why, tt.want) {
				t.Errorf("vanishes(%s) = %q, want %q", tt.path, why, tt.want)
			}
		})
	}
}

func TestTheProgramKeepsTheNameItWasCalledBy(t *testing.T) {
	real, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "quotad")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	defer func(old string) { os.Args[0] = old }(os.Args[0])
	for _, tt := range []struct{ name, called, want string }{
		{"by a link that leads to it", link, link},
		{"by a name that leads elsewhere", "/bin/sh", real},
		{"by a name that leads nowhere", "no-such-program", real},
	} {
		os.Args[0] = tt.called
		if got, err := thisProgram(); err != nil || got != tt.want {
			t.Errorf("called %s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

// answers is a systemctl that gives one answer, and keeps what it was asked.
type answers struct {
	out   string
	err   error
	asked []string
}

func (a *answers) run(ctx context.Context, name string, args ...string) (string, error) {
	a.asked = append(a.asked, name+" "+strings.Join(args, " "))
	return a.out, a.err
}

func TestReachSaysWhatToRun(t *testing.T) {
	for _, tt := range []struct {
		name       string
		err        error
		words, run string
	}{
		{"there is a manager", nil, "", ""},
		{"there is no systemctl", &exec.Error{Name: "systemctl", Err: exec.ErrNotFound}, "no systemd here", "quotad run"},
		{"there is no session", errors.New("Failed to connect to bus"), "Failed to connect to bus", "loginctl enable-linger"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := systemctl{run: (&answers{err: tt.err}).run}.reach(t.Context())
			if tt.err == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var f *failure
			if !errors.As(err, &f) || f.code != exitFailed || !strings.Contains(f.Error(), tt.words) || !strings.Contains(f.hint, tt.run) {
				t.Errorf("got %v with %+v", err, f)
			}
		})
	}
}

func TestShowReadsWhatSystemdTells(t *testing.T) {
	a := &answers{out: "MainPID=42\nStatusText=5h 62 %, full=14:20\nLoadState=loaded\nActiveState=reloading\n" +
		"StateChangeTimestamp=Mon 2026-11-23 06:30:00 UTC\nNRestarts=3\nNew=1\n"}
	state, err := systemctl{run: a.run}.show(t.Context(), "quotad.service")
	want := unitState{
		Load: "loaded", Active: "reloading", Status: "5h 62 %, full=14:20", PID: 42, Restarts: 3,
		Since: time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC),
	}
	if err != nil || state != want {
		t.Errorf("got %+v, %v; want %+v", state, err, want)
	}
	if !state.running() || (unitState{Active: "failed"}).running() {
		t.Error("a service that reloads runs, and one that failed does not")
	}
	if len(a.asked) != 1 || !strings.HasPrefix(a.asked[0], "systemctl --user --no-ask-password show quotad.service ") {
		t.Errorf("asked %q", a.asked)
	}
}

func TestASystemctlThatHangsIsLeft(t *testing.T) {
	hang := func(ctx context.Context, name string, args ...string) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	_, err := systemctl{run: hang}.do(t.Context(), time.Millisecond, "daemon-reload")
	if err == nil || err.Error() != "systemctl --user daemon-reload: no answer within 1ms" {
		t.Errorf("got %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (systemctl{run: hang}).do(cancelled, time.Minute, "daemon-reload"); !errors.Is(err, context.Canceled) {
		t.Errorf("who asked has gone: %v", err)
	}
}

func TestOutputGivesTheLastComplaint(t *testing.T) {
	for _, tt := range []struct{ name, script, out, err string }{
		{"what it prints is given back", "echo a; echo b >&2", "a\n", ""},
		{"its last word is the error", "echo first >&2; echo last >&2; exit 3", "", "last"},
		{"without a word the exit code is", "exit 3", "", "exit status 3"},
	} {
		out, err := output(t.Context(), os.Environ(), "sh", "-c", tt.script)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if out != tt.out || text != tt.err {
			t.Errorf("%s: %q and error %q, want %q and %q", tt.name, out, text, tt.out, tt.err)
		}
	}
}

func TestTheManagerIsFoundWithoutTheVariable(t *testing.T) {
	none := func(string) string { return "" }
	if got := newSystemctl(none, 1000).runtimeDir; got != "/run/user/1000" {
		t.Errorf("runtime folder %s", got)
	}
	set := func(string) string { return "/elsewhere" }
	if got := newSystemctl(set, 1000).runtimeDir; got != "/elsewhere" {
		t.Errorf("runtime folder %s", got)
	}
}

func TestRestartReason(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		changed bool
		before  unitState
		program string
		want    startReason
	}{
		{"nothing is new", false, unitState{PID: os.Getpid()}, self, startedAlready},
		{"the process runs another file", false, unitState{PID: os.Getpid()}, "/bin/sh", startNewBinary},
		{"the unit is new, whatever the program", true, unitState{PID: os.Getpid()}, self, startNewUnit},
		{"it has no process, and starts by itself", false, unitState{}, self, startedAlready},
		{"it mends its database", false, unitState{PID: os.Getpid(), Active: "activating", Status: "Going through the database"}, self, startedAlready},
		{"it cannot start", false, unitState{PID: os.Getpid(), Active: "activating", Status: daemon.CannotStart + "why"}, self, startAnew},
	} {
		if got := restartReason(tt.changed, tt.before, tt.program); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestSudoIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		uid    int
		sudoer string
		ok     bool
	}{
		{"a user", 1000, "", true},
		{"root, logged in", 0, "", true},
		{"a user by sudo -u of root's", 1000, "root", true},
		{"a user's sudo", 0, "u", false},
	} {
		if err := notBySudo(tt.uid, tt.sudoer); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestUnitsNeedAHome(t *testing.T) {
	for _, tt := range []struct{ name, config, home, want string }{
		{"XDG_CONFIG_HOME comes first", "/c", "/h", "/c/systemd/user"},
		{"then HOME", "", "/h", "/h/.config/systemd/user"},
		{"a relative one counts for nothing", "c", "/h", "/h/.config/systemd/user"},
		{"without either there is no place", "", "", ""},
	} {
		env := map[string]string{"XDG_CONFIG_HOME": tt.config, "HOME": tt.home}
		got, err := unitDir(func(name string) string { return env[name] })
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}
