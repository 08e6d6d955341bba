package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// prompts are the payloads of prompts, each with a place for its number.
var prompts = []struct{ tool, payload string }{
	{"claude-code", `{"session_id":"761f3430","transcript_path":"/home/u/.claude/projects/-home-u-proj/761f3430.jsonl","cwd":"/home/u/proj","prompt_id":"a525a7ff-%d","permission_mode":"default","hook_event_name":"UserPromptSubmit","prompt":"hello %[1]d"}`},
	{"cline", `{"clineVersion":"4.1.13","hookName":"UserPromptSubmit","timestamp":"1795441597%d","taskId":"t-%[1]d","workspaceRoots":["/home/u/proj"],"userPromptSubmit":{"prompt":"hello %[1]d","attachments":[]}}`},
	{"codex", `{"session_id":"01a208a7","turn_id":"t-%d","transcript_path":"/home/u/.codex/sessions/rollout.jsonl","cwd":"/home/u/proj","hook_event_name":"UserPromptSubmit","model":"glm-5.3","prompt":"hello %[1]d"}`},
	{"cursor", `{"conversation_id":"c-1","generation_id":"g-%d","model":"glm-5.3","hook_event_name":"beforeSubmitPrompt","cursor_version":"3.0","workspace_roots":["/home/u/proj"],"prompt":"hello %[1]d","attachments":[]}`},
	{"droid", `{"session_id":"d-1","transcript_path":"/home/u/.factory/sessions/d-1.jsonl","cwd":"/home/u/proj","permission_mode":"off","hook_event_name":"UserPromptSubmit","prompt":"hello %d"}`},
	{"gemini", `{"session_id":"g-1","transcript_path":"/home/u/.gemini/tmp/g-1.json","cwd":"/home/u/proj","hook_event_name":"BeforeAgent","timestamp":"2026-11-23T13:00:00.000Z","prompt":"hello %d"}`},
	{"goose", `{"event":"UserPromptSubmit","session_id":"o-1","matcher_context":"hello %d","message":"hello %[1]d"}`},
	{"kilo", `{"event":"prompt","session":"ses_1","id":"msg_%d","at":1795441597663,"project":"/home/u/proj","provider":"zai-coding-plan","model":"glm-5.3"}`},
	{"opencode", `{"event":"prompt","session":"ses_1","id":"msg_%d","at":1795441597663,"project":"/home/u/proj","provider":"zai-coding-plan","model":"glm-5.3"}`},
	{"qoder", `{"session_id":"q-1","transcript_path":"/home/u/.qoder/q-1.jsonl","cwd":"/home/u/proj","hook_event_name":"UserPromptSubmit","prompt":"hello %d"}`},
	{"qwen", `{"session_id":"w-1","transcript_path":"/home/u/.qwen/tmp/w-1.jsonl","cwd":"/home/u/proj","hook_event_name":"UserPromptSubmit","prompt_id":"w-1########%d","prompt":"hello %[1]d","submitted_prompt":"hello %[1]d"}`},
}

// measureHooks compares the hook of each tool, its event durable before it ends,
// with a program that only says hello.
func measureHooks(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "hook"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	var runs []subject
	for _, one := range prompts {
		runs = append(runs, subject{
			what: "hook " + one.tool, args: []string{"hook", one.tool}, aim: "<= 2.5x",
			input: func(i int) string { return fmt.Sprintf(one.payload, i) },
		})
	}
	if path, err := exec.LookPath("curl"); err == nil { // what a hook of one's own would run
		runs = append(runs, subject{
			what: "curl in its place", other: true, input: func(int) string { return "" },
			args: []string{path, "-s", "--unix-socket", d.socket, "-d", `{"tool":"curl"}`, "http://quotad/v1/events"},
		})
	}
	rows, err := againstHello(p, d, s.processes, runs)
	if err != nil {
		return nil, err
	}
	return rows, allCounted(p, d, s.processes)
}

// spooledBy is when the daemon has taken in what it could not acknowledge in a
// hook's time.
const spooledBy = 10 * time.Second

// allCounted makes sure that what was measured did its work.
func allCounted(p programs, d *daemonAt, times int) error {
	var err error
	for over := time.Now().Add(spooledBy); time.Now().Before(over); time.Sleep(time.Second / 10) {
		if err = counted(p, d, times); err == nil {
			return nil
		}
	}
	return err
}

// counted is the error of the first tool whose prompts are not all there.
func counted(p programs, d *daemonAt, times int) error {
	out, err := output(d, p.quotad, "events", "--json")
	if err != nil {
		return err
	}
	for _, one := range prompts {
		if n := bytes.Count(out, fmt.Appendf(nil, `"tool":%q`, one.tool)); n != times {
			return fmt.Errorf("%d of %d prompts of %s were counted:\n%s", n, times, one.tool, strings.ToValidUTF8(string(out[:min(len(out), 1000)]), "?"))
		}
	}
	return nil
}
