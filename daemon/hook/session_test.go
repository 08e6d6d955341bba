package hook

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"quotad/quota"
)

func TestSession(t *testing.T) {
	const (
		zai    = "https://api.z.ai/api/anthropic"
		claude = `{"session_id":"s","transcript_path":"/home/ada/.claude/projects/p/s.jsonl","model":{"id":"glm-5.3[1m]"},"output_style":{"name":"default"}}`
		moved  = `{"session_id":"s","transcript_path":"/elsewhere/s.jsonl","output_style":{"name":"default"},"exceeds_200k_tokens":false}`
		qwen   = `{"session_id":"s","model":{"display_name":"glm-5.3"},"metrics":{"models":{}}}`
		droid  = `{"session_id":"s","transcript_path":"/home/ada/.factory/sessions/s.jsonl","output_style":{"name":"default"}}`
	)
	for _, c := range []struct {
		what, input string
		env         map[string]string
		want        Session
	}{
		{"Claude Code on the plan", claude, map[string]string{"ANTHROPIC_BASE_URL": zai}, Session{Tool: "claude-code", Endpoint: zai}},
		{"Claude Code that keeps its files elsewhere", moved, map[string]string{"ANTHROPIC_BASE_URL": zai}, Session{Tool: "claude-code", Endpoint: zai}},
		{"Claude Code where nothing else is said", claude, nil, Session{Tool: "claude-code", Endpoint: anthropic}},
		{"Claude Code on a cloud", claude, map[string]string{"ANTHROPIC_BASE_URL": zai, "CLAUDE_CODE_USE_VERTEX": "1"}, Session{Tool: "claude-code", Endpoint: anthropic}},
		{"a subscription to Claude", claude[:len(claude)-1] + `,"rate_limits":{"five_hour":{"used_percentage":23.5}}}`,
			map[string]string{"ANTHROPIC_BASE_URL": zai}, Session{Tool: "claude-code", Endpoint: zai, Limits: true}},
		{"limits that are none", claude[:len(claude)-1] + `,"rate_limits":"soon"}`, nil, Session{Tool: "claude-code", Endpoint: anthropic}},
		{"Qwen Code does not heed Claude's variables", qwen, map[string]string{"ANTHROPIC_BASE_URL": "https://x.example"}, Session{Tool: "qwen"}},
		{"Qwen Code says where it talks to", qwen, map[string]string{"OPENAI_BASE_URL": "https://api.z.ai/api/coding/paas/v4"}, Session{Tool: "qwen", Endpoint: "https://api.z.ai/api/coding/paas/v4"}},
		{"Droid tells no endpoint", droid, map[string]string{"ANTHROPIC_BASE_URL": "https://x.example"}, Session{Tool: "droid"}},
		{"the folder it works in, and its key", claude[:len(claude)-1] + `,"cwd":"/p"}`, map[string]string{"ANTHROPIC_AUTH_TOKEN": "k"},
			Session{Tool: "claude-code", Endpoint: anthropic, Project: "/p", key: "k"}},
		{"a folder that is told another way", qwen[:len(qwen)-1] + `,"workspace":{"current_dir":"/q"}}`, nil, Session{Tool: "qwen", Project: "/q"}},
		{"the account of its shell", "", map[string]string{"QUOTAD_ACCOUNT": "work"}, Session{Account: "work"}},
		{"what is no account", "", map[string]string{"QUOTAD_ACCOUNT": "a b"}, Session{}},
		{"nothing comes", "", nil, Session{}},
		{"nothing comes, and the environment tells", "", map[string]string{"ANTHROPIC_BASE_URL": "https://x.example"}, Session{Endpoint: "https://x.example"}},
		{"the object is cut off", claude[:20], nil, Session{}},
		{"no object at all", `[1,2]`, nil, Session{}},
		{"all of other types", `{"transcript_path":7,"rate_limits":[],"output_style":null,"metrics":""}`, nil, Session{}},
	} {
		got := ReadSession(strings.NewReader(c.input), func(name string) string { return c.env[name] })
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

func TestASessionHasNoKeyButItsHash(t *testing.T) {
	s := Session{Tool: "qwen", Project: "/p", Account: "work", key: "secret"}
	e := s.Event(func() ([]byte, error) { return []byte("salt"), nil })
	if want := (quota.Event{Tool: "qwen", Project: "/p", Account: "work", Key: quota.KeyHash([]byte("salt"), "secret")}); !reflect.DeepEqual(e, want) {
		t.Errorf("%+v", e)
	}
	if e := s.Event(func() ([]byte, error) { return nil, io.EOF }); e.Key != "" {
		t.Errorf("without a salt: %+v", e)
	}
}

func TestSessionWaitsForNoEnd(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	go io.WriteString(out, `{"rate_limits":{}}`)
	if got := ReadSession(in, func(string) string { return "" }); !got.Limits {
		t.Errorf("%+v", got)
	}
}
