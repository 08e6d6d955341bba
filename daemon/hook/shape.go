package hook

import "strings"

// toolOf names the tool that wrote a payload, by what only that tool writes;
// "" where nothing tells. Tools import each other's hooks, so the name that a
// hook was installed under does not say who runs it; nor does the
// environment, which tools pass on to each other.
func toolOf(p Payload) string {
	if p.has("cursor_version") || p.has("conversation_id") || p.has("generation_id") {
		return "cursor"
	}
	if tool := toolOfFolder(p.text("transcript_path")); tool != "" {
		return tool
	}
	_, ofCline := p["clineVersion"] // which is "" on the command line
	switch {
	case ofCline:
		return "cline"
	case p.has("submitted_prompt"), strings.Contains(p.text("prompt_id"), "########"):
		return "qwen"
	case p.has("turn_id"):
		return "codex"
	case p.has("event") && p.has("matcher_context"):
		return "goose"
	}
	return ""
}

// toolOfFolder names the tool that keeps its transcripts in the folder.
func toolOfFolder(path string) string {
	for _, f := range []struct{ folder, tool string }{
		{"/.claude/", "claude-code"},
		{"/.codex/", "codex"},
		{"/.factory/", "droid"},
		{"/.gemini/", "gemini"},
		{"/.qoder/", "qoder"},
		{"/.qwen/", "qwen"},
	} {
		if strings.Contains(path, f.folder) {
			return f.tool
		}
	}
	return ""
}
