package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"quotad/daemon/hook"
)

// hookMargin is what a loaded machine may add to the time of a hook. What it
// does when, by its own clock, is tested in daemon/hook.
const hookMargin = time.Second

const hookPrompt = `{"session_id":"s-1","cwd":"/home/ada/src","prompt_id":"p-1","hook_event_name":"UserPromptSubmit","prompt":"my-words"}`

// noRaceSleep keeps the race detector from waiting a second at the exit.
const noRaceSleep = "GORACE=atexit_sleep_ms=0"

// hookHome is what a hook finds around it.
type hookHome struct{ state, runtime, socket string }

func newHookHome(t *testing.T) hookHome {
	t.Helper()
	runtime, err := os.MkdirTemp("/tmp", "q") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	if err := os.Mkdir(filepath.Join(runtime, "quotad"), 0o700); err != nil {
		t.Fatal(err)
	}
	return hookHome{
		state:   filepath.Join(t.TempDir(), "state"),
		runtime: runtime,
		socket:  filepath.Join(runtime, "quotad", "quotad.sock"),
	}
}

// command is a hook as a coding tool starts it, with a prompt: this program,
// run as quotad.
func (h hookHome) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{
		Path:  self,
		Args:  append([]string{"quotad", "hook"}, args...),
		Stdin: strings.NewReader(hookPrompt),
		Env: []string{
			"HOME=" + h.runtime, "XDG_RUNTIME_DIR=" + h.runtime, "QUOTAD_STATE_DIR=" + h.state,
			"QUOTAD_SOCKET=" + h.socket,
			"ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic", "ANTHROPIC_AUTH_TOKEN=my-key",
			noRaceSleep,
		},
	}
}

// trouble is what doctor would say of the hook's calls, "" where nothing.
func (h hookHome) trouble() string {
	list, _ := hook.Troubles{Dir: h.state}.Since(time.Time{})
	if len(list) == 0 {
		return ""
	}
	return list[0].Why
}

// patiently tries a few times: a hook gives up after 200 ms, and a machine
// that is busy may keep it from its work for so long.
func patiently(t *testing.T, try func() bool) {
	t.Helper()
	for range 10 {
		if try() {
			return
		}
	}
	t.Error("not once in ten tries")
}

// runQuietly runs a hook to its end: it may not fail, say a word or take long.
func runQuietly(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if said := runSaying(t, c); said != "" {
		t.Errorf("%v said %q", c.Args, said)
	}
}

// runSaying runs a hook to its end and gives what it wrote for its tool: it may
// not fail, complain or take long.
func runSaying(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var said, complaints bytes.Buffer
	c.Stdout, c.Stderr = &said, &complaints
	begin := time.Now()
	if err := c.Start(); err != nil {
		t.Error(err)
		return ""
	}
	hung := time.AfterFunc(10*time.Second, func() { c.Process.Kill() })
	defer hung.Stop()
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %v", c.Args, err)
	}
	if took := time.Since(begin); took > hook.Limit+hookMargin {
		t.Errorf("%v took %v", c.Args, took)
	}
	if complaints.Len() > 0 {
		t.Errorf("%v complained: %q", c.Args, complaints.String())
	}
	return said.String()
}

// spooled lists the spool's files.
func (h hookHome) spooled(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.state, "spool", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// hookDaemon stands in for a daemon. It keeps the events it was sent.
type hookDaemon struct {
	arrived func() // called for each event; may be nil
	status  string // what it answers to those who ask for the status
	mu      sync.Mutex
	events  []map[string]any
}

// listen makes a socket of which nobody takes anything.
func (h hookHome) listen(t *testing.T) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: h.socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	t.Cleanup(func() { l.Close() })
	return l
}

// serve answers on the socket with status, once wait is closed.
func (h hookHome) serve(t *testing.T, status int, wait <-chan struct{}) *hookDaemon {
	t.Helper()
	d := &hookDaemon{}
	l := h.listen(t)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" && r.URL.Path == "/v1/status" {
			<-wait
			w.Write([]byte(d.status))
			return
		}
		var e map[string]any
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || r.Method != "POST" || r.URL.Path != "/v1/events" {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		d.mu.Lock()
		d.events = append(d.events, e)
		d.mu.Unlock()
		if d.arrived != nil {
			d.arrived()
		}
		<-wait
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if status == http.StatusOK {
			json.NewEncoder(w).Encode(map[string]any{"results": []any{map[string]any{"id": e["id"], "status": "recorded", "seq": 1}}})
		} else {
			code := map[int]string{http.StatusBadRequest: "invalid", http.StatusServiceUnavailable: "unavailable"}[status]
			fmt.Fprintf(w, `{"error":{"code":%q,"message":"no"}}`, code)
		}
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return d
}

func (d *hookDaemon) got() []map[string]any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.events)
}

// atOnce is a wait that is over.
func atOnce() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// holdsNo looks for words in all that a hook left behind.
func (h hookHome) holdsNo(t *testing.T, words ...string) {
	t.Helper()
	for _, dir := range []string{h.state, h.runtime} {
		filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			for _, word := range words {
				if bytes.Contains(text, []byte(word)) {
					t.Errorf("%s holds %q", path, text)
				}
			}
			return err
		})
	}
}
