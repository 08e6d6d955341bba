package hook

import (
	"cmp"
	"path/filepath"
	"strings"

	"quotad/quota"
)

// claudeCode knows Claude Code (code.claude.com/docs/en/hooks).
func claudeCode() Adapter {
	return Adapter{
		Name: "claude-code", Title: "Claude Code",
		Parse: parseClaudeCode, Answer: answerClaudeCode, Setup: setupClaudeCode,
		Key: func(in Input, _ quota.Event) string { return claudeKey(in.Env) },
	}
}

func parseClaudeCode(in Input) Report {
	switch in.text("hook_event_name") {
	case "UserPromptSubmit":
		return claudePrompt(in)
	case "StopFailure":
		return claudeStop(in)
	case "Stop", "SessionEnd":
		return claudeEnd(in, TurnEnded)
	}
	return Report{Reason: NotPrompt}
}

// claudePrompt counts what a person sent. The same event also comes when a
// background agent has finished and Claude Code wakes itself.
func claudePrompt(in Input) Report {
	if in.has("agent_id") {
		return Report{Reason: Subagent}
	}
	if strings.HasPrefix(in.first("prompt"), "<task-notification>") {
		return Report{Reason: Background}
	}
	e := claudeEvent(in)
	e.Kind = quota.KindPrompt
	e.Transcript = in.text("transcript_path")
	e.Model = claudeModel(in.Payload, in.Env)
	return Report{Reason: Counted, Events: []quota.Event{e}, Same: claudeSame(in.Payload, in.Payload["prompt"])}
}

// claudeStop reads when the provider will serve again. Claude Code retries for
// up to an hour before it gives up, so that the instant may be past by then.
func claudeStop(in Input) Report {
	report := claudeEnd(in, NotQuota)
	if in.text("error") != "rate_limit" {
		return report
	}
	for _, key := range []string{"last_assistant_message", "error_details"} {
		if e, ok := stopBy(claudeEvent(in), in.text(key)); ok {
			report.Reason, report.Events, report.Same = Stopped, []quota.Event{e}, claudeSame(in.Payload, in.Payload[key])
			break
		}
	}
	return report
}

// claudeEnd says that the session's transcript holds a turn more. A session of
// `claude -p` that was refused ends without a word of that but there.
func claudeEnd(in Input, why Reason) Report {
	e := claudeEvent(in)
	e.Transcript = in.text("transcript_path")
	return Report{Reason: why, Turn: turnOf(e)}
}

// claudeEvent is what all events of Claude Code have. A prompt that was queued
// while another ran carries the turn of that one, which is good enough for the
// model but makes the turn no identity of a prompt.
func claudeEvent(in Input) quota.Event {
	return quota.Event{
		At: in.Now, Tool: "claude-code", Session: in.text("session_id"), Project: in.text("cwd"),
		Turn: in.text("prompt_id"), Endpoint: claudeEndpoint(in.Env),
	}
}

// claudeSame is what two registrations of the hook see alike: they run side by
// side, with the same words in the same turn.
func claudeSame(p Payload, words []byte) [][]byte {
	return [][]byte{
		[]byte("claude-code"), p["hook_event_name"], p["session_id"], p["prompt_id"], words,
	}
}

// anthropic is what Claude Code talks to where nothing says otherwise.
const anthropic = "https://api.anthropic.com"

// claudeEndpoint is the URL that Claude Code talks to. On a cloud's service it
// heeds no base URL; that is not the plan either.
func claudeEndpoint(env func(string) string) string {
	if onCloud(env) {
		return anthropic
	}
	if base := strings.TrimSpace(env("ANTHROPIC_BASE_URL")); base != "" {
		return bareURL(base)
	}
	return anthropic
}

// claudeKey is the key that Claude Code sends: the token goes before the key
// where both are set. One that a helper program gives is not to be seen, nor any
// where CLAUDE_CODE_SUBPROCESS_ENV_SCRUB is set.
func claudeKey(env func(string) string) string {
	if onCloud(env) {
		return ""
	}
	return cmp.Or(strings.TrimSpace(env("ANTHROPIC_AUTH_TOKEN")), strings.TrimSpace(env("ANTHROPIC_API_KEY")))
}

// onCloud reports whether Claude Code talks to a cloud's service.
func onCloud(env func(string) string) bool {
	for _, cloud := range []string{"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"} {
		if switchedOn(env(cloud)) {
			return true
		}
	}
	return false
}

func switchedOn(v string) bool {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "1", "true", "yes", "on":
		return true
	}
	return false
}

// claudeModel is the model as far as it can be known before the answer: the
// one that was asked for by name, or the one that both large slots share. The
// event itself names none today.
func claudeModel(p Payload, env func(string) string) string {
	if m := p.text("model"); m != "" {
		return m
	}
	opus := strings.TrimSpace(env("ANTHROPIC_DEFAULT_OPUS_MODEL"))
	sonnet := strings.TrimSpace(env("ANTHROPIC_DEFAULT_SONNET_MODEL"))
	asked := strings.TrimSpace(env("ANTHROPIC_MODEL"))
	switch quota.NormalModel(asked) {
	case "opus":
		return opus
	case "sonnet":
		return sonnet
	case "haiku":
		return strings.TrimSpace(env("ANTHROPIC_DEFAULT_HAIKU_MODEL"))
	case "", "default", "best", "opusplan":
	default:
		return asked
	}
	if opus == "" || sonnet == "" || opus == sonnet {
		return cmp.Or(opus, sonnet)
	}
	return ""
}

// answerClaudeCode is JSON that Claude Code reads at a prompt. A prompt that is
// held back returns to the input line.
func answerClaudeCode(v Verdict) []byte {
	switch v.Action {
	case Warn:
		return answer(map[string]any{"systemMessage": v.Text})
	case Block:
		return answer(map[string]any{
			"decision": "block", "reason": v.Text,
			"hookSpecificOutput": map[string]any{"hookEventName": "UserPromptSubmit", "suppressOriginalPrompt": true},
		})
	}
	return nil
}

// setupClaudeCode writes to the user's settings alone: those of a project are
// merged with them, and would report twice.
func setupClaudeCode(h Host) Setup {
	dir := absoluteOr(h.Env("CLAUDE_CONFIG_DIR"), filepath.Join(h.Home, ".claude"))
	call := h.CommandLine("claude-code")
	return Setup{
		Folders: []string{dir}, Programs: []string{"claude"},
		Files: []File{{
			Path: filepath.Join(dir, "settings.json"), Form: GroupedJSON,
			Entries: []Entry{
				{Event: "UserPromptSubmit", Command: call, Timeout: 5},
				{Event: "Stop", Command: call, Timeout: 5, Async: true},
				{Event: "StopFailure", Command: call, Timeout: 5},
				{Event: "SessionEnd", Command: call, Timeout: 1},
			},
			Unset: []Setting{{
				Path:    []string{"statusLine"},
				Value:   map[string]any{"type": "command", "command": quoteShell(h.Program) + " statusline", "padding": 0, "refreshInterval": 30},
				Instead: quoteShell(h.Program) + " statusline --wrap 'YOUR COMMAND'",
			}},
		}},
		Other: []File{{Path: filepath.Join(dir, "settings.local.json"), Form: GroupedJSON}},
		Elsewhere: []File{
			{Path: filepath.Join(".claude", "settings.json"), Form: GroupedJSON},
			{Path: filepath.Join(".claude", "settings.local.json"), Form: GroupedJSON},
			{Path: filepath.Join(dir, "plugins", "cache", "*", "*", "*", "hooks", "hooks.json"), Form: GroupedJSON},
		},
	}
}
