package backfill

import (
	"cmp"
	"strings"

	"quotad/quota"
)

// route is where an answer came from, as far as a session tells: whether that
// is the plan's provider, and the endpoint.
type route struct {
	reason   Reason // Wanted, OtherModel or OtherProvider
	what     string // the model or provider that is another's
	endpoint string
	guessed  bool // the session does not tell, and so it is taken as on the plan
}

// route goes by the model first, which is "" where none is known: another
// maker's is never the plan's, whoever serves it.
func (r *Rules) route(tool, model, provider string) route {
	if name := quota.NormalModel(model); name != "" && !strings.HasPrefix(name, "glm-") {
		return route{reason: OtherModel, what: name}
	}
	endpoint, told := r.endpoint(tool, provider)
	if !told {
		return route{endpoint: r.Endpoint, guessed: r.Endpoint == ""}
	}
	if endpoint == "" || r.Billing.Bill(quota.Event{Tool: tool, Endpoint: endpoint}) == quota.Elsewhere {
		return route{reason: OtherProvider, what: cmp.Or(endpoint, provider)}
	}
	return route{endpoint: endpoint}
}

// endpoint is the URL behind a provider's id; "" for one that is not the
// plan's. It is not told where the id says nothing.
func (r *Rules) endpoint(tool, provider string) (url string, told bool) {
	if provider == "" {
		return "", false
	}
	if url := r.URLs[provider]; url != "" {
		return url, true
	}
	if tool == "codex" { // its ids are the user's own words, and this one is set no more
		return "", !likeZAI(provider)
	}
	if tool == "crush" && provider == "zai" { // catwalk, its list of providers
		return providerURL("zai-coding-plan"), true
	}
	return providerURL(provider), true
}

// providerURL knows the ids that models.dev, the list of providers of OpenCode,
// gives to the plan and to the same provider's standard API.
func providerURL(id string) string {
	switch id {
	case "zai-coding-plan":
		return "https://api.z.ai/api/coding/paas/v4"
	case "zhipuai-coding-plan":
		return "https://open.bigmodel.cn/api/coding/paas/v4"
	case "zai":
		return "https://api.z.ai/api/paas/v4"
	case "zhipuai":
		return "https://open.bigmodel.cn/api/paas/v4"
	}
	return ""
}

// likeZAI reports whether somebody would call the plan's provider so.
func likeZAI(id string) bool {
	id = strings.ToLower(id)
	for _, name := range []string{"zai", "z.ai", "z-ai", "z_ai", "zhipu", "bigmodel", "glm"} {
		if strings.Contains(id, name) {
			return true
		}
	}
	return false
}
