package install

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"quotad/daemon/hook"
)

// looked is a tool with a settings file, local settings, and a project.
type looked struct {
	home
	program string
}

func newLooked(t *testing.T) looked {
	l := looked{home: newHome(t)}
	l.program = filepath.Join(l.dir, "bin", "quotad")
	l.executable(l.program)
	return l
}

func (l looked) executable(path string) {
	l.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		l.Fatal(err)
	}
	l.home.write(path, "#!/bin/sh\n# "+path, 0o700)
}

func (l looked) setupFor(h hook.Host) hook.Setup {
	call := h.CommandLine("x")
	return hook.Setup{
		Files: []hook.File{{Path: l.file, Form: hook.GroupedJSON, Entries: []hook.Entry{
			{Event: "Prompt", Command: call, Timeout: 5}, {Event: "Stop", Command: call, Async: true},
		}, Unset: []hook.Setting{{Path: []string{"statusLine"}, Value: "quotad statusline"}}}},
		Other:     []hook.File{{Path: filepath.Join(l.dir, "settings.local.json"), Form: hook.GroupedJSON}},
		Elsewhere: []hook.File{{Path: filepath.Join(".tool", "settings.json"), Form: hook.GroupedJSON}, {Path: filepath.Join(l.dir, "plugins", "*", "hooks.json"), Form: hook.GroupedJSON}},
	}
}

// install puts the hooks there, to call a program and with a guard.
func (l looked) install(program string, g hook.Guard) {
	l.Helper()
	for _, step := range Plan(WithoutStatusLine(l.setupFor(hook.Host{Program: program, Guard: g})), ToInstall) {
		if err := step.Apply(noon); err != nil {
			l.Fatal(err)
		}
	}
}

func TestLook(t *testing.T) {
	const ours = `{"hooks": {"Prompt": [{"hooks": [{"type": "command", "command": "quotad hook x"}]}]}}`
	for _, c := range []struct {
		title string
		make  func(l looked)
		kinds []Kind
		says  string
	}{
		{"all is well", func(l looked) { l.install(l.program, hook.GuardOff) }, nil, ""},
		{"well with a guard", func(l looked) { l.install(l.program, hook.GuardBlock) }, nil, ""},
		{"nothing there", func(looked) {}, []Kind{Missing}, "it has no hook of quotad"},
		{"an event was stripped", func(l looked) {
			l.install(l.program, hook.GuardOff)
			l.write(l.file, strings.Replace(l.text(l.file), `"Stop"`, `"Start"`, 1), 0o600)
		}, []Kind{Changed}, "no hook of quotad for Stop"},
		{"an entry was changed", func(l looked) {
			l.install(l.program, hook.GuardOff)
			l.write(l.file, strings.Replace(l.text(l.file), `"async": true`, `"async": false`, 1), 0o600)
		}, []Kind{Changed}, "was changed"},
		{"the program is gone", func(l looked) { l.install("/nowhere/quotad", hook.GuardOff) }, []Kind{NoProgram}, "it calls /nowhere/quotad, which is no program"},
		{"the program cannot be run", func(l looked) {
			l.install(l.program, hook.GuardOff)
			if err := os.Chmod(l.program, 0o600); err != nil {
				l.Fatal(err)
			}
		}, []Kind{NoProgram}, "which is no program"},
		{"another program", func(l looked) {
			other := filepath.Join(l.dir, "old", "quotad")
			l.executable(other)
			l.install(other, hook.GuardOff)
		}, []Kind{OtherProgram}, "and this is"},
		{"twice in the file", func(l looked) {
			l.install(l.program, hook.GuardOff)
			l.write(l.file, strings.Replace(l.text(l.file), `"Prompt": [`, `"Prompt": [{"hooks": [{"command": "date; '`+l.program+`' hook x"}]},`, 1), 0o600)
		}, []Kind{Twice}, "more than once for Prompt"},
		{"in the local settings too", func(l looked) {
			l.install(l.program, hook.GuardOff)
			l.write(filepath.Join(l.dir, "settings.local.json"), strings.Replace(ours, "quotad", l.program, 1), 0o600)
		}, []Kind{Twice}, "settings.local.json"},
		{"in the project too", func(l looked) {
			l.install(l.program, hook.GuardOff)
			_ = os.MkdirAll(filepath.Join(l.dir, "project", ".tool"), 0o700)
			l.write(filepath.Join(l.dir, "project", ".tool", "settings.json"), strings.Replace(ours, "quotad", l.program, 1), 0o600)
		}, []Kind{Twice}, "project/.tool/settings.json"},
		{"in a plugin too", func(l looked) {
			l.install(l.program, hook.GuardOff)
			_ = os.MkdirAll(filepath.Join(l.dir, "plugins", "p"), 0o700)
			l.write(filepath.Join(l.dir, "plugins", "p", "hooks.json"), strings.Replace(ours, "quotad", l.program, 1), 0o600)
		}, []Kind{Twice}, "plugins/p/hooks.json"},
		{"switched off", func(l looked) {
			l.install(l.program, hook.GuardOff)
			l.write(filepath.Join(l.dir, "settings.local.json"), `{"disableAllHooks": true}`, 0o600)
		}, []Kind{SwitchedOff}, "disableAllHooks"},
		{"no JSON", func(l looked) { l.write(l.file, "oops", 0o600) }, []Kind{Unreadable}, "not valid JSON"},
		{"a link, which is fine to read", func(l looked) {
			l.install(l.program, hook.GuardOff)
			_ = os.Rename(l.file, l.file+".real")
			_ = os.Symlink(l.file+".real", l.file)
		}, nil, ""},
	} {
		t.Run(c.title, func(t *testing.T) {
			l := newLooked(t)
			c.make(l)
			found := Look(l.setupFor, hook.Host{Program: l.program}, []string{filepath.Join(l.dir, "project")})
			var kinds []Kind
			said := ""
			for _, p := range found.Problems {
				kinds = append(kinds, p.Kind)
				said += p.Path + ": " + p.Text + "\n"
			}
			if !slices.Equal(kinds, c.kinds) || !strings.Contains(said, c.says) {
				t.Errorf("%v\n%s", kinds, said)
			}
		})
	}
}

