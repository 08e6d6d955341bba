package main

import (
	"net"
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

// A proxy is told the name of the host, and carries what it cannot read. What
// goes in the clear, to this machine, goes past it.
func TestAProxySeesTheNameOfTheHostAlone(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	key := filepath.Join(h.root, "key")
	h.must(os.WriteFile(key, []byte("0123456789abcdef.secret\n"), 0o600))
	proxy := newTap(t)
	sync := func(base string) string {
		h.configure("[account.default.provider]\nenabled = true\nkey_file = \"" + key + "\"\nbase_url = \"" + base + "\"\n")
		c := h.command("sync")
		for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"} {
			c.Env = append(c.Env, name+"=http://user:word@"+proxy.Addr().String())
		}
		out, _ := c.CombinedOutput()
		return string(out)
	}
	fake := standIn(t)
	if out := sync(fake.URL); !strings.Contains(out, "default: read") {
		t.Errorf("past the proxy: %s", out)
	}
	if heard := proxy.take(); heard != "" {
		t.Errorf("the proxy was told %q", heard)
	}
	out := sync("https://provider.invalid/base")
	heard := proxy.take()
	if !strings.HasPrefix(heard, "CONNECT provider.invalid:443 HTTP/1.1\r\n") {
		t.Errorf("the proxy was told %q\n%s", heard, out)
	}
	for _, secret := range []string{"0123456789abcdef", "secret", "/base", "quota/limit", "quotad"} {
		if strings.Contains(heard, secret) {
			t.Errorf("the proxy sees %q: %q", secret, heard)
		}
	}
	if strings.Contains(out, "word") {
		t.Errorf("the proxy's password is told: %s", out)
	}
}

// tap is a proxy that says yes, and keeps what it hears.
type tap struct {
	net.Listener
	heard chan string
}

func newTap(t *testing.T) *tap {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	p := &tap{ln, make(chan string, 16)}
	go p.serve()
	return p
}

func (p *tap) serve() {
	for {
		c, err := p.Accept()
		if err != nil {
			return
		}
		c.SetDeadline(time.Now().Add(startLimit))
		piece := make([]byte, 64<<10)
		head, _ := c.Read(piece)
		said := string(piece[:head])
		c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		hello, _ := c.Read(piece)
		p.heard <- said + string(piece[:hello])
		c.Close()
	}
}

// take is what was heard since.
func (p *tap) take() (all string) {
	for {
		select {
		case one := <-p.heard:
			all += one
		default:
			return all
		}
	}
}
