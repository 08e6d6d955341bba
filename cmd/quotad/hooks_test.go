package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quotad/daemon/hook"
	"quotad/daemon/hook/install"
)

// lab is a tool of our own, whose one file holds text.
func lab(t *testing.T, p *person, name, text string) hookTool {
	t.Helper()
	file := filepath.Join(p.env("HOME"), name+".json")
	if text != "" {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return hookTool{hook.Adapter{Name: name, Title: "The " + name, Setup: func(h hook.Host) hook.Setup {
		return hook.Setup{
			Files: []hook.File{{Path: file, Form: hook.FlatJSON, Entries: []hook.Entry{{Event: "prompt", Command: h.CommandLine(name)}}}},
			Trust: "trust it in /hooks.", Mute: true, Notes: []string{"it is made up."},
		}
	}}, true}
}

func TestBrokenFileSpoilsNoOther(t *testing.T) {
	p := atTerminal(t)
	r := hooksRun{app: p.app, aim: install.ToInstall, statusLine: true}
	for _, tool := range []hookTool{lab(t, p, "broken", "oops"), lab(t, p, "empty", ""), lab(t, p, "listed", "[]"), lab(t, p, "good", "{}")} {
		r.tool(tool, r.hookHost("/opt/quotad"))
	}
	for _, want := range []string{
		"The broken: ", "broken.json: left alone\n  " + filepath.Join(p.env("HOME"), "broken.json") + ":1:1: not valid JSON: ", "run it again\n  what belongs in it:\n    {\n", "empty.json: installed\n",
		"listed.json: left alone\n  " + filepath.Join(p.env("HOME"), "listed.json") + ":1:1: ", "good.json: installed\n",
		"  note: trust it in /hooks.\n", "  note: it is made up.\n",
		"  note: The good cannot tell what it talks to: its prompts count on the plan; if that is wrong: quotad config set tool.good.plan false\n",
	} {
		if !strings.Contains(p.out.String(), want) {
			t.Errorf("no %q in\n%s", want, p.out.String())
		}
	}
	if got := (&spoiledError{r.spoiled}).Error(); len(r.spoiled) != 2 || !strings.HasPrefix(got, "2 files were left as they are; the first: ") || !strings.Contains(got, "broken.json:1:1: not valid JSON") {
		t.Error(got)
	}
	if record := p.hookRecord(); len(record) != 2 || !record["good"].Equal(p.now()) {
		t.Errorf("recorded %v", record)
	}
}

func TestToolThatNeverRanItsHooks(t *testing.T) {
	p := atTerminal(t)
	tool := lab(t, p, "strict", "")
	r := hooksRun{app: p.app, aim: install.ToInstall}
	program := filepath.Join(p.env("HOME"), "quotad")
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	r.tool(tool, r.hookHost(program))
	installed := p.now()
	p.app.now = func() time.Time { return installed.Add(2 * time.Hour) }
	for _, c := range []struct {
		title  string
		newest map[string]time.Time
		after  time.Duration
		warned bool
	}{
		{"no daemon to ask", nil, 2 * time.Hour, false},
		{"nothing came", map[string]time.Time{}, 2 * time.Hour, true},
		{"nothing came since", map[string]time.Time{"strict": installed.Add(-time.Hour)}, 2 * time.Hour, true},
		{"something came since", map[string]time.Time{"strict": installed.Add(time.Hour)}, 2 * time.Hour, false},
		{"it is too long ago to tell", map[string]time.Time{}, 30 * 24 * time.Hour, false},
	} {
		p.app.now = func() time.Time { return installed.Add(c.after) }
		warned := false
		for _, f := range p.hookFindings([]hookTool{tool}, c.newest) {
			warned = warned || f.Verdict == warning && strings.HasPrefix(f.Text, "no event since it was installed, 2 h ago: trust it in /hooks.")
		}
		if warned != c.warned {
			t.Errorf("%s: warned %t", c.title, warned)
		}
	}
}

func TestDiffIsColouredOnATerminal(t *testing.T) {
	step := install.Step{Path: "/x.json", Was: []byte("{\n}\n"), Edit: install.Edit{Text: []byte("{\n  \"a\": \"\x1b[1m\"\n}\n"), Reason: install.Installed}}
	got := paintDiff(screen{colour: true}, step)
	if !strings.Contains(got, "\x1b[32m+  \"a\": ") || !strings.Contains(got, "\x1b[1m--- /x.json\x1b[0m\n") || strings.Contains(got, "\"\x1b[1m\"") {
		t.Errorf("%q", got)
	}
	step.Gone = true
	if got := paintDiff(screen{}, step); !strings.HasPrefix(got, "--- /x.json\n+++ /dev/null\n") {
		t.Errorf("%q", got)
	}
}

func TestProjectFolders(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	a := &app{env: func(string) string { return "/home/u" }}
	if got := a.projectFolders(); len(got) != 2 || got[0] != deep || got[1] != root {
		t.Errorf("%v", got)
	}
	a.env = func(string) string { return root }
	if got := a.projectFolders(); len(got) != 1 {
		t.Errorf("the home folder is no project: %v", got)
	}
}
