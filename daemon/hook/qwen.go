package hook

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"strings"

	"quotad/quota"
)

// qwen knows Qwen Code, whose hooks follow Claude Code's
// (qwenlm.github.io/qwen-code-docs, hooks).
func qwen() Adapter {
	return Adapter{
		Name: "qwen", Title: "Qwen Code",
		Parse: parseQwen, Answer: answerBy("block"), Setup: setupQwen, Key: qwenKey,
	}
}

func parseQwen(in Input) Report {
	e := qwenEvent(in)
	switch in.text("hook_event_name") {
	case "UserPromptSubmit":
		return qwenPrompt(in, e)
	case "StopFailure":
		return qwenStop(in, e)
	case "Stop", "SessionEnd":
		return Report{Reason: TurnEnded, Turn: turnOf(e)}
	}
	return Report{Reason: NotPrompt}
}

// qwenPrompt counts what a person sent. The same event comes again, without
// words, for each result of a tool. The prompt's ID begins anew when a session
// is resumed, so that it is no identity.
func qwenPrompt(in Input, e quota.Event) Report {
	switch {
	case in.has("agent_id"):
		return Report{Reason: Subagent}
	case !in.has("submitted_prompt") && !in.has("prompt"):
		return Report{Reason: Continuation}
	}
	e.Kind = quota.KindPrompt
	return Report{Reason: Counted, Events: []quota.Event{e}, Same: qwenSame(in, in.Payload["prompt"])}
}

// qwenStop reads when the provider will serve again.
func qwenStop(in Input, e quota.Event) Report {
	report := Report{Reason: NotQuota, Turn: turnOf(e)}
	for _, key := range []string{"error_details", "last_assistant_message"} {
		if stop, ok := stopBy(e, in.text(key)); ok {
			report.Reason, report.Events, report.Same = Stopped, []quota.Event{stop}, qwenSame(in, in.Payload[key])
			break
		}
	}
	return report
}

func qwenEvent(in Input) quota.Event {
	model := cmp.Or(in.text("model"), strings.TrimSpace(in.Env("QWEN_CODE_MODEL")), strings.TrimSpace(in.Env("OPENAI_MODEL")))
	return quota.Event{
		At: in.Now, Tool: "qwen", Session: in.text("session_id"), Project: in.text("cwd"),
		Turn: in.text("prompt_id"), Transcript: in.text("transcript_path"),
		Model: model, Endpoint: qwenEndpoint(in, model),
	}
}

// qwenSame is what two registrations of the hook see alike.
func qwenSame(in Input, words []byte) [][]byte {
	p := in.Payload
	return [][]byte{[]byte("qwen"), p["hook_event_name"], p["session_id"], p["prompt_id"], words}
}

// qwenPortal is what Qwen Code talks to by its own login.
const qwenPortal = "https://portal.qwen.ai"

// qwenEndpoint is the URL that Qwen Code talks to, as far as its environment
// and the user's settings tell: what stands beside the model, or else the
// variable of the sort of service that is chosen, or else the settings' address.
func qwenEndpoint(in Input, model string) string {
	all := in.settings(filepath.Join(qwenHome(in.Env("HOME"), in.Env), "settings.json"), json.Unmarshal)
	service := cmp.Or(word(all, "security", "auth", "selectedType"), "openai")
	if base := qwenProvider(all, service, model); base != "" {
		return bareURL(base)
	}
	variable, own := "OPENAI_BASE_URL", openAI
	switch service {
	case "qwen-oauth":
		return qwenPortal
	case "anthropic":
		variable, own = "ANTHROPIC_BASE_URL", anthropic
	case "gemini", "vertex-ai":
		variable, own = "", googleGemini
	}
	base := cmp.Or(strings.TrimSpace(in.Env(variable)), word(all, "env", variable), word(all, "security", "auth", "baseUrl"), own)
	return bareURL(base)
}

// qwenKey is the key that goes with the address, where the environment has both.
func qwenKey(in Input, e quota.Event) string {
	for _, service := range []string{"OPENAI", "ANTHROPIC"} {
		if base := strings.TrimSpace(in.Env(service + "_BASE_URL")); base != "" && bareURL(base) == e.Endpoint {
			return in.Env(service + "_API_KEY")
		}
	}
	return ""
}

// qwenProvider is the URL that the settings give with a model of a service; ""
// where they give none.
func qwenProvider(all map[string]any, service, model string) string {
	providers, _ := all["modelProviders"].(map[string]any)
	models, _ := providers[service].([]any)
	for _, m := range models {
		if m, ok := m.(map[string]any); ok && word(m, "id") == model {
			return word(m, "baseUrl")
		}
	}
	return ""
}

// qwenHome is the folder of Qwen Code's settings.
func qwenHome(home string, env func(string) string) string {
	return absoluteOr(env("QWEN_HOME"), filepath.Join(home, ".qwen"))
}

// setupQwen writes to the user's settings, without a timeout: versions differ in
// its unit.
func setupQwen(h Host) Setup {
	dir := qwenHome(h.Home, h.Env)
	call := h.CommandLine("qwen")
	return Setup{
		Folders: []string{dir}, Programs: []string{"qwen"},
		Files: []File{{
			Path: filepath.Join(dir, "settings.json"), Form: GroupedJSON,
			Entries: []Entry{
				{Event: "UserPromptSubmit", Command: call, Name: Mark},
				{Event: "Stop", Command: call, Name: Mark},
				{Event: "StopFailure", Command: call, Name: Mark},
			},
		}},
		Elsewhere: []File{{Path: filepath.Join(".qwen", "settings.json"), Form: GroupedJSON}},
	}
}
