package hook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path/filepath"
	"strings"

	"quotad/quota"
)

// goose knows Goose (block.github.io/goose, hooks). It reads no answer at a
// prompt, so that nothing can be said there.
func goose() Adapter {
	return Adapter{Name: "goose", Title: "Goose", Parse: parseGoose, Setup: setupGoose}
}

func parseGoose(in Input) Report {
	if in.text("event") != "UserPromptSubmit" {
		return Report{Reason: NotPrompt}
	}
	settings := readGooseSettings(in)
	return Report{
		Reason: Counted,
		Events: []quota.Event{{
			Kind: quota.KindPrompt, At: in.Now, Tool: "goose", Session: in.text("session_id"), Project: in.text("cwd"),
			Model: settings.get("GOOSE_MODEL"), Endpoint: settings.endpoint(in),
		}},
		Same: [][]byte{[]byte("goose"), in.Payload["session_id"], in.Payload["message"]},
	}
}

// gooseSettings are what Goose goes by: its environment, then its file.
type gooseSettings struct {
	env  func(string) string
	file map[string]string
}

func gooseDir(home string, env func(string) string) string {
	if base := env("XDG_CONFIG_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "goose")
	}
	return filepath.Join(home, ".config", "goose")
}

// readGooseSettings reads the plain values at the top of the file, which are
// all that matter here. The file is YAML; of a value that is more than a word
// on its line nothing is known.
func readGooseSettings(in Input) gooseSettings {
	s := gooseSettings{in.Env, map[string]string{}}
	text, err := in.below(gooseDir(in.Env("HOME"), in.Env), "config.yaml")
	if err != nil {
		return s
	}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(name, " \t#-\"'") {
			continue
		}
		value, _, _ = strings.Cut(value, " #")
		s.file[name] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	return s
}

func (s gooseSettings) get(name string) string {
	return cmp.Or(strings.TrimSpace(s.env(name)), s.file[name])
}

// endpoint is where the provider is that is set, "" where none is known.
func (s gooseSettings) endpoint(in Input) string {
	switch provider := s.get("GOOSE_PROVIDER"); provider {
	case "":
		return ""
	case "anthropic":
		return bareURL(cmp.Or(s.get("ANTHROPIC_HOST"), anthropic))
	case "openai":
		host := cmp.Or(s.get("OPENAI_HOST"), "https://api.openai.com")
		return bareURL(strings.TrimRight(host, "/") + "/" + strings.Trim(cmp.Or(s.get("OPENAI_BASE_PATH"), "v1"), "/"))
	default:
		return gooseProvider(in, provider)
	}
}

// gooseProvider is where a provider is that the user has added: Goose keeps a
// file for each.
func gooseProvider(in Input, id string) string {
	var added struct {
		BaseURL string `json:"base_url"`
	}
	if id != filepath.Base(id) {
		return ElsewhereURL(id)
	}
	text, err := in.below(gooseDir(in.Env("HOME"), in.Env), "custom_providers", id+".json")
	if err == nil && json.Unmarshal(text, &added) == nil && added.BaseURL != "" {
		return bareURL(added.BaseURL)
	}
	if strings.Contains(id, "custom") || quota.NamesProvider(id) {
		return "" // perhaps the plan
	}
	return ElsewhereURL(id)
}

// setupGoose makes a plugin. At the end of a turn an answer would keep Goose
// from ending it, so that the prompts are all that it is asked about.
func setupGoose(h Host) Setup {
	h.Guard = GuardOff
	dir := filepath.Join(h.Home, ".agents", "plugins", "quotad")
	return Setup{
		Folders: []string{gooseDir(h.Home, h.Env)}, Programs: []string{"goose"},
		Files: []File{
			{Path: filepath.Join(dir, "plugin.json"), Form: OwnFile, Text: indented(map[string]any{
				"name": "quotad", "version": "1.0.0", "description": "Tells quotad of prompts.",
			})},
			{Path: filepath.Join(dir, "hooks", "hooks.json"), Form: OwnFile, Text: indented(map[string]any{
				"hooks": map[string]any{"UserPromptSubmit": []any{map[string]any{
					"hooks": []any{map[string]any{"type": "command", "command": h.CommandLine("goose"), "timeout": 5}},
				}}},
			})},
		},
		Elsewhere: []File{{Path: filepath.Join(".agents", "plugins", "quotad", "hooks", "hooks.json"), Form: OwnFile}},
		Notes:     []string{"Where \"disabledPlugins\" in Goose's settings.json names quotad, Goose tells it nothing."},
		Mute:      true,
	}
}

// indented is v as a file of JSON that people can read.
func indented(v any) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(v) != nil { // plain data: this cannot fail
		return ""
	}
	return out.String()
}
