package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"quotad/config"
	"quotad/daemon/hook"
)

func TestHookIsAcknowledged(t *testing.T) {
	h := newHookHome(t)
	d := h.serve(t, http.StatusOK, atOnce())
	patiently(t, func() bool {
		runQuietly(t, h.command(t, "claude-code"))
		return len(d.got()) > 0
	})
	got := d.got()
	for key, want := range map[string]any{
		"kind": "prompt", "tool": "claude-code", "session": "s-1", "project": "/home/ada/src", "turn": "p-1",
		"endpoint": "https://api.z.ai/api/anthropic", "model": nil,
	} {
		if got[0][key] != want {
			t.Errorf("%s: got %v, want %v", key, got[0][key], want)
		}
	}
	if files := h.spooled(t); len(files) != 0 {
		t.Error("spooled too:", files)
	}
	h.holdsNo(t, "my-words", "my-key")
}

func TestHookWithoutAHomeIsAcknowledged(t *testing.T) {
	h := newHookHome(t)
	d := h.serve(t, http.StatusOK, atOnce())
	patiently(t, func() bool {
		c := h.command(t, "claude-code")
		c.Env = []string{"XDG_RUNTIME_DIR=" + h.runtime, noRaceSleep}
		runQuietly(t, c)
		return len(d.got()) > 0
	})
	if got := d.got(); got[0]["endpoint"] != "https://api.anthropic.com" {
		t.Errorf("arrived: %v", got)
	}
}

func TestHookIsRefused(t *testing.T) {
	patiently(t, func() bool {
		h := newHookHome(t)
		d := h.serve(t, http.StatusBadRequest, atOnce())
		runQuietly(t, h.command(t, "claude-code"))
		return len(d.got()) == 1 && len(h.spooled(t)) == 0 // what will never be taken is not spooled
	})
}

func TestHookSpoolsWhatNobodyAcknowledged(t *testing.T) {
	for what, daemon := range map[string]func(t *testing.T, h hookHome) *hookDaemon{
		"there is no daemon": func(*testing.T, hookHome) *hookDaemon { return nil },
		"its socket is left over": func(t *testing.T, h hookHome) *hookDaemon {
			h.listen(t).Close()
			return nil
		},
		"it takes the event and never answers": func(t *testing.T, h hookHome) *hookDaemon {
			hung := make(chan struct{})
			t.Cleanup(func() { close(hung) })
			return h.serve(t, http.StatusOK, hung)
		},
		"it has no room": func(t *testing.T, h hookHome) *hookDaemon {
			return h.serve(t, http.StatusServiceUnavailable, atOnce())
		},
		"it hangs": func(t *testing.T, h hookHome) *hookDaemon {
			h.listen(t) // the kernel takes connections, nobody reads
			return nil
		},
	} {
		t.Run(what, func(t *testing.T) {
			h := newHookHome(t)
			d := daemon(t, h)
			file := h.hookUntilSpooled(t)
			line, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var e struct{ ID, Session string }
			if err := json.Unmarshal(line, &e); err != nil || e.Session != "s-1" {
				t.Errorf("%s: %s", file, line)
			}
			if d != nil {
				if got := d.got(); len(got) == 0 || got[len(got)-1]["id"] != e.ID {
					t.Errorf("sent %v, spooled %s", got, e.ID)
				}
			}
			h.holdsNo(t, "my-words", "my-key")
		})
	}
}

// hookUntilSpooled gives the one file that a hook leaves in the spool.
func (h hookHome) hookUntilSpooled(t *testing.T) string {
	t.Helper()
	var files []string
	patiently(t, func() bool {
		runQuietly(t, h.command(t, "claude-code"))
		files = h.spooled(t)
		return len(files) > 0
	})
	if len(files) != 1 {
		t.Fatalf("spooled: %q", files)
	}
	return files[0]
}

