package hook

import (
	"path/filepath"

	"quotad/quota"
)

// cursor knows Cursor (cursor.com/docs/agent/hooks), which also runs the hooks
// that were installed for Claude Code (cursor.com/docs/reference/third-party-hooks).
func cursor() Adapter {
	return Adapter{
		Name: "cursor", Title: "Cursor",
		Parse: parseCursor, Answer: answerCursor, Setup: setupCursor,
	}
}

func parseCursor(in Input) Report {
	switch in.text("hook_event_name") {
	case "beforeSubmitPrompt", "UserPromptSubmit":
		return cursorPrompt(in)
	case "stop", "Stop":
		return cursorEnd(in)
	}
	return Report{Reason: NotPrompt}
}

// cursorPrompt names the prompt by the generation, which is another with every
// message of a person: so the hook of Cursor's own settings and the one that it
// took over from Claude Code's tell of one event.
func cursorPrompt(in Input) Report {
	e := cursorEvent(in)
	e.Kind = quota.KindPrompt
	e.ID = ownID("cursor", e.Turn)
	e.Transcript = in.text("transcript_path")
	return Report{
		Reason: Counted, Events: []quota.Event{e},
		Same: [][]byte{[]byte("cursor"), []byte(e.Session), []byte(e.Turn), in.Payload["prompt"]},
	}
}

func cursorEnd(in Input) Report {
	e := cursorEvent(in)
	e.Transcript = in.text("transcript_path")
	turn := turnOf(e)
	if turn == nil {
		return Report{Reason: NotPrompt}
	}
	return Report{Reason: TurnEnded, Turn: turn}
}

// cursorEvent is what all events of Cursor have. It tells the model of a
// prompt, and never the endpoint behind it: one that it does not name as GLM is
// most likely Cursor's own to serve.
func cursorEvent(in Input) quota.Event {
	e := quota.Event{
		At: in.Now, Tool: "cursor", Session: in.text("conversation_id"), Project: in.first("workspace_roots"),
		Model: in.text("model"), Turn: in.text("generation_id"),
	}
	if !isGLM(e.Model) {
		e.Endpoint = ElsewhereURL("cursor")
	}
	return e
}

// answerCursor can hold a prompt back; without that Cursor shows nothing.
func answerCursor(v Verdict) []byte {
	if v.Action != Block {
		return nil
	}
	return answer(map[string]any{"continue": false, "user_message": v.Text})
}

func setupCursor(h Host) Setup {
	dir := filepath.Join(h.Home, ".cursor")
	call := h.CommandLine("cursor")
	return Setup{
		Folders: []string{dir}, Programs: []string{"cursor", "cursor-agent"},
		Files: []File{{
			Path: filepath.Join(dir, "hooks.json"), Form: FlatJSON,
			Entries: []Entry{
				{Event: "beforeSubmitPrompt", Command: call, Timeout: 3},
				{Event: "stop", Command: call, Timeout: 3},
			},
		}},
		Other:     []File{{Path: "/etc/cursor/hooks.json", Form: FlatJSON}},
		Elsewhere: []File{{Path: filepath.Join(".cursor", "hooks.json"), Form: FlatJSON}},
		Notes: []string{
			"Cursor tells a prompt's model, and not where it goes: prompts to GLM models count on the plan; if that is wrong: quotad config set tool.cursor.plan false",
		},
	}
}
