package hook

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

var update = flag.Bool("update", false, "write the .want files anew")

var start = time.Date(2026, 11, 23, 6, 30, 0, 123_456_789, time.UTC)

// environ is an environment as the provider's manual sets it up, with
// what else it holds changed; an empty value takes a variable away.
func environ(changes map[string]string) func(string) string {
	vars := map[string]string{
		"HOME":                           "/home/ada",
		"ANTHROPIC_BASE_URL":             "https://api.z.ai/api/anthropic",
		"ANTHROPIC_AUTH_TOKEN":           "a-key-nobody-may-see",
		"ANTHROPIC_DEFAULT_OPUS_MODEL":   "glm-5.3[1m]",
		"ANTHROPIC_DEFAULT_SONNET_MODEL": "glm-5.3[1m]",
		"ANTHROPIC_DEFAULT_HAIKU_MODEL":  "glm-5.3-flash[1m]",
	}
	maps.Copy(vars, changes)
	return func(name string) string { return vars[name] }
}

// story writes a report the way the .want files have it: the reason, then the
// events as they would be sent.
func story(r Report) string {
	text := r.Reason.String() + "\n"
	for _, e := range r.Events {
		text += string(api.EncodeEvent(fit(e)))
	}
	if r.Turn != nil {
		text += "turn " + string(r.Turn.Encode())
	}
	return text
}

// around is what there is around a payload: an environment, and no file.
func around(env func(string) string) Input {
	return Input{Env: env, ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist }, Now: start}
}

// parseStream is Parse behind the reading of the input.
func parseStream(tool, input string, env func(string) string) Report {
	raw, err := readValue(strings.NewReader(input), maxInput)
	if err != nil {
		return Report{Reason: Unreadable}
	}
	return Parse(tool, raw, around(env))
}

