package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

// Days that events are kept: as few, and as many, as can be asked for.
const (
	leastRetention = 35
	mostRetention  = 36500
)

// settings have a window of each kind.
const settings = `
[account.default]
plan = "lab/load"
subscribed = 2026-01-05T08:00:00Z
[notify]
desktop = false
[store]
retention_days = %d
[[plan]]
id = "lab/load"
name = "Load"
unit = "prompts"
[[plan.window]]
name = "5h"
kind = "fixed"
length = "5h"
cap = 100
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
`

// home is where a run of quotad finds its files. What is below disk is traced.
type home struct {
	quotad string // the program
	root   string
	disk   string
	state  string
	socket string
	client *http.Client
}

func newHome(quotad, root string) (*home, error) {
	h := &home{quotad: quotad, root: root, disk: filepath.Join(root, "disk"), socket: filepath.Join(root, "s")}
	h.state = filepath.Join(h.disk, "state")
	h.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", h.socket)
	}}}
	if err := os.MkdirAll(h.disk, 0o700); err != nil {
		return nil, err
	}
	return h, h.configure(mostRetention)
}

func (h *home) configure(retention int) error {
	return os.WriteFile(h.config(), fmt.Appendf(nil, settings, retention), 0o600)
}

func (h *home) config() string   { return filepath.Join(h.root, "config.toml") }
func (h *home) database() string { return filepath.Join(h.state, "quotad.db") }

func (h *home) environment() []string {
	return []string{
		"HOME=" + h.root, "XDG_RUNTIME_DIR=" + h.root, "PATH=/usr/bin:/bin", "TZ=UTC",
		"QUOTAD_STATE_DIR=" + h.state, "QUOTAD_CONFIG=" + h.config(), "QUOTAD_SOCKET=" + h.socket,
	}
}

// running is a quotad run.
type running struct {
	*exec.Cmd
	said  bytes.Buffer
	ended chan error
}

// start starts the daemon and waits until it answers, or ends. With a trace it
// runs under strace, which may meddle.
func (h *home) start(trace string, meddle ...string) (*running, error) {
	p := &running{Cmd: h.command(trace, meddle, "run"), ended: make(chan error, 1)}
	p.Stdout, p.Stderr = &p.said, &p.said
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- p.Wait() }()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if resp, err := h.client.Get("http://quotad/healthz"); err == nil {
			resp.Body.Close()
			return p, nil
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return p, fmt.Errorf("it ended at its start: %v\n%s", err, p.said.String())
		default:
		}
	}
	p.Process.Kill()
	return nil, fmt.Errorf("no answer within a minute\n%s", p.said.String())
}

// command is quotad, traced where trace names a file. -D: quotad is our child,
// as without strace.
func (h *home) command(trace string, meddle []string, args ...string) *exec.Cmd {
	c := exec.Command(h.quotad, args...)
	if trace != "" {
		s := []string{"-D", "-f", "-qq", "-xx", "-s", "100000000", "-e", "signal=none", "-e", "trace=" + tracedCalls, "-o", trace}
		if len(meddle) == 0 {
			s = append(s, "--seccomp-bpf") // faster, but with it no signal is injected
		}
		for _, m := range meddle {
			s = append(s, "-e", "inject="+m)
		}
		c = exec.Command("strace", append(append(s, h.quotad), args...)...)
	}
	c.Env, c.Dir = h.environment(), h.root
	return c
}

// stop ends the daemon well. strace lives a moment longer, until it has
// written the last line.
func (p *running) stop() error {
	p.Process.Signal(syscall.SIGTERM)
	err := <-p.ended
	p.ended <- err
	if err != nil {
		return fmt.Errorf("it ended with %w\n%s", err, p.said.String())
	}
	return nil
}

// post sends events; ok tells whether they were acknowledged.
func (h *home) post(events ...quota.Event) (ok bool) {
	var body bytes.Buffer
	for _, e := range events {
		body.Write(api.EncodeEvent(e))
	}
	resp, err := h.client.Post("http://quotad/v1/events", "application/x-ndjson", &body)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
