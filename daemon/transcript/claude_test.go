package transcript

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// claudeUser is a line of the user's side. Members that are given come first
// where the tool writes them first, and so may repeat others.
func claudeUser(uuid, content, members string) string {
	return fmt.Sprintf(`{"parentUuid":null,"isSidechain":false,%s"type":"user","message":{"role":"user","content":%s},"uuid":%q,`+
		`"timestamp":"2026-10-05T09:00:00.123Z","userType":"external","cwd":"/home/ann/shop","sessionId":"s-1","version":"2.1.330"}`,
		members, content, uuid)
}

// claudeAnswer is a line of the model's side.
func claudeAnswer(id, stop string, output int, members string) string {
	return fmt.Sprintf(`{"parentUuid":"p","isSidechain":false,"message":{"id":%q,"type":"message","role":"assistant","model":"glm-5.3","content":`+
		`[{"type":"text","text":"a \"stop_reason\" is no member here"}],"stop_reason":%s,"usage":{"input_tokens":40,"cache_creation_input_tokens":2,`+
		`"cache_read_input_tokens":30,"output_tokens":%d,"server_tool_use":{"input_tokens":9}}},%s"requestRef":"r-%s","type":"assistant",`+
		`"uuid":"u-%s","timestamp":"2026-10-05T09:00:01.500Z","cwd":"/home/ann/shop","sessionId":"s-1"}`,
		id, stop, output, members, id, id)
}

func claudeRefusal(text string) string {
	return fmt.Sprintf(`{"isSidechain":false,"type":"assistant","uuid":"e-1","timestamp":"2026-10-05T09:00:02.000Z","message":{"id":"x-1",`+
		`"model":"<synthetic>","role":"assistant","stop_reason":"stop_sequence","usage":{"input_tokens":0,"output_tokens":0},"content":`+
		`[{"type":"text","text":%q}]},"error":"rate_limit","isApiErrorMessage":true,"apiErrorStatus":429,"cwd":"/home/ann/shop","sessionId":"s-1"}`, text)
}

// claudeRetry is what is written of a request that is made again.
func claudeRetry(attempt int, status, message string) string {
	return fmt.Sprintf(`{"isSidechain":false,"type":"system","subtype":"api_error","level":"error","error":{"message":%q,"status":%s,"rateLimits":null},`+
		`"retryInMs":515,"retryAttempt":%d,"maxRetries":10,"timestamp":"2026-10-05T09:00:0%d.000Z","uuid":"e-%[3]d","cwd":"/home/ann/shop","sessionId":"s-1"}`,
		message, status, attempt, attempt)
}

const stopBody = `429 {"error":{"code":"1308","message":"Usage limit reached for 5 hour. Your limit will reset at 2026-10-05 19:30:00"}}`

func TestAStopIsOneEventHoweverOftenItIsWritten(t *testing.T) {
	r := readingOf(t, claudeCode, claudeRetry(1, "429", stopBody), claudeRetry(2, "429", stopBody),
		claudeRefusal("API Error: Request rejected (429) · Usage limit reached for 5 hour. Your limit will reset at 2026-10-05 19:30:00"))
	r.more(true)
	ids := map[string]bool{}
	for _, i := range r.got {
		ids[i.Event.ID] = true
	}
	if len(r.got) != 3 || len(ids) != 1 {
		t.Errorf("%d events by %d ids", len(r.got), len(ids))
	}
}

func TestAStopWithoutAnInstantIsOneEventOfItsTurn(t *testing.T) {
	daily := `429 {"error":{"code":"1304","message":"Daily call limit reached"}}`
	prompt := func(turn string) string { return claudeUser("u-"+turn, `"go on"`, `"promptId":"`+turn+`",`) }
	r := readingOf(t, claudeCode, prompt("t-1"), claudeRetry(1, "429", daily), claudeRetry(2, "429", daily), prompt("t-2"), claudeRetry(1, "429", daily))
	r.more(true)
	ids := map[string]bool{}
	for _, i := range r.got {
		if e := i.Event; e.Window != "" && e.Until.IsZero() && e.Code == "1304" {
			ids[e.ID] = true
		}
	}
	if len(r.got) != 5 || len(ids) != 2 {
		t.Errorf("%d items, %d stops", len(r.got), len(ids))
	}
}

const anAnswer = "usage glm-5.3 42+30+7"

