package hook

import (
	"path/filepath"
	"strings"
	"time"

	"quotad/quota"
)

// cline knows Cline, in VS Code and on the command line. Its hooks are files
// that are named after their events (docs.cline.bot, hooks).
func cline() Adapter {
	return Adapter{
		Name: "cline", Title: "Cline",
		Parse: parseCline, Answer: answerCline, Setup: setupCline,
	}
}

func parseCline(in Input) Report {
	switch in.text("hookName") {
	case "UserPromptSubmit":
		return clinePrompt(in)
	case "agent_start", "prompt_submit":
		return clineStart(in)
	}
	return Report{Reason: NotPrompt}
}

// clinePrompt counts a prompt in VS Code, which is the task and the instant:
// the script of the user and that of the workspace both run.
func clinePrompt(in Input) Report {
	e := clineEvent(in)
	e.ID = ownID("cline", e.Session, in.text("timestamp"))
	return Report{
		Reason: Counted, Events: []quota.Event{e},
		Same: [][]byte{[]byte("cline"), in.Payload["taskId"], in.Payload["timestamp"], in.Payload["userPromptSubmit"]},
	}
}

// clineStart counts a prompt on the command line. A run without a screen tells
// of its start alone, others of what was typed too, a moment before: the two
// have the task in common and no more.
func clineStart(in Input) Report {
	if in.has("parent_agent_id") {
		return Report{Reason: Subagent}
	}
	report := Report{Reason: Counted, Events: []quota.Event{clineEvent(in)}, Gap: 2 * time.Second}
	if in.has("taskId") {
		report.Same = [][]byte{[]byte("cline"), in.Payload["taskId"]}
	}
	return report
}

func clineEvent(in Input) quota.Event {
	told, _ := decode(in.Payload["model"])
	provider, model := clineKnown(told.text("provider")), clineKnown(told.text("slug"))
	return quota.Event{
		Kind: quota.KindPrompt, At: in.Now, Tool: "cline", Session: in.text("taskId"),
		Project: in.first("workspaceRoots"), Model: model, Endpoint: clineEndpoint(provider, model),
	}
}

// clineKnown is a word of Cline's, which says "unknown" where it knows none.
func clineKnown(word string) string {
	if strings.EqualFold(word, "unknown") {
		return ""
	}
	return word
}

// clineEndpoint knows what cannot be the plan. Cline names no URL, and some of
// its providers take any: there, and where it names none, the configuration has
// the word.
func clineEndpoint(provider, model string) string {
	switch strings.ToLower(provider) {
	case "", "zai", "openai", "openai-compatible", "anthropic", "litellm":
		if provider == "" {
			provider = "cline"
		}
		return modelEndpoint(provider, model)
	}
	return ElsewhereURL(provider)
}

// answerCline can hold a prompt back in VS Code; a person is shown nothing else.
func answerCline(v Verdict) []byte {
	if v.Action != Block {
		return nil
	}
	return answer(map[string]any{"cancel": true, "errorMessage": v.Text})
}

func setupCline(h Host) Setup {
	editor := filepath.Join(h.Home, "Documents", "Cline", "Hooks")
	cli := filepath.Join(h.Home, ".cline")
	text := "#!/bin/sh\n" + h.CommandLine("cline") + "\n"
	return Setup{
		Folders: []string{filepath.Join(h.Home, "Documents", "Cline"), cli}, Programs: []string{"cline"},
		Files: []File{
			{Path: filepath.Join(editor, "UserPromptSubmit"), Form: Script, Text: text, Mode: 0o700},
			{Path: filepath.Join(cli, "hooks", "TaskStart"), Form: Script, Text: text, Mode: 0o700},
		},
		Other: []File{
			{Path: filepath.Join(cli, "hooks", "UserPromptSubmit"), Form: Script},
			{Path: filepath.Join(editor, "TaskStart"), Form: Script},
		},
		Elsewhere: []File{
			{Path: filepath.Join(".clinerules", "hooks", "UserPromptSubmit"), Form: Script},
			{Path: filepath.Join(".cline", "hooks", "TaskStart"), Form: Script},
		},
		Mute: true,
	}
}
