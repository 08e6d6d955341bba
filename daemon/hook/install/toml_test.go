package install

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"quotad/daemon/hook"
)

func inTOML() hook.File {
	return hook.File{Form: hook.GroupedTOML, Entries: []hook.Entry{{Event: "Prompt", Command: call, Timeout: 5}}}
}

func notifying() hook.File {
	return hook.File{Form: hook.GroupedTOML, Unset: []hook.Setting{{
		Path: []string{"notify"}, Value: []string{"/b/quotad", "hook", "codex-notify"}, Instead: "call it from your own",
	}}}
}

const ourTable = "[[hooks.Prompt]]\n[[hooks.Prompt.hooks]]\ntype = \"command\"\ncommand = \"" + call + "\"\ntimeout = 5\n"

func TestPutTOML(t *testing.T) {
	for _, c := range []putCase{
		{"an empty file", "", inTOML(), ourTable, Installed},
		{"it goes to the end", "model = \"glm\" # mine\n\n[hooks]\n# none yet", inTOML(), "model = \"glm\" # mine\n\n[hooks]\n# none yet\n\n" + ourTable, Installed},
		{"CRLF stays", "a = 1\r\n", inTOML(), "a = 1\r\n\r\n" + strings.ReplaceAll(ourTable, "\n", "\r\n"), Installed},
		{"an older one is changed in its place", "[[hooks.Prompt]]\n  [[hooks.Prompt.hooks]] # ours\n  command = '/old/quotad hook x' # it\n  type = \"command\"\n  timeout = 9\n\n[a]\n", inTOML(),
			"[[hooks.Prompt]]\n  [[hooks.Prompt.hooks]] # ours\n  command = \"" + call + "\" # it\n  type = \"command\"\n  timeout = 5\n\n[a]\n", Updated},
		{"what it lacks is added", "[[hooks.Prompt]]\n[[hooks.Prompt.hooks]]\ncommand = \"quotad hook x\"\n[a]\n", inTOML(),
			"[[hooks.Prompt]]\n[[hooks.Prompt.hooks]]\ncommand = \"" + call + "\"\ntype = \"command\"\ntimeout = 5\n[a]\n", Updated},
		{"one in a line with others too", "hooks.Prompt = [{hooks = [{type = \"command\", command = \"quotad hook x\", timeout = 5}]}]\n", inTOML(),
			"hooks.Prompt = [{hooks = [{type = \"command\", command = \"" + call + "\", timeout = 5}]}]\n", Updated},
		{"doubles and other events go", ourTable + "\n[[hooks.Prompt]]\n[[hooks.Prompt.hooks]]\ncommand = \"mine\"\n[[hooks.Prompt.hooks]]\ncommand = \"quotad hook x\"\n\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ncommand = \"quotad hook x\"\n", inTOML(),
			ourTable + "\n[[hooks.Prompt]]\n[[hooks.Prompt.hooks]]\ncommand = \"mine\"\n", Updated},
		{"what is there stays", "a = 1\n\n" + ourTable, inTOML(), "a = 1\n\n" + ourTable, Already},
		{"a setting goes above the tables", "a = 1\n[t]\n", notifying(), "a = 1\nnotify = [\"/b/quotad\", \"hook\", \"codex-notify\"]\n[t]\n", Installed},
		{"a setting of ours is changed", "notify = ['/old/quotad', 'hook', 'codex-notify'] # x\n", notifying(), "notify = [\"/b/quotad\", \"hook\", \"codex-notify\"] # x\n", Updated},
		{"the user's stays", "notify = ['notify-send', 'done']\n", notifying(), "notify = ['notify-send', 'done']\n", Already},
	} {
		t.Run(c.title, c.check)
	}
}

func TestPutTOMLRefuses(t *testing.T) {
	for _, c := range []struct{ title, text, want string }{
		{"no TOML", "a = 1\nb =\n", "line 2, column "},
		{"hooks of another type", "a = 1\nhooks = 1\n", "line 2, column 1: hooks is no table"},
		{"hooks in one line", "hooks = { Stop = [] }\n", "line 1, column 1: what is there of hooks is written in one line"},
		{"an event in one line", "[hooks]\nPrompt = []\n", "line 2, column 1: what is there"},
		{"one of ours in a line, to be taken out", "hooks.Stop = [{hooks = [{command = \"quotad hook x\"}]}]\n", "has to be taken out by hand"},
	} {
		if e, err := Put([]byte(c.text), inTOML()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n%s", c.title, err, e.Text)
		}
	}
	e, err := Put([]byte("notify = ['mine']\n"), notifying())
	if err != nil || len(e.Hints) != 1 || !strings.Contains(e.Hints[0], "notify is set to something of yours") {
		t.Errorf("%v %q", err, e.Hints)
	}
}

