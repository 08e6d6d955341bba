package hook

import (
	"io/fs"
	"testing"

	"quotad/quota"
)

// only is the one event of a payload that is counted, in an environment and
// with files around it.
func only(t *testing.T, tool, payload string, env, files map[string]string) quota.Event {
	t.Helper()
	in := around(func(name string) string { return env[name] })
	in.ReadFile = func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
	r := Parse(tool, []byte(payload), in)
	if r.Reason != Counted || len(r.Events) != 1 {
		t.Fatalf("%s: %v with %d events", tool, r.Reason, len(r.Events))
	}
	return fit(r.Events[0])
}

func TestDroidLooksUpItsModel(t *testing.T) {
	const added = `{"customModels": [
		{"model": "glm-5.3", "displayName": "GLM on the plan", "baseUrl": "https://api.z.ai/api/anthropic", "apiKey": "key"},
		{"model": "glm-4.7", "id": "custom:GLM-0", "baseUrl": "https://me:key@api.z.ai/api/paas/v4?k=key"}]}`
	const older = `{"custom_models": [{"model": "glm-4.6", "base_url": "https://open.bigmodel.cn/api/anthropic"}]}`
	for _, c := range []struct {
		what, model string
		files       map[string]string
		home, want  string
	}{
		{"one that was added has its URL", "glm-5.3", map[string]string{"settings.json": added}, "/h", "https://api.z.ai/api/anthropic"},
		{"also by the name that is shown", "GLM on the plan", map[string]string{"settings.json": added}, "/h", "https://api.z.ai/api/anthropic"},
		{"or by its id, and without what may be a key", "custom:GLM-0", map[string]string{"settings.json": added}, "/h", "https://api.z.ai/api/paas/v4"},
		{"or by the prefix of what was added", "custom:glm-5.3", map[string]string{"settings.json": added}, "/h", "https://api.z.ai/api/anthropic"},
		{"the older file counts too", "glm-4.6", map[string]string{"settings.json": added, "config.json": older}, "/h", "https://open.bigmodel.cn/api/anthropic"},
		{"any other is Factory's own, GLM or not", "glm-4.6", map[string]string{"settings.json": added}, "/h", "https://factory.invalid"},
		{"without settings a GLM is not known", "glm-4.6", nil, "/h", ""},
		{"and another maker's is not the plan's", "gpt-5", nil, "/h", "https://factory.invalid"},
		{"settings that do not read are none", "glm-5.3", map[string]string{"settings.json": added[:50]}, "/h", ""},
		{"without a home there are none", "glm-5.3", map[string]string{"settings.json": added}, "", ""},
		{"no model, no word", "", map[string]string{"settings.json": added}, "/h", ""},
	} {
		files := map[string]string{}
		for name, text := range c.files {
			files["/h/.factory/"+name], files[".factory/"+name] = text, text
		}
		e := only(t, "droid", `{"hook_event_name":"UserPromptSubmit","session_id":"s","model":"`+c.model+`"}`,
			map[string]string{"HOME": c.home}, files)
		if e.Endpoint != c.want {
			t.Errorf("%s: got %q, want %q", c.what, e.Endpoint, c.want)
		}
	}
}

func TestGooseGoesByItsSettings(t *testing.T) {
	const config = "/h/.config/goose/config.yaml"
	for _, c := range []struct {
		what  string
		env   map[string]string
		files map[string]string
		want  string
		model string
	}{
		{what: "without any nothing is known"},
		{"a host of Anthropic's words", nil,
			map[string]string{config: "extensions:\n  x:\n    GOOSE_PROVIDER: openai\nGOOSE_PROVIDER: anthropic\nGOOSE_MODEL: \"glm-5.3\" # mine\nANTHROPIC_HOST: https://api.z.ai/api/anthropic\n"},
			"https://api.z.ai/api/anthropic", "glm-5.3"},
		{"Anthropic itself", nil, map[string]string{config: "GOOSE_PROVIDER: anthropic"}, anthropic, ""},
		{"the environment is asked first", map[string]string{"GOOSE_PROVIDER": "anthropic", "GOOSE_MODEL": "m"},
			map[string]string{config: "GOOSE_PROVIDER: openai\nGOOSE_MODEL: glm-5.3\n"}, anthropic, "m"},
		{"host and path of OpenAI's words", nil,
			map[string]string{config: "GOOSE_PROVIDER: openai\nOPENAI_HOST: https://api.z.ai/\nOPENAI_BASE_PATH: api/coding/paas/v4/chat/completions\n"},
			"https://api.z.ai/api/coding/paas/v4/chat/completions", ""},
		{"OpenAI itself", nil, map[string]string{config: "GOOSE_PROVIDER: 'openai'"}, "https://api.openai.com/v1", ""},
		{"a provider that was added has its file", nil,
			map[string]string{config: "GOOSE_PROVIDER: custom_glm", "/h/.config/goose/custom_providers/custom_glm.json": `{"base_url":"https://api.z.ai/api/coding/paas/v4"}`},
			"https://api.z.ai/api/coding/paas/v4", ""},
		{"one without a file may be the plan", nil, map[string]string{config: "GOOSE_PROVIDER: custom_glm"}, "", ""},
		{"another service is not", nil, map[string]string{config: "GOOSE_PROVIDER: openrouter"}, "https://openrouter.invalid", ""},
		{"a name that is a path leads nowhere", nil,
			map[string]string{config: "GOOSE_PROVIDER: ../../zai", "/h/.config/zai.json": `{"base_url":"https://api.z.ai/api/anthropic"}`},
			"https://zai.invalid", ""},
		{"the folder can be elsewhere", map[string]string{"XDG_CONFIG_HOME": "/c"},
			map[string]string{"/c/goose/config.yaml": "GOOSE_PROVIDER: anthropic", config: "GOOSE_PROVIDER: openrouter"}, anthropic, ""},
		{"a value of many lines is none", nil, map[string]string{config: "GOOSE_PROVIDER:\n  - anthropic\n"}, "", ""},
	} {
		env := map[string]string{"HOME": "/h"}
		for name, value := range c.env {
			env[name] = value
		}
		e := only(t, "goose", `{"event":"UserPromptSubmit","session_id":"s","matcher_context":"hi","message":"hi"}`, env, c.files)
		if e.Endpoint != c.want || e.Model != c.model {
			t.Errorf("%s: got %q %q, want %q %q", c.what, e.Endpoint, e.Model, c.want, c.model)
		}
	}
}

func TestElsewhereURLIsNoAddress(t *testing.T) {
	for id, want := range map[string]string{
		"openrouter": "https://openrouter.invalid", "Vercel AI": "https://vercel-ai.invalid",
		"": noURL, "../..": noURL, "http://k:key@evil": "https://http---k-key-evil.invalid", "api.z.ai/api/anthropic": "https://api-z-ai-api-anthropic.invalid", "üñ": noURL,
	} {
		got := ElsewhereURL(id)
		if got != want {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
		if bill := (quota.Rules{}).Bill(quota.Event{Endpoint: got}); bill != quota.Elsewhere {
			t.Errorf("%q is %v", id, bill)
		}
	}
}
