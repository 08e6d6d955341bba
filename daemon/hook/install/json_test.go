package install

import (
	"strings"
	"testing"

	"quotad/daemon/hook"
)

const call = "'/b/quotad' hook x 2>/dev/null || true"

// grouped wants one hook for a prompt.
func grouped(more ...hook.Entry) hook.File {
	return hook.File{Form: hook.GroupedJSON, Entries: append([]hook.Entry{{Event: "Prompt", Command: call, Timeout: 5}}, more...)}
}

// lined wants a hook and a status line.
func lined() hook.File {
	f := grouped()
	f.Unset = []hook.Setting{{
		Path:    []string{"ui", "statusLine"},
		Value:   map[string]any{"type": "command", "command": "'/b/quotad' statusline", "padding": 0},
		Instead: "quotad statusline --wrap 'YOUR COMMAND'",
	}}
	return f
}

const ourGroup = `{"hooks": [{"type": "command", "command": "` + call + `", "timeout": 5}]}`

// putCase is what becomes of a text, which then stays.
type putCase struct {
	title, text string
	file        hook.File
	want        string
	reason      Reason
}

func (c putCase) check(t *testing.T) {
	e, err := Put([]byte(c.text), c.file)
	if err != nil || e.Reason != c.reason || string(e.Text) != c.want {
		t.Errorf("%v, %v\n%s\nwant %v\n%s", err, e.Reason, e.Text, c.reason, c.want)
	}
	if again, err := Put(e.Text, c.file); err != nil || again.Reason != Already || string(again.Text) != string(e.Text) {
		t.Errorf("again: %v, %v\n%s", err, again.Reason, again.Text)
	}
}

