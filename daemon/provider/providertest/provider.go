package providertest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Provider keeps one account and answers for it. Its methods may be called from
// any goroutine; calls are expected in the order of their time.
type Provider struct {
	Now    func() time.Time // the instant at which it is asked
	Key    string           // the one that it takes
	Manner Manner           // how it answers

	mu    sync.Mutex
	rand  *rand.Rand
	terms []term
	wrong []string
	last  Failure
}

// term is a stretch of time on one plan.
type term struct {
	from    time.Time
	plan    Plan
	bought  time.Time
	windows []*window
	cost    func(Call) float64
}

// New is a provider with one account, subscribed at an instant. What it does at
// random it does by the seed.
func New(plan Plan, subscribed time.Time, seed uint64, now func() time.Time) *Provider {
	p := &Provider{Now: now, Key: "key-of-the-tests", rand: rand.New(rand.NewPCG(seed, 1))}
	p.terms = []term{newTerm(plan, subscribed, 1)}
	return p
}

// Stretch makes the token caps of the older plans larger or smaller than their
// published prompts suggest. It is to be called before the first call.
func (p *Provider) Stretch(by float64) {
	last := &p.terms[len(p.terms)-1]
	*last = newTerm(last.plan, last.bought, by)
}

// Switch ends the plan at t and subscribes to another: nothing of it is used.
func (p *Provider) Switch(t time.Time, plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.terms = append(p.terms, newTerm(plan, t, 1))
}

func newTerm(plan Plan, t time.Time, stretch float64) term {
	five, cost := plan.five(), credits
	if plan.Generation < 3 {
		five, cost = five*stretch, tokens
	}
	m := term{from: t, plan: plan, bought: t, cost: cost, windows: []*window{fiveHours(five)}}
	if plan.Generation > 1 {
		m.windows = append(m.windows, weekly(five*weeksFives, t))
	}
	if plan.Generation < 3 {
		m.windows = append(m.windows, monthly(plan.tools(), t))
	}
	return m
}

// term is the one that holds at t.
func (p *Provider) term(t time.Time) *term {
	i := len(p.terms) - 1
	for i > 0 && t.Before(p.terms[i].from) {
		i--
	}
	return &p.terms[i]
}

// Refusal is what a call gets that finds a window used up.
type Refusal struct {
	Window  string
	Until   time.Time
	Code    string
	Message string // with the instant in the provider's zone
}

// Call meters a call, or refuses it, which costs nothing.
func (p *Provider) Call(c Call) *Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.term(c.At)
	for _, w := range t.windows {
		if m := w.stood(c.At); t.counts(w, c) && m.used >= w.limit {
			return refuse(w.name, m.reset)
		}
	}
	for _, w := range t.windows {
		switch {
		case !t.counts(w, c):
		case w.name == "month":
			w.charge(c.At, 1)
		default:
			w.charge(c.At, t.cost(c))
		}
	}
	return nil
}

// counts reports whether a call goes to a window. MCP calls have a quota of
// their own on the older plans.
func (t *term) counts(w *window, c Call) bool {
	tool := c.Model == "" && t.plan.Generation < 3
	return tool == (w.name == "month")
}

func refuse(name string, until time.Time) *Refusal {
	stamp := until.In(china).Format(time.DateTime)
	if name == "5h" {
		return &Refusal{name, until, "1308", fmt.Sprintf("Usage limit reached for 5 hour. Your limit will reset at %s", stamp)}
	}
	return &Refusal{name, until, "1310", fmt.Sprintf("Weekly/Monthly Limit Exhausted. Your limit will reset at %s", stamp)}
}

// Refresh gives a window back at t, before its time.
func (p *Provider) Refresh(name string, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.term(t).windows {
		if w.name == name {
			w.refresh(t)
		}
	}
}

// Use is how a window truly stands.
type Use struct {
	Used, Cap float64   // tokens or credits; of the month, calls
	Opened    time.Time // zero: not open
	Reset     time.Time // zero: not open
	Since     time.Time // when it opened, or when the one before ended
}

// Percent is the share of the cap that is used, more than 100 where it is more.
func (u Use) Percent() float64 { return 100 * u.Used / u.Cap }

// Use tells how a window stood at t; false where the plan has no such window.
func (p *Provider) Use(name string, t time.Time) (Use, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.term(t).windows {
		if w.name == name {
			m := w.stood(t)
			return Use{m.used, w.limit, m.opened, m.reset, cmp.Or(m.opened, m.at)}, true
		}
	}
	return Use{}, false
}

// Failed is what the newest answer was instead of a good one.
func (p *Provider) Failed() Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Wrong lists what was asked that must never be.
func (p *Provider) Wrong() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.wrong...)
}
