package hook

import (
	"strings"
	"testing"

	"quotad/quota"
)

func TestOwnID(t *testing.T) {
	long := strings.Repeat("x", quota.MaxID)
	for _, c := range []struct {
		what  string
		parts []string
		want  string
	}{
		{"the parts stand in their order", []string{"a", "b"}, "codex:a:b"},
		{"what has no identity has no ID", []string{"a", ""}, ""},
		{"what is not Unicode can be sent", []string{"a\xff"}, "codex:a\uFFFD"},
	} {
		if got := ownID("codex", c.parts...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
	one, other := ownID("codex", long+"1"), ownID("codex", long+"2")
	if len(one) > quota.MaxID || one == other || one != ownID("codex", long+"1") {
		t.Errorf("long ones: %q and %q", one, other)
	}
}

func TestHookAndNotifyAgree(t *testing.T) {
	hook := parseStream("codex", `{"session_id":"s","turn_id":"t","hook_event_name":"UserPromptSubmit","prompt":"hi"}`, environ(nil))
	notify := parseStream("codex-notify", `{"type":"agent-turn-complete","thread-id":"s","turn-id":"t","input-messages":["hi"]}`, environ(nil))
	if hook.Events[0].ID == "" || hook.Events[0].ID != notify.Events[0].ID {
		t.Errorf("%q and %q", hook.Events[0].ID, notify.Events[0].ID)
	}
}

func TestToolsThatTakeNoAnswer(t *testing.T) {
	for _, tool := range []string{"codex-notify", "goose", "kilo", "opencode"} {
		if a, ok := adapter(tool); !ok || a.Answer != nil {
			t.Errorf("%s takes no answer", tool)
		}
	}
}
