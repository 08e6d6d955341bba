package quota

import (
	"strings"
	"testing"
)

func at(url string) Event { return Event{Endpoint: url} }

func TestTheEndpointDecides(t *testing.T) {
	for _, c := range []struct {
		name, url string
		want      Billing
	}{
		{"the Anthropic route", "https://api.z.ai/api/anthropic", OnPlan},
		{"with a slash at its end", "https://api.z.ai/api/anthropic/", OnPlan},
		{"with a path below", "https://api.z.ai/api/anthropic/v1/messages?beta=true", OnPlan},
		{"the coding route", "https://api.z.ai/api/coding/paas/v4", OnPlan},
		{"the responses route", "https://api.z.ai/api/v1/responses", OnPlan},
		{"the Chinese host", "https://open.bigmodel.cn/api/anthropic", OnPlan},
		{"its short name", "https://bigmodel.cn/api/coding/paas/v4", OnPlan},
		{"its www name", "https://www.bigmodel.cn/api/v1", OnPlan},
		{"its dev name", "https://dev.bigmodel.cn/api/anthropic", OnPlan},
		{"the standard port spelt out", "https://api.z.ai:443/api/anthropic", OnPlan},
		{"scheme and host know no case", "HTTPS://API.Z.AI/api/anthropic", OnPlan},

		{"the standard API", "https://api.z.ai/api/paas/v4", PayPerToken},
		{"a call of the standard API", "https://open.bigmodel.cn/api/paas/v4/chat/completions", PayPerToken},

		{"Anthropic itself", "https://api.anthropic.com", Elsewhere},
		{"a router on this machine", "http://127.0.0.1:3456", Elsewhere},
		{"a host that begins alike", "https://api.z.ai.evil.tld/api/anthropic", Elsewhere},
		{"a host that ends alike", "https://evilapi.z.ai/api/anthropic", Elsewhere},
		{"a host below", "https://x.api.z.ai/api/anthropic", Elsewhere},
		{"the host without its first label", "https://z.ai/api/anthropic", Elsewhere},
		{"a host with a hyphen", "https://api-z.ai/api/anthropic", Elsewhere},
		{"a host with a look-alike letter", "https://api.z.\u0430i/api/anthropic", Elsewhere},
		{"the host as a user name", "https://api.z.ai@evil.tld/api/anthropic", Elsewhere},
		{"the host as user and password", "https://api.z.ai:443@evil.tld/api/anthropic", Elsewhere},
		{"a user name before the host", "https://evil.tld@api.z.ai/api/anthropic", Elsewhere},
		{"the host behind a backslash", "https://evil.tld\\@api.z.ai/api/anthropic", Elsewhere},
		{"a path with backslashes", "https://api.z.ai/api/anthropic/..\\..\\paas/v4", Elsewhere},
		{"the host in the query", "https://evil.tld/?https://api.z.ai/api/anthropic", Elsewhere},
		{"the host in the fragment", "https://evil.tld/#api.z.ai/api/anthropic", Elsewhere},
		{"another port", "https://api.z.ai:8443/api/anthropic", Elsewhere},
		{"the port of another scheme", "https://api.z.ai:80/api/anthropic", Elsewhere},
		{"a dot at the end of the host", "https://api.z.ai./api/anthropic", Elsewhere},
		{"another scheme", "ftp://api.z.ai/api/anthropic", Elsewhere},
		{"no scheme", "api.z.ai/api/anthropic", Elsewhere},
		{"no slashes", "https:api.z.ai/api/anthropic", Elsewhere},
		{"no host", "https:///api/anthropic", Elsewhere},

		{"no path", "https://api.z.ai", Elsewhere},
		{"the path in the query", "https://api.z.ai/?/api/anthropic", Elsewhere},
		{"half a segment", "https://api.z.ai/api/anthropicx", Elsewhere},
		{"a segment in upper case", "https://api.z.ai/API/anthropic", Elsewhere},
		{"another version", "https://api.z.ai/api/paas/v40", Elsewhere},
		{"the quota route", "https://api.z.ai/api/monitor/usage/quota/limit", Elsewhere},
		{"dot segments", "https://api.z.ai/api/anthropic/../paas/v4", Elsewhere},
		{"dot segments at the front", "https://api.z.ai/./api/anthropic", Elsewhere},
		{"encoded dot segments", "https://api.z.ai/api/anthropic/%2e%2e/paas/v4", Elsewhere},
		{"an encoded slash", "https://api.z.ai/api%2fanthropic", Elsewhere},
		{"an encoded letter", "https://api.z.ai/api/%61nthropic", Elsewhere},
		{"slashes doubled", "https://api.z.ai//api/anthropic", Elsewhere},
		{"a space", "https://api.z.ai/api/anthropic /", Elsewhere},
		{"a line break", "https://api.z.ai/api/anthropic\n", Elsewhere},
		{"a bad escape", "https://api.z.ai/api/anthropic/%zz", Elsewhere},
		{"a bad port", "https://api.z.ai:x/api/anthropic", Elsewhere},
		{"no URL at all", ":", Elsewhere},
	} {
		if got := (Rules{}).Bill(at(c.url)); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.url, got, c.want)
		}
	}
}