// A tool that reads one file of several is not well because another has ours.
func TestLookAtToolOfSeveralFiles(t *testing.T) {
	const script = "#!/bin/sh\nquotad hook x\n"
	l := newLooked(t)
	first, second := filepath.Join(l.dir, "Prompt"), filepath.Join(l.dir, "Start")
	setup := func(hook.Host) hook.Setup {
		return hook.Setup{Files: []hook.File{{Path: first, Form: hook.Script, Text: script}, {Path: second, Form: hook.Script, Text: script}}}
	}
	for _, c := range []struct {
		title string
		text  map[string]string
		want  []string // the paths that are said to have no hook of ours
	}{
		{"both", map[string]string{first: script, second: script}, nil},
		{"neither, which is one thing to say", nil, []string{first}},
		{"one was taken away", map[string]string{second: script}, []string{first}},
		{"one is the user's own", map[string]string{first: script, second: "#!/bin/sh\ndate\n"}, []string{second}},
		{"the user's own calls it", map[string]string{first: script, second: "#!/bin/sh\ndate\nquotad hook x\n"}, nil},
	} {
		for _, path := range []string{first, second} {
			_ = os.Remove(path)
			if text, ok := c.text[path]; ok {
				l.write(path, text, 0o700)
			}
		}
		var paths []string
		for _, p := range Look(setup, hook.Host{}, nil).Problems {
			if p.Kind == Missing {
				paths = append(paths, p.Path)
			}
		}
		if !slices.Equal(paths, c.want) {
			t.Errorf("%s: %q", c.title, paths)
		}
	}
}

func TestSwitchedOff(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "[features]\nhooks = true\n": "", "[features]\nhooks = false\n": "features.hooks", "[features]\ncodex_hooks = false\n": "features.codex_hooks", "oops": "",
	} {
		if got := switchedOff([]byte(text), hook.GroupedTOML); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	if switchedOff([]byte(`{"disableAllHooks": false}`), hook.GroupedJSON) != "" || switchedOff([]byte("oops"), hook.GroupedJSON) != "" {
		t.Error("switched on")
	}
}

func TestKeep(t *testing.T) {
	l := newLooked(t)
	link := filepath.Join(l.dir, "link", "quotad")
	if err := os.Mkdir(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(l.program, link); err != nil {
		t.Fatal(err)
	}
	l.install(link, hook.GuardWarn)
	mine := hook.Host{Program: l.program}
	if got := Keep(l.setupFor, mine, false); got.Program != link || got.Guard != hook.GuardWarn {
		t.Errorf("%+v", got)
	}
	if got := Keep(l.setupFor, mine, true); got.Guard != hook.GuardOff {
		t.Errorf("asked for no guard: %v", got.Guard)
	}
	for written, want := range map[string]hook.Guard{"--guard": hook.GuardWarn, "--guard block": hook.GuardBlock, "--guard=off": hook.GuardOff} {
		l.write(l.file, strings.ReplaceAll(l.text(l.file), "--guard=warn", written), 0o600)
		if got := Keep(l.setupFor, mine, false); got.Guard != want {
			t.Errorf("%s, as people write it: kept %v", written, got.Guard)
		}
		l.write(l.file, strings.ReplaceAll(l.text(l.file), written, "--guard=warn"), 0o600)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if got := Keep(l.setupFor, mine, false); got.Program != l.program {
		t.Errorf("kept a program that is gone: %s", got.Program)
	}
}