func TestPutJSON(t *testing.T) {
	for _, c := range []putCase{
		{"an empty file gets an object of its own", "", grouped(), `{
  "hooks": {
    "Prompt": [
      {
        "hooks": [
          {
            "type": "command",
            "command": "` + call + `",
            "timeout": 5
          }
        ]
      }
    ]
  }
}
`, Installed},
		{"what is in one line stays in one line", `{"a": 1}`, grouped(), `{"a": 1, "hooks": {"Prompt": [` + ourGroup + `]}}`, Installed},
		{"and without spaces where there are none", `{"a":1}`, grouped(), `{"a":1,"hooks":{"Prompt":[{"hooks":[{"type":"command","command":"` + call + `","timeout":5}]}]}}`, Installed},
		{"tabs, comments and a comma at the end stay",
			"{\n\t\"a\": 1, // one\n\t\"hooks\": {\"Stop\": []}, /* two */\n\t// three\n}\n", grouped(),
			"{\n\t\"a\": 1, // one\n\t\"hooks\": {\"Stop\": [], \"Prompt\": [" + ourGroup + "]}, /* two */\n\t// three\n}\n", Installed},
		{"CRLF and a byte order mark stay", "\xef\xbb\xbf{\r\n    \"hooks\": {\r\n        \"Prompt\": []\r\n    }\r\n}\r\n", grouped(),
			"\xef\xbb\xbf{\r\n    \"hooks\": {\r\n        \"Prompt\": [\r\n            {\r\n                \"hooks\": [\r\n                    {\r\n                        \"type\": \"command\",\r\n                        \"command\": \"" +
				call + "\",\r\n                        \"timeout\": 5\r\n                    }\r\n                ]\r\n            }\r\n        ]\r\n    }\r\n}\r\n", Installed},
		{"it goes behind those of others", `{"hooks": {"Prompt": [{"matcher": "*", "hooks": [{"command": "mine"}]}]}}`, grouped(),
			`{"hooks": {"Prompt": [{"matcher": "*", "hooks": [{"command": "mine"}]}, ` + ourGroup + `]}}`, Installed},
		{"an older one is changed in its place, beside one of the user's",
			`{"hooks": {"Prompt": [{"hooks": [{"command": "/old/quotad hook x", "statusMessage": "counting"}, {"command": "mine"}]}]}}`, grouped(),
			`{"hooks": {"Prompt": [{"hooks": [{"command": "` + call + `", "statusMessage": "counting", "type": "command", "timeout": 5}, {"command": "mine"}]}]}}`, Updated},
		{"one in words becomes a command", `{"hooks": {"Prompt": [{"hooks": [{"type": "command", "command": "/old/quotad", "args": ["hook", "x"], "timeout": 5}]}]}}`, grouped(),
			`{"hooks": {"Prompt": [` + ourGroup + `]}}`, Updated},
		{"doubles go", `{"hooks": {"Prompt": [` + ourGroup + `, {"hooks": [{"command": "quotad hook x"}, {"command": "mine"}]}, {"hooks": [{"command": "quotad hook x"}]}]}}`, grouped(),
			`{"hooks": {"Prompt": [` + ourGroup + `, {"hooks": [{"command": "mine"}]}]}}`, Updated},
		{"an event that is no longer wanted goes", `{"hooks": {"Start": [{"hooks": [{"command": "quotad hook x"}]}], "Prompt": [` + ourGroup + `]}}`, grouped(),
			`{"hooks": {"Prompt": [` + ourGroup + `]}}`, Updated},
		{"what is there stays as it is", `{"hooks":{"Prompt":[{"hooks":[{"timeout":5,"command":"` + call + `","type":"command"}]}]}}`, grouped(),
			`{"hooks":{"Prompt":[{"hooks":[{"timeout":5,"command":"` + call + `","type":"command"}]}]}}`, Already},
		{"escapes do not matter", `{"hooks":{"Prompt":[{"hooks":[{"timeout":5,"command":"` + strings.ReplaceAll(call, "/", `\/`) + `","type":"command"}]}]}}`, grouped(),
			`{"hooks":{"Prompt":[{"hooks":[{"timeout":5,"command":"` + strings.ReplaceAll(call, "/", `\/`) + `","type":"command"}]}]}}`, Already},
		{"a command in which it is one step is the user's, and enough", `{"hooks": {"Prompt": [{"hooks": [{"command": "date; quotad hook x"}]}]}}`, grouped(),
			`{"hooks": {"Prompt": [{"hooks": [{"command": "date; quotad hook x"}]}]}}`, Already},
		{"and beside it ours is one too many", `{"hooks": {"Prompt": [{"hooks": [{"command": "quotad hook x"}]}, {"hooks": [{"command": "date; quotad hook x"}]}]}}`, grouped(),
			`{"hooks": {"Prompt": [{"hooks": [{"command": "date; quotad hook x"}]}]}}`, Updated},
		{"async that is not wanted goes", `{"hooks": {"Prompt": [{"hooks": [{"type": "command", "command": "` + call + `", "async": true, "timeout": 5}]}]}}`, grouped(),
			`{"hooks": {"Prompt": [` + ourGroup + `]}}`, Updated},
		{"a setting in a table that is not there", `{"a": 1}`, hook.File{Form: hook.GroupedJSON, Unset: lined().Unset},
			`{"a": 1, "ui": {"statusLine": {"type": "command", "command": "'/b/quotad' statusline", "padding": 0}}}`, Installed},
		{"a setting of ours keeps what the user set beside it", `{"ui": {"statusLine": {"command": "/old/quotad statusline", "padding": 7}}}`, hook.File{Form: hook.GroupedJSON, Unset: lined().Unset},
			`{"ui": {"statusLine": {"command": "'/b/quotad' statusline", "padding": 7}}}`, Updated},
		{"one that wraps the user's stays", `{"ui": {"statusLine": {"command": "/old/quotad statusline --wrap date"}}}`, hook.File{Form: hook.GroupedJSON, Unset: lined().Unset},
			`{"ui": {"statusLine": {"command": "/old/quotad statusline --wrap date"}}}`, Already},
		{"the flat form has a version", "", hook.File{Form: hook.FlatJSON, Entries: []hook.Entry{{Event: "stop", Command: call, Timeout: 3}}},
			"{\n  \"hooks\": {\n    \"stop\": [\n      {\n        \"command\": \"" + call + "\",\n        \"timeout\": 3\n      }\n    ]\n  },\n  \"version\": 1\n}\n", Installed},
		{"or keeps the user's", `{"version": 2, "hooks": {"stop": [{"command": "quotad hook x"}]}}`, hook.File{Form: hook.FlatJSON, Entries: []hook.Entry{{Event: "stop", Command: call}}},
			`{"version": 2, "hooks": {"stop": [{"command": "` + call + `"}]}}`, Updated},
	} {
		t.Run(c.title, c.check)
	}
}

func TestPutJSONRefuses(t *testing.T) {
	for _, c := range []struct{ title, text, want string }{
		{"no JSON", "{\n  \"a\": 1,\n  b\n}", "line 3, column 3: not valid JSON: invalid literal: b"},
		{"a text that is cut", `{"a": `, "not valid JSON"},
		{"a list", "[]", "line 1, column 1: the file is a list, and an object"},
		{"hooks of another type", "{\n \"hooks\": []}", `line 2, column 11: "hooks" is a list, and an object`},
		{"an event of another type", `{"hooks": {"Prompt": {}}}`, `line 1, column 22: the event "Prompt" is an object, and a list`},
		{"hooks twice", "{\"hooks\": {},\n\"hooks\": {}}", `line 2, column 1: "hooks" is there twice`},
		{"an event twice", `{"hooks": {"Prompt": [], "Prompt": []}}`, `"Prompt" is there twice`},
		{"a table of a setting of another type", `{"ui": 1}`, `line 1, column 8: "ui" is a number, and an object`},
		{"only a comment", "// nothing\n", "not valid JSON"},
		{"brackets without end", `{"a": ` + strings.Repeat("[", maxDepth), "line 1, column 10006: brackets stand more than 10000 deep"},
		{"the same between comments and texts", strings.Repeat(`{/*}*/"\"}": // }`+"\n", maxDepth+1), "line 10001, column 1: brackets stand more than"},
	} {
		t.Run(c.title, func(t *testing.T) {
			e, err := Put([]byte(c.text), lined())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\n%s\nwant %s", err, e.Text, c.want)
			}
		})
	}
}