func TestTheUsersRulesGoFirst(t *testing.T) {
	r := Rules{Endpoints: []EndpointRule{
		{URL: "http://127.0.0.1:3456", Plan: true},
		{URL: "http://127.0.0.1:3456/openai/", Plan: false},
		{URL: "http://127.0.0.1:3456/openai/glm", Plan: true},
		{URL: "https://Proxy.Example/a", Plan: true},
		{URL: "https://api.z.ai/api/anthropic", Plan: false},
		{URL: "http://[::1]:9", Plan: true},
		{URL: "not a URL", Plan: true},
	}}
	for _, c := range []struct {
		name, url string
		want      Billing
	}{
		{"the router", "http://127.0.0.1:3456", OnPlan},
		{"the router with a path", "http://127.0.0.1:3456/v1/messages", OnPlan},
		{"a path with a rule of its own", "http://127.0.0.1:3456/openai/v1", Elsewhere},
		{"that path itself", "http://127.0.0.1:3456/openai", Elsewhere},
		{"a path that only begins alike", "http://127.0.0.1:3456/openais", OnPlan},
		{"the longest path wins", "http://127.0.0.1:3456/openai/glm/v1", OnPlan},
		{"another port", "http://127.0.0.1:3457", Elsewhere},
		{"another scheme", "https://127.0.0.1:3456", Elsewhere},
		{"another name of the host", "http://localhost:3456", Elsewhere},
		{"the rule's host in another case", "https://proxy.example:443/a/b", OnPlan},
		{"a path above the rule's", "https://proxy.example/", Elsewhere},
		{"the plan's own address, said not to be", "https://api.z.ai/api/anthropic/v1", Elsewhere},
		{"an address without a rule", "https://api.z.ai/api/v1", OnPlan},
		{"a rule by number", "http://[::1]:9/x", OnPlan},
		{"dot segments out of a rule", "http://127.0.0.1:3456/openai/../x", Elsewhere},
	} {
		if got := r.Bill(at(c.url)); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.url, got, c.want)
		}
	}
}

func TestAnEventWithoutEndpointIsOnThePlan(t *testing.T) {
	r := Rules{Tools: map[string]bool{"cline": false, "goose": true}}
	for tool, want := range map[string]Billing{"": OnPlan, "curl": OnPlan, "goose": OnPlan, "cline": Elsewhere} {
		if got := r.Bill(Event{Tool: tool}); got != want {
			t.Errorf("%q is %s", tool, got)
		}
	}
	if got := r.Bill(Event{Tool: "cline", Endpoint: "https://api.z.ai/api/anthropic"}); got != OnPlan {
		t.Errorf("the tool's rule went before its endpoint: %s", got)
	}
}

func FuzzBill(f *testing.F) {
	for _, s := range []string{
		"https://api.z.ai/api/anthropic", "http://127.0.0.1:3456/a", "https://u:p@api.z.ai:443/api/v1?x#y",
		"https://api.z.ai/api/%2e%2e/", "http://[fe80::1%25eth0]/", "::", "\xff",
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, url, rule string) {
		if got := (Rules{}).Bill(at(url)); got != Elsewhere && url != "" && !trusted(url) {
			t.Errorf("%q is %s", url, got)
		}
		Rules{Endpoints: []EndpointRule{{URL: rule, Plan: true}}}.Bill(at(url))
	})
}

// trusted is a cruder idea of what may be the provider's.
func trusted(url string) bool {
	_, rest, _ := strings.Cut(strings.ToLower(url), "://")
	host, path, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, ":")
	return (host == "api.z.ai" || strings.HasSuffix("."+host, ".bigmodel.cn")) && strings.HasPrefix(path, "api/")
}

func TestProvidersByTheirIDs(t *testing.T) {
	for id, want := range map[string]Billing{
		"zai-coding-plan": OnPlan, "zhipuai-coding-plan": OnPlan, "zai": PayPerToken, "zhipuai": PayPerToken,
	} {
		if got := (Rules{}).Bill(Event{Endpoint: ProviderURL(id)}); got != want {
			t.Errorf("%s is %v", id, got)
		}
		if !NamesProvider(id) {
			t.Errorf("%s is not known for the provider's", id)
		}
	}
	for _, id := range []string{"", "openrouter", "anthropic", "ZAI"} {
		if url := ProviderURL(id); url != "" {
			t.Errorf("%q leads to %s", id, url)
		}
	}
	if NamesProvider("openrouter") || !NamesProvider("my-Z.AI") {
		t.Error("ids of the user's own are mistaken")
	}
}

func TestAnEndpointThatCouldNotBeToldHeedsTheWord(t *testing.T) {
	said := Rules{Tools: map[string]bool{"cursor": true, "goose": false}}
	for _, c := range []struct {
		tool, endpoint string
		want           Billing
	}{
		{"cursor", "https://cursor.invalid", OnPlan},
		{"goose", "https://openrouter.invalid", Elsewhere},
		{"droid", "https://factory.invalid", Elsewhere},
		{"cursor", "https://api.openai.com", Elsewhere},
		{"cursor", "https://invalid.example", Elsewhere},
	} {
		if got := said.Bill(Event{Tool: c.tool, Endpoint: c.endpoint}); got != c.want {
			t.Errorf("%s at %s is %v, want %v", c.tool, c.endpoint, got, c.want)
		}
	}
}
