package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quotad/daemon/hook"
)

const (
	plugin = "// quotad: reports prompts\nconst BIN = \"/b/quotad\"\nspawn(BIN, [\"hook\", \"opencode\"])\n"
	script = "#!/bin/sh\n" + call + "\n"
)

func TestWholeFiles(t *testing.T) {
	own, executable := hook.File{Form: hook.OwnFile, Text: plugin}, hook.File{Form: hook.Script, Text: script}
	for _, c := range []struct {
		title string
		file  hook.File
		text  []byte
		put   Reason
		after string
		hint  string
		take  Reason // of what was there
	}{
		{"no plugin", own, nil, Installed, plugin, "", Absent},
		{"the plugin", own, []byte(plugin), Already, plugin, "", Removed},
		{"an older plugin", own, []byte("// quotad, older\n"), Updated, plugin, "", Removed},
		{"a plugin of the user's", own, []byte("// mine\n"), Theirs, "// mine\n", "", Absent},
		{"no script", executable, nil, Installed, script, "", Absent},
		{"the script", executable, []byte(script), Already, script, "", Removed},
		{"an older script", executable, []byte("#!/bin/sh\n# quotad\nquotad hook cline\n"), Updated, script, "", Removed},
		{"a script of the user's", executable, []byte("#!/bin/sh\ndate\n"), Theirs, "#!/bin/sh\ndate\n", call, Absent},
		{"a script of the user's with our line in it", executable, []byte("#!/bin/sh\ndate\nquotad hook cline\n"), Already, "#!/bin/sh\ndate\nquotad hook cline\n", "", Theirs},
		{"a script of the user's that names us", executable, []byte("#!/bin/sh\n# see quotad\nquotad status\n"), Theirs, "#!/bin/sh\n# see quotad\nquotad status\n", call, Absent},
		{"an empty script", executable, []byte{}, Theirs, "", call, Absent},
	} {
		e, err := Put(c.text, c.file)
		if err != nil || e.Reason != c.put || string(e.Text) != c.after || !strings.Contains(strings.Join(e.Hints, "\n"), c.hint) {
			t.Errorf("%s: %v %v %q\n%s", c.title, err, e.Reason, e.Hints, e.Text)
		}
		e, err = Take(c.text, nil, c.file)
		if err != nil || e.Reason != c.take || e.Gone != (c.take == Removed) || !e.Gone && string(e.Text) != string(c.text) {
			t.Errorf("%s: %v %v %s", c.title, err, e.Reason, e.Text)
		}
	}
}

func TestWholeFilesOnDisk(t *testing.T) {
	h := newHome(t)
	s := hook.Setup{Files: []hook.File{
		{Path: filepath.Join(h.dir, "Hooks", "UserPromptSubmit"), Form: hook.Script, Text: script},
		{Path: filepath.Join(h.dir, "plugins", "quotad", "hooks", "hooks.json"), Form: hook.OwnFile, Text: `{"hooks": {"a": "'/b/quotad' hook goose"}}`, Mode: 0o644},
	}}
	for _, step := range Plan(s, ToInstall) {
		if err := step.Apply(noon); err != nil {
			t.Fatal(err)
		}
	}
	for i, mode := range []os.FileMode{0o755, 0o644} {
		if info, err := os.Stat(s.Files[i].Path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v", s.Files[i].Path, err)
		}
	}
	l := Look(func(hook.Host) hook.Setup { return s }, hook.Host{Program: "/b/quotad"}, nil)
	if len(l.Programs) != 1 || l.Programs[0] != "/b/quotad" || len(l.Files) != 2 {
		t.Errorf("%+v", l)
	}
	for _, step := range Plan(s, ToUninstall) {
		if err := step.Apply(noon); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(h.dir, "plugins", "quotad")); !os.IsNotExist(err) {
		t.Errorf("our folder is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "plugins")); err != nil {
		t.Errorf("another folder is gone: %v", err)
	}
}

func TestPluginsProgramIsFound(t *testing.T) {
	for text, want := range map[string]string{
		plugin: `'/b/quotad' 'hook'`,
		`{"command": "'/b/quotad' hook goose 2>/dev/null || true"}`: "'/b/quotad' hook goose 2>/dev/null || true",
		"// quotad \"/etc/passwd\"":                                 "",
	} {
		if got := programIn([]byte(text)); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
