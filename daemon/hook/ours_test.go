package hook

import (
	"slices"
	"testing"
)

func TestOurs(t *testing.T) {
	for _, c := range []struct {
		command     string
		calls, ours bool
	}{
		{`'/usr/local/bin/quotad' hook claude-code 2>/dev/null || true`, true, true},
		{`'/home/o'\''neill/bin/quotad' hook codex --guard=warn 2>/dev/null || true`, true, true},
		{"quotad hook claude-code", true, true},
		{`"/opt/my tools/quotad" hook qwen >/dev/null 2>&1; exit 0`, true, true},
		{"/opt/quotad-1.2/quotad hook gemini", true, true},
		{"/usr/bin/quotad-0.9 hook gemini", true, true},
		{"quotad --socket /run/q.sock hook cursor", true, true},
		{"QUOTAD_STATE_DIR=/x quotad hook cursor || :", true, true},
		{"'/usr/bin/quotad' statusline", true, true},
		{"'/usr/bin/quotad' statusline --wrap 'mine | cut -c 1-9'", true, true},
		{"/bin/sh -c 'quotad hook droid || true'", true, true},
		{`'/usr/bin/quotad' 'hook' 'codex-notify'`, true, true},

		{"logger prompt; quotad hook claude-code", true, false},
		{"quotad hook claude-code && notify-send sent", true, false},
		{"tee -a log | quotad hook claude-code", true, false},
		{"timeout 1 quotad hook claude-code", true, false},

		{"", false, false},
		{"quotad", false, false},
		{"quotad check --quiet", false, false},
		{"quotad record --tool hook", false, false},
		{"/home/quotad/bin/other hook x", false, false},
		{"/usr/bin/quotadx hook x", false, false},
		{"echo hook quotad", false, false},
		{"myquotad hook claude-code", false, false},
		{"ccstatusline # quotad", false, false},
	} {
		if calls, ours := Calls(c.command), Ours(c.command); calls != c.calls || ours != c.ours {
			t.Errorf("%s: calls %t, ours %t", c.command, calls, ours)
		}
	}
	if !Ours(JoinWords([]string{"/usr/bin/quotad", "hook", "codex-notify"})) || Ours(JoinWords([]string{"notify-send", "quotad hook"})) {
		t.Error("lists of words")
	}
}

func TestCalled(t *testing.T) {
	h := Host{Program: "/home/o'neill/my bin/quotad", Guard: GuardBlock}
	program, args := Called(h.CommandLine("codex"))
	if program != h.Program || !slices.Equal(args, []string{"hook", "codex", "--guard=block"}) {
		t.Errorf("%q %q", program, args)
	}
	if program, args := Called("ls -l"); program != "" || args != nil {
		t.Errorf("%q %q", program, args)
	}
}
