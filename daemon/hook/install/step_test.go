package install

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quotad/daemon/hook"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// home is a folder of a tool, with one settings file.
type home struct {
	*testing.T
	dir, file string
}

func newHome(t *testing.T) home {
	dir := t.TempDir()
	return home{t, dir, filepath.Join(dir, "settings.json")}
}

func (h home) setup() hook.Setup {
	f := lined()
	f.Path = h.file
	return hook.Setup{Folders: []string{h.dir}, Files: []hook.File{f}}
}

func (h home) write(path, text string, mode os.FileMode) {
	h.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		h.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		h.Fatal(err)
	}
}

func (h home) text(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(text)
}

// run plans and applies the one step that there is.
func (h home) run(aim Aim) (Step, error) {
	h.Helper()
	steps := Plan(h.setup(), aim)
	if len(steps) != 1 {
		h.Fatalf("%d steps", len(steps))
	}
	return steps[0], steps[0].Apply(noon)
}

// holds lists what is in the folder.
func (h home) holds() (names []string) {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		h.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestInstallKeepsModeAndBackup(t *testing.T) {
	h := newHome(t)
	const mine = "{\n  // mine\n  \"a\": 1\n}\n"
	h.write(h.file, mine, 0o640)
	if s, err := h.run(ToInstall); err != nil || s.Reason != Installed {
		t.Fatalf("%v %v", s.Reason, err)
	}
	info, err := os.Stat(h.file)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	backup := h.file + ".quotad-backup"
	if got := h.text(backup); got != mine {
		t.Errorf("the backup holds %s", got)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode is %v, %v: a key in it outlives that in the file", info.Mode(), err)
	}
	if s, err := h.run(ToInstall); err != nil || s.Reason != Already {
		t.Errorf("again: %v %v", s.Reason, err)
	}
	if _, err := h.run(ToUninstall); err != nil || h.text(h.file) != mine {
		t.Errorf("%v\n%s", err, h.text(h.file))
	}
	if got := h.holds(); !slices.Equal(got, []string{"settings.json"}) {
		t.Errorf("left behind: %v", got)
	}
}

func TestBackupIsNeverOverwritten(t *testing.T) {
	h := newHome(t)
	h.write(h.file, `{"first": 1}`, 0o600)
	if _, err := h.run(ToInstall); err != nil {
		t.Fatal(err)
	}
	first := h.file + ".quotad-backup"

	older := strings.ReplaceAll(h.text(h.file), "/b/quotad", "/old/quotad")
	h.write(h.file, older, 0o600)
	if s, err := h.run(ToInstall); err != nil || s.Reason != Updated {
		t.Fatalf("%v %v", s.Reason, err)
	}
	if got := h.text(first); got != `{"first": 1}` || len(h.holds()) != 2 {
		t.Errorf("%s, %v", got, h.holds())
	}

	h.write(h.file, `{"second": 2}`, 0o600)
	if _, err := h.run(ToInstall); err != nil {
		t.Fatal(err)
	}
	if got, dated := h.text(first), h.text(first+"-20261125T120000.000Z"); got != `{"first": 1}` || dated != `{"second": 2}` {
		t.Errorf("%s and %s", got, dated)
	}
	if _, err := h.run(ToUninstall); err != nil || h.text(h.file) != `{"second": 2}` {
		t.Errorf("%v %s", err, h.text(h.file))
	}
}

func TestUninstallKeepsWhatCameSince(t *testing.T) {
	h := newHome(t)
	h.write(h.file, `{"a": 1}`, 0o600)
	if _, err := h.run(ToInstall); err != nil {
		t.Fatal(err)
	}
	h.write(h.file, strings.Replace(h.text(h.file), `"a": 1`, `"a": 2, "b": 3`, 1), 0o600)
	if _, err := h.run(ToUninstall); err != nil || h.text(h.file) != `{"a": 2, "b": 3}` {
		t.Errorf("%v %s", err, h.text(h.file))
	}
	if got := h.text(h.file + ".quotad-backup"); got != `{"a": 1}` {
		t.Errorf("the backup: %s", got)
	}
}

func TestFileThatWasNotThereGoesAgain(t *testing.T) {
	h := newHome(t)
	h.file = filepath.Join(h.dir, "new", "settings.json")
	if _, err := h.run(ToInstall); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(h.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v", err)
	}
	if s, err := h.run(ToUninstall); err != nil || s.Reason != Removed {
		t.Errorf("%v %v", s.Reason, err)
	}
	if _, err := os.Stat(h.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestFilesThatAreLeftAlone(t *testing.T) {
	for _, c := range []struct {
		title string
		make  func(h home)
		want  string
	}{
		{"a link", func(h home) {
			target := filepath.Join(h.dir, "dotfiles.json")
			h.write(target, `{"a": 1}`, 0o600)
			if err := os.Symlink(target, h.file); err != nil {
				h.Fatal(err)
			}
		}, "it is a link to"},
		{"a link to nothing", func(h home) { _ = os.Symlink("/nowhere/settings.json", h.file) }, "it is a link to /nowhere/settings.json"},
		{"read-only", func(h home) { h.write(h.file, `{"a": 1}`, 0o444) }, "it is read-only; chmod u+w it"},
		{"a folder", func(h home) { _ = os.Mkdir(h.file, 0o700) }, "it is not a regular file"},
		{"no JSON", func(h home) { h.write(h.file, "{\n  oops\n}", 0o600) }, "settings.json:2:3: not valid JSON: invalid literal: oops; mend it and run it again"},
		{"too large", func(h home) {
			h.write(h.file, "{}", 0o600)
			if err := os.Truncate(h.file, most+1); err != nil {
				h.Fatal(err)
			}
		}, "larger than 16 MiB"},
	} {
		t.Run(c.title, func(t *testing.T) {
			h := newHome(t)
			c.make(h)
			before, _ := os.Lstat(h.file)
			s, err := h.run(ToInstall)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), h.file) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if s.Reason != Refused || !strings.Contains(strings.Join(s.ByHand, "\n"), "hook x 2>/dev/null") {
				t.Errorf("%v %q", s.Reason, s.ByHand)
			}
			after, err := os.Lstat(h.file)
			if err != nil || after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) || !os.SameFile(before, after) {
				t.Errorf("it was touched: %v", err)
			}
			if h.holds(); len(backups(h.file)) > 0 {
				t.Errorf("a backup was made: %v", h.holds())
			}
		})
	}
}