// A hook that is registered in two places is started twice, side by side.
func TestHookFiredTwiceIsOnePrompt(t *testing.T) {
	patiently(t, func() bool {
		h := newHookHome(t)
		d := h.serve(t, http.StatusOK, atOnce())
		h.fireTwice(t)
		other := h.command(t, "claude-code")
		other.Stdin = strings.NewReader(strings.Replace(hookPrompt, "my-words", "other words", 1))
		runQuietly(t, other)
		ids := map[any]bool{}
		for _, e := range d.got() {
			ids[e["id"]] = true
		}
		return len(d.got()) == 3 && len(ids) == 2
	})
}

func TestHookFiredTwiceLeavesOneFile(t *testing.T) {
	patiently(t, func() bool {
		h := newHookHome(t)
		h.fireTwice(t)
		return len(h.spooled(t)) == 1
	})
}

func (h hookHome) fireTwice(t *testing.T) {
	var runs sync.WaitGroup
	for range 2 {
		c := h.command(t, "claude-code")
		runs.Go(func() { runQuietly(t, c) })
	}
	runs.Wait()
}

func TestHookHurtsNobody(t *testing.T) {
	big := `{"session_id":"s-1","hook_event_name":"UserPromptSubmit","prompt":"` + strings.Repeat("x", 9<<20) + `"}`
	for _, c := range []struct {
		what, input string
		args        []string
		open        bool // the tool never closes its end
		spoil       func(h hookHome, c *exec.Cmd)
		spools      bool
		trouble     string // what doctor will say of it
	}{
		{what: "no tool is named", input: hookPrompt, trouble: "unknown tool"},
		{what: "the tool is unknown", input: hookPrompt, args: []string{"vim"}, trouble: "unknown tool"},
		{what: "flags are unknown", input: hookPrompt, args: []string{"--guard", "claude-code", "--new=1", "prompt"}, spools: true},
		{what: "a flag lacks its value", input: hookPrompt, args: []string{"claude-code", "--config"}, spools: true},
		{what: "nothing comes", args: []string{"claude-code"}, trouble: "unreadable"},
		{what: "nothing comes, ever", args: []string{"claude-code"}, open: true, trouble: "no end of the input in time"},
		{what: "the input never ends", input: hookPrompt, args: []string{"claude-code"}, open: true, spools: true},
		{what: "the input is cut off", input: hookPrompt[:40], args: []string{"claude-code"}, trouble: "unreadable"},
		{what: "the input is too long", input: big, args: []string{"claude-code"}, trouble: "too long"},
		{what: "the input is too long and never ends", input: big[:len(big)-2], args: []string{"claude-code"}, open: true, trouble: "no end of the input in time"},
		{what: "there is neither home nor daemon", input: hookPrompt, args: []string{"claude-code"},
			spoil: func(h hookHome, c *exec.Cmd) { c.Env = []string{"QUOTAD_SOCKET=" + h.socket, noRaceSleep} }},
		{what: "the state folder cannot be written", input: hookPrompt, args: []string{"claude-code"},
			spoil: func(h hookHome, c *exec.Cmd) { os.WriteFile(h.state, nil, 0o600) }},
		{what: "the socket's path is too long", input: hookPrompt, args: []string{"claude-code"}, spools: true,
			spoil: func(_ hookHome, c *exec.Cmd) {
				c.Env = append(c.Env, "QUOTAD_SOCKET=/"+strings.Repeat("x", 200))
			}},
	} {
		t.Run(c.what, func(t *testing.T) {
			patiently(t, func() bool {
				h := newHookHome(t)
				cmd := h.command(t, c.args...)
				if c.spoil != nil {
					c.spoil(h, cmd)
				}
				in, out, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				defer in.Close()
				cmd.Stdin = in
				go func() {
					io.WriteString(out, c.input)
					if !c.open {
						out.Close()
					}
				}()
				runQuietly(t, cmd)
				return c.spools == (len(h.spooled(t)) == 1) && (c.trouble == h.trouble() || slowed && c.trouble == "too long" && h.trouble() == "no end of the input in time")
			})
		})
	}
}

