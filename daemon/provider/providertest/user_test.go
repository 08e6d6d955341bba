package providertest_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"quotad/daemon/provider/providertest"
	"quotad/quota"
)

// habits are how somebody works.
type habits struct {
	context float64 // tokens that a turn begins with, in the median
	flash   float64 // share of sessions on the small model
	blind   float64 // share of sessions in a tool that tells prompts only
	missed  float64 // share of hooks that never fire
	double  float64 // share of hooks that fire twice
	late    float64 // share of events that arrive late
	tools   float64 // share of calls that are followed by an MCP call
}

// machine is a computer on which somebody works.
type machine struct {
	*clock
	habits
	rand     *rand.Rand
	provider *providertest.Provider
	tell     func(quota.Event) // nil: a computer that quotad knows nothing of
	count    int
	working  int // sessions that go on
}

// session is a stretch of work in one tool.
type session struct {
	*machine
	id, tool, model string
	tells           bool // its tool tells tokens
	until           time.Time
	context         float64
}

// some is a random amount around a median.
func some(r *rand.Rand, median, sigma float64) float64 {
	return median * math.Exp(sigma*r.NormFloat64())
}

func seconds(f float64) time.Duration { return time.Duration(f * float64(time.Second)) }

// begin starts a session that lasts for a while.
func (m *machine) begin(length time.Duration) {
	m.count++
	s := &session{machine: m, id: fmt.Sprintf("s%d", m.count), tool: "claude-code", model: "glm-5.3", tells: true,
		until: m.now.Add(length), context: some(m.rand, m.context, 0.4)}
	if m.rand.Float64() < m.blind {
		s.tool, s.tells = "cursor", false
	}
	if m.rand.Float64() < m.flash {
		s.model = "glm-5.3-flash"
	}
	m.working++
	s.turn(0)
}

// turn sends a prompt, and has its calls made one after the other.
func (s *session) turn(n int) {
	if !s.now.Before(s.until) {
		s.working--
		return
	}
	turn := fmt.Sprintf("%s-%d", s.id, n)
	missed := s.rand.Float64() < s.missed
	if !missed {
		e := quota.Event{ID: turn, Kind: quota.KindPrompt, At: s.now, Tool: s.tool, Session: s.id, Turn: turn}
		if s.tells {
			e.Model, e.Endpoint = s.model, "https://api.z.ai/api/anthropic"
		}
		s.arrive(e, 0)
	}
	calls := int(min(max(some(s.rand, 7, 0.9), 1), 40))
	s.call(turn, n, calls, missed)
}

// call makes one of the calls of a turn that are left.
func (s *session) call(turn string, n, left int, missed bool) {
	fresh, out := some(s.rand, s.habits.context/12, 0.9), some(s.rand, 250, 0.9)
	c := providertest.Call{At: s.now, Model: s.model, Input: int64(fresh), Cached: int64(s.context), Output: int64(out)}
	if stop := s.provider.Call(c); stop != nil {
		s.refused(turn, stop)
		return
	}
	if s.context += fresh + out; s.context > 6*s.habits.context { // compacted
		s.context = s.habits.context
	}
	if s.tells {
		wait := some(s.rand, 2, 0.5)
		if missed { // the record is read at the next hook
			wait = some(s.rand, 120, 0.8)
		}
		s.arrive(quota.Event{ID: fmt.Sprintf("%s/%d", turn, left), Kind: quota.KindUsage, At: s.now, Tool: s.tool, Session: s.id,
			Turn: turn, Model: s.model, Endpoint: "https://api.z.ai/api/anthropic",
			Tokens: quota.Tokens{Input: c.Input, Cached: c.Cached, Output: c.Output}}, wait)
	}
	if s.rand.Float64() < s.tools {
		s.searches(turn, left)
	}
	if left > 1 {
		s.at(s.now.Add(seconds(some(s.rand, 10, 0.7))), func() { s.call(turn, n, left-1, missed) })
		return
	}
	s.at(s.now.Add(seconds(some(s.rand, 100, 0.9))), func() { s.turn(n + 1) })
}

// searches makes an MCP call.
func (s *session) searches(turn string, left int) {
	if s.provider.Call(providertest.Call{At: s.now}) == nil && s.tells {
		s.arrive(quota.Event{ID: fmt.Sprintf("%s/m%d", turn, left), Kind: quota.KindTool, At: s.now, Tool: s.tool,
			Session: s.id, Name: "web_search_prime", Endpoint: "https://api.z.ai/api/anthropic"}, 1)
	}
}

// refused ends the session; the tool shows why, which a hook sees mostly.
func (s *session) refused(turn string, stop *providertest.Refusal) {
	s.working--
	if s.tell == nil || s.rand.Float64() < 0.1 {
		return
	}
	said, why := quota.ParseStop(stop.Code, stop.Message, s.now)
	if why != quota.StopExhausted {
		panic(fmt.Sprintf("a refusal was read as %v: %s", why, stop.Message))
	}
	s.arrive(quota.Event{ID: turn + "/stop", Kind: quota.KindExhausted, At: s.now, Tool: s.tool, Code: stop.Code,
		Window: said.Window, Until: said.Until}, 3)
}

// arrive lets quotad hear of an event after a while: sometimes much later,
// sometimes twice.
func (s *session) arrive(e quota.Event, after float64) {
	if s.tell == nil {
		return
	}
	if s.rand.Float64() < s.late {
		after += some(s.rand, 300, 0.8)
	}
	tell := func() { s.tell(e) }
	s.at(s.now.Add(seconds(after)), tell)
	if s.rand.Float64() < s.double {
		s.at(s.now.Add(seconds(after+some(s.rand, 1, 1))), tell)
	}
}