func TestFileThatChangesInBetween(t *testing.T) {
	for title, change := range map[string]func(h home){
		"another text":  func(h home) { h.write(h.file, `{"b": 2}`, 0o600) },
		"gone":          func(h home) { _ = os.Remove(h.file) },
		"became a link": func(h home) { _ = os.Rename(h.file, h.file+".real"); _ = os.Symlink(h.file+".real", h.file) },
	} {
		t.Run(title, func(t *testing.T) {
			h := newHome(t)
			h.write(h.file, `{"a": 1}`, 0o600)
			steps := Plan(h.setup(), ToInstall)
			change(h)
			now := h.text(h.file)
			if err := steps[0].Apply(noon); err == nil {
				t.Error("it was written")
			}
			if got := h.text(h.file); got != now {
				t.Errorf("it holds %s", got)
			}
			if left, _ := filepath.Glob(filepath.Join(h.dir, ".settings*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	h := newHome(t)
	steps := Plan(h.setup(), ToInstall)
	h.write(h.file, `{"b": 2}`, 0o600)
	if err := steps[0].Apply(noon); err == nil || h.text(h.file) != `{"b": 2}` {
		t.Errorf("a file that came in between: %v, %s", err, h.text(h.file))
	}
}

func TestLinkedFoldersAreWrittenThrough(t *testing.T) {
	h := newHome(t)
	real := filepath.Join(h.dir, "dotfiles")
	link := filepath.Join(h.dir, ".tool")
	if err := errors.Join(os.Mkdir(real, 0o700), os.Symlink("dotfiles", link)); err != nil {
		t.Fatal(err)
	}
	h.file = filepath.Join(link, "settings.json")
	if _, err := h.run(ToInstall); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || !strings.Contains(h.text(filepath.Join(real, "settings.json")), "quotad") {
		t.Errorf("%v", err)
	}
}

func TestPlanChoosesTheFileThatTheToolReads(t *testing.T) {
	const theirs = "[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = \"command\"\ncommand = \"mine\"\n"
	for _, c := range []struct{ title, json, toml, want string }{
		{"none has hooks", "", "model = \"glm\"\n", "hooks.json"},
		{"the user's are in TOML", "", theirs, "config.toml"},
		{"the user's are in both", `{"hooks": {"Stop": [{"hooks": [{"command": "mine"}]}]}}`, theirs, "hooks.json"},
		{"ours are in JSON, the user's came in TOML", `{"hooks": {"Prompt": [` + ourGroup + `]}}`, theirs, "config.toml"},
	} {
		t.Run(c.title, func(t *testing.T) {
			h := newHome(t)
			f := grouped()
			f.Path = filepath.Join(h.dir, "hooks.json")
			other := hook.File{Path: filepath.Join(h.dir, "config.toml"), Form: hook.GroupedTOML}
			if c.json != "" {
				h.write(f.Path, c.json, 0o600)
			}
			h.write(other.Path, c.toml, 0o600)
			s := hook.Setup{Files: []hook.File{f}, Other: []hook.File{other}}
			for _, step := range Plan(s, ToInstall) {
				if err := step.Apply(noon); err != nil {
					t.Fatal(err)
				}
			}
			var in []string
			for _, path := range []string{f.Path, other.Path} {
				if strings.Contains(h.text(path), "hook x") {
					in = append(in, filepath.Base(path))
				}
			}
			if !slices.Equal(in, []string{c.want}) {
				t.Errorf("in %v", in)
			}
			for _, step := range Plan(s, ToUninstall) {
				if err := step.Apply(noon); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.text(other.Path); got != c.toml {
				t.Errorf("became\n%s", got)
			}
		})
	}
}

func TestPlanTakesOursOutOfOtherFiles(t *testing.T) {
	h := newHome(t)
	local := filepath.Join(h.dir, "settings.local.json")
	h.write(local, `{"hooks": {"Prompt": [{"hooks": [{"command": "quotad hook x"}, {"command": "mine"}]}]}}`, 0o600)
	s := h.setup()
	s.Other = []hook.File{{Path: local, Form: hook.GroupedJSON}, {Path: filepath.Join(h.dir, "none.json")}}
	steps := Plan(s, ToInstall)
	if len(steps) != 2 || steps[1].Reason != Removed || steps[1].Apply(noon) != nil {
		t.Fatalf("%+v", steps)
	}
	if got := h.text(local); got != `{"hooks": {"Prompt": [{"hooks": [{"command": "mine"}]}]}}` {
		t.Error(got)
	}
}

func TestWithoutStatusLine(t *testing.T) {
	s := newHome(t).setup()
	if got := WithoutStatusLine(s); len(got.Files[0].Unset) != 0 || len(s.Files[0].Unset) != 1 {
		t.Errorf("%+v", got)
	}
}
