package install

import (
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/tailscale/hujson"

	"quotad/daemon/hook"
)

// switchedOff names the key by which a settings file tells its tool to run no
// hooks at all; "" where none does.
func switchedOff(text []byte, form hook.Form) string {
	switch form {
	case hook.GroupedJSON:
		d, err := parseJSON(text)
		if err != nil {
			return ""
		}
		const name = "disableAllHooks"
		if i, err := d.member(d.root, name); err == nil && i >= 0 {
			if lit, ok := d.root.Members[i].Value.Value.(hujson.Literal); ok && lit.Bool() {
				return name
			}
		}
	case hook.GroupedTOML:
		var config struct {
			Features map[string]any `toml:"features"`
		}
		if toml.Unmarshal(text, &config) != nil {
			return ""
		}
		for _, name := range []string{"hooks", "codex_hooks"} {
			if on, ok := config.Features[name].(bool); ok && !on {
				return strings.Join([]string{"features", name}, ".")
			}
		}
	}
	return ""
}
