package transcript

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func codexRecord(kind, payload string) string {
	return fmt.Sprintf(`{"timestamp":"2026-10-05T09:00:00.250Z","ordinal":1,"type":%q,"payload":%s}`, kind, payload)
}

func codexEvent(kind, members string) string {
	return codexRecord("event_msg", fmt.Sprintf(`{"type":%q,%s}`, kind, members))
}

func codexMeta(members string) string {
	return codexRecord("session_meta", `{"session_id":"c-1","id":"c-1","cwd":"/home/ann/shop","cli_version":"0.169.0",`+
		members+`"model_provider":"zai","base_instructions":{"text":"You are \"event_msg\" and careful."}}`)
}

func codexUsage(input, cached, output int) string {
	return fmt.Sprintf(`{"input_tokens":%d,"cached_input_tokens":%d,"cache_write_input_tokens":0,"output_tokens":%d,"reasoning_output_tokens":1,"total_tokens":%d}`,
		input, cached, output, input+output)
}

func codexCount(last, total string) string {
	return codexEvent("token_count", fmt.Sprintf(`"info":{"total_token_usage":%s,"last_token_usage":%s,"model_context_window":200000},"rate_limits":null`, total, last))
}

func codexAnswered(response, turn, usage string) []string {
	return []string{
		codexRecord("token_usage_record", fmt.Sprintf(`{"thread_id":"c-1","turn_id":%q,"root_turn_id":%q,"response_id":%q,"usage":%s,"thread_token_usage":%s}`,
			turn, turn, response, usage, usage)),
		codexCount(usage, usage),
	}
}

func codexTurn(turn, root string) []string {
	return []string{
		codexEvent("task_started", fmt.Sprintf(`"turn_attribution":{"turn_id":"elsewhere"},"turn_id":%q,"root_turn_id":%q,"started_at":1`, turn, root)),
		codexRecord("response_item", `{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>"}]}`),
		codexRecord("world_state", `{"full":true,"state":{}}`),
		codexRecord("turn_context", fmt.Sprintf(`{"turn_id":%q,"root_turn_id":%q,"cwd":"/home/ann/shop","model":"glm-5.3"}`, turn, root)),
		codexEvent("thread_settings_applied", `"thread_id":"c-1","thread_settings":{"model":"glm-5.3","model_provider_id":"zai"}`),
		codexEvent("item_completed", fmt.Sprintf(`"thread_id":"c-1","turn_id":%q,"item":{"type":"UserMessage","id":"i-1","content":[{"type":"text","text":"go"}]}`, turn)),
	}
}

func codexEnd(turn string) string {
	return codexEvent("task_complete", fmt.Sprintf(`"turn_id":%q,"last_agent_message":"done"`, turn))
}

func TestRolloutsOfCodex(t *testing.T) {
	steered := codexEvent("item_completed", `"turn_id":"t-1","item":{"type":"UserMessage","id":"i-2","content":[]}`)
	said := codexEvent("item_completed", `"turn_id":"t-1","item":{"type":"AgentMessage","id":"i-3","content":[]}`)
	old := func(text string) string { return codexEvent("user_message", `"message":"`+text+`","kind":"plain"`) }
	oldContext := codexRecord("turn_context", `{"cwd":"/home/ann/shop","model":"glm-4.7"}`)
	first, second := codexUsage(10, 4, 5), codexUsage(20, 0, 6)
	for _, c := range []struct {
		name  string
		lines [][]string
		want  []string
	}{
		{"a prompt and two answers",
			[][]string{{codexMeta(`"source":"cli","thread_source":"user",`)}, codexTurn("t-1", "t-1"), codexAnswered("r-1", "t-1", first), {said}, codexAnswered("r-2", "t-1", second), {codexEnd("t-1")}},
			[]string{"prompt in t-1", "usage glm-5.3 6+4+5 in t-1", "usage glm-5.3 20+0+6 in t-1"}},
		{"what is typed while a turn runs joins it",
			[][]string{{codexMeta("")}, codexTurn("t-1", "t-1"), {steered, codexEnd("t-1")}, codexTurn("t-2", "t-2")},
			[]string{"prompt in t-1", "prompt in t-2"}},
		{"a refused prompt",
			[][]string{{codexMeta("")}, codexTurn("t-1", "t-1"), {codexEvent("task_complete", `"turn_id":"t-1","error":{"message":"exceeded retry limit, last status: 429 Too Many Requests"}`)}},
			[]string{"prompt in t-1"}},
		{"a subagent counts for the user's turn, and prompts nobody",
			[][]string{{codexMeta(`"source":{"subagent":{"thread_spawn":{"parent_thread_id":"c-0"}}},`)}, codexTurn("t-5", "t-1"),
				{codexRecord("token_usage_record", `{"turn_id":"t-5","root_turn_id":"t-1","response_id":"r-1","usage":`+first+`}`)}},
			[]string{"usage glm-5.3 6+4+5 in t-1"}},
		{"the same by another word", [][]string{{codexMeta(`"source":"exec","thread_source":"subagent",`)}, codexTurn("t-5", "t-1")}, nil},
		{"a fork keeps its own name",
			[][]string{{codexMeta(""), strings.ReplaceAll(codexMeta(`"source":"subagent",`), "c-1", "c-0")}, codexTurn("t-1", "t-1")},
			[]string{"prompt in t-1"}},
	} {
		r := readingOf(t, codex, slices.Concat(c.lines...)...)
		if got := r.more(true); !slices.Equal(got, c.want) || r.mark.Skipped > 0 {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		for _, i := range r.got {
			if i.Event.Session != "c-1" || i.Event.Project != "/home/ann/shop" || i.Provider != "zai" || i.Event.Tool != "codex" {
				t.Errorf("%s: %+v", c.name, i)
			}
		}
	}

	// Older versions tell neither turns nor single answers.
	r := readingOf(t, codex, codexMeta(""), old("<environment_context>"), old("go"), oldContext, codexCount(first, first), codexCount(first, first),
		codexEvent("token_count", `"info":null`), strings.Replace(old("on"), ":00.250Z", ":30.250Z", 1), codexCount(second, codexUsage(30, 4, 11)))
	got := r.more(true)
	if len(got) != 4 || r.got[0].Event.Turn == "" || r.got[0].Event.Turn != r.got[1].Event.Turn || r.got[2].Event.Turn == r.got[0].Event.Turn ||
		!strings.HasPrefix(got[1], "usage glm-4.7 6+4+5") || !strings.HasPrefix(got[3], "usage glm-4.7 20+0+6") {
		t.Errorf("%q", got)
	}
}
