package hook

import (
	"io/fs"
	"testing"
)

// endpointOf is where a tool's prompt goes, in an environment and with one file
// of settings.
func endpointOf(t *testing.T, tool, payload string, env map[string]string, file, settings string) string {
	t.Helper()
	in := around(environ(env))
	in.ReadFile = func(name string) ([]byte, error) {
		if name != file {
			return nil, fs.ErrNotExist
		}
		return []byte(settings), nil
	}
	r := Parse(tool, []byte(payload), in)
	if len(r.Events) != 1 {
		t.Fatalf("%v with %d events", r.Reason, len(r.Events))
	}
	return r.Events[0].Endpoint
}

func TestEndpointOfCodex(t *testing.T) {
	const plan = "model_provider = 'zai'\n[model_providers.zai]\nbase_url = 'https://api.z.ai/api/v1'\n"
	for _, c := range []struct {
		what, model string
		env         map[string]string
		config      string
		want        string
	}{
		{"the provider's URL stands", "glm-5.3", nil, plan, "https://api.z.ai/api/v1"},
		{"it may hold a key", "glm-5.3", nil, "model_provider = 'z'\n[model_providers.z]\nbase_url = 'https://a:key@h/v1?key=key'", "https://h/v1"},
		{"the profile in use has another provider", "glm-5.3", nil,
			"profile = 'p'\nmodel_provider = 'openai'\n[profiles.p]\nmodel_provider = 'zai'\n[model_providers.zai]\nbase_url = 'https://api.z.ai/api/v1'", "https://api.z.ai/api/v1"},
		{"a profile that is not in use has none", "gpt-6", nil, "[profiles.p]\nmodel_provider = 'zai'\n[model_providers.zai]\nbase_url = 'https://api.z.ai/api/v1'", openAI},
		{"the plan has no GPT: the command line said something", "gpt-6", nil, plan, openAI},
		{"no model, no doubt", "", nil, plan, "https://api.z.ai/api/v1"},
		{"a router may have any model", "gpt-6", nil, "model_provider = 'r'\n[model_providers.r]\nbase_url = 'http://127.0.0.1:3456/v1'", "http://127.0.0.1:3456/v1"},
		{"without a provider it is OpenAI's", "gpt-6", nil, "", openAI},
		{"OpenAI's by name too", "gpt-6", nil, "model_provider = 'openai'", openAI},
		{"OpenAI has no GLM: the command line said something", "glm-5.3", nil, "", ""},
		{"a provider of Codex's own is no plan's", "gpt-oss", nil, "model_provider = 'ollama'", "https://ollama.invalid"},
		{"settings that do not read say nothing", "gpt-6", nil, "model_provider = ", openAI},
		{"nor do those of other types", "gpt-6", nil, "model_provider = 1\nprofile = [2]\nmodel_providers = 3\nprofiles = 4", openAI},
		{"a home that is no path is none", "gpt-6", map[string]string{"HOME": "", "CODEX_HOME": "there"}, plan, openAI},
	} {
		payload := `{"turn_id":"t","hook_event_name":"UserPromptSubmit","model":"` + c.model + `"}`
		if got := endpointOf(t, "codex", payload, c.env, "/home/ada/.codex/config.toml", c.config); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
	payload := `{"turn_id":"t","hook_event_name":"UserPromptSubmit","model":"glm-5.3"}`
	if got := endpointOf(t, "codex", payload, map[string]string{"CODEX_HOME": "/c"}, "/c/config.toml", plan); got != "https://api.z.ai/api/v1" {
		t.Errorf("in CODEX_HOME: got %q", got)
	}
}

func TestEndpointOfQwen(t *testing.T) {
	const coding = "https://api.z.ai/api/coding/paas/v4"
	for _, c := range []struct {
		what     string
		env      map[string]string
		settings string
		want     string
	}{
		{"the variable stands", map[string]string{"OPENAI_BASE_URL": coding}, "{}", coding},
		{"it may hold a key", map[string]string{"OPENAI_BASE_URL": "https://key@h/v4"}, "{}", "https://h/v4"},
		{"without any it is OpenAI's", nil, "", openAI},
		{"the settings' variable", nil, `{"env":{"OPENAI_BASE_URL":"` + coding + `"}}`, coding},
		{"the settings' address", nil, `{"security":{"auth":{"selectedType":"openai","baseUrl":"` + coding + `"}}}`, coding},
		{"the environment beats it", map[string]string{"OPENAI_BASE_URL": coding}, `{"security":{"auth":{"baseUrl":"https://h"}}}`, coding},
		{"what stands beside the model beats both", map[string]string{"OPENAI_BASE_URL": "https://h", "QWEN_CODE_MODEL": "glm-5.3"},
			`{"modelProviders":{"openai":[{"id":"other","baseUrl":"https://o"},{"id":"glm-5.3","baseUrl":"` + coding + `"}]}}`, coding},
		{"its own login goes to its own portal", map[string]string{"OPENAI_BASE_URL": coding}, `{"security":{"auth":{"selectedType":"qwen-oauth"}}}`, qwenPortal},
		{"Anthropic's way has a variable of its own", map[string]string{"OPENAI_BASE_URL": "https://h"}, `{"security":{"auth":{"selectedType":"anthropic"}}}`, "https://api.z.ai/api/anthropic"},
		{"Google's has none", map[string]string{"OPENAI_BASE_URL": coding}, `{"security":{"auth":{"selectedType":"gemini"}}}`, googleGemini},
		{"settings that do not read say nothing", map[string]string{"OPENAI_BASE_URL": coding}, `{"security":[}`, coding},
		{"nor do those of other types", map[string]string{"OPENAI_BASE_URL": coding}, `{"security":[],"env":1,"modelProviders":{"openai":[1,{"id":2}]}}`, coding},
	} {
		payload := `{"submitted_prompt":"hi","prompt":"hi","hook_event_name":"UserPromptSubmit"}`
		if got := endpointOf(t, "qwen", payload, c.env, "/home/ada/.qwen/settings.json", c.settings); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

func TestEndpointOfGemini(t *testing.T) {
	for _, c := range []struct {
		what string
		env  map[string]string
		want string
	}{
		{"Google's own", nil, googleGemini},
		{"a proxy of the user's", map[string]string{"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"},
		{"Vertex heeds another variable", map[string]string{"GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:8080"}, googleVertex},
	} {
		payload := `{"session_id":"s","hook_event_name":"BeforeAgent","prompt":"hi"}`
		if got := endpointOf(t, "gemini", payload, c.env, "", ""); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}
