package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"quotad/daemon/provider"
)

// What may be in no file, log, answer or command line: the provider's key, the
// key that a tool has in its environment, and what is said to a model.
const (
	toolKey   = "a5b6c7d8e9f01122.TheKeyOfATool"
	toolWords = "my-private-words"
)

// secretForms are the forms in which one of them could be kept without being
// hidden by it.
func secretForms() map[string]string {
	forms := map[string]string{"the words of a prompt": toolWords}
	for name, key := range map[string]string{"the provider's key": scriptKey, "the tool's key": toolKey} {
		id, half, _ := strings.Cut(key, ".")
		forms["the id of "+name], forms["the secret half of "+name] = id, half
		forms[name+" in hex"] = hex.EncodeToString([]byte(key))
		for from := range 3 { // wherever it begins in what is encoded
			forms[fmt.Sprintf("%s in base64, %d", name, from)] = base64.StdEncoding.EncodeToString([]byte(key[from : from+15]))
		}
	}
	return forms
}

// Whatever happens to a daemon that has a key, it is found nowhere but where the
// user has put it.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, setting string }{
		{"a key in the environment", ""},
		{"a key in a file", `key_file = "KEPT/zai.key"`},
		{"a key from a command, which chatters", `key_command = ["/bin/sh", "-c", "cat KEPT/zai.key; cat KEPT/zai.key >&2"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSecretHome(t, c.setting)
			s.daily()
			s.hurt()
			s.look()
		})
	}
}

// secretHome is a home with keys, and all that was said in it.
type secretHome struct {
	*daemonHome
	kept string // the one folder that may hold a key: it is the user's own
	said map[string]string
	envs []string // of the daemon and of commands

	shown atomic.Int64 // how often the provider was shown the key
}

// newSecretHome has a provider that gives the key back in its answer, and a
// command for notices that writes down what it was given and how its daemon was
// called.
func newSecretHome(t *testing.T, setting string) *secretHome {
	s := &secretHome{daemonHome: newDaemonHome(t), kept: t.TempDir(), said: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), scriptKey) {
			s.shown.Add(1)
		}
		fmt.Fprintf(w, `{"code":500,"success":false,"msg":"no coding plan for %s"}`, r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	told := filepath.Join(s.root, "told")
	s.must(os.WriteFile(filepath.Join(s.kept, "zai.key"), []byte(scriptKey+"\n"), 0o600),
		os.WriteFile(told, []byte("#!/bin/sh\nd=${0%/*}\ncat >>$d/notices\nenv >>$d/environment\ntr '\\0' '\\n' </proc/$PPID/cmdline >>$d/cmdline\n"), 0o700))
	s.configure(strings.NewReplacer("cap = 1_000_000", "cap = 2", "desktop = false", fmt.Sprintf("desktop = false\ncommand = [%q]", told)).Replace(loadConfig) +
		fmt.Sprintf("\n[account.default.provider]\nenabled = true\nbase_url = %q\n%s\n", server.URL, strings.ReplaceAll(setting, "KEPT", s.kept)))
	s.envs = []string{"TMPDIR=" + filepath.Join(s.root, "tmp")}
	s.must(os.Mkdir(filepath.Join(s.root, "tmp"), 0o700))
	if setting == "" {
		s.envs = append(s.envs, provider.EnvKey+"="+scriptKey)
	}
	return s
}

// run is the daemon, with the environment of this home.
func (s *secretHome) run() *process {
	c := s.command("run")
	c.Env = append(c.Env, s.envs...)
	p := s.launched(c)
	s.ready(p)
	return p
}

// says runs a command, and keeps what it says. What it ends with is told by
// others' tests.
func (s *secretHome) says(args ...string) string {
	c := s.command(args...)
	c.Env = append(c.Env, s.envs...)
	out, _ := c.CombinedOutput()
	s.said["quotad "+strings.Join(args, " ")] += string(out)
	return string(out)
}

// prompts is what a coding tool with a key does for a turn.
func (s *secretHome) prompts(turn int) {
	s.t.Helper()
	c := s.command("hook", "claude-code")
	c.Env = append(c.Env, "ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic", "ANTHROPIC_AUTH_TOKEN="+toolKey)
	c.Stdin = strings.NewReader(fmt.Sprintf(
		`{"hook_event_name":"UserPromptSubmit","session_id":"s","prompt_id":"turn-%d","cwd":"/p","prompt":%q}`, turn, toolWords))
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		s.t.Errorf("the hook: %v\n%s", err, out)
	}
}

// daily is what happens each day: prompts with the daemon and without, notices,
// readings, a backup, and a user who asks.
func (s *secretHome) daily() {
	s.prompts(1)
	if len(s.spooled()) == 0 {
		s.t.Error("without a daemon nothing is spooled")
	}
	s.leftBehind("the spool")
	p := s.run()
	s.prompts(2)
	s.prompts(3)
	eventually(s.t, startLimit, "the command is told", func() bool {
		_, err := os.Stat(filepath.Join(s.root, "cmdline"))
		return err == nil
	})
	if out := s.says("sync"); s.shown.Load() == 0 {
		s.t.Errorf("the provider was not shown the key: %s", out)
	}
	for _, args := range [][]string{
		{"config", "show"}, {"config", "check"}, {"doctor", "--verbose"}, {"doctor", "--json"}, {"status", "--json"},
		{"events", "--json"}, {"explain", "5h"}, {"backup"},
	} {
		s.says(args...)
	}
	s.said["/metrics"] = s.get("/metrics")
	s.cmdline(p)
	p.stop()
	s.said["the log of a day"] = p.said.String()
}

// hurt is what happens once: a crash, with a dump of its goroutines, a damaged
// database that is set aside, and a backup that is put back.
func (s *secretHome) hurt() {
	p := s.run()
	s.says("sync")
	p.Process.Signal(syscall.SIGABRT)
	p.end(stopLimit)
	dump := p.said.take()
	s.said["the dump of a crash"] = dump
	if !strings.Contains(dump, "SIGABRT") || !strings.Contains(dump, "goroutine") {
		s.t.Errorf("no dump was written:\n%s", dump)
	}
	s.harm(func(b []byte) []byte { clear(b[:8192]); return b })
	p = s.run()
	if aside, _ := filepath.Glob(s.database() + ".damaged-*"); len(aside) != 1 {
		s.t.Errorf("set aside: %v", aside)
	}
	s.says("doctor", "--verbose")
	p.stop()
	s.said["the log after it"] = p.said.String()
	s.says("restore", "--yes", "latest")
}

// take gives what was said and forgets it. A dump that was asked for may name the
// runtime's panic.go, and is no panic.
func (s *sayings) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.text.Reset()
	return s.text.String()
}

// cmdline keeps what any user of the machine may read of a daemon.
func (s *secretHome) cmdline(p *process) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.Process.Pid))
	s.must(err)
	s.said["the daemon's command line"] = string(text)
}

// look looks for secrets in what was said, and in all that is left.
func (s *secretHome) look() {
	for where, text := range s.said {
		s.holdsNone(where, []byte(text))
	}
	if n := s.leftBehind("the end"); n < 10 {
		s.t.Errorf("%d files are left, which are not all", n)
	}
}

// leftBehind looks through all files of the home, and counts them.
func (s *secretHome) leftBehind(when string) (n int) {
	s.must(filepath.WalkDir(s.root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		s.holdsNone(path+" at "+when, text)
		n++
		return err
	}))
	return n
}

func (s *secretHome) holdsNone(where string, text []byte) {
	for what, form := range secretForms() {
		if bytes.Contains(text, []byte(form)) {
			s.t.Errorf("%s holds %s", where, what)
		}
	}
}
