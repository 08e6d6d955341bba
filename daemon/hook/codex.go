package hook

import (
	"cmp"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"quotad/quota"
)

// codex knows the hooks of Codex (developers.openai.com/codex/hooks).
func codex() Adapter {
	return Adapter{
		Name: "codex", Title: "Codex",
		Parse: parseCodex, Answer: answerBy("block"), Setup: setupCodex,
	}
}

// codexNotify knows the program that Codex runs when a turn has ended, which
// needs no trust and tells less. Codex runs it for its subagents too and says
// nothing of that, so that it is the user's to set up who wants it.
func codexNotify() Adapter {
	return Adapter{Name: "codex-notify", Title: "Codex notify", FromArgs: true, Parse: parseCodexNotify}
}

// parseCodex counts what a person sent. A subagent's events name the agent.
// What was typed into a running turn comes with that turn's ID, and is a part of
// it: one event, as at its end.
func parseCodex(in Input) Report {
	switch {
	case in.text("type") == "agent-turn-complete":
		return parseCodexNotify(in)
	case in.has("agent_id"):
		return Report{Reason: Subagent}
	}
	e := codexEvent(in, "session_id", "turn_id")
	switch in.text("hook_event_name") {
	case "UserPromptSubmit":
		return codexPrompt(e, in.Payload["prompt"])
	case "Stop", "Interrupt", "SessionEnd":
		return Report{Reason: TurnEnded, Turn: turnOf(e)}
	}
	return Report{Reason: NotPrompt}
}

// parseCodexNotify counts the turn that has ended. It is the same event as that
// of the hook at its begin, and stands where that was not there.
func parseCodexNotify(in Input) Report {
	if in.text("type") != "agent-turn-complete" {
		return Report{Reason: NotPrompt}
	}
	if strings.HasPrefix(in.first("input-messages"), codexTitle) {
		return Report{Reason: Background}
	}
	return codexPrompt(codexEvent(in, "thread-id", "turn-id"), in.Payload["input-messages"])
}

// codexTitle begins what Codex asks for a title of the session, in a thread of
// its own, whose end it tells like that of any other.
const codexTitle = "Generate a concise, single-line task title"

func codexPrompt(e quota.Event, words []byte) Report {
	e.Kind = quota.KindPrompt
	e.ID = ownID(e.Tool, e.Turn)
	return Report{
		Reason: Counted, Events: []quota.Event{e},
		Same: [][]byte{[]byte(e.Tool), []byte(e.Session), words},
	}
}

func codexEvent(in Input, session, turn string) quota.Event {
	model := in.text("model")
	return quota.Event{
		At: in.Now, Tool: "codex", Session: in.text(session), Project: in.text("cwd"),
		Model: model, Turn: in.text(turn), Endpoint: codexEndpoint(in, model),
		Transcript: in.text("transcript_path"),
	}
}

// openAI is what Codex talks to where nothing says otherwise.
const openAI = "https://api.openai.com"

// codexEndpoint is the URL of the provider that the user's settings name. What
// the command line says is not to be seen, so that a GLM model beside settings
// that lead to OpenAI means that nobody can tell.
func codexEndpoint(in Input, model string) string {
	all := in.settings(filepath.Join(codexHome(in.Env("HOME"), in.Env), "config.toml"), toml.Unmarshal)
	profile := word(all, "profile")
	provider := cmp.Or(word(all, "profiles", profile, "model_provider"), word(all, "model_provider"))
	switch base := word(all, "model_providers", provider, "base_url"); {
	case base != "" && !served(bareURL(base), model):
		return openAI
	case base != "":
		return bareURL(base)
	case provider != "" && provider != "openai":
		return ElsewhereURL(provider)
	case isGLM(model):
		return ""
	}
	return openAI
}

// served reports whether an address can have the model: the plan's own has its
// own alone. With another the command line named a profile, most likely.
func served(url, model string) bool {
	return model == "" || isGLM(model) || (quota.Rules{}).Bill(quota.Event{Endpoint: url}) != quota.OnPlan
}

// codexHome is the folder of Codex's settings.
func codexHome(home string, env func(string) string) string {
	return absoluteOr(env("CODEX_HOME"), filepath.Join(home, ".codex"))
}

// setupCodex leaves the tables of config.toml alone: Codex warns where both
// files list hooks.
func setupCodex(h Host) Setup {
	dir := codexHome(h.Home, h.Env)
	call := h.CommandLine("codex")
	return Setup{
		Folders: []string{dir}, Programs: []string{"codex"},
		Files: []File{{
			Path: filepath.Join(dir, "hooks.json"), Form: GroupedJSON,
			Entries: []Entry{
				{Event: "UserPromptSubmit", Command: call, Timeout: 5},
				{Event: "Stop", Command: call, Timeout: 5},
			},
		}},
		Other: []File{{Path: filepath.Join(dir, "config.toml"), Form: GroupedTOML}},
		Elsewhere: []File{
			{Path: filepath.Join(".codex", "hooks.json"), Form: GroupedJSON},
			{Path: filepath.Join(".codex", "config.toml"), Form: GroupedTOML},
		},
		Notes: []string{
			"Without trust, Codex can tell of a turn when it has ended: notify = [" + strconv.Quote(h.Program) + `, "hook", "codex-notify"] in config.toml. Both together count once.`,
		},
		Trust: "Codex runs it only once you have trusted it: open /hooks in Codex.",
	}
}
