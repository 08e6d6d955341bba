package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"quotad/daemon/provider/providertest"
)

// inet is a system call that has to do with IP, in what strace writes.
var inet = regexp.MustCompile(`\b(AF_INET6?|AF_PACKET|PF_INET6?)\b`)

// watched starts a daemon whose calls on sockets strace writes to the file, and
// those of what it starts.
func (h *daemonHome) watched(file string) *process {
	h.t.Helper()
	p := h.launched(h.overheard(file, "run"))
	h.ready(p)
	return p
}

// overheard is a command whose calls on sockets strace writes to the file.
func (h *daemonHome) overheard(file string, args ...string) *exec.Cmd {
	h.t.Helper()
	strace, err := exec.LookPath("strace")
	switch {
	case err != nil && os.Getenv("QUOTAD_CI") != "":
		h.t.Fatal("no strace here, which watches for the network")
	case err != nil:
		h.t.Skip("no strace here, which watches for the network")
	}
	c := h.command(args...)
	link := filepath.Join(h.root, "quotad")
	if _, err := os.Lstat(link); err != nil {
		link = h.program("quotad")
	}
	// -D: the program is our child, as without strace.
	c.Path, c.Args = strace, append([]string{"strace", "-D", "-f", "-o", file, "-e", "trace=network", link}, args...)
	return c
}

// network is what a trace has of IP. A trace without a single socket is none.
func (h *daemonHome) network(file string) (lines []string) {
	h.t.Helper()
	var text []byte
	eventually(h.t, startLimit, "the trace is whole", func() bool {
		text, _ = os.ReadFile(file)
		return strings.Contains(string(text), "+++ exited")
	})
	if !strings.Contains(string(text), "AF_UNIX") {
		h.t.Errorf("nothing was traced:\n%s", text)
	}
	for line := range strings.Lines(string(text)) {
		if inet.MatchString(line) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// Without the provider's reading no socket of IP is so much as opened.
func TestNoNetworkButTheProvider(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	h.configure(strings.Replace(loadConfig, "desktop = false", "desktop = true", 1))
	trace := func(name string) string { return filepath.Join(h.root, "trace-"+name) }
	p := h.watched(trace("run"))
	h.post(prompts("a", 20)...).accepted(t)
	h.must(p.Process.Signal(syscall.SIGHUP))
	for name, args := range map[string][]string{"status": {"status"}, "doctor": {"doctor"}, "notify": {"notify", "test"}, "hook": {"hook", "claude-code"}} {
		c := h.overheard(trace(name), args...)
		c.Stdin = strings.NewReader(`{"session_id":"s","prompt_id":"p","hook_event_name":"UserPromptSubmit","prompt":"hello","cwd":"/tmp"}`)
		c.Run() // doctor and the notice end with 1: there is no service and no desktop
	}
	p.stop()
	for _, name := range []string{"run", "status", "doctor", "notify", "hook"} {
		if lines := h.network(trace(name)); len(lines) > 0 {
			t.Errorf("%s uses the network:\n%s", name, strings.Join(lines, "\n"))
		}
	}
}

// With it the daemon connects to the provider's address, and to no other.
func TestTheProviderAloneIsConnectedTo(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	fake := standIn(t)
	key := filepath.Join(h.root, "key")
	h.must(os.WriteFile(key, []byte("0123456789abcdef.secret\n"), 0o600))
	h.configure(strings.Replace(loadConfig, "[notify]", "[account.default.provider]\nenabled = true\nkey_file = \""+key+"\"\nbase_url = \""+fake.URL+"\"\n[notify]", 1))
	trace := filepath.Join(h.root, "trace")
	p := h.watched(trace)
	eventually(t, startLimit, "the provider is asked", func() bool {
		text, _ := os.ReadFile(trace)
		return strings.Contains(string(text), "AF_INET")
	})
	h.post(prompts("a", 20)...).accepted(t)
	p.stop()
	u, err := url.Parse(fake.URL)
	h.must(err)
	connected := 0
	for _, line := range h.network(trace) {
		switch {
		case strings.Contains(line, "connect("), strings.Contains(line, "sendto("), strings.Contains(line, "sendmsg("):
			connected++
			if !strings.Contains(line, `inet_addr("`+u.Hostname()+`")`) || !strings.Contains(line, "htons("+u.Port()+")") {
				t.Errorf("not to the provider: %s", line)
			}
		case strings.Contains(line, "bind("):
			t.Errorf("it can be reached: %s", line)
		}
	}
	if connected == 0 {
		t.Error("nothing was connected to")
	}
}

// standIn is a provider that answers on this machine.
func standIn(t *testing.T) *httptest.Server {
	p := providertest.New(providertest.Plan{Generation: 2, Tier: "pro"}, time.Now().Add(-24*time.Hour), 1, time.Now)
	p.Key = "0123456789abcdef.secret"
	s := httptest.NewServer(http.Handler(p))
	t.Cleanup(s.Close)
	return s
}
