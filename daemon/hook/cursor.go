package hook

import (
	"strings"
	"time"

	"quotad/quota"
)

// cursor reads the payloads of Cursor, which also runs the hooks that were
// installed for Claude Code (cursor.com/docs/reference/third-party-hooks).
func cursor() Adapter { return Adapter{Name: "cursor", Parse: parseCursor} }

// parseCursor counts prompts to GLM models alone: Cursor tells the model of a
// prompt, never the endpoint behind it.
func parseCursor(p Payload, _ func(string) string, now time.Time) Report {
	switch p.text("hook_event_name") {
	case "beforeSubmitPrompt", "UserPromptSubmit":
	default:
		return Report{Reason: NotPrompt}
	}
	model := p.text("model")
	if !strings.HasPrefix(quota.NormalModel(model), "glm-") {
		return Report{Reason: OtherModel}
	}
	session, turn := p.text("conversation_id"), p.text("generation_id")
	return Report{
		Reason: Counted,
		Events: []quota.Event{{
			Kind: quota.KindPrompt, At: now, Tool: "cursor", Session: session,
			Project: p.first("workspace_roots"), Model: model, Turn: turn,
			Transcript: p.text("transcript_path"),
		}},
		Same: [][]byte{[]byte("cursor"), []byte(session), []byte(turn), p["prompt"]},
	}
}