func TestEachKindOfLineOfClaudeCode(t *testing.T) {
	typed := `"promptId":"t-1","origin":{"kind":"human"},"promptSource":"typed",`
	for _, c := range []struct {
		kind string
		line string
		want string
	}{
		{"the mode of a session", `{"type":"mode","mode":"plan","sessionId":"s-1"}`, ""},
		{"a prompt that joins the queue", `{"type":"queue-operation","operation":"enqueue","timestamp":"2026-10-05T09:00:00Z","content":"tidy up","sessionId":"s-1"}`, ""},
		{"a snapshot of files", `{"type":"file-history-snapshot","messageId":"m","snapshot":{"trackedFileBackups":{}}}`, ""},
		{"a typed prompt", claudeUser("u-1", `"mend the \"user\" test"`, typed), "prompt in t-1"},
		{"a prompt from the queue", claudeUser("u-1", `"and then tidy up"`, strings.Replace(typed, "typed", "queued", 1)), "prompt in t-1"},
		{"a prompt of claude -p", claudeUser("u-1", `"list the files"`, `"promptId":"t-1","promptSource":"sdk",`), "prompt in t-1"},
		{"a custom command", claudeUser("u-1", `"<command-message>ship</command-message>\n<command-name>/ship</command-name>"`, `"promptId":"t-1",`), "prompt in t-1"},
		{"what a custom command stands for", claudeUser("u-1", `[{"type":"text","text":"Ship it."}]`, `"promptId":"t-1","isMeta":true,"turnCompanion":true,`), ""},
		{"an answer that calls a tool", strings.Replace(claudeAnswer("m-1", `"tool_use"`, 7, ""), `"type":"text","text"`, `"type":"tool_use","name"`, 1), anAnswer},
		{"what a tool gave", claudeUser("u-1", `[{"tool_use_id":"x","type":"tool_result","content":[{"type":"text","text":"ok"}]}]`, `"promptId":"t-1",`), ""},
		{"what a subagent was asked", claudeUser("u-1", `"find the tests"`, `"promptId":"t-1","isSidechain":true,"agentId":"a-1",`), ""},
		{"an answer to a subagent", claudeAnswer("m-1", `"end_turn"`, 7, `"isSidechain":true,"agentId":"a-1",`), anAnswer},
		{"a background subagent that has finished", claudeUser("u-1", `"<task-notification>\n<task-id>a-1</task-id>"`, `"promptId":"t-1","promptSource":"system",`), ""},
		{"an answer", claudeAnswer("m-1", `"end_turn"`, 7, ""), anAnswer},
		{"a refusal that says until when", claudeRefusal("API Error: Request rejected (429) · Usage limit reached for 5 hour. Your limit will reset at 2026-10-05 19:30:00"), "exhausted 5h until 11:30 in t-0"},
		{"a refusal that is past by then", claudeRefusal("API Error: Usage limit reached for 5 hour. Your limit will reset at 2026-10-05 07:30:00"), ""},
		{"a request that is refused and made again", claudeRetry(1, "429", stopBody), "exhausted 5h until 11:30 in t-0"},
		{"one that is refused in words alone, without an instant", claudeRetry(1, "429", "429 Usage limit reached for 5 hour"), ""},
		{"one that is refused for concurrency", claudeRetry(1, "429", `429 {"error":{"code":"1302","message":"High concurrency"}}`), ""},
		{"one that is refused without a word", claudeRetry(1, "429", "429 "), ""},
		{"one that is refused for its key", claudeRetry(1, "401", strings.Replace(stopBody, "429", "401", 1)), ""},
		{"a refusal for concurrency", claudeRefusal("API Error: 429 [1302][High concurrency usage of this API, please reduce concurrency][20261005170002aa]"), ""},
		{"an attempt that failed", `{"type":"system","subtype":"api_error","error":{"status":401},"retryAttempt":1,"timestamp":"2026-10-05T09:00:00Z"}`, ""},
		{"the caveat before a command", claudeUser("u-1", `"<local-command-caveat>The command below was run by \"user\".</local-command-caveat>"`, `"isMeta":true,`), ""},
		{"a command of Claude Code", claudeUser("u-1", `"<command-name>/clear</command-name>\n<command-message>clear</command-message>"`, ""), ""},
		{"what a command printed", claudeUser("u-1", `"<local-command-stdout>Compacted</local-command-stdout>"`, `"promptId":"t-1","repeatsCompactSummary":true,`), ""},
		{"the same, as it is written now", `{"type":"system","subtype":"local_command","content":"<local-command-stdout></local-command-stdout>","uuid":"u-1"}`, ""},
		{"a line that does not say where it came from", claudeUser("u-1", `"whatever comes next"`, `"promptId":"t-1",`), ""},
		{"a shell command", claudeUser("u-1", `"<bash-input>make</bash-input>"`, `"promptId":"t-1",`), ""},
		{"what a shell command printed", claudeUser("u-1", `"<bash-stdout>ok</bash-stdout><bash-stderr></bash-stderr>"`, `"promptId":"t-1","turnOrigin":"human",`), ""},
		{"the place of a compaction", `{"type":"system","subtype":"compact_boundary","content":"Conversation compacted","uuid":"u-1"}`, ""},
		{"the summary of a compaction", claudeUser("u-1", `"This session is being continued from a previous conversation that ran out."`, `"promptId":"t-1","isCompactSummary":true,`), ""},
		{"a prompt that a hook blocked", `{"type":"system","subtype":"informational","content":"blocked by hook. Original prompt: mend","promptSubmitEnding":{"ending":{"kind":"blocked_by_hook"}}}`, ""},
		{"what hooks did at the end", `{"type":"system","subtype":"stop_hook_summary","hookCount":1,"timestamp":"2026-10-05T09:00:00Z"}`, ""},
		{"how long a turn took", `{"type":"system","subtype":"turn_duration","durationMs":478,"timestamp":"2026-10-05T09:00:00Z"}`, ""},
		{"what a hook told the user", `{"type":"attachment","attachment":{"type":"hook_system_message","content":"92 % used","hookEvent":"UserPromptSubmit"}}`, ""},
		{"a hook that failed", `{"type":"attachment","attachment":{"type":"hook_non_blocking_error","stderr":"oops","exitCode":1}}`, ""},
		{"the last prompt once more", `{"type":"last-prompt","lastPrompt":"mend the test","sessionId":"s-1"}`, ""},
	} {
		known := claudeUser("u-0", `"hello"`, `"promptId":"t-0","promptSource":"typed",`)
		got := readingOf(t, claudeCode, known, c.line).more(true)[1:]
		want := []string{}
		if c.want != "" {
			want = append(want, strings.Replace(c.want, anAnswer, anAnswer+" in t-0", 1))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.kind, got, want)
		}
	}
}

