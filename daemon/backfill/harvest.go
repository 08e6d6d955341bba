package backfill

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"quotad/quota"
)

// Harvest is what one tool has kept of its sessions. It is for one goroutine.
type Harvest struct {
	tool  string
	rules Rules
	items []*item
	byID  map[string]*item

	judged bool
	hooks  []told
	stops  map[stop]bool
	sentTo map[turnOf]string // the endpoint that a hook saw
}

// item is one event that a session tells of, and what becomes of it.
type item struct {
	event    quota.Event
	provider string
	sessions []string // that have it: a session that was forked has copies
	route
	known bool // the record has it
}

// New is an empty harvest of a tool.
func New(tool string, rules Rules) *Harvest {
	return &Harvest{tool: tool, rules: rules, byID: map[string]*item{}, stops: map[stop]bool{}, sentTo: map[turnOf]string{}}
}

// Take takes in an event that a session tells of, and the tool's id of the
// provider that answers, where it tells that.
func (h *Harvest) Take(e quota.Event, provider string) {
	if known := h.byID[e.ID]; known != nil {
		if !slices.Contains(known.sessions, e.Session) {
			known.sessions = append(known.sessions, e.Session)
		}
		return
	}
	e.Account = h.rules.Account
	i := &item{event: e, provider: provider, sessions: []string{e.Session}}
	h.byID[e.ID] = i
	h.items = append(h.items, i)
}

// bare is an answer that has no figures: it tells who answered a prompt, and is
// not recorded, for the tokens of that would then be taken to be none.
func (i *item) bare() bool {
	return i.event.Kind == quota.KindUsage && i.event.Tokens == quota.Tokens{}
}

// answers are the first answers of turns, and what sessions are about.
type answers struct {
	byTurn map[string]*item
	ours   map[string]bool // sessions that the plan answered in
	others map[string]bool // sessions that somebody else answered in
}

// judge decides what becomes of each event, once all were taken.
func (h *Harvest) judge() {
	if h.judged {
		return
	}
	h.judged = true
	slices.SortFunc(h.items, func(a, b *item) int {
		return cmp.Or(a.event.At.Compare(b.event.At), strings.Compare(a.event.ID, b.event.ID))
	})
	all := h.judgeAnswers()
	h.judgePrompts(all)
	for _, i := range h.items {
		if i.event.Kind == quota.KindExhausted {
			h.judgeStop(i, all)
		}
		if in := h.rules.inTime(i.event.At); i.reason == Wanted && in != Wanted {
			i.reason, i.what = in, ""
		}
		i.event.Endpoint = i.endpoint
	}
	h.items = slices.DeleteFunc(h.items, (*item).bare)
}

func (h *Harvest) judgeAnswers() answers {
	all := answers{byTurn: map[string]*item{}, ours: map[string]bool{}, others: map[string]bool{}}
	for _, i := range h.items {
		if i.event.Kind != quota.KindUsage {
			continue
		}
		i.route = h.rules.route(h.tool, i.event.Model, i.provider)
		if turn := i.event.Turn; turn != "" && all.byTurn[turn] == nil {
			all.byTurn[turn] = i
		}
		if i.reason == Wanted {
			all.ours[i.event.Session] = true
		} else {
			all.others[i.event.Session] = true
		}
	}
	return all
}

// together is how close prompts are that waited, and were then sent as one.
const together = 5 * time.Second

// judgePrompts goes by who answered. Prompts that waited while another was at
// work are sent as one, and only the last of them has the answer.
func (h *Harvest) judgePrompts(all answers) {
	after := map[string]*item{} // by session: the prompt that comes next
	for _, i := range slices.Backward(h.items) {
		if i.event.Kind != quota.KindPrompt {
			continue
		}
		next := after[i.event.Session]
		after[i.event.Session] = i
		switch answer := all.byTurn[i.event.Turn]; {
		case answer != nil:
			i.route = answer.route
			i.event.Model = cmp.Or(answer.event.Model, i.event.Model)
		case next != nil && next.event.At.Sub(i.event.At) <= together:
			i.route = next.route
			i.event.Model = cmp.Or(next.event.Model, i.event.Model)
		default:
			i.reason = NotAnswered
		}
	}
}

// judgeStop takes what the provider said as the plan's, unless it was said
// where only others answer.
func (h *Harvest) judgeStop(i *item, all answers) {
	i.route = h.rules.route(h.tool, "", i.provider)
	session := i.event.Session
	if i.reason == Wanted && all.others[session] && !all.ours[session] {
		i.reason = OtherModel
	}
}
