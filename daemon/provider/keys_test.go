package provider

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// env is an environment of its own.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// file writes a file of a mode into a folder of the test's.
func file(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhereAKeyIsFrom(t *testing.T) {
	path := file(t, "zai.key", theKey+"\n", 0o600)
	credentials := filepath.Dir(file(t, "zai-key", theKey+"c", 0o400))
	if err := os.WriteFile(filepath.Join(credentials, "zai-key.work"), []byte(theKey+"w"), 0o400); err != nil {
		t.Fatal(err)
	}
	both := env("CREDENTIALS_DIRECTORY", credentials, EnvKey, theKey+"e")
	for _, c := range []struct {
		title        string
		o            KeyOptions
		key, sources string
	}{
		{"a file before all", KeyOptions{File: path, Env: both}, theKey, "the key file " + path},
		{"a file whose account has a credential", KeyOptions{Account: "work", File: path, Env: both}, theKey, "the key file " + path},
		{"a command before what is around", KeyOptions{Command: []string{"/bin/echo", theKey + "m"}, Env: both}, theKey + "m", "the key command echo"},
		{"a credential of the account", KeyOptions{Account: "work", Env: both}, theKey + "w", "the systemd credential zai-key.work"},
		{"a credential for all", KeyOptions{Account: "home", Env: both}, theKey + "c", "the systemd credential zai-key"},
		{"the environment", KeyOptions{Env: env(EnvKey, " "+theKey+"\n")}, theKey, "the environment variable QUOTAD_ZAI_KEY"},
		{"the environment, as a header", KeyOptions{Env: env(EnvKey, "Bearer "+theKey)}, theKey, "the environment variable QUOTAD_ZAI_KEY"},
		{"a folder of credentials without one", KeyOptions{Env: env("CREDENTIALS_DIRECTORY", t.TempDir(), EnvKey, theKey)}, theKey, "the environment variable QUOTAD_ZAI_KEY"},
		{"a folder of credentials that is relative", KeyOptions{Env: env("CREDENTIALS_DIRECTORY", ".", EnvKey, theKey)}, theKey, "the environment variable QUOTAD_ZAI_KEY"},
	} {
		t.Run(c.title, func(t *testing.T) {
			ring := Keys(c.o)
			key, err := ring.Key(t.Context())
			if err != nil || key != c.key || ring.Source() != c.sources {
				t.Errorf("%q from %q, %v", key, ring.Source(), err)
			}
			if err := ring.Check(); err != nil {
				t.Errorf("looked over: %v", err)
			}
		})
	}
}

func TestKeysThatCannotBeHad(t *testing.T) {
	plain := file(t, "zai.key", theKey, 0o600)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(plain, link); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	readable := file(t, "zai.key", theKey, 0o644)
	in := func(path string) KeyOptions { return KeyOptions{File: path} }
	run := func(script string) KeyOptions { return KeyOptions{Command: []string{"/bin/sh", "-c", script, theKey}} }
	for _, c := range []struct {
		title   string
		o       KeyOptions
		message string
		hint    string
		looks   bool // wrong without reading it
	}{
		{"none at all", KeyOptions{Env: env()}, "no key is set up for the account default", "quotad config set account.default.provider.key_file PATH", true},
		{"no such file", in(plain + "x"), "there is no key file " + plain + "x", "", true},
		{"a file for all to read", in(readable), "others may read the key file " + readable + " (mode 0644): run chmod 600 " + readable, "chmod 600 " + readable, true},
		{"a file for the group to write", in(file(t, "k", theKey, 0o620)), "(mode 0620)", "", true},
		{"a link", in(link), "is a symbolic link", "", true},
		{"a folder", in(t.TempDir()), "is no plain file", "", true},
		{"a pipe that nobody writes", in(pipe), "is no plain file", "", true},
		{"a file of somebody else", in(another(t)), "belongs to another user (uid ", "", true},
		{"an empty file", in(file(t, "k", " \n\n", 0o600)), "holds no key", "", false},
		{"a file of several words", in(file(t, "k", "key = "+theKey, 0o600)), "something else than a key", "", false},
		{"a private key", in(file(t, "k", "-----BEGIN OPENSSH PRIVATE KEY-----\n"+theKey, 0o600)), "something else than a key", "", false},
		{"a file of 1 MiB", in(file(t, "k", strings.Repeat("k", 1<<20), 0o600)), "something else than a key", "", false},
		{"a key of other letters", in(file(t, "k", "ключ"+theKey, 0o600)), "something else than a key", "", false},

		{"no such command", KeyOptions{Command: []string{"/no/such/pass", theKey}}, "the key command pass cannot be run", "", true},
		{"a command that fails, and tells the key", run("echo $0; echo $0 >&2; exit 3"), "the key command sh ended with exit status 3", "", false},
		{"a command that says nothing", run("exit 0"), "the key command sh holds no key", "", false},
		{"a command that does not stop", run("while :; do echo $0; done"), "printed more than any key has", "", false},
		{"a command that is killed", run("kill -9 $$"), "signal: killed", "", false},
		{"an empty variable", KeyOptions{Env: env(EnvKey, "Bearer ")}, "the environment variable QUOTAD_ZAI_KEY holds no key", "", false},
	} {
		t.Run(c.title, func(t *testing.T) {
			ring := Keys(c.o)
			key, err := ring.Key(t.Context())
			if err == nil || key != "" || !strings.Contains(err.Error(), c.message) {
				t.Fatalf("%q, %v", key, err)
			}
			keepsNothing(t, err, ring.Source())
			if fault := noKey(err); c.hint != "" && fault.Hint != c.hint {
				t.Errorf("hint %q", fault.Hint)
			}
			if err := ring.Check(); (err != nil) != c.looks {
				t.Errorf("looked over: %v", err)
			}
		})
	}
}

// another is a file of another user.
func another(t *testing.T) string {
	if os.Geteuid() != 0 {
		return "/etc/passwd"
	}
	path := file(t, "zai.key", theKey, 0o600)
	if err := os.Chown(path, 4711, -1); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAKeyCommandThatHangsIsEnded(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	if err := syscall.Mkfifo(ready, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		os.ReadFile(ready) // until it runs
	}()
	_, err := Keys(KeyOptions{Command: []string{"/bin/sh", "-c", "echo > $0; sleep 600; echo " + theKey, ready}}).Key(ctx)
	if err == nil || !strings.Contains(err.Error(), "took too long") {
		t.Errorf("%v", err)
	}
}

func TestAKeyCommandMayLeaveSomethingRunning(t *testing.T) {
	key, err := Keys(KeyOptions{Command: []string{"/bin/sh", "-c", "sleep 3 & echo " + theKey}}).Key(t.Context())
	if err != nil || key != theKey {
		t.Errorf("%q, %v", key, err)
	}
}

func TestAKeyCommandRunsOnceUntilItsKeyIsForgotten(t *testing.T) {
	runs := filepath.Join(t.TempDir(), "runs")
	ring := Keys(KeyOptions{Command: []string{"/bin/sh", "-c", "echo >> $0; echo " + theKey + "; echo user: me", runs}})
	for range 3 {
		if key, err := ring.Key(t.Context()); err != nil || key != theKey {
			t.Fatalf("%q, %v", key, err)
		}
	}
	ring.Forget()
	if _, err := ring.Key(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(runs); err != nil || string(text) != "\n\n" {
		t.Errorf("it ran %d times, %v", len(text), err)
	}
	if ring.kept != theKey {
		t.Errorf("%q is kept", ring.kept)
	}
}

func TestAKeyCommandDoesNotGetWhatIsOurs(t *testing.T) {
	t.Setenv(EnvKey, theKey+"e")
	t.Setenv("NOTIFY_SOCKET", "/run/x")
	t.Setenv("LISTEN_FDS", "3")
	t.Setenv("KEPT", "kept")
	key, err := Keys(KeyOptions{Command: []string{"/bin/sh", "-c", "echo x$" + EnvKey + "$NOTIFY_SOCKET$LISTEN_FDS$KEPT"}}).Key(t.Context())
	if err != nil || key != "xkept" {
		t.Errorf("%q, %v", key, err)
	}
}
