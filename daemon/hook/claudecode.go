package hook

import (
	"cmp"
	"strings"
	"time"

	"quotad/quota"
)

// claudeCode reads the payloads of Claude Code
// (code.claude.com/docs/en/hooks).
func claudeCode() Adapter { return Adapter{Name: "claude-code", Parse: parseClaudeCode} }

func parseClaudeCode(p Payload, env func(string) string, now time.Time) Report {
	switch p.text("hook_event_name") {
	case "UserPromptSubmit":
		return claudePrompt(p, env, now)
	case "StopFailure":
		return claudeStop(p, env, now)
	}
	return Report{Reason: NotPrompt}
}

// claudePrompt counts what a person sent. The same event also comes when a
// background agent has finished and Claude Code wakes itself.
func claudePrompt(p Payload, env func(string) string, now time.Time) Report {
	if p.has("agent_id") {
		return Report{Reason: Subagent}
	}
	if strings.HasPrefix(p.first("prompt"), "<task-notification>") {
		return Report{Reason: Background}
	}
	e := claudeEvent(p, env, now)
	e.Kind = quota.KindPrompt
	e.Transcript = p.text("transcript_path")
	e.Model = claudeModel(p, env)
	return Report{Reason: Counted, Events: []quota.Event{e}, Same: claudeSame(p, p["prompt"])}
}

// claudeStop reads when the provider will serve again. Claude Code retries for
// up to an hour before it gives up, so that the instant may be past by then.
func claudeStop(p Payload, env func(string) string, now time.Time) Report {
	if p.text("error") != "rate_limit" {
		return Report{Reason: NotQuota}
	}
	for _, key := range []string{"last_assistant_message", "error_details"} {
		stop, _ := quota.ParseStop("", p.text(key), now)
		if stop.Window == "" || !stop.Until.After(now) {
			continue
		}
		e := claudeEvent(p, env, now)
		e.Kind, e.Window, e.Until = quota.KindExhausted, stop.Window, stop.Until
		return Report{Reason: Stopped, Events: []quota.Event{e}, Same: claudeSame(p, p[key])}
	}
	return Report{Reason: NotQuota}
}

// claudeEvent is what all events of Claude Code have. A prompt that was queued
// while another ran carries the turn of that one, which is good enough for the
// model but makes the turn no identity of a prompt.
func claudeEvent(p Payload, env func(string) string, now time.Time) quota.Event {
	return quota.Event{
		At: now, Tool: "claude-code", Session: p.text("session_id"), Project: p.text("cwd"),
		Turn: p.text("prompt_id"), Endpoint: claudeEndpoint(env),
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
