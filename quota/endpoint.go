package quota

import (
	"cmp"
	"net/url"
	"strings"
)

// Billing says who pays for a call.
type Billing int

// The ways a call is billed.
const (
	OnPlan      Billing = iota // drawn from the plan's quota
	PayPerToken                // the provider's standard API, paid in money
	Elsewhere                  // another service, or an address that cannot be read
)

func (b Billing) String() string {
	return [...]string{"on the plan", "pay per token", "elsewhere"}[b]
}

// EndpointRule says what is behind a router or proxy of the user's own. Scheme,
// host and port must be equal, the path begins with the rule's, whole segments.
type EndpointRule struct {
	URL  string
	Plan bool
}

// commonest is the address that most events carry, which a fold over many need
// not take apart each time.
const commonest = "https://api.z.ai/api/anthropic"

// Rules are what the user says about where events are billed.
type Rules struct {
	Endpoints []EndpointRule  // of several that match, the longest path wins
	Tools     map[string]bool // for events without endpoint, by Event.Tool: on the plan or not
}

// unknownHost ends the hosts of endpoints that stand for what a tool could not
// tell; nothing answers there (RFC 2606).
const unknownHost = ".invalid"

// Bill says who pays for the call an event tells of. An event without endpoint
// is on the plan unless its tool is said not to be; one whose endpoint could not
// be told is only where its tool is said to be. Otherwise host and path decide,
// never the key: the user's rules first, then the provider's addresses.
func (r Rules) Bill(e Event) Billing {
	if e.Endpoint == "" {
		if plan, told := r.Tools[e.Tool]; told && !plan {
			return Elsewhere
		}
		return OnPlan
	}
	if len(r.Endpoints) == 0 && e.Endpoint == commonest {
		return OnPlan
	}
	to, ok := parseAddress(e.Endpoint)
	if !ok {
		return Elsewhere
	}
	if plan, told := r.lookup(to); told {
		if plan {
			return OnPlan
		}
		return Elsewhere
	}
	if strings.HasSuffix(to.host, unknownHost) && r.Tools[e.Tool] {
		return OnPlan
	}
	return to.bill()
}

func (r Rules) lookup(to address) (plan, told bool) {
	longest := -1
	for _, rule := range r.Endpoints {
		a, ok := parseAddress(rule.URL)
		if ok && a.server() == to.server() && to.under(a.path) && len(a.path) > longest {
			longest, plan, told = len(a.path), rule.Plan, true
		}
	}
	return plan, told
}

// address is an endpoint, taken apart. The path has no slash at its end.
type address struct{ scheme, host, port, path string }

// parseAddress reads an http or https URL strictly: what a client and this
// package could read in two ways is not ok. Scheme and host know no case.
func parseAddress(s string) (address, bool) {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return address{}, false
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil {
		return address{}, false
	}
	a := address{u.Scheme, strings.ToLower(u.Hostname()), u.Port(), strings.TrimRight(u.Path, "/")}
	switch a.scheme {
	case "https":
		a.port = cmp.Or(a.port, "443")
	case "http":
		a.port = cmp.Or(a.port, "80")
	default:
		return address{}, false
	}
	return a, a.host != "" && !strings.Contains(u.EscapedPath(), "%") && !hasDotSegment(a.path)
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func (a address) server() address { return address{scheme: a.scheme, host: a.host, port: a.port} }

// under reports whether the path begins with the segments of prefix.
func (a address) under(prefix string) bool {
	rest, ok := strings.CutPrefix(a.path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// bill knows the provider's own addresses: plan overview and API reference,
// 2026-09.
func (a address) bill() Billing {
	switch a.host {
	case "api.z.ai", "open.bigmodel.cn", "bigmodel.cn", "www.bigmodel.cn", "dev.bigmodel.cn":
	default:
		return Elsewhere
	}
	switch {
	case a.port != "443" && (a.scheme != "http" || a.port != "80"):
		return Elsewhere
	case a.under("/api/anthropic"), a.under("/api/coding/paas/v4"), a.under("/api/v1"):
		return OnPlan
	case a.under("/api/paas/v4"):
		return PayPerToken
	}
	return Elsewhere
}

// ProviderURL is the endpoint behind the id that tools have for the provider:
// "zai-coding-plan" and "zhipuai-coding-plan" are the plan, "zai" and "zhipuai"
// the same provider's standard API (models.dev, the list that OpenCode and
// others go by, 2026-10). It is "" for any other id.
func ProviderURL(id string) string {
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

// NamesProvider reports whether somebody would call the provider so who gives it
// an id of their own.
func NamesProvider(id string) bool {
	id = strings.ToLower(id)
	for _, name := range []string{"zai", "z.ai", "z-ai", "z_ai", "zhipu", "bigmodel", "glm"} {
		if strings.Contains(id, name) {
			return true
		}
	}
	return false
}
