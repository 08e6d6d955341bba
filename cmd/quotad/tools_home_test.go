package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"quotad/config"
	"quotad/quota"
	"quotad/tools/fakemodel"
)

// toolLimit ends a tool that does not come to its end, in seconds.
const toolLimit = "120"

// toolHome is a user's home with one coding tool set up in it: our own daemon's
// home, quotad as it is built, and a model on loopback.
type toolHome struct {
	*daemonHome
	tool    codingTool
	program string // of the tool
	quotad  string
	project string // where the tool is run
	model   *fakemodel.Server
	bare    outcome // of a run without hooks
	sent    int     // prompts that are to be counted
	tries   bool    // again, when the provider refuses
}

// newToolHome skips where the tool is not installed. The places are those that
// hold without any setting of quotad's.
func newToolHome(t *testing.T, quotad, program string, tool codingTool) *toolHome {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Skipf("%s is not installed: %v", tool.name, err)
	}
	h := &toolHome{daemonHome: newDaemonHome(t), tool: tool, program: program}
	h.state = filepath.Join(h.root, ".local", "state", "quotad")
	h.config = filepath.Join(h.root, ".config", "quotad", "config.toml")
	h.quotad = filepath.Join(h.root, "bin", "quotad")
	h.project = filepath.Join(h.root, "src", "project")
	h.must(os.MkdirAll(h.project, 0o700))
	h.must(os.Mkdir(filepath.Dir(h.quotad), 0o700), os.Symlink(quotad, h.quotad))
	model, err := fakemodel.Start(5 * time.Minute)
	h.must(err)
	t.Cleanup(model.Close)
	h.model = model
	h.write(h.config, fmt.Sprintf("%s\n[[endpoint]]\nurl = \"http://%s\"\nplan = true\n", loadConfig, model.Addr))
	for path, text := range tool.files(h) {
		h.write(filepath.Join(h.root, path), text)
	}
	return h
}

// installHooks has the tool report to quotad.
func (h *toolHome) installHooks() {
	h.t.Helper()
	c := h.command("hooks", "install", "--binary", h.quotad, h.tool.name) // which is in /tmp
	c.Path = h.quotad
	if out, err := c.CombinedOutput(); err != nil {
		h.t.Fatalf("hooks install: %v\n%s", err, out)
	}
}

func (h *toolHome) write(path, text string) {
	h.t.Helper()
	h.must(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600))
}

// start starts the daemon as it is built, in place of this program.
func (h *toolHome) start() *process {
	h.t.Helper()
	c := h.command("run")
	c.Path = h.quotad
	p := h.launched(c)
	h.ready(p)
	return p
}

// base is the URL that the tool's requests go below.
func (h *toolHome) base() string { return "http://" + h.model.Addr + h.tool.path }

// outcome is what came of one run of the tool.
type outcome struct {
	stdout, stderr string
	err            error
	took           time.Duration
	asked          []fakemodel.Request
}

// prompt runs the tool without a terminal on one prompt, in an environment that
// holds nothing of the user who runs the tests.
func (h *toolHome) prompt(text string) outcome {
	h.t.Helper()
	return h.promptUntil(h.t.Context(), text)
}

// promptUntil ends the tool, with its children, where it is still at it when
// the context is done.
func (h *toolHome) promptUntil(ctx context.Context, text string) outcome {
	h.t.Helper()
	// A program of its own keeps the time, which stands where the tests are killed.
	c := exec.CommandContext(ctx, "timeout", append([]string{"--kill-after=5", toolLimit, h.program}, h.tool.args(text)...)...)
	c.Dir = h.project
	c.Env = append([]string{
		"HOME=" + h.root, "XDG_RUNTIME_DIR=" + h.runtime, "PATH=/usr/local/bin:/usr/bin:/bin",
		"SHELL=/bin/sh", "TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC", "NO_COLOR=1",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(h.root, "no-bus"),
	}, h.tool.env(h)...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	h.model.Requests()
	begin := time.Now()
	err := c.Run()
	o := outcome{stdout.String(), stderr.String(), err, time.Since(begin), h.model.Requests()}
	h.hide(&o)
	h.t.Logf("%q took %v", text, o.took.Round(10*time.Millisecond))
	return o
}

// hide takes the folder of the tools, which is named after us, out of what they
// said. They name it themselves.
func (h *toolHome) hide(o *outcome) {
	folder := filepath.Dir(filepath.Dir(h.program))
	o.stdout = strings.ReplaceAll(o.stdout, folder, "")
	o.stderr = strings.ReplaceAll(o.stderr, folder, "")
	for i := range o.asked {
		o.asked[i].Body = strings.ReplaceAll(o.asked[i].Body, folder, "")
	}
}

// clean expects that neither the user nor the model saw a word of ours.
func (o outcome) clean(t *testing.T, when string) {
	t.Helper()
	for _, word := range []string{"quotad", noise} {
		for what, text := range map[string]string{"standard output": o.stdout, "standard error": o.stderr} {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("%s: %q is in its %s:\n%s", when, word, what, text)
			}
		}
		for _, r := range o.asked {
			if i := strings.Index(strings.ToLower(r.Body), word); i >= 0 {
				t.Errorf("%s: %q was sent to the model: %.200s", when, word, r.Body[max(i-80, 0):])
			}
		}
	}
	if len(o.asked) == 0 {
		t.Errorf("%s: the model was not asked:\n%s\n%s", when, o.stdout, o.stderr)
	}
}

// ofKind lists the events of a kind that the daemon has.
func (h *toolHome) ofKind(kind quota.Kind) []quota.Event {
	h.t.Helper()
	return slices.DeleteFunc(h.events(), func(e quota.Event) bool { return e.Kind != kind })
}

// onPlan reports whether the plan is charged for an event.
func (h *toolHome) onPlan(e quota.Event) bool {
	h.t.Helper()
	settings, err := config.Load(h.config, true)
	h.must(err)
	return settings.Rules.Bill(e) == quota.OnPlan
}
