package hook

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"quotad/quota"
)

// opencode knows OpenCode (opencode.ai/docs/plugins), which runs no program at
// a prompt: a plugin of ours does, and writes what it sends itself.
func opencode() Adapter {
	return Adapter{
		Name: "opencode", Title: "OpenCode",
		Parse: func(in Input) Report { return parsePlugin(in, "opencode") },
		Setup: func(h Host) Setup {
			return setupPlugin(h, pluginPlaces{"opencode", "plugins", "plugin", []string{".opencode/plugins", ".opencode/plugin"}}, "server")
		},
	}
}

// kilo knows Kilo, which grew out of OpenCode (kilo.ai/docs, plugins).
func kilo() Adapter {
	return Adapter{
		Name: "kilo", Title: "Kilo",
		Parse: func(in Input) Report { return parsePlugin(in, "kilo") },
		Setup: func(h Host) Setup {
			return setupPlugin(h, pluginPlaces{"kilo", "plugin", "plugins", []string{".kilo/plugin", ".kilocode/plugin", ".opencode/plugin"}}, `{ id: "quotad", server }`)
		},
	}
}

// parsePlugin reads what the plugin sent. What happened in a session that has a
// parent was not sent by a person.
func parsePlugin(in Input, tool string) Report {
	e := quota.Event{
		At: in.Now, Tool: tool, Session: in.text("session"), Project: in.text("project"),
		Model: in.text("model"), Turn: in.text("id"), Transcript: pluginRecord(in.Env, tool),
		Endpoint: pluginEndpoint(in.text("provider"), in.text("url")),
	}
	what := in.text("event")
	if what == "retry" || what == "error" {
		return pluginStop(in, e)
	}
	switch {
	case in.has("parent"):
		return Report{Reason: Subagent}
	case what == "stop":
		return Report{Reason: TurnEnded, Turn: turnOf(e)}
	case what == "prompt":
		e.Kind, e.ID = quota.KindPrompt, ownID(tool, e.Turn)
		return Report{
			Reason: Counted, Events: []quota.Event{e},
			Same: [][]byte{[]byte(tool), []byte(e.Session), in.Payload["at"]},
		}
	}
	return Report{Reason: NotPrompt}
}

// pluginStop reads a refusal, which comes anew with each attempt, without end,
// and is one event until the instant that it names; of one that names none, an
// hour has one.
func pluginStop(in Input, e quota.Event) Report {
	e, ok := stopBy(e, in.text("message"))
	if !ok {
		return Report{Reason: NotQuota}
	}
	until := e.Until
	if until.IsZero() {
		until = e.At.UTC().Truncate(time.Hour)
	}
	e.ID = ownID(e.Tool, e.Session, e.Window, until.Format(time.RFC3339))
	return Report{Reason: Stopped, Events: []quota.Event{e}}
}

// pluginEndpoint is the URL that is set for a provider, or else the provider's
// own. The plan's has names of its own; those without "coding" are paid by the
// token.
func pluginEndpoint(provider, url string) string {
	if url = strings.TrimSpace(url); url != "" {
		return bareURL(url)
	}
	switch provider {
	case "anthropic":
		return anthropic
	case "openai":
		return openAI
	case "google":
		return googleGemini
	case "":
		return ""
	}
	return cmp.Or(quota.ProviderURL(provider), ElsewhereURL(provider))
}

// pluginRecord is the database in which the tool keeps its sessions.
func pluginRecord(env func(string) string, tool string) string {
	data := absoluteOr(env("XDG_DATA_HOME"), filepath.Join(env("HOME"), ".local", "share"))
	if !filepath.IsAbs(data) {
		return ""
	}
	return absoluteOr(env(strings.ToUpper(tool)+"_DB"), filepath.Join(data, tool, tool+".db"))
}

//go:embed plugin.js
var pluginText string

// plugin is the text of the plugin for a tool, and export what the tool takes
// for one. A string of JSON is one of JavaScript too.
func plugin(program, tool, export string) string {
	name, _ := json.Marshal(program) // a string: this cannot fail
	return strings.NewReplacer(`"PROGRAM"`, string(name), `"TOOL"`, `"`+tool+`"`, `"PLUGIN"`, export).Replace(pluginText)
}

// pluginPlaces are where a tool looks for plugins.
type pluginPlaces struct {
	tool            string
	folder, another string   // below its settings; the manual names the first
	projects        []string // below a project
}

// setupPlugin puts the plugin into the folder that the tool's manual names. The
// guard is not to be had: what can hold a prompt back could delay each one as
// well.
func setupPlugin(h Host, in pluginPlaces, export string) Setup {
	dir := filepath.Join(absoluteOr(h.Env("XDG_CONFIG_HOME"), filepath.Join(h.Home, ".config")), in.tool)
	const file = Mark + ".js"
	s := Setup{
		Folders: []string{dir}, Programs: []string{in.tool},
		Files: []File{{Path: filepath.Join(dir, in.folder, file), Form: OwnFile, Text: plugin(h.Program, in.tool, export)}},
		Other: []File{{Path: filepath.Join(dir, in.another, file), Form: OwnFile}},
		Notes: []string{
			"Sessions that are open take the plugin up when they are started again. With its first plugin the tool fetches a package of its own from npm once, which takes a moment.",
		},
	}
	for _, folder := range in.projects {
		s.Elsewhere = append(s.Elsewhere, File{Path: filepath.Join(folder, file), Form: OwnFile})
	}
	if h.Guard != GuardOff {
		s.Notes = append(s.Notes, "There is no guard here: a plugin that could hold a prompt back could delay each one as well.")
	}
	return s
}