func TestParsePayloads(t *testing.T) {
	payloads, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(payloads) == 0 {
		t.Fatal("no payloads", err)
	}
	for _, path := range payloads {
		t.Run(filepath.Base(path), func(t *testing.T) {
			input, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			report := parseStream(filepath.Base(filepath.Dir(path)), string(input), environ(nil))
			for _, e := range report.Events {
				if err := fit(e).Normalize(start).Check(); err != nil {
					t.Error("the daemon would not take it:", err)
				}
			}
			want := strings.TrimSuffix(path, ".json") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(story(report)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got := story(report); got != string(expected) {
				t.Errorf("got\n%swant\n%s", got, expected)
			}
		})
	}
}

func TestParseKnowsNoOtherTool(t *testing.T) {
	for _, tool := range []string{"", "claude", "Claude-Code", "roo"} {
		if r := parseStream(tool, `{"hook_event_name":"UserPromptSubmit"}`, environ(nil)); r.Reason != UnknownTool || r.Events != nil {
			t.Errorf("%q: %v with %d events", tool, r.Reason, len(r.Events))
		}
	}
}

// prompt is the one event that a plain prompt gives in an environment.
func prompt(t *testing.T, env map[string]string) quota.Event {
	t.Helper()
	r := parseStream("claude-code", `{"session_id":"s","hook_event_name":"UserPromptSubmit","prompt":"hi"}`, environ(env))
	if len(r.Events) != 1 {
		t.Fatalf("%v with %d events", r.Reason, len(r.Events))
	}
	return fit(r.Events[0])
}

func TestEndpoint(t *testing.T) {
	for _, c := range []struct {
		what string
		env  map[string]string
		want string
	}{
		{"the base URL stands", nil, "https://api.z.ai/api/anthropic"},
		{"without one it is Anthropic's", map[string]string{"ANTHROPIC_BASE_URL": ""}, anthropic},
		{"blanks are none", map[string]string{"ANTHROPIC_BASE_URL": " \t"}, anthropic},
		{"a router of the user's own stands", map[string]string{"ANTHROPIC_BASE_URL": "http://127.0.0.1:3456"}, "http://127.0.0.1:3456"},
		{"pay per token is told apart by its path", map[string]string{"ANTHROPIC_BASE_URL": "https://api.z.ai/api/paas/v4"}, "https://api.z.ai/api/paas/v4"},
		{"user, query and fragment may hold a key", map[string]string{"ANTHROPIC_BASE_URL": "https://me:key@api.z.ai/api/anthropic/?key=key#key"}, "https://api.z.ai/api/anthropic/"},
		{"an encoded path stays encoded", map[string]string{"ANTHROPIC_BASE_URL": "https://h/a%2Fb"}, "https://h/a%2Fb"},
		{"a key in the wrong variable is not passed on", map[string]string{"ANTHROPIC_BASE_URL": "4711abc.def0815"}, noURL},
		{"what is no URL is not passed on", map[string]string{"ANTHROPIC_BASE_URL": "https://me:key@%zz/"}, noURL},
		{"another scheme is not passed on", map[string]string{"ANTHROPIC_BASE_URL": "key://api.z.ai/api/anthropic"}, noURL},
		{"Bedrock heeds no base URL", map[string]string{"CLAUDE_CODE_USE_BEDROCK": "1"}, anthropic},
		{"nor does Vertex", map[string]string{"CLAUDE_CODE_USE_VERTEX": "true"}, anthropic},
		{"a cloud that is switched off does", map[string]string{"CLAUDE_CODE_USE_VERTEX": "0"}, "https://api.z.ai/api/anthropic"},
	} {
		if got := prompt(t, c.env).Endpoint; got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

func TestModel(t *testing.T) {
	for _, c := range []struct {
		what                         string
		asked, opus, sonnet, expects string
	}{
		{"slots that agree tell it", "", "glm-5.3[1m]", "glm-5.3[1m]", "glm-5.3[1m]"},
		{"slots that differ do not", "", "glm-5.3", "glm-5.3-flash", ""},
		{"one slot alone tells it", "", "", "glm-4.7", "glm-4.7"},
		{"nor does nothing", "", "", "", ""},
		{"what was asked for beats the slots", "glm-4.7", "glm-5.3", "glm-5.3", "glm-4.7"},
		{"Anthropic's own names pass", "claude-opus-4-7", "glm-5.3", "glm-5.3", "claude-opus-4-7"},
		{"an alias names a slot", "sonnet", "glm-5.3", "glm-5.3-flash", "glm-5.3-flash"},
		{"with a suffix too", "Opus[1m]", "glm-5.3", "glm-5.3-flash", "glm-5.3"},
		{"an alias of an empty slot tells nothing", "opus", "", "glm-5.3-flash", ""},
		{"an alias of both slots tells what they share", "opusplan", "glm-5.3", "glm-5.3", "glm-5.3"},
		{"haiku has a slot too", "haiku", "glm-5.3", "glm-5.3", "glm-5.3-flash[1m]"},
	} {
		got := prompt(t, map[string]string{
			"ANTHROPIC_MODEL":                c.asked,
			"ANTHROPIC_DEFAULT_OPUS_MODEL":   c.opus,
			"ANTHROPIC_DEFAULT_SONNET_MODEL": c.sonnet,
		}).Model
		if got != c.expects {
			t.Errorf("%s: got %q, want %q", c.what, got, c.expects)
		}
	}
}

func TestLongFieldsFit(t *testing.T) {
	long := strings.Repeat("ü", 5000)
	e := quota.Event{
		At: start, Tool: long, Session: "x" + long, Project: long, Model: long, Endpoint: long,
		Turn: long, Transcript: long,
	}
	if err := e.Normalize(start).Check(); err == nil {
		t.Fatal("it fits as it is")
	}
	e = fit(e)
	if err := e.Normalize(start).Check(); err != nil {
		t.Error(err)
	}
	if len(e.Project) != quota.MaxText || e.Turn != "" || e.Transcript != "" {
		t.Errorf("project %d bytes, turn %q, transcript %q", len(e.Project), e.Turn, e.Transcript)
	}
}

// sound says what is wrong with a report, whatever it was made of.
func sound(r Report) error {
	if told := r.Reason == Counted || r.Reason == Stopped; told != (len(r.Events) == 1) || r.Reason.String() == "no reason" {
		return fmt.Errorf("%v with %d events", r.Reason, len(r.Events))
	}
	for _, e := range r.Events {
		e = fit(e)
		if e.ID == "" {
			e.ID = "x"
		}
		back, err := api.DecodeEvent(api.EncodeEvent(e), start)
		if err != nil || back.Kind != e.Kind || back.Session != e.Session || back.ID != e.ID {
			return fmt.Errorf("%v: sent %+v, arrived %+v", err, e, back)
		}
	}
	return nil
}

// variants are a payload as it should not be: cut off, and with each value of
// every type.
func variants(raw []byte) [][]byte {
	all := [][]byte{raw, raw[:len(raw)/2], append(slices.Clip(raw), raw...)}
	p, ok := decode(raw)
	if !ok {
		return all
	}
	for key, was := range p {
		for _, other := range []string{`null`, `-1.5e99`, `[{"text":7}]`, `{"a":{}}`, `"\ud800\u0000"`} {
			p[key] = json.RawMessage(other)
			text, _ := json.Marshal(p)
			all = append(all, text)
		}
		p[key] = was
	}
	return all
}

func TestEveryToolSurvivesThePayloadsOfAllOthers(t *testing.T) {
	payloads, _ := filepath.Glob("testdata/*/*.json")
	broken := func(string) ([]byte, error) { return []byte(`{"model_providers": 1, "security": [}`), nil }
	for _, path := range payloads {
		input, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range variants(input) {
			for _, a := range Adapters() {
				in := around(environ(nil))
				in.ReadFile = broken
				if err := sound(Parse(a.Name, raw, in)); err != nil {
					t.Errorf("%s given %s: %v", a.Name, raw, err)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	payloads, _ := filepath.Glob("testdata/*/*.json")
	for _, path := range payloads {
		input, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(filepath.Base(filepath.Dir(path)), input, "https://api.z.ai/api/anthropic", "glm-5.3", []byte("model_provider = 'z'"))
	}
	f.Fuzz(func(t *testing.T, tool string, raw []byte, url, model string, settings []byte) {
		in := around(environ(map[string]string{"ANTHROPIC_BASE_URL": url, "ANTHROPIC_MODEL": model, "OPENAI_BASE_URL": url, "QWEN_CODE_MODEL": model}))
		in.ReadFile = func(string) ([]byte, error) { return settings, nil }
		if err := sound(Parse(tool, raw, in)); err != nil {
			t.Error(err)
		}
	})
}
