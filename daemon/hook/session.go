package hook

import (
	"cmp"
	"io"
	"strings"

	"quotad/quota"
)

// Session is what a tool tells its status line of the session that the line is
// for.
type Session struct {
	Tool     string // "" where the payload does not tell
	Endpoint string // that it talks to; "" where nothing tells
	Project  string // the folder it works in; "" where the payload does not tell
	Account  string // that its shell is put under; "" where it is not
	key      string // that it uses, which is only ever hashed
	// Limits is that the tool knows limits of its own: Claude Code tells those of
	// a subscription to Claude, and tells none where it talks to the plan.
	Limits bool
}

// ReadSession reads the JSON object that a tool gives its status line on
// standard input; env is the environment that it runs the line in. Where no
// object comes, the environment alone tells. It does not wait for the end of
// the input.
func ReadSession(r io.Reader, env func(string) string) Session {
	raw, err := readValue(r, maxInput)
	if err != nil {
		return sessionOf(nil, env)
	}
	p, _ := decode(raw)
	return sessionOf(p, env)
}

func sessionOf(p Payload, env func(string) string) Session {
	_, limits := decode(p["rate_limits"])
	workspace, _ := decode(p["workspace"])
	s := Session{Tool: lineTool(p), Limits: limits, Project: cmp.Or(p.text("cwd"), workspace.text("current_dir"))}
	if name := env(AccountVariable); quota.ValidAccount(name) {
		s.Account = name
	}
	switch {
	case s.Tool == "claude-code", s.Tool == "" && setsClaude(env):
		s.Endpoint, s.key = claudeEndpoint(env), claudeKey(env)
	case s.Tool == "qwen":
		if base := strings.TrimSpace(env("OPENAI_BASE_URL")); base != "" {
			s.Endpoint, s.key = bareURL(base), env("OPENAI_API_KEY")
		}
	}
	return s
}

// Event is what the session's prompts have in common. The salt is asked for
// where it uses a key that is to be seen.
func (s Session) Event(salt func() ([]byte, error)) quota.Event {
	e := quota.Event{Tool: s.Tool, Endpoint: s.Endpoint, Project: s.Project, Account: s.Account}
	if s.key != "" {
		if text, err := salt(); err == nil {
			e.Key = quota.KeyHash(text, s.key)
		}
	}
	return e
}

// Told reports whether anything is known of the session that an account could
// be found by.
func (s Session) Told() bool { return s.Tool != "" || s.Project != "" || s.Account != "" }

// lineTool names the tool that draws a status line, by what only that tool
// tells it.
func lineTool(p Payload) string {
	if tool := toolOf(p); tool != "" {
		return tool
	}
	switch {
	case p.has("output_style"), p.has("exceeds_200k_tokens"):
		return "claude-code"
	case p.has("metrics"):
		return "qwen"
	}
	return ""
}

// setsClaude reports whether the environment says where Claude Code talks to.
func setsClaude(env func(string) string) bool {
	return strings.TrimSpace(env("ANTHROPIC_BASE_URL")) != "" || onCloud(env)
}
