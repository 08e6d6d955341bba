package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"quotad/notify"
)

// TestMain lets the scripts run this test binary as quotad, which runs itself
// to speak to a desktop.
func TestMain(m *testing.M) {
	if code, hidden := notify.Apart(os.Args[1:], os.Stdin, os.Stdout, os.Getenv); hidden {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"quotad": main})
}

// TestScripts runs testdata/script. Beside testscript's own commands they have
//
//	waitsock [PATH]            wait up to 10 s until a socket answers (default $SOCK)
//	exits CODE PROGRAM ARGS... run a program, which must end with this code
//	provider                   start a provider at $PROVIDER: see fakeProvider
//
// and $CONFIG, $STATE and $SOCK name the files of this script's own quotad, $SELF
// the program. A
// daemon is started with "exec quotad run &" and ends with its script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               isolate,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitsock": waitSocket,
			"exits":    exitsWith,
			"provider": startProvider,
		},
	})
}

// isolate gives a script a home of its own, and no way to the desktop, the
// service manager or a quotad of the user who runs the tests. The runtime
// folder is outside of $WORK, whose path may be too long for a socket.
func isolate(env *testscript.Env) error {
	runtime, err := os.MkdirTemp("/tmp", "q")
	if err != nil {
		return err
	}
	env.Defer(func() { os.RemoveAll(runtime) })
	self, err := exec.LookPath("quotad")
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, "home")
	config := filepath.Join(home, ".config")
	state := filepath.Join(home, ".local", "state")
	for _, dir := range []string{config, state} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	for _, v := range [][2]string{
		{"HOME", home},
		{"XDG_CONFIG_HOME", config},
		{"XDG_STATE_HOME", state},
		{"XDG_RUNTIME_DIR", runtime},
		{"CONFIG", filepath.Join(config, "quotad", "config.toml")},
		{"STATE", filepath.Join(state, "quotad")},
		{"SOCK", filepath.Join(runtime, "quotad", "quotad.sock")},
		{"DBUS_SESSION_BUS_ADDRESS", "unix:path=" + filepath.Join(runtime, "no-bus")},
		{"SELF", self},
		{"TZ", "UTC"},
	} {
		env.Setenv(v[0], v[1])
	}
	env.Vars = append(env.Vars, noRaceSleep)
	return nil
}

func waitSocket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: waitsock [PATH]")
	}
	path := ts.Getenv("SOCK")
	if len(args) == 1 {
		path = ts.MkAbs(args[0])
	}
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var c net.Conn
		if c, err = net.Dial("unix", path); err == nil {
			c.Close()
			return
		}
	}
	ts.Fatalf("no answer within 10 s: %v", err)
}

func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("%v ended with %d, not %d", args[1:], code, want)
	}
}
