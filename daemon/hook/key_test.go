package hook

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

const aKey = "0123456789abcdef.SecretOfAda"

// heard runs a hook, and gives what the daemon is told first and all the lines
// that left the process.
func heard(t *testing.T, dir, tool, payload string, env map[string]string) (quota.Event, []byte) {
	t.Helper()
	var first quota.Event
	var all bytes.Buffer
	s := newStage(t, strings.NewReader(payload))
	s.call.Tool, s.call.Env = tool, environ(env)
	s.call.Twins = Twins{Dirs: []string{dir}, Salt: SaltIn(dir)}
	s.call.ReadFile = around(s.call.Env).ReadFile
	s.call.Tell = func(line []byte, _ time.Time) { all.Write(line) }
	s.call.Spool = func(_ quota.Event, line []byte) error { all.Write(line); return nil }
	s.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
		if all.Write(line); first.ID == "" {
			var bad *api.Error
			if first, bad = api.DecodeEvent(line, s.call.Start); bad != nil {
				t.Error(bad)
			}
		}
		return api.Receipt{}, nil
	}
	s.call.Run()
	return first, all.Bytes()
}

func TestAHookTellsTheHashOfTheKeyItSees(t *testing.T) {
	const ofQwen = `{"session_id":"s","hook_event_name":"UserPromptSubmit","prompt":"hi","transcript_path":"/h/.qwen/x"}`
	stopped := `{"session_id":"s","hook_event_name":"StopFailure","error":"rate_limit","transcript_path":"/t","last_assistant_message":"Usage limit reached for 5 hour. Your limit will reset at ` +
		time.Now().Add(3*time.Hour).In(quota.UTC8).Format(time.DateTime) + `"}`
	dir := t.TempDir()
	salt, err := SaltIn(dir)()
	if err != nil {
		t.Fatal(err)
	}
	want := quota.KeyHash(salt, aKey)
	for _, c := range []struct {
		what, tool, payload string
		env                 map[string]string
		want                string
	}{
		{"Claude Code's token", "claude-code", aPrompt, map[string]string{"ANTHROPIC_AUTH_TOKEN": aKey}, want},
		{"its key", "claude-code", aPrompt, map[string]string{"ANTHROPIC_API_KEY": aKey}, want},
		{"the token before the key", "claude-code", aPrompt, map[string]string{"ANTHROPIC_AUTH_TOKEN": aKey, "ANTHROPIC_API_KEY": "other"}, want},
		{"with space around it", "claude-code", aPrompt, map[string]string{"ANTHROPIC_AUTH_TOKEN": " " + aKey + "\n"}, want},
		{"a refusal tells it too", "claude-code", stopped, map[string]string{"ANTHROPIC_AUTH_TOKEN": aKey}, want},
		{"another key is another hash", "claude-code", aPrompt, map[string]string{"ANTHROPIC_AUTH_TOKEN": "other"}, quota.KeyHash(salt, "other")},
		{"none to see, as with a helper program", "claude-code", aPrompt, nil, ""},
		{"a cloud's service has others", "claude-code", aPrompt, map[string]string{"ANTHROPIC_API_KEY": aKey, "CLAUDE_CODE_USE_BEDROCK": "1"}, ""},
		{"Qwen Code's key", "qwen", ofQwen, map[string]string{"OPENAI_BASE_URL": "https://api.z.ai/api/coding/paas/v4", "OPENAI_API_KEY": aKey}, want},
		{"a key without its address may be for anything", "qwen", ofQwen, map[string]string{"OPENAI_API_KEY": aKey}, ""},
	} {
		env := map[string]string{"ANTHROPIC_AUTH_TOKEN": ""}
		maps.Copy(env, c.env)
		e, lines := heard(t, dir, c.tool, c.payload, env)
		if e.ID == "" || e.Key != c.want {
			t.Errorf("%s: %q, want %q; told\n%s", c.what, e.Key, c.want, lines)
		}
		if bytes.Contains(lines, []byte("SecretOfAda")) {
			t.Errorf("%s: the key leaves the hook\n%s", c.what, lines)
		}
	}
	for _, name := range []string{"hook.recent", "hook.salt"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || bytes.Contains(text, []byte("SecretOfAda")) {
			t.Errorf("%s: %v, %q", name, err, text)
		}
	}
}

func TestWithoutASaltThereIsNoHashOfAKey(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "hook.salt", "x"), nil)
	if e, lines := heard(t, dir, "claude-code", aPrompt, map[string]string{"ANTHROPIC_AUTH_TOKEN": aKey}); e.ID == "" || e.Key != "" {
		t.Errorf("%s", lines)
	}
}

func TestAShellCanNameTheAccount(t *testing.T) {
	for name, want := range map[string]string{"work": "work", "": "", "no name": "", "../x": ""} {
		e, lines := heard(t, t.TempDir(), "claude-code", aPrompt, map[string]string{AccountVariable: name})
		if e.ID == "" || e.Account != want {
			t.Errorf("%q: %q in\n%s", name, e.Account, lines)
		}
	}
	ends := `{"session_id":"s","hook_event_name":"Stop","transcript_path":"/t"}`
	if _, lines := heard(t, t.TempDir(), "claude-code", ends, map[string]string{AccountVariable: "work"}); !bytes.Contains(lines, []byte(`"account":"work"`)) {
		t.Errorf("the end of a turn: %s", lines)
	}
}

// The guard looks at the account that the daemon found for the prompt.
func TestAGuardLooksAtTheAccountOfThePrompt(t *testing.T) {
	g := newGuarded(t, "claude-code", aPrompt)
	asked := ""
	g.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
		return api.Receipt{Delivery: g.take(t, line), Account: "work"}, nil
	}
	g.call.Sentry.Status = func(account string, _ time.Time) (quota.Statuses, error) {
		asked, g.all.Accounts[0].Account = account, account
		return g.all, nil
	}
	g.call.Run()
	if asked != "work" || !strings.Contains(g.out.String(), "GLM 5h (work): used up") {
		t.Errorf("asked of %q, said %q", asked, g.out.String())
	}
}
