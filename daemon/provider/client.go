package provider

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"quotad/quota"
)

// Options say whom a Client asks, and with which key.
type Options struct {
	Site         string            // "z.ai" or "bigmodel.cn"; empty: "z.ai"
	BaseURL      string            // in place of the site's; plain http on loopback only
	Organization string            // of a team, with Project
	Project      string            //
	Key          KeySource         // nil: credential or environment
	Now          func() time.Time  // nil: time.Now
	Transport    http.RoundTripper // nil: one of our own
}

// Client asks the provider. It is safe for concurrent use.
type Client struct {
	o      Options
	base   *url.URL // nil: there is none that may be asked
	http   http.Client
	bearer atomic.Bool // the form of the header that worked
}

// New makes a Client. It does not look for the key yet.
func New(o Options) *Client {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Key == nil {
		o.Key = Keys(KeyOptions{})
	}
	if o.Transport == nil {
		o.Transport = ownTransport()
	}
	return &Client{
		o:    o,
		base: baseOf(o),
		http: http.Client{Transport: onlyGet{o.Transport}, CheckRedirect: sameHost},
	}
}

// baseOf is where the provider is; nil for what would send the key in the clear.
func baseOf(o Options) *url.URL {
	base := o.BaseURL
	switch {
	case base != "":
	case o.Site == "bigmodel.cn":
		base = "https://open.bigmodel.cn"
	case o.Site == "" || o.Site == "z.ai":
		base = "https://api.z.ai"
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil
	}
	return u
}

// Read asks for the use of all windows.
func (c *Client) Read(ctx context.Context) (Reply, *Fault) {
	a, fault := c.get(ctx, "api/monitor/usage/quota/limit", c.team())
	if fault != nil {
		return Reply{}, fault.withRaw(a.body)
	}
	r, fault := Parse(a.body, a.at)
	r.Skew = a.skew
	return r, a.stamp(fault)
}

// ReadPlan asks for the subscription: its dates, and its tier in one word.
func (c *Client) ReadPlan(ctx context.Context) (told quota.PlanTold, tier string, fault *Fault) {
	a, fault := c.get(ctx, "api/biz/subscription/list", nil)
	if fault != nil {
		return quota.PlanTold{}, "", fault.withSummary(a.body)
	}
	s, fault := ParseSubscription(a.body, a.at)
	return s.Told(), s.Tier, a.stamp(fault)
}

// team is the query that chooses a team's plan.
func (c *Client) team() url.Values {
	if c.o.Organization == "" && c.o.Project == "" {
		return nil
	}
	return url.Values{"type": {"2"}}
}

// get asks with the key, in the form that worked last and then in the other.
// The answer is no failure where there is no Fault.
func (c *Client) get(ctx context.Context, path string, query url.Values) (answer, *Fault) {
	if c.base == nil {
		return answer{}, &Fault{Kind: FaultRefused, Message: "base_url or site is not to be asked: expected https, or plain http on a loopback address"}
	}
	to := c.base.JoinPath(path)
	to.RawQuery = query.Encode()
	key, fault := c.key(ctx)
	if fault != nil {
		return answer{}, fault
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	a, fault := c.bothForms(ctx, to.String(), key)
	if fault == nil || fault.Kind != FaultKey {
		return a, fault
	}
	if fresh := c.freshKey(ctx); fresh != "" && fresh != key {
		return c.bothForms(ctx, to.String(), fresh)
	}
	return a, fault
}

// bothForms asks with the key as it is or with "Bearer " before it, whichever
// worked, and where the key is refused the other way.
func (c *Client) bothForms(ctx context.Context, to, key string) (answer, *Fault) {
	first := c.bearer.Load()
	a, fault := c.ask(ctx, to, key, first)
	if !a.refusedKey(fault) {
		return a, fault
	}
	a, fault = c.ask(ctx, to, key, !first)
	if fault == nil || fault.Kind != FaultKey && fault.Kind != FaultTransient {
		c.bearer.Store(!first)
	}
	return a, fault
}

func (c *Client) key(ctx context.Context) (string, *Fault) {
	key, err := c.o.Key.Key(ctx)
	if err == nil {
		return key, nil
	}
	return "", noKey(err)
}

// freshKey is the key anew where the source keeps one; it was refused.
func (c *Client) freshKey(ctx context.Context) string {
	keeper, ok := c.o.Key.(interface{ Forget() })
	if !ok {
		return ""
	}
	keeper.Forget()
	key, _ := c.key(ctx)
	return key
}

func (c *Client) request(ctx context.Context, to, key string, bearer bool) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return nil, err
	}
	if bearer {
		key = "Bearer " + key
	}
	r.Header.Set("Authorization", key)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Cache-Control", "no-cache")
	r.Header.Set("User-Agent", "quotad")
	for name, value := range map[string]string{"Bigmodel-Organization": c.o.Organization, "Bigmodel-Project": c.o.Project} {
		if value = strings.TrimSpace(value); value != "" {
			r.Header.Set(name, value)
		}
	}
	return r, nil
}