// A tool that is told to stop takes its hooks along; the prompt was sent.
func TestHookOutlivesItsTool(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP} {
		h := newHookHome(t)
		arrived, answer := make(chan struct{}), make(chan struct{})
		d := h.serve(t, http.StatusOK, answer)
		d.arrived = func() { close(arrived) }
		c := h.command(t, "claude-code")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-arrived:
			c.Process.Signal(signal)
		case <-time.After(10 * time.Second):
			t.Error("nothing was sent")
		}
		close(answer)
		if err := c.Wait(); err != nil {
			t.Errorf("%v: %v", signal, err)
		}
	}
}

type panicReader struct{}

func (panicReader) Read([]byte) (int, error) { panic("broken") }

func TestHookOutlivesAPanic(t *testing.T) {
	h := newHookHome(t)
	t.Setenv("QUOTAD_STATE_DIR", h.state)
	t.Setenv("QUOTAD_SOCKET", h.socket)
	hookRun([]string{"claude-code"}, panicReader{}, io.Discard, time.Now())
	hookRun([]string{"claude-code"}, nil, io.Discard, time.Now())
}

func TestHookHelp(t *testing.T) {
	for _, args := range [][]string{{"hook", "--help"}, {"hook", "claude-code", "-h"}, {"help", "hook"}} {
		var out, complaints bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &complaints); code != 0 ||
			!strings.Contains(out.String(), "quotad hook TOOL") || complaints.Len() > 0 {
			t.Errorf("%q: exit code %d\n%s%s", args, code, &out, &complaints)
		}
	}
}

func TestHookTakesFlagsAnywhere(t *testing.T) {
	want := config.Flags{Config: "c", StateDir: "d", Socket: "s"}
	for _, args := range [][]string{
		{"claude-code", "--config", "c", "--state-dir=d", "--socket", "s"},
		{"--socket=s", "--state-dir", "d", "claude-code", "more", "--config=c", "-v"},
	} {
		if asked := hookArgs(args); asked.tool != "claude-code" || asked.flags != want || asked.guard != hook.GuardOff {
			t.Errorf("%q: %+v", args, asked)
		}
	}
}

func TestHookTakesAGuard(t *testing.T) {
	for text, want := range map[string]hook.Guard{
		"claude-code": hook.GuardOff, "claude-code --guard": hook.GuardWarn, "--guard claude-code": hook.GuardWarn,
		"claude-code --guard=warn": hook.GuardWarn, "claude-code --guard=block": hook.GuardBlock,
		"claude-code --guard block": hook.GuardBlock, "--guard block claude-code": hook.GuardBlock, "--guard off claude-code": hook.GuardOff,
		"claude-code --guard=off": hook.GuardOff, "claude-code --guard=shout": hook.GuardOff,
	} {
		if asked := hookArgs(strings.Fields(text)); asked.guard != want || asked.tool != "claude-code" || len(asked.rest) > 0 {
			t.Errorf("%s: %+v", text, asked)
		}
	}
}

func TestHookFindsWhatItCan(t *testing.T) {
	long := "/" + strings.Repeat("x", 200)
	for _, c := range []struct {
		what                string
		env                 map[string]string
		spool, firstSockets string
	}{
		{"all there", map[string]string{"HOME": "/h", "XDG_RUNTIME_DIR": "/r"}, "/h/.local/state/quotad/spool", "/r/quotad/quotad.sock"},
		{"no home", map[string]string{"XDG_RUNTIME_DIR": "/r"}, "/dev/null/spool", "/r/quotad/quotad.sock"},
		{"nothing at all", nil, "/dev/null/spool", "/run/user/7/quotad/quotad.sock"},
		{"a socket that cannot be", map[string]string{"HOME": "/h", "QUOTAD_SOCKET": long}, "/h/.local/state/quotad/spool", ""},
	} {
		p := hookPaths(config.Flags{}, func(name string) string { return c.env[name] }, 7)
		if p.Spool != c.spool || c.firstSockets != "" && p.Sockets[0] != c.firstSockets {
			t.Errorf("%s: %s, %q", c.what, p.Spool, p.Sockets)
		}
	}
}
