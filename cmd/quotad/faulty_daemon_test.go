package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"quotad/quota"
)

// Tests of the daemon as a process of its own, from outside: this program, run
// as quotad, in a home of its own.

const (
	ndjson = "application/x-ndjson"
	object = "application/json"

	startLimit = 20 * time.Second // for what takes a moment, on a machine that is busy
	stopLimit  = 5 * time.Second
)

// loadConfig has a window of each kind, with room for what a test sends.
const loadConfig = `
[account.default]
plan = "lab/load"
subscribed = 2026-01-05T08:00:00Z
[notify]
desktop = false
[[plan]]
id = "lab/load"
name = "Load"
unit = "prompts"
[[plan.window]]
name = "5h"
kind = "fixed"
length = "5h"
cap = 1_000_000
[[plan.window]]
name = "hour"
kind = "rolling"
length = "1h"
cap = 1_000_000
[[plan.window]]
name = "week"
kind = "anchored"
length = "168h"
cap = 10_000_000
[[plan.window]]
name = "month"
kind = "monthly"
cap = 10_000_000
[[plan.weight]]
model = "glm-5.3"
peak = 3.0
off_peak = 2.0
[[plan.peak]]
start = "06:00"
end = "18:00"
`

// daemonHome is where a test's own daemon finds its files.
type daemonHome struct {
	t                            *testing.T
	root, state, runtime, socket string
	config                       string
	client                       *http.Client
}

// newDaemonHome makes the folders, with loadConfig. Its path is short, for a
// socket's has to be.
func newDaemonHome(t *testing.T) *daemonHome {
	t.Helper()
	root, err := os.MkdirTemp("/tmp", "q")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	h := &daemonHome{t: t, root: root, state: filepath.Join(root, "state"), runtime: filepath.Join(root, "run"),
		socket: filepath.Join(root, "run", "quotad", "quotad.sock"), config: filepath.Join(root, "config.toml")}
	if err := os.Mkdir(h.runtime, 0o700); err != nil {
		t.Fatal(err)
	}
	h.configure(loadConfig)
	h.client = h.newClient()
	return h
}

func (h *daemonHome) configure(text string) {
	h.t.Helper()
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// newClient is an HTTP client that knows nothing but the socket.
func (h *daemonHome) newClient() *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", h.socket)
	}}
	h.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: startLimit}
}

// command is quotad with these arguments, in this home.
func (h *daemonHome) command(args ...string) *exec.Cmd {
	h.t.Helper()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	return &exec.Cmd{
		Path: self, Args: append([]string{"quotad"}, args...), Dir: h.root,
		Env: []string{
			"HOME=" + h.root, "XDG_RUNTIME_DIR=" + h.runtime, "QUOTAD_STATE_DIR=" + h.state, "QUOTAD_CONFIG=" + h.config,
			"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(h.root, "no-bus"), "TZ=UTC", noRaceSleep,
		},
	}
}

// process is a daemon, or what wanted to become one.
type process struct {
	*exec.Cmd
	t     *testing.T
	said  *sayings
	ended chan struct{}
	err   error // of its end, once that came
}

// launch starts a daemon and does not wait for it. It is killed with its test.
func (h *daemonHome) launch(args ...string) *process {
	h.t.Helper()
	return h.launched(h.command(append([]string{"run"}, args...)...))
}

func (h *daemonHome) launched(c *exec.Cmd) *process {
	h.t.Helper()
	p := &process{Cmd: c, t: h.t, said: &sayings{}, ended: make(chan struct{})}
	c.Stdout, c.Stderr = p.said, p.said
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func() {
		p.err = c.Wait()
		close(p.ended)
	}()
	h.t.Cleanup(func() {
		p.kill()
		if said := p.said.String(); strings.Contains(said, "DATA RACE") || strings.Contains(said, "panic") || h.t.Failed() {
			h.t.Errorf("a daemon said:\n%s", said)
		}
	})
	return p
}

// start starts a daemon and waits until it answers.
func (h *daemonHome) start(args ...string) *process {
	h.t.Helper()
	p := h.launch(args...)
	h.ready(p)
	return p
}

// ready waits until the daemon answers.
func (h *daemonHome) ready(p *process) {
	h.t.Helper()
	for end := time.Now().Add(startLimit); ; time.Sleep(2 * time.Millisecond) {
		select {
		case <-p.ended:
			h.t.Fatalf("the daemon ended (%v):\n%s", p.err, p.said)
		default:
		}
		resp, err := h.client.Get("http://quotad/healthz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			h.t.Fatalf("no answer within %v: %v\n%s", startLimit, err, p.said)
		}
	}
}

// kill ends the process at once, as power failure would.
func (p *process) kill() {
	p.Process.Kill()
	<-p.ended
}

// end waits for the process to end by itself, and gives its exit code.
func (p *process) end(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.t.Fatalf("still running after %v:\n%s", within, p.said)
	}
	if exit := (*exec.ExitError)(nil); errors.As(p.err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// stop asks the daemon to end, which it has to do well.
func (p *process) stop() {
	p.t.Helper()
	p.Process.Signal(syscall.SIGTERM)
	if code := p.end(stopLimit + startLimit); code != 0 {
		p.t.Errorf("SIGTERM ended the daemon with %d, not 0:\n%s", code, p.said)
	}
}

// reload makes the daemon read its configuration, and waits until it has said
// so for the n-th time.
func (p *process) reload(says string, n int) {
	p.t.Helper()
	p.Process.Signal(syscall.SIGHUP)
	eventually(p.t, startLimit, says, func() bool { return strings.Count(p.said.String(), says) >= n })
}

// sayings gather what a process writes.
type sayings struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *sayings) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *sayings) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// eventually tries until it succeeds or the time is up, and tells how long it took.
func eventually(t *testing.T, within time.Duration, what string, try func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for !try() {
		if time.Since(begin) > within {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(begin)
}

// promptAt is a plain prompt.
func promptAt(id string, at time.Time) quota.Event {
	return quota.Event{ID: id, Kind: quota.KindPrompt, At: quota.Milli(at)}
}
