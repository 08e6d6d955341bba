package transcript

import (
	"bytes"
	"context"
	"strings"
	"time"

	"quotad/quota"
)

const codex = "codex"

// codexState is what has to be remembered of a rollout of Codex between two
// lines.
type codexState struct {
	Session  string `json:"session,omitempty"`
	Project  string `json:"project,omitempty"`
	Provider string `json:"provider,omitempty"`
	Model    string `json:"model,omitempty"`
	Subagent bool   `json:"subagent,omitempty"`
	Turn     string `json:"turn,omitempty"`
	Root     string `json:"root,omitempty"`     // the user's turn, which a subagent's is part of
	Prompted string `json:"prompted,omitempty"` // the last turn whose prompt was told of
	// Records says that this version writes a record for each answer, so that
	// the running counts beside them are no answers of their own.
	Records bool   `json:"records,omitempty"`
	Count   string `json:"count,omitempty"` // the last running count
}

// readCodex reads a rollout of Codex.
func readCodex(ctx context.Context, src Source, from Mark, final bool, take func(Item) error) (Mark, error) {
	return follow(ctx, src, from, final, grammar[codexState]{
		wants: wantsCodex,
		fold:  (*codexState).fold,
		end:   func(*codexState, func(Item)) {},
	}, take)
}

// wantsCodex lets all but the conversation itself through, which is most of a
// rollout. Lines tell what they are at their beginning.
func wantsCodex(line []byte) bool {
	const early = 160
	head := line[:min(len(line), early)]
	for _, bulk := range []string{`"response_item"`, `"world_state"`, `"compacted"`} {
		if bytes.Contains(head, []byte(bulk)) {
			return false
		}
	}
	return true
}

// codexLine is one line of a rollout.
type codexLine struct {
	kind    string
	at      time.Time
	payload []byte
}

func (s *codexState) fold(line []byte, tell func(Item)) bool {
	var l codexLine
	m := object(line)
	for m.next() {
		switch string(m.key) {
		case "type":
			l.kind = word(m.value, maxName)
		case "timestamp":
			l.at = instant(m.value)
		case "payload":
			l.payload = m.value
		}
	}
	if m.wrong {
		return false
	}
	return s.record(l, tell)
}

func (s *codexState) record(l codexLine, tell func(Item)) bool {
	switch l.kind {
	case "session_meta":
		s.meta(l.payload)
	case "turn_context":
		s.context(l.payload)
	case "token_usage_record":
		return s.answered(l, tell)
	case "event_msg":
		return s.happened(l, tell)
	}
	return true
}

// meta takes in what a rollout says of itself. In one that was forked, that of
// the session before follows, with its lines.
func (s *codexState) meta(payload []byte) {
	if s.Session != "" {
		return
	}
	for m := object(payload); m.next(); {
		switch string(m.key) {
		case "id":
			s.Session = word(m.value, maxName)
		case "cwd":
			s.Project = word(m.value, quota.MaxText)
		case "model_provider":
			s.Provider = word(m.value, maxName)
		case "source", "thread_source":
			s.Subagent = s.Subagent || strings.HasPrefix(string(m.value), `"subagent`) || member(m.value, "subagent") != nil
		}
	}
}

// context takes in what a turn runs with.
func (s *codexState) context(payload []byte) {
	s.turn(payload)
	for m := object(payload); m.next(); {
		switch string(m.key) {
		case "cwd":
			s.Project = word(m.value, quota.MaxText)
		case "model":
			s.Model = word(m.value, maxName)
		case "model_provider_id":
			s.Provider = word(m.value, maxName)
		}
	}
}

// turn takes in which turn something is part of.
func (s *codexState) turn(payload []byte) {
	id, root := word(member(payload, "turn_id"), maxName), word(member(payload, "root_turn_id"), maxName)
	if id != "" && id != s.Turn {
		s.Turn, s.Root = id, ""
	}
	if root != "" {
		s.Root = root
	}
}