func TestLinesOfOlderVersionsOfClaudeCode(t *testing.T) {
	for _, c := range []struct {
		kind string
		line string
		want int
	}{
		{"a prompt", claudeUser("u-1", `"add a test"`, ""), 1},
		{"a prompt with an image", claudeUser("u-1", `[{"type":"image","source":{"data":"iVBO"}},{"type":"text","text":"what is this?"}]`, ""), 1},
		{"a custom command", claudeUser("u-1", `"<command-message>ship is running…</command-message>"`, ""), 1},
		{"an interruption", claudeUser("u-1", `[{"type":"text","text":"[Request interrupted by user for tool use]"}]`, ""), 0},
		{"a summary", `{"type":"summary","summary":"Tests for the \"user\" parser","leafUuid":"u"}`, 0},
		{"a command of Claude Code", claudeUser("u-1", `"<command-name>/cost</command-name>"`, ""), 0},
		{"a reminder", claudeUser("u-1", `"<system-reminder>\nMind the list.</system-reminder>"`, ""), 0},
		{"a continued session", claudeUser("u-1", `"This session is being continued from a previous conversation that ran out"`, ""), 0},
		{"a caveat", claudeUser("u-1", `"Caveat: The messages below were generated by the user"`, ""), 0},
		{"a subagent's task", claudeUser("u-1", `"look around"`, `"isSidechain":true,`), 0},
	} {
		r := readingOf(t, claudeCode, c.line)
		if got := r.more(true); len(got) != c.want || r.mark.Skipped > 0 {
			t.Errorf("%s: %q, %d skipped", c.kind, got, r.mark.Skipped)
		}
	}
}

