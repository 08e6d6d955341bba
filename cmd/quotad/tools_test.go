package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"quotad/quota"
	"quotad/tools/fakemodel"
)

// noise is what a broken program says.
const noise = "xyzzy"

// TestTools runs real coding tools against a model on loopback, with our hooks,
// and looks at what the daemon then holds. QUOTAD_TOOLS names the folder that
// .ci/tools.sh has installed them in.
func TestTools(t *testing.T) {
	folder := os.Getenv("QUOTAD_TOOLS")
	if folder == "" {
		t.Skip("QUOTAD_TOOLS does not say where the tools are: .ci/tools.sh installs them")
	}
	built := buildQuotad(t)
	var ran sync.Map
	t.Run("each", func(t *testing.T) {
		for _, tool := range codingTools() {
			t.Run(tool.name, func(t *testing.T) {
				t.Parallel()
				h := newToolHome(t, built, filepath.Join(folder, "bin", tool.name), tool)
				ran.Store(tool.name, true)
				h.everyCase()
			})
		}
	})
	enoughRan(t, &ran)
}

// enoughRan fails in CI where too few tools were there to say that quotad works.
func enoughRan(t *testing.T, ran *sync.Map) {
	n := 0
	ran.Range(func(any, any) bool { n++; return true })
	if _, claude := ran.Load("claude-code"); os.Getenv("QUOTAD_CI") != "" && (n < 3 || !claude) {
		t.Errorf("%d tools ran; three at least were expected, Claude Code among them", n)
	}
}

// buildQuotad makes quotad as `make build` does.
func buildQuotad(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "quotad")
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// everyCase takes one tool through its cases.
func (h *toolHome) everyCase() {
	t := h.t
	p := h.start()
	h.withoutHooks()
	h.installHooks()
	first := h.counts("a prompt")
	h.describes(first)
	shell := h.calls(h.tool.shell, "its shell is used")
	if h.tool.subagent.Names != nil {
		h.calls(h.tool.subagent, "a subagent is used")
	}

	p.stop()
	h.answers("the daemon is away")
	if files := h.spooled(); len(files) == 0 {
		t.Error("the daemon is away: nothing is in the spool")
	}
	p = h.start()
	h.counted("the daemon is back")
	h.hangs(p)

	h.instead("the program is gone", func() {})
	h.instead("the program panics", func() { h.script("echo " + noise + " >&2\nexit 2\n") })
	h.arrived("the program is there again")
	if h.tool.answers != "" {
		h.used(first, 1)
		h.used(shell, 2) // the call, and what came of it
	}
	if h.tool.refused {
		h.refused("the provider says stop", 2*time.Hour)
	}
	if h.tool.stopHooks != "" {
		h.dropHook(h.tool.stopHooks, "StopFailure")
		h.refused("the provider says stop, and no hook does", 3*time.Hour)
		h.tries = true
		h.refused("the provider says stop, and the tool tries again", 4*time.Hour)
	}
	h.checkCounters()
}

// withoutHooks is what the tool does by itself.
func (h *toolHome) withoutHooks() {
	h.t.Helper()
	h.bare = h.prompt("without hooks")
	h.bare.clean(h.t, "without hooks")
	if h.bare.err != nil || !strings.Contains(h.bare.stdout, fakemodel.Reply) {
		h.t.Fatalf("without hooks: %v\n%s\n%s", h.bare.err, h.bare.stdout, h.bare.stderr)
	}
	if list := h.events(); len(list) > 0 {
		h.t.Errorf("without hooks: %+v", list)
	}
}

// answers runs a prompt, and expects that nobody can tell that there are hooks.
func (h *toolHome) answers(when string) outcome {
	h.t.Helper()
	o := h.prompt(when)
	o.clean(h.t, when)
	if o.err != nil || o.stdout != h.bare.stdout {
		h.t.Errorf("%s: %v\n%s\n%s", when, o.err, o.stdout, o.stderr)
	}
	return o
}

// counts runs a prompt, which is counted once.
func (h *toolHome) counts(when string) quota.Event {
	h.t.Helper()
	h.answers(when)
	return h.counted(when)
}

// counted expects one prompt more, and gives it.
func (h *toolHome) counted(when string) quota.Event {
	h.t.Helper()
	h.sent++
	return h.arrived(when)
}

// arrived expects all prompts that are to be counted, each once, and nothing in
// the spool. It gives the last.
func (h *toolHome) arrived(when string) quota.Event {
	h.t.Helper()
	var list []quota.Event
	eventually(h.t, startLimit, when+": the prompt arrives", func() bool {
		list = h.ofKind(quota.KindPrompt)
		return len(list) >= h.sent && len(h.spooled()) == 0
	})
	if len(list) != h.sent {
		h.t.Errorf("%s: %d prompts were counted; %d were sent: %+v", when, len(list), h.sent, list)
		h.sent = len(list)
	}
	return list[len(list)-1]
}

