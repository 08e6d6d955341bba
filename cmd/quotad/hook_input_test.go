package main

import (
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"quotad/daemon/hook"
)

// badInputs are what a hook does not expect of its tool: what no tool should
// write, and what another one does.
func badInputs() map[string]string {
	const claude = `{"session_id":"s","hook_event_name":"UserPromptSubmit","prompt":"`
	return map[string]string{
		"nothing":             "",
		"blanks":              " \n\t ",
		"half a value":        claude + "my-wo",
		"an endless value":    claude + strings.Repeat("my-words ", 1<<20),
		"8 MiB":               claude + strings.Repeat("my-words", 1<<20) + `"}`,
		"many brackets":       strings.Repeat("[", 1<<20),
		"no JSON":             "my-words my-words\n",
		"a list":              `["my-words"]`,
		"null":                "null",
		"wrong types":         `{"session_id":[1],"hook_event_name":"UserPromptSubmit","hookName":"UserPromptSubmit","event":"UserPromptSubmit","prompt":{"a":"my-words"},"message":7,"cwd":true,"model":{},"taskId":{},"timestamp":[],"workspaceRoots":1}`,
		"the event mistyped":  `{"hook_event_name":17,"hookName":{},"event":[],"type":null}`,
		"an unknown event":    `{"session_id":"s","hook_event_name":"SomethingNew","hookName":"something_new","event":"SomethingNew","type":"something-new"}`,
		"bytes not UTF-8":     claude + "my-words \xff\xfe\xed\xa0\x80" + `","cwd":"/` + "\xff" + `"}`,
		"a lone surrogate":    claude + `my-words \ud83d"}`,
		"Cursor's payload":    `{"conversation_id":"c","generation_id":"g","model":"glm-4.7","hook_event_name":"beforeSubmitPrompt","cursor_version":"1","prompt":"my-words"}`,
		"Cline's payload":     `{"clineVersion":"4","hookName":"UserPromptSubmit","taskId":"1","timestamp":"2","userPromptSubmit":{"prompt":"my-words"}}`,
		"Droid's payload":     `{"session_id":"s","transcript_path":"/h/.factory/x.jsonl","hook_event_name":"UserPromptSubmit","prompt":"my-words"}`,
		"Goose's payload":     `{"event":"UserPromptSubmit","session_id":"s","matcher_context":"my-words","message":"my-words"}`,
		"Qwen Code's payload": `{"session_id":"s","prompt_id":"s########0","hook_event_name":"UserPromptSubmit","submitted_prompt":"my-words","prompt":"my-words"}`,
		"Codex's payload":     `{"session_id":"s","turn_id":"t","hook_event_name":"UserPromptSubmit","model":"glm-4.7","prompt":"my-words"}`,
	}
}

// Whatever comes, and while the daemon hangs and the tool keeps its end of the
// pipe open, a hook of any tool ends in time and in silence.
func TestHooksOfAllToolsTakeBadInput(t *testing.T) {
	for _, a := range hook.Adapters() {
		t.Run(a.Name, func(t *testing.T) {
			h := newHookHome(t)
			h.listen(t) // the kernel takes connections, nobody reads
			var runs sync.WaitGroup
			atATime := make(chan struct{}, 4)
			for what, input := range badInputs() {
				runs.Go(func() {
					atATime <- struct{}{}
					defer func() { <-atATime }()
					h.take(t, a, what, input)
				})
			}
			runs.Wait()
			h.holdsNo(t, "my-words", "my-key")
		})
	}
}

// maxArgument is how long one argument of a program can be on Linux, less a
// little.
const maxArgument = 100 << 10

// take gives an input to a tool's hook.
func (h hookHome) take(t *testing.T, a hook.Adapter, what, input string) {
	args := []string{a.Name, "--guard=block"}
	if a.FromArgs {
		args = append(args, input[:min(len(input), maxArgument)])
	}
	c := h.command(t, args...)
	in, out, err := os.Pipe()
	if err != nil {
		t.Error(err)
		return
	}
	defer out.Close()
	defer in.Close()
	c.Stdin = in
	go io.WriteString(out, input)
	runQuietly(t, c)
	if t.Failed() {
		t.Logf("with %s", what)
	}
}