func TestAnswersThatTakeSeveralLines(t *testing.T) {
	prompt := claudeUser("u-1", `"go"`, `"promptId":"t-1","promptSource":"typed",`)
	result := claudeUser("u-2", `[{"type":"tool_result","content":"ok"}]`, `"promptId":"t-1",`)
	side := `"isSidechain":true,"agentId":"a-1",`
	for _, c := range []struct {
		name  string
		lines []string
		held  []string // what is told while more may come
		want  []string // and then in the end
	}{
		{"the last line has the figures", []string{claudeAnswer("m", "null", 1, ""), claudeAnswer("m", `"end_turn"`, 7, "")},
			[]string{anAnswer}, nil},
		{"each line says that it ended", []string{claudeAnswer("m", `"tool_use"`, 7, ""), claudeAnswer("m", `"tool_use"`, 7, "")},
			[]string{anAnswer}, nil},
		{"a tool's result comes in between", []string{claudeAnswer("m", "null", 1, ""), result, claudeAnswer("m", `"tool_use"`, 7, "")},
			[]string{anAnswer}, nil},
		{"no line says that it ended", []string{claudeAnswer("m", "null", 1, ""), claudeAnswer("m", "null", 7, "")},
			nil, []string{anAnswer}},
		{"another answer follows", []string{claudeAnswer("m", "null", 7, ""), claudeAnswer("n", "null", 3, "")},
			[]string{anAnswer}, []string{"usage glm-5.3 42+30+3"}},
		{"another prompt follows", []string{claudeAnswer("m", "null", 7, ""), claudeUser("u-3", `"on"`, `"promptId":"t-1","promptSource":"typed",`)},
			[]string{anAnswer, "prompt"}, nil},
		{"a subagent's answer comes in between", []string{claudeAnswer("m", "null", 1, ""), claudeAnswer("n", `"end_turn"`, 3, side), claudeAnswer("m", "null", 7, "")},
			[]string{"usage glm-5.3 42+30+3"}, []string{anAnswer}},
		{"more answers side by side than are remembered", []string{
			claudeAnswer("m", "null", 7, ""), claudeAnswer("n", "null", 3, side), claudeAnswer("o", "null", 4, strings.Replace(side, "a-1", "a-2", 1)),
			claudeAnswer("p", "null", 5, strings.Replace(side, "a-1", "a-3", 1)),
		}, []string{anAnswer}, []string{"usage glm-5.3 42+30+3", "usage glm-5.3 42+30+4", "usage glm-5.3 42+30+5"}},
		{"a replay on a side of what the main one had", []string{claudeAnswer("m", `"end_turn"`, 7, ""), claudeAnswer("m", `"end_turn"`, 7, side)},
			[]string{anAnswer}, nil},
	} {
		r := readingOf(t, claudeCode, append([]string{prompt}, c.lines...)...)
		got, rest := r.more(false)[1:], r.more(true)
		if !slices.Equal(got, inTurn(c.held)) || !slices.Equal(rest, inTurn(c.want)) {
			t.Errorf("%s: %q, then %q", c.name, got, rest)
		}
	}
}

func inTurn(words []string) (turned []string) {
	for _, w := range words {
		turned = append(turned, w+" in t-1")
	}
	return turned
}

func TestATurnThatIsNoPromptHasItsAnswers(t *testing.T) {
	r := readingOf(t, claudeCode,
		claudeUser("u-1", `"go"`, `"promptId":"t-1","promptSource":"typed",`), claudeAnswer("m", `"end_turn"`, 7, ""),
		claudeUser("u-2", `"<bash-input>ls</bash-input>"`, `"promptId":"t-2",`), claudeAnswer("n", `"end_turn"`, 7, ""))
	want := []string{"prompt in t-1", anAnswer + " in t-1", anAnswer + " in t-2"}
	if got := r.more(false); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	e := r.got[1].Event
	if e.Tool != "claude-code" || e.Session != "s-1" || e.Project != "/home/ann/shop" ||
		!e.At.Equal(time.Date(2026, 10, 5, 9, 0, 1, 500e6, time.UTC)) || !strings.HasPrefix(e.ID, "claude-code:usage:") {
		t.Errorf("%+v", e)
	}
}

func TestOldPromptsLinkTheirAnswersToo(t *testing.T) {
	r := readingOf(t, claudeCode, claudeUser("u-1", `"go"`, ""), claudeAnswer("m", "null", 7, ""))
	want := []string{"prompt in u-1", anAnswer + " in u-1"}
	if got := r.more(true); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSubagentsOfASession(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "s-1", "subagents")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"agent-b.jsonl", "agent-a.jsonl", "agent-a.meta.json"} {
		text := claudeUser("u-"+name, `"look"`, `"promptId":"t-9","isSidechain":true,"agentId":"a",`) + "\n" +
			claudeAnswer(name, `"end_turn"`, 7, `"isSidechain":true,"agentId":"a",`) + "\n"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := Subagents(filepath.Join(dir, "s-1.jsonl"))
	if len(found) != 2 || found[0].Path != filepath.Join(folder, "agent-a.jsonl") || found[0].Size == 0 {
		t.Fatalf("%+v", found)
	}
	r := &reading{t: t, src: found[0]}
	if got, want := r.more(false), []string{anAnswer + " in t-9"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if none := Subagents(filepath.Join(dir, "s-2.jsonl")); none != nil {
		t.Errorf("%+v", none)
	}
}
