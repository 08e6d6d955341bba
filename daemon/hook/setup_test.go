package hook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden compares text with a file, or writes the file anew.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s: got\n%swant\n%s", path, text, want)
	}
}

// inWords writes a setup for people to check.
func inWords(s Setup) string {
	var out strings.Builder
	for _, dir := range s.Folders {
		fmt.Fprintln(&out, "here with", dir)
	}
	for _, name := range s.Programs {
		fmt.Fprintln(&out, "here with the program", name)
	}
	forms := [...]string{"grouped JSON", "flat JSON", "grouped TOML", "our own", "a script"}
	for _, f := range s.Files {
		fmt.Fprintf(&out, "%s, %s, mode %o\n", f.Path, forms[f.Form], f.Mode)
		for _, e := range f.Entries {
			fmt.Fprintf(&out, "  %s %q %d %q async=%t\n", e.Event, e.Command, e.Timeout, e.Name, e.Async)
		}
		for _, u := range f.Unset {
			fmt.Fprintf(&out, "  unless set: %s = %s\n  instead: %s\n", strings.Join(u.Path, "."), answer(u.Value.(map[string]any)), u.Instead)
		}
		if f.Text != "" {
			fmt.Fprintln(&out, "  | "+strings.ReplaceAll(strings.TrimSuffix(f.Text, "\n"), "\n", "\n  | "))
		}
	}
	for _, f := range s.Other {
		fmt.Fprintf(&out, "not in %s, %s, instead=%t\n", f.Path, forms[f.Form], f.Instead)
	}
	for _, f := range s.Elsewhere {
		fmt.Fprintf(&out, "nor in %s, %s\n", f.Path, forms[f.Form])
	}
	if s.Trust != "" {
		fmt.Fprintln(&out, "trust:", s.Trust)
	}
	for _, note := range s.Notes {
		fmt.Fprintln(&out, "note:", note)
	}
	fmt.Fprintln(&out, "mute:", s.Mute)
	return out.String()
}

func TestSetups(t *testing.T) {
	for _, a := range Adapters() {
		if a.Setup == nil {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", a.Name, "setup.want"), inWords(a.Setup(ada(GuardBlock, nil))))
		})
	}
}

// What a tool reads from a hook is held to the letter: what it does not know
// may fail the hook, or stop the prompt.
func TestAnswers(t *testing.T) {
	for _, a := range Adapters() {
		t.Run(a.Name, func(t *testing.T) {
			if a.Answer == nil {
				return
			}
			if got := a.Answer(Verdict{}); len(got) > 0 {
				t.Errorf("a prompt that passes is answered with %s", got)
			}
			text := ""
			for _, v := range []Verdict{{Action: Warn, Text: `GLM "5h": 92 % used`}, {Action: Block, Text: `GLM "5h": used up`}} {
				text += v.Action.String() + " " + string(a.Answer(v)) + "\n"
			}
			golden(t, filepath.Join("testdata", a.Name, "answers.want"), text)
		})
	}
}