func TestTakeTOML(t *testing.T) {
	for _, c := range []struct {
		title, text string
		original    []byte
		file        hook.File
		want        string
		gone        bool
	}{
		{"all there is", ourTable, nil, inTOML(), "", true},
		{"from the end", "a = 1\n\n" + ourTable, nil, inTOML(), "a = 1\n", false},
		{"of a file that had no line break at its end", "a = 1\n\n" + ourTable, []byte("a = 1"), inTOML(), "a = 1", false},
		{"from the middle", "a = 1\n\n" + ourTable + "\n# mine\n[b]\n", nil, inTOML(), "a = 1\n\n# mine\n[b]\n", false},
		{"a group of the user's stays", "[[hooks.Prompt]]\nmatcher = \"x\"\n[[hooks.Prompt.hooks]]\ncommand = \"quotad hook x\"\n", nil, inTOML(), "[[hooks.Prompt]]\nmatcher = \"x\"\n", false},
		{"a setting", "a = 1\nnotify = [\n \"/b/quotad\", \"hook\", \"codex-notify\",\n] # x\n[b]\n", nil, notifying(), "a = 1\n[b]\n", false},
	} {
		e, err := Take([]byte(c.text), c.original, c.file)
		if err != nil || e.Reason != Removed || e.Gone != c.gone || string(e.Text) != c.want {
			t.Errorf("%s: %v, %v, gone %t\n%s", c.title, err, e.Reason, e.Gone, e.Text)
		}
	}
	if e, err := Take([]byte("notify = ['mine']\n"), nil, notifying()); err != nil || e.Reason != Absent {
		t.Errorf("%v %v", err, e.Reason)
	}
}

// drawTOML draws a configuration with hooks of others or none.
func drawTOML(t *rapid.T) []byte {
	eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
	parts := []string{"model = \"glm\"", "# a comment", "", "[hooks]", "[[hooks.Prompt]]", "[[hooks.Prompt]] # x", "matcher = 'x'",
		"[[hooks.Prompt.hooks]]", "command = \"mine\"", "[[hooks.Stop]]", "[[hooks.Stop.hooks]]", "  command = '''a", "b'''", "[tui] # x", "theme = \"dark\"", "note = \"[[hooks.Prompt]]\""}
	lines := rapid.SliceOfN(rapid.SampledFrom(parts), 0, 12).Draw(t, "lines")
	text := strings.Join(lines, eol) + rapid.SampledFrom([]string{"", eol, eol + eol}).Draw(t, "end")
	if toml.Unmarshal([]byte(text), new(map[string]any)) != nil {
		t.Skip()
	}
	return []byte(text)
}

func TestTOMLIsGivenBackToTheByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawTOML(t)
		f := inTOML()
		f.Unset = notifying().Unset
		there, err := Put(text, f)
		if err != nil {
			t.Skip() // hooks in one line
		}
		if twice, err := Put(there.Text, f); err != nil || twice.Reason != Already || string(twice.Text) != string(there.Text) {
			t.Fatalf("twice: %v %v, from\n%s\nto\n%s", err, twice.Reason, there.Text, twice.Text)
		}
		back, err := Take(there.Text, text, f)
		if err != nil || string(back.Text) != string(text) {
			t.Fatalf("%v, from\n%q\nthrough\n%q\nto\n%q", err, text, there.Text, back.Text)
		}
		if back, err = Take(there.Text, nil, f); err != nil || !reflect.DeepEqual(fromTOML(t, back.Text), fromTOML(t, text)) {
			t.Fatalf("%v, from\n%q\nthrough\n%q\nto\n%q", err, text, there.Text, back.Text)
		}
	})
}

func fromTOML(t *rapid.T, text []byte) map[string]any {
	v := map[string]any{}
	if err := toml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
