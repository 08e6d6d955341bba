package daemon

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"quotad/daemon/api"
)

func TestATurnThatCannotBeFollowedIsRefused(t *testing.T) {
	d := start(t, t.TempDir(), settings(t, labConfig), atNoon).served()
	for _, c := range []struct{ name, body, says string }{
		{"nothing", ``, "JSON object"},
		{"no object", `[]`, "object"},
		{"no tool", `{"transcript":"/f"}`, `"field":"tool"`},
		{"a tool that keeps nothing readable", `{"tool":"none","transcript":"/f"}`, "claude-code"},
		{"a tool that is no text", `{"tool":7,"transcript":"/f"}`, `"field":"tool"`},
		{"no record", `{"tool":"claude-code"}`, `"field":"transcript"`},
		{"a record somewhere", `{"tool":"claude-code","transcript":"f.jsonl"}`, "absolute"},
		{"a record with a NUL in its name", `{"tool":"claude-code","transcript":"/f\u0000"}`, "absolute"},
		{"a path that is too long", `{"tool":"claude-code","transcript":"/` + strings.Repeat("x", 5000) + `"}`, `"field":"transcript"`},
		{"a session that is too long", `{"tool":"claude-code","transcript":"/f","session":"` + strings.Repeat("x", 2000) + `"}`, `"field":"session"`},
		{"an account that is none", `{"tool":"claude-code","transcript":"/f","account":"a b"}`, `"field":"account"`},
		{"a time that is none", `{"tool":"claude-code","transcript":"/f","at":"soon"}`, `"field":"at"`},
		{"a time to come", `{"tool":"claude-code","transcript":"/f","at":"2026-11-24T12:00:00Z"}`, `"field":"at"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, got := d.call(t, "POST /v1/turns", "", c.body)
			if status != 400 || !strings.Contains(got, c.says) {
				t.Errorf("%d %s, want %s", status, got, c.says)
			}
		})
	}
	if len(d.follow.heard) != 0 {
		t.Errorf("followed all the same: %+v", d.follow.heard)
	}
}

func TestATurnIsTakenAsTheHookSendsIt(t *testing.T) {
	d := start(t, t.TempDir(), settings(t, labConfig), atNoon).served()
	line := api.Turn{
		Tool: "claude-code", Session: "s", Project: "/p", Turn: "t", Transcript: "/home/u/./s.jsonl",
		Endpoint: "https://api.z.ai/api/anthropic?key=secret", At: noon.Add(-time.Minute),
	}.Encode()
	status, got := d.call(t, "POST /v1/turns", "", string(bytes.TrimSpace(line)))
	if status != 200 || got != "{}" {
		t.Fatalf("%d %s", status, got)
	}
	heard, ok := d.follow.heard[recordKey{"claude-code", "/home/u/s.jsonl", "s"}]
	r := heard.record
	if !ok || !heard.ended || r.Account != "" || r.Project != "/p" || r.Endpoint != "https://api.z.ai/api/anthropic" ||
		!r.Since.Equal(noon.Add(-time.Minute-sinceSlack)) {
		t.Errorf("heard %+v", d.follow.heard)
	}
}
