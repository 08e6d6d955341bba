package hook

import (
	"path/filepath"
	"strings"
	"testing"
)

// ada is who hooks are installed for.
func ada(guard Guard, env map[string]string) Host {
	return Host{Home: "/home/ada", Env: func(name string) string { return env[name] }, Program: "/opt/it's/quotad", Guard: guard}
}

func TestEverySetupHolds(t *testing.T) {
	for _, a := range Adapters() {
		if a.Setup == nil {
			continue
		}
		for _, guard := range []Guard{GuardOff, GuardWarn, GuardBlock} {
			s := a.Setup(ada(guard, nil))
			if len(s.Files) == 0 || len(s.Folders) == 0 {
				t.Errorf("%s: %d files, %d folders", a.Name, len(s.Files), len(s.Folders))
			}
			for _, f := range append(s.Files, s.Other...) {
				if !filepath.IsAbs(f.Path) {
					t.Errorf("%s: %q is not absolute", a.Name, f.Path)
				}
			}
			for _, f := range s.Files {
				if f.Text != "" && !strings.Contains(f.Text, Mark) {
					t.Errorf("%s: %s is without our mark", a.Name, f.Path)
				}
				for _, e := range f.Entries {
					if !Ours(e.Command) {
						t.Errorf("%s: %s is not found again", a.Name, e.Command)
					}
					if a.Answer != nil && !strings.Contains(e.Command, " hook "+a.Name+guard.flag()+" ") {
						t.Errorf("%s: %s asks for another guard than %v", a.Name, e.Command, guard)
					}
				}
			}
		}
	}
}

func TestSetupsFindTheirFiles(t *testing.T) {
	for _, c := range []struct {
		tool string
		env  map[string]string
		want string
	}{
		{"codex", nil, "/home/ada/.codex/hooks.json"},
		{"codex", map[string]string{"CODEX_HOME": "/c"}, "/c/hooks.json"},
		{"codex", map[string]string{"CODEX_HOME": "c"}, "/home/ada/.codex/hooks.json"},
		{"gemini", nil, "/home/ada/.gemini/settings.json"},
		{"gemini", map[string]string{"GEMINI_CLI_HOME": "/g"}, "/g/.gemini/settings.json"},
		{"qwen", nil, "/home/ada/.qwen/settings.json"},
		{"qwen", map[string]string{"QWEN_HOME": "/q"}, "/q/settings.json"},
		{"opencode", nil, "/home/ada/.config/opencode/plugins/quotad.js"},
		{"opencode", map[string]string{"XDG_CONFIG_HOME": "/x"}, "/x/opencode/plugins/quotad.js"},
		{"kilo", nil, "/home/ada/.config/kilo/plugin/quotad.js"},
	} {
		a, ok := adapter(c.tool)
		if !ok {
			t.Fatal(c.tool)
		}
		if got := a.Setup(ada(GuardOff, c.env)).Files[0].Path; got != c.want {
			t.Errorf("%s with %v: got %s, want %s", c.tool, c.env, got, c.want)
		}
	}
}

func TestSetupSaysWhatIsLeftToDo(t *testing.T) {
	for _, c := range []struct {
		tool  string
		guard Guard
		word  string
		told  bool
	}{
		{"codex", GuardOff, "open /hooks", true},
		{"codex", GuardOff, "codex-notify", true},
		{"opencode", GuardWarn, "no guard", true},
		{"opencode", GuardOff, "no guard", false},
		{"kilo", GuardBlock, "no guard", true},
	} {
		a, _ := adapter(c.tool)
		setup := a.Setup(ada(c.guard, nil))
		notes := strings.Join(append(setup.Notes, setup.Trust), "\n")
		if strings.Contains(notes, c.word) != c.told {
			t.Errorf("%s, guard %v: %q", c.tool, c.guard, notes)
		}
	}
}
