package daemon

import (
	"testing"
	"time"

	"quotad/daemon/store"
	"quotad/daemon/transcript"
	"quotad/quota"
)

func TestAnAnswerComesFromItsProvider(t *testing.T) {
	const plan, router = "https://api.z.ai/api/coding/paas/v4", "http://127.0.0.1:3456"
	for _, c := range []struct {
		what, tool, turn, provider, model string
		want                              string
	}{
		{"the turn's own provider", "opencode", plan, "zai-coding-plan", "glm-5.3", plan},
		{"a subagent of the standard API", "opencode", plan, "zai", "glm-5.3", "https://api.z.ai/api/paas/v4"},
		{"a subagent on the plan, of a turn that is not", "opencode", "https://api.openai.com", "zai-coding-plan", "glm-5.3", plan},
		{"a subagent of another maker's model", "opencode", plan, "openai", "gpt-6", "https://openai.invalid"},
		{"an id of the user's own", "kilo", plan, "mine", "glm-5.3", plan},
		{"a router may give a model any name", "opencode", router, "mine", "sonnet", router},
		{"Codex's ids are the user's own words", "codex", "https://api.z.ai/api/v1", "zai", "glm-5.3", "https://api.z.ai/api/v1"},
		{"Claude Code tells none", "claude-code", plan, "", "claude-opus-4-7", plan},
		{"a turn that was not told of", "opencode", "unknown", "mine", "glm-5.3", "https://session.example"},
		{"a turn of a tool that could not tell", "opencode", "", "mine", "glm-5.3", ""},
	} {
		turns := endpoints{"t": c.turn}
		if c.turn == "unknown" {
			turns = nil
		}
		now := time.Now()
		e, why := eventOf(&store.Followed{Tool: c.tool, Account: "default", Endpoint: "https://session.example"}, turns, transcript.Item{
			Provider: c.provider,
			Event:    quota.Event{ID: "u", Kind: quota.KindUsage, At: now, Turn: "t", Model: c.model},
		})
		if e.Endpoint != c.want || why != itemTaken {
			t.Errorf("%s: %q (%v), want %q", c.what, e.Endpoint, why, c.want)
		}
	}
}