// happened takes in what went on.
func (s *codexState) happened(l codexLine, tell func(Item)) bool {
	switch word(member(l.payload, "type"), maxName) {
	case "task_started":
		s.context(l.payload)
	case "thread_settings_applied":
		s.context(member(l.payload, "thread_settings"))
	case "item_completed":
		if string(member(member(l.payload, "item"), "type")) == `"UserMessage"` {
			s.turn(l.payload)
			return s.prompt(l, tell)
		}
	case "user_message":
		if wordedByUser(l.payload) {
			return s.prompt(l, tell)
		}
	case "task_complete", "turn_aborted":
		s.Turn, s.Root = "", ""
	case "token_count":
		return s.counted(l, tell)
	}
	return true
}

// wordedByUser tells a prompt from what older versions of Codex said in the
// user's name.
func wordedByUser(payload []byte) bool {
	kind := word(member(payload, "kind"), maxName)
	text := word(member(payload, "message"), beginningSize)
	return (kind == "" || kind == "plain") &&
		!strings.HasPrefix(text, "<environment_context>") && !strings.HasPrefix(text, "<user_instructions>")
}

// prompt tells of a prompt, one a turn: what is typed while a turn runs joins
// it. Codex prompts its subagents itself.
func (s *codexState) prompt(l codexLine, tell func(Item)) bool {
	if l.at.IsZero() {
		return false
	}
	key := digest(s.Turn)
	if s.Turn == "" { // older versions name none
		key = digest("", s.Session, l.at.String())
		s.Root = key
	}
	if s.Subagent || s.Prompted == key {
		return true
	}
	s.Prompted = key
	e := s.event(quota.KindPrompt, key, l.at)
	if s.Turn != "" {
		e.ID = promptID(codex, s.Turn)
	}
	s.tell(e, tell)
	return true
}

// answered tells of an answer by its own record.
func (s *codexState) answered(l codexLine, tell func(Item)) bool {
	if l.at.IsZero() {
		return false
	}
	s.Records = true
	s.turn(l.payload)
	var response, thread string
	var tokens quota.Tokens
	for m := object(l.payload); m.next(); {
		switch string(m.key) {
		case "response_id":
			response = word(m.value, maxName)
		case "usage":
			tokens = codexTokens(m.value)
		case "thread_token_usage":
			thread = countOf(m.value)
		}
	}
	key := digest(response)
	if response == "" {
		key = digest("", s.Turn, thread)
	}
	s.usage(key, l.at, tokens, tell)
	return true
}

// counted tells of an answer by the running count of its session, which older
// versions write after each, and again when nothing was added to it.
func (s *codexState) counted(l codexLine, tell func(Item)) bool {
	if l.at.IsZero() {
		return false
	}
	info := member(l.payload, "info")
	last := member(info, "last_token_usage")
	count := countOf(member(info, "total_token_usage"))
	if s.Records || last == nil || count == s.Count {
		return true
	}
	s.Count = count
	session := s.Session
	if s.Turn != "" {
		session = "" // the lines of a fork have the turns of the session before
	}
	s.usage(digest("count", session, s.Turn, count), l.at, codexTokens(last), tell)
	return true
}

func (s *codexState) usage(key string, at time.Time, tokens quota.Tokens, tell func(Item)) {
	e := s.event(quota.KindUsage, key, at)
	e.Tokens, e.Model = tokens, s.Model
	s.tell(e, tell)
}

func (s *codexState) event(kind quota.Kind, key string, at time.Time) quota.Event {
	e := event(codex, kind, key, at)
	e.Session, e.Project = s.Session, s.Project
	e.Turn = s.Turn
	if s.Root != "" {
		e.Turn = s.Root
	}
	if kind == quota.KindPrompt {
		e.Model = s.Model
	}
	return e
}

func (s *codexState) tell(e quota.Event, tell func(Item)) {
	tell(Item{Event: e, Provider: s.Provider})
}

// codexTokens reads the figures of an answer. Input there includes what was
// read from the cache.
func codexTokens(usage []byte) (t quota.Tokens) {
	for m := object(usage); m.next(); {
		n := number(m.value, quota.MaxTokens)
		switch string(m.key) {
		case "input_tokens":
			t.Input = n
		case "cached_input_tokens":
			t.Cached = n
		case "output_tokens":
			t.Output = n
		}
	}
	t.Cached = min(t.Cached, t.Input)
	t.Input -= t.Cached
	return t
}

// countOf is a running count, to be told from others.
func countOf(usage []byte) string {
	var figures []string
	for m := object(usage); m.next(); {
		figures = append(figures, string(m.key), string(m.value))
	}
	return digest(figures...)
}
