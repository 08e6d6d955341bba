package hook

import (
	"strings"
	"time"

	"quotad/quota"
)

// likeClaude reads the payloads of a tool that took over the events and the
// fields of Claude Code's hooks, and not its environment.
type likeClaude struct {
	tool string
	// gap is how far apart the runs for one prompt can begin; 0 is usual.
	gap time.Duration
	// endpoint is what a prompt of a model talks to, "" where nothing tells.
	endpoint func(in Input, model string) string
}

func (l likeClaude) parse(in Input) Report {
	switch {
	case in.text("hook_event_name") != "UserPromptSubmit":
		return Report{Reason: NotPrompt}
	case in.has("agent_id"):
		return Report{Reason: Subagent}
	case strings.HasPrefix(in.first("prompt"), "<task-notification>"):
		return Report{Reason: Background}
	}
	model := in.text("model")
	return Report{
		Reason: Counted, Gap: l.gap,
		Events: []quota.Event{{
			Kind: quota.KindPrompt, At: in.Now, Tool: l.tool, Session: in.text("session_id"), Project: in.text("cwd"),
			Model: model, Turn: in.text("prompt_id"), Transcript: in.text("transcript_path"), Endpoint: l.endpoint(in, model),
		}},
		Same: [][]byte{[]byte(l.tool), in.Payload["session_id"], in.Payload["prompt_id"], in.Payload["prompt"]},
	}
}
