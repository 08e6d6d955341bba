package hook

import (
	"io"
	"strings"
)

// Session is what a tool tells its status line of the session that the line is
// for.
type Session struct {
	Tool     string // "" where the payload does not tell
	Endpoint string // that it talks to; "" where nothing tells
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
	s := Session{Tool: lineTool(p), Limits: limits}
	switch {
	case s.Tool == "claude-code", s.Tool == "" && setsClaude(env):
		s.Endpoint = claudeEndpoint(env)
	case s.Tool == "qwen":
		if base := strings.TrimSpace(env("OPENAI_BASE_URL")); base != "" {
			s.Endpoint = bareURL(base)
		}
	}
	return s
}

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
