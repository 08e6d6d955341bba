package transcript

import (
	"encoding/json"
	"slices"
	"time"

	"quotad/quota"
)

// overlap is how far a reading of a database goes back behind the last one:
// what was written in between may bear an earlier time.
const overlap = 5 * time.Second

// message is one message of a session in a tool's database.
type message struct {
	id        string
	session   string // the user's, also where a subagent's own has the message
	project   string
	role      string
	subagent  bool
	turn      string // assistant: the user's message that it answers
	model     string
	provider  string
	created   int64 // in milliseconds
	completed int64 // assistant: 0 while it is written
	updated   int64
	tokens    quota.Tokens
	failed    bool // assistant: instead of an answer there was an error
}

// databaseState is what has to be remembered of a database between two
// readings.
type databaseState struct {
	Updated int64    `json:"updated,omitempty"` // the last change that was read
	Recent  []string `json:"recent,omitempty"`  // what was told of lately, by id
	Seen    string   `json:"seen,omitempty"`    // what the files looked like
}

// stateOf is the state in a mark; from the beginning where it is spoilt.
func stateOf(m Mark) (s databaseState) {
	if json.Unmarshal(m.State, &s) != nil {
		return databaseState{}
	}
	return s
}

// since is the first change that is to be read.
func (s *databaseState) since() int64 { return max(0, s.Updated-overlap.Milliseconds()) }

// recents is how many events are remembered as told. More of them in one
// overlap are told again, which the ids make harmless.
const recents = 24

// hand gives one message over, if it tells of anything new.
func (s *databaseState) hand(tool string, m message, take func(Item) error) error {
	if e, ok := m.event(tool); ok && !slices.Contains(s.Recent, shortID(e)) {
		if err := take(Item{Event: e, Provider: m.provider}); err != nil {
			return err
		}
		s.Recent = append(s.Recent, shortID(e))
		s.Recent = s.Recent[max(0, len(s.Recent)-recents):]
	}
	s.Updated = max(s.Updated, m.updated)
	return nil
}

func shortID(e quota.Event) string { return e.ID[max(0, len(e.ID)-doneSize):] }

// event is what a message tells of: a person's prompt, or an answer that is
// complete.
func (m message) event(tool string) (quota.Event, bool) {
	switch {
	case m.role == "user" && !m.subagent:
		e := m.like(tool, quota.KindPrompt, m.created)
		e.Turn = m.id
		if tool == opencode || tool == kilo {
			e.ID = promptID(tool, m.id)
		}
		return e, e.Normalize(e.At).Check() == nil
	case m.role == "assistant" && m.completed > 0 && m.model != "" && !(m.failed && m.tokens == quota.Tokens{}):
		e := m.like(tool, quota.KindUsage, m.begun())
		e.Turn, e.Tokens = m.turn, m.tokens
		return e, e.Normalize(e.At).Check() == nil
	}
	return quota.Event{}, false
}

// begun is when an answer began, by which a turn's first is known: one that
// hands work to a subagent is complete only after all answers of that.
func (m message) begun() int64 {
	if m.created > 0 {
		return min(m.created, m.completed)
	}
	return m.completed
}

func (m message) like(tool string, kind quota.Kind, at int64) quota.Event {
	e := event(tool, kind, digest(m.id), time.UnixMilli(at))
	e.Session, e.Project, e.Model = m.session, m.project, m.model
	return e
}
