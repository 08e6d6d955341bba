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
		return "", !quota.NamesProvider(provider)
	}
	if tool == "crush" && provider == "zai" { // catwalk, its list of providers
		return quota.ProviderURL("zai-coding-plan"), true
	}
	return quota.ProviderURL(provider), true
}
