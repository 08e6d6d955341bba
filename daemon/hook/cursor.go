package hook

import (
	"strings"

	"quotad/quota"
)

// cursor reads the payloads of Cursor, which also runs the hooks that were
// installed for Claude Code (cursor.com/docs/reference/third-party-hooks).
func cursor() Adapter { return Adapter{Name: "cursor", Title: "Cursor", Parse: parseCursor} }

// parseCursor counts prompts to GLM models alone: Cursor tells the model of a
// prompt, never the endpoint behind it.
func parseCursor(in Input) Report {
	switch in.text("hook_event_name") {
	case "beforeSubmitPrompt", "UserPromptSubmit":
	default:
		return Report{Reason: NotPrompt}
	}
	model := in.text("model")
	if !strings.HasPrefix(quota.NormalModel(model), "glm-") {
		return Report{Reason: OtherModel}
	}
	session, turn := in.text("conversation_id"), in.text("generation_id")
	return Report{
		Reason: Counted,
		Events: []quota.Event{{
			Kind: quota.KindPrompt, At: in.Now, Tool: "cursor", Session: session,
			Project: in.first("workspace_roots"), Model: model, Turn: turn,
			Transcript: in.text("transcript_path"),
		}},
		Same: [][]byte{[]byte("cursor"), []byte(session), []byte(turn), in.Payload["prompt"]},
	}
}
