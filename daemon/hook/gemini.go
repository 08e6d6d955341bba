package hook

import (
	"cmp"
	"path/filepath"
	"strings"

	"quotad/quota"
)

// gemini knows Gemini CLI (geminicli.com/docs/hooks). It talks to Google's API
// alone, or to a proxy for that.
func gemini() Adapter {
	return Adapter{
		Name: "gemini", Title: "Gemini CLI",
		Parse: parseGemini, Answer: answerBy("deny"), Setup: setupGemini,
	}
}

func parseGemini(in Input) Report {
	e := quota.Event{
		At: in.Now, Tool: "gemini", Session: in.text("session_id"), Project: in.text("cwd"),
		Endpoint: geminiEndpoint(in.Env), Transcript: in.text("transcript_path"),
	}
	switch in.text("hook_event_name") {
	case "BeforeAgent":
		return geminiPrompt(in, e)
	case "AfterAgent", "SessionEnd":
		return Report{Reason: TurnEnded, Turn: turnOf(e)}
	}
	return Report{Reason: NotPrompt}
}

// geminiPrompt counts what a person sent. Nothing in it is its own but the
// words: a hook that is registered twice is run at the same instant.
func geminiPrompt(in Input, e quota.Event) Report {
	e.Kind = quota.KindPrompt
	e.Model = strings.TrimSpace(in.Env("GEMINI_MODEL"))
	return Report{
		Reason: Counted, Events: []quota.Event{e},
		Same: [][]byte{[]byte(e.Tool), in.Payload["hook_event_name"], []byte(e.Session), in.Payload["prompt"]},
	}
}

// The addresses of Google's models.
const (
	googleGemini = "https://generativelanguage.googleapis.com"
	googleVertex = "https://aiplatform.googleapis.com"
)

func geminiEndpoint(env func(string) string) string {
	base, own := "GOOGLE_GEMINI_BASE_URL", googleGemini
	if switchedOn(env("GOOGLE_GENAI_USE_VERTEXAI")) {
		base, own = "GOOGLE_VERTEX_BASE_URL", googleVertex
	}
	return bareURL(cmp.Or(strings.TrimSpace(env(base)), own))
}

// setupGemini writes to the user's settings. Gemini counts milliseconds.
func setupGemini(h Host) Setup {
	dir := filepath.Join(absoluteOr(h.Env("GEMINI_CLI_HOME"), h.Home), ".gemini")
	call := h.CommandLine("gemini")
	return Setup{
		Folders: []string{dir}, Programs: []string{"gemini"},
		Files: []File{{
			Path: filepath.Join(dir, "settings.json"), Form: GroupedJSON,
			Entries: []Entry{
				{Event: "BeforeAgent", Command: call, Timeout: 5000, Name: Mark},
				{Event: "AfterAgent", Command: call, Timeout: 5000, Name: Mark},
			},
		}},
		Other:     []File{{Path: "/etc/gemini-cli/settings.json", Form: GroupedJSON}},
		Elsewhere: []File{{Path: filepath.Join(".gemini", "settings.json"), Form: GroupedJSON}},
	}
}
