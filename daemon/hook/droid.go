package hook

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"time"
)

// droid knows Factory Droid (docs.factory.ai/reference/hooks-reference). It
// took over Claude Code's hooks when those had no ID of a prompt, and can import
// the ones that are installed for it.
func droid() Adapter {
	// The runs of its own hook and of an imported one need not begin together.
	like := likeClaude{tool: "droid", gap: 2 * time.Second, endpoint: droidEndpoint}
	return Adapter{
		Name: "droid", Title: "Factory Droid",
		Parse: like.parse, Answer: answerBy("block"), Setup: setupDroid,
	}
}

// droidModels are the models that a user has added, in the settings of today
// and of older versions.
type droidModels struct {
	Today []droidModel `json:"customModels"`
	Older []droidModel `json:"custom_models"`
}

type droidModel struct {
	ID           string `json:"id"`
	Model        string `json:"model"`
	DisplayName  string `json:"displayName"`
	BaseURL      string `json:"baseUrl"`
	OlderBaseURL string `json:"base_url"`
}

// droidEndpoint looks a model up among those that the user has added. All
// others are Factory's to serve.
func droidEndpoint(in Input, model string) string {
	if model == "" {
		return ""
	}
	known := false
	for _, name := range []string{"settings.json", "config.json"} {
		text, err := in.below(in.Env("HOME"), ".factory", name)
		var added droidModels
		if err != nil || json.Unmarshal(text, &added) != nil {
			continue
		}
		known = true
		for _, m := range append(added.Today, added.Older...) {
			if base := cmp.Or(m.BaseURL, m.OlderBaseURL); base != "" && m.named(model) {
				return bareURL(base)
			}
		}
	}
	if !known {
		return modelEndpoint("factory", model)
	}
	return ElsewhereURL("factory")
}

func (m droidModel) named(model string) bool {
	return model == m.Model || model == m.ID || model == m.DisplayName || model == "custom:"+m.Model
}

func setupDroid(h Host) Setup {
	dir := filepath.Join(h.Home, ".factory")
	return Setup{
		Folders: []string{dir}, Programs: []string{"droid"},
		Files: []File{{
			Path: filepath.Join(dir, "hooks.json"), Form: GroupedJSON,
			Entries: []Entry{{Event: "UserPromptSubmit", Command: h.CommandLine("droid"), Timeout: 5}},
		}},
		Other: []File{
			{Path: filepath.Join(dir, "settings.json"), Form: GroupedJSON, Instead: true},
			{Path: filepath.Join(dir, "hooks", "hooks.json"), Form: GroupedJSON, Instead: true},
		},
		Elsewhere: []File{
			{Path: filepath.Join(".factory", "hooks.json"), Form: GroupedJSON},
			{Path: filepath.Join(".factory", "settings.json"), Form: GroupedJSON},
		},
		Notes: []string{"Droid takes up its hooks when it starts: start it anew, and agree to the change in /hooks."},
		Mute:  true,
	}
}