func TestHintsAtWhatIsTheUsers(t *testing.T) {
	e, err := Put([]byte(`{"ui": {"statusLine": {"command": "mine"}}}`), lined())
	if err != nil || len(e.Hints) != 1 || !strings.Contains(e.Hints[0], "ui.statusLine is set to something of yours") || !strings.Contains(e.Hints[0], "--wrap") {
		t.Errorf("%v %q", err, e.Hints)
	}
	e, err = Take([]byte(`{"ui": {"statusLine": "quotad statusline --wrap date"}}`), nil, lined())
	if err != nil || e.Reason != Absent || len(e.Hints) != 1 || !strings.Contains(e.Hints[0], "around a command of yours") {
		t.Errorf("%v %v %q", err, e.Reason, e.Hints)
	}
}

func TestTakeJSON(t *testing.T) {
	flat := hook.File{Form: hook.FlatJSON, Entries: []hook.Entry{{Event: "Prompt", Command: call}}}
	for _, c := range []struct {
		title, text string
		original    []byte
		file        hook.File
		want        string
		reason      Reason
		gone        bool
	}{
		{"nothing of ours", `{"hooks": {}}`, nil, grouped(), `{"hooks": {}}`, Absent, false},
		{"all there is", `{"hooks": {"Prompt": [` + ourGroup + `]}}`, nil, grouped(), `{}`, Removed, true},
		{"of a file that was empty", `{"hooks": {"Prompt": [` + ourGroup + `]}}`, []byte{}, grouped(), ``, Removed, false},
		{"what was empty before stays", `{"hooks": {"Prompt": [` + ourGroup + `]}, "b": 2}`, []byte(`{"hooks": {"Prompt": []}}`), grouped(), `{"hooks": {"Prompt": []}, "b": 2}`, Removed, false},
		{"what was ours before does not", `{"hooks": {"Prompt": [` + ourGroup + `]}}`, []byte(`{"a": 1, "hooks": {"Prompt": [{"hooks": [{"command": "quotad hook x"}]}]}}`), grouped(), `{}`, Removed, false},
		{"from the middle, with a comment", "{\n  \"a\": 1, // one\n  \"hooks\": {\"Prompt\": [" + ourGroup + "]}, // ours\n  \"b\": 2\n}", nil, grouped(), "{\n  \"a\": 1, // one\n // ours\n  \"b\": 2\n}", Removed, false},
		{"the user's in the same group stay", `{"hooks": {"Prompt": [{"hooks": [{"command": "quotad hook x"}, {"command": "mine"}]}]}}`, nil, grouped(), `{"hooks": {"Prompt": [{"hooks": [{"command": "mine"}]}]}}`, Removed, false},
		{"a setting, and its table", `{"a": 1, "ui": {"statusLine": {"command": "quotad statusline"}}}`, nil, lined(), `{"a": 1}`, Removed, false},
		{"a setting, but not what is beside it", `{"ui": {"x": 1, "statusLine": {"command": "quotad statusline"}}}`, nil, lined(), `{"ui": {"x": 1}}`, Removed, false},
		{"the version of a file that is ours", `{"version": 1, "hooks": {"Prompt": [{"command": "quotad hook x"}]}}`, nil, flat, `{}`, Removed, true},
		{"but not of one that had it", `{"version": 1, "hooks": {"Prompt": [{"command": "quotad hook x"}]}}`, []byte(`{"version": 1}`), flat, `{"version": 1}`, Removed, false},
	} {
		t.Run(c.title, func(t *testing.T) {
			e, err := Take([]byte(c.text), c.original, c.file)
			if err != nil || e.Reason != c.reason || e.Gone != c.gone || string(e.Text) != c.want {
				t.Errorf("%v, %v, gone %t\n%s\nwant %v\n%s", err, e.Reason, e.Gone, e.Text, c.reason, c.want)
			}
		})
	}
}

// What is no bracket does not count.
func TestAsDeepAsMayBe(t *testing.T) {
	text := `{"a": "[[{\"[", /*[{*/ "b": ` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + " // [\n}"
	if _, err := Put([]byte(text), grouped()); err != nil {
		t.Error(err)
	}
}

func TestPutIntoAHugeFile(t *testing.T) {
	text := `{"history": [` + strings.Repeat(`{"prompt": "a long one", "at": 1},`, 20_000) + `0]}`
	e, err := Put([]byte(text), grouped())
	if err != nil || !strings.HasPrefix(string(e.Text), text[:len(text)-1]+", \"hooks\"") {
		t.Errorf("%v, %d bytes", err, len(e.Text))
	}
}
