package hook

import (
	"strings"
	"testing"
	"time"

	"quotad/daemon/api"
)

// told runs hooks one after another, each so long after the first, and counts
// under how many IDs they told of a prompt.
func told(t *testing.T, runs []imported) int {
	t.Helper()
	dir := t.TempDir()
	begin := time.Now()
	ids := map[string]bool{}
	for i, r := range runs {
		s := newStage(t, strings.NewReader(r.payload))
		s.call.Tool = r.tool
		s.call.Start = begin.Add(r.after)
		s.call.Rand = strings.NewReader(strings.Repeat(string(rune('a'+i)), 10))
		s.call.Twins = Twins{Dirs: []string{dir}, Salt: SaltIn(dir)}
		s.call.ReadFile = around(s.call.Env).ReadFile
		s.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
			e, err := api.DecodeEvent(line, begin)
			if err != nil {
				t.Fatal(err)
			}
			ids[e.ID] = true
			return api.Receipt{Delivery: api.Delivered}, nil
		}
		s.call.Run()
	}
	return len(ids)
}

// imported is a run of a hook that was installed for a tool.
type imported struct {
	tool    string
	after   time.Duration
	payload string
}

func TestPromptsThatSeveralHooksTellOf(t *testing.T) {
	const (
		generation = `{"conversation_id":"c","generation_id":"g-1","model":"glm-4.7","hook_event_name":"beforeSubmitPrompt","cursor_version":"1.7.2","prompt":"hi"}`
		factory    = `{"session_id":"s","transcript_path":"/h/.factory/projects/x/1.jsonl","hook_event_name":"UserPromptSubmit","prompt":"hi"}`
		editor     = `{"clineVersion":"4.1.13","hookName":"UserPromptSubmit","timestamp":"17","taskId":"1","userPromptSubmit":{"prompt":"hi"}}`
		started    = `{"clineVersion":"","hookName":"agent_start","timestamp":"2026-11-23T13:48:26.140Z","taskId":"conv_1","agent_id":"a","parent_agent_id":null}`
		typed      = `{"clineVersion":"","hookName":"prompt_submit","timestamp":"2026-11-23T13:48:26.100Z","taskId":"conv_1","agent_id":"a","parent_agent_id":null,"prompt":"hi"}`
		child      = `{"clineVersion":"","hookName":"agent_start","taskId":"conv_1","agent_id":"b","parent_agent_id":"a"}`
	)
	other := func(payload, old, new string) string { return strings.Replace(payload, old, new, 1) }
	for _, c := range []struct {
		what string
		runs []imported
		want int
	}{
		{"Cursor runs its own hook and Claude Code's, a while apart",
			[]imported{{"cursor", 0, generation}, {"claude-code", time.Minute, generation}}, 1},
		{"Cursor's next prompt is another generation",
			[]imported{{"cursor", 0, generation}, {"cursor", 0, other(generation, "g-1", "g-2")}}, 2},
		{"Droid runs its own hook and Claude Code's",
			[]imported{{"droid", 0, factory}, {"claude-code", 2 * time.Second, factory}}, 1},
		{"the same words to Droid again, typed later",
			[]imported{{"droid", 0, factory}, {"droid", 3 * time.Second, factory}}, 2},
		{"the same words to Droid in another session",
			[]imported{{"droid", 0, factory}, {"droid", 0, other(factory, `"s"`, `"t"`)}}, 2},
		{"Cline runs the user's script and the workspace's",
			[]imported{{"cline", 0, editor}, {"cline", time.Second, editor}}, 1},
		{"the next prompt of the same task in Cline",
			[]imported{{"cline", 0, editor}, {"cline", time.Second, other(editor, `"17"`, `"18"`)}}, 2},
		{"Cline's command line tells of the prompt and of the run",
			[]imported{{"cline", 0, typed}, {"cline", 500 * time.Millisecond, started}}, 1},
		{"of the run alone, and of its subagents",
			[]imported{{"cline", 0, started}, {"cline", time.Second, child}, {"cline", time.Minute, child}}, 1},
		{"of the next prompt of the task",
			[]imported{{"cline", 0, typed}, {"cline", 0, started}, {"cline", time.Minute, typed}}, 2},
	} {
		if got := told(t, c.runs); got != c.want {
			t.Errorf("%s: %d prompts, want %d", c.what, got, c.want)
		}
	}
}