// describes expects that a prompt tells what can be known.
func (h *toolHome) describes(e quota.Event) {
	h.t.Helper()
	for _, c := range []struct{ what, got, want string }{
		{"tool", e.Tool, h.tool.name},
		{"project", e.Project, h.project},
		{"model", e.Model, h.tool.asks},
	} {
		if c.got != c.want {
			h.t.Errorf("the %s is %q, not %q", c.what, c.got, c.want)
		}
	}
	if e.Session == "" || !h.onPlan(e) {
		h.t.Errorf("the session is %q, the endpoint %q, on the plan: %v", e.Session, e.Endpoint, h.onPlan(e))
	}
}

// calls runs a prompt in which the model calls one of the tool's functions. It
// is still one prompt.
func (h *toolHome) calls(call fakemodel.ToolCall, when string) quota.Event {
	h.t.Helper()
	h.model.CallTool(call)
	o := h.prompt(when)
	o.clean(h.t, when)
	if o.err != nil || !strings.Contains(o.stdout, fakemodel.Reply) || !h.model.ToolCalled() {
		h.t.Errorf("%s: %v, called: %v\n%s\n%s", when, o.err, h.model.ToolCalled(), o.stdout, o.stderr)
	}
	return h.counted(when)
}

// used expects the tokens of each answer of a prompt's turn, with the model.
func (h *toolHome) used(prompt quota.Event, answers int) {
	h.t.Helper()
	var turn []quota.Event
	eventually(h.t, startLimit, fmt.Sprintf("the tokens of %d answers of %q", answers, prompt.Turn), func() bool {
		turn = slices.DeleteFunc(h.ofKind(quota.KindUsage), func(e quota.Event) bool { return e.Turn != prompt.Turn })
		return len(turn) >= answers
	})
	want := quota.Tokens{Input: fakemodel.InputTokens, Cached: fakemodel.CachedTokens, Output: fakemodel.OutputTokens}
	for _, e := range turn {
		if e.Tokens != want || e.Model != h.tool.answers || e.Tool != h.tool.name {
			h.t.Errorf("%+v of %s in %s; %+v of %s was expected", e.Tokens, e.Model, e.Tool, want, h.tool.answers)
		}
	}
	if len(turn) != answers {
		h.t.Errorf("%d answers of %q have tokens, not %d: %+v", len(turn), prompt.Turn, answers, turn)
	}
}

// refused runs a prompt that the provider refuses, which is known until when.
// The tool may try again for as long as it likes: it is ended.
func (h *toolHome) refused(when string, full time.Duration) {
	h.t.Helper()
	until := time.Now().Add(full).UTC().Truncate(time.Second)
	h.model.Refuse(until)
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	ended := make(chan outcome, 1)
	go func() { ended <- h.promptUntil(ctx, when) }()
	eventually(h.t, time.Minute, when+": the plan is known to be used up", func() bool {
		return slices.ContainsFunc(h.ofKind(quota.KindExhausted), func(e quota.Event) bool {
			return e.Window == quota.WindowFive && e.Until.Equal(until) && h.onPlan(e)
		})
	})
	cancel()
	o := <-ended
	o.clean(h.t, when)
	h.counted(when)
}

// hangs runs a prompt while the daemon takes connections and does not answer.
func (h *toolHome) hangs(p *process) {
	h.t.Helper()
	const when = "the daemon hangs"
	h.must(p.Process.Signal(syscall.SIGSTOP))
	o := h.answers(when)
	h.must(p.Process.Signal(syscall.SIGCONT))
	if most := 2*h.bare.took + 3*time.Second; o.took > most {
		h.t.Errorf("%s: the tool took %v, and %v without hooks", when, o.took, h.bare.took)
	}
	h.counted(when)
}

// instead runs a prompt while something else, or nothing, is in quotad's place.
func (h *toolHome) instead(when string, put func()) {
	h.t.Helper()
	aside := h.quotad + ".aside"
	h.must(os.Rename(h.quotad, aside))
	put()
	h.answers(when)
	h.must(os.Rename(aside, h.quotad))
}

// script puts a program of a few lines in quotad's place.
func (h *toolHome) script(lines string) {
	h.t.Helper()
	h.must(os.WriteFile(h.quotad, []byte("#!/bin/sh\n"+lines), 0o700))
}

// dropHook takes what is run at an event out of a tool's settings.
func (h *toolHome) dropHook(file, event string) {
	h.t.Helper()
	path := filepath.Join(h.root, file)
	text, err := os.ReadFile(path)
	h.must(err)
	var settings map[string]any
	h.must(json.Unmarshal(text, &settings))
	hooks, _ := settings["hooks"].(map[string]any)
	if hooks[event] == nil {
		h.t.Fatalf("no hook %s in %s", event, text)
	}
	delete(hooks, event)
	h.write(path, asJSON(h.t, settings))
}
