package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"

	"quotad/daemon/hook"
)

// claudeSettings is the user's settings file of Claude Code.
func claudeSettings(env func(string) string) string {
	if dir := env("CLAUDE_CONFIG_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "settings.json")
	}
	return filepath.Join(env("HOME"), ".claude", "settings.json")
}

// claudeEvents are the events of Claude Code that tell something of the quota.
var claudeEvents = []string{"UserPromptSubmit", "StopFailure"}

// The shape of "hooks" in Claude Code's settings, as far as it matters here.
type (
	claudeHook struct {
		Type    string `json:"type"`
		Command string `json:"command"`
		Timeout int    `json:"timeout,omitempty"` // seconds
	}
	claudeMatcher struct {
		Hooks []claudeHook `json:"hooks"`
	}
)

// claudeHooks is what has Claude Code report to a program.
func claudeHooks(program string) string {
	call := claudeMatcher{[]claudeHook{{Type: "command", Command: hook.Host{Program: program}.CommandLine("claude-code"), Timeout: 5}}}
	hooks := map[string][]claudeMatcher{}
	for _, event := range claudeEvents {
		hooks[event] = []claudeMatcher{call}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(map[string]any{"hooks": hooks}) // plain data: this cannot fail
	return strings.TrimSuffix(out.String(), "\n")
}
