package install

import (
	"testing"

	"quotad/daemon/hook"
)

func claudeLike(entries ...hook.Entry) hook.File {
	return hook.File{
		Form: hook.GroupedJSON, Entries: entries,
		Unset: []hook.Setting{{
			Path: []string{"statusLine"}, Value: map[string]any{"type": "command", "command": "'/b/quotad' statusline", "refreshInterval": 30},
			Instead: "'/b/quotad' statusline --wrap 'YOUR COMMAND'",
		}},
	}
}

func TestX(t *testing.T) {
	f := claudeLike(hook.Entry{Event: "UserPromptSubmit", Command: "'/b/quotad' hook claude-code 2>/dev/null || true", Timeout: 5},
		hook.Entry{Event: "Stop", Command: "'/b/quotad' hook claude-code 2>/dev/null || true", Timeout: 5, Async: true})
	for _, text := range []string{"", "{}", "{\n}\n", `{"a":1}`, `{"a": 1}` + "\n", "{\n\t\"a\": 1, // one\n\t\"hooks\": {\n\t\t\"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"mine\"}]}],\n\t},\n\t// two\n}\n",
		"{\n  \"statusLine\": {\"command\": \"x\"}\n}", "{\n  \"hooks\": {\n    \"Stop\": [\n      {\"hooks\": [{\"command\": \"quotad hook claude-code\", \"x\": 1}, {\"command\": \"quotad hook claude-code\", \"x\": 1}]}\n    ]\n  }\n}"} {
		e, err := Put([]byte(text), f)
		t.Logf("%s\n=> %v %v %v\n%s", text, e.Reason, e.Hints, err, e.Text)
		b, err := Take(e.Text, []byte(text), f)
		t.Logf("%v %v %t\n%s", b.Reason, err, string(b.Text) == text, b.Text)
		b, err = Take(e.Text, nil, f)
		t.Logf("%v %v %t\n%s", b.Reason, err, string(b.Text) == text, b.Text)
	}
}
