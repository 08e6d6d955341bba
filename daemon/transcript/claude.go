package transcript

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quotad/quota"
)

const claudeCode = "claude-code"

// claudeState is what has to be remembered of a transcript of Claude Code
// between two lines.
type claudeState struct {
	Session string `json:"session,omitempty"`
	Project string `json:"project,omitempty"`
	// Sourced says that this version writes where a prompt came from.
	Sourced bool `json:"sourced,omitempty"`
	// Turn is the user prompt that answers belong to, by side: those of
	// subagents that old versions wrote into the same file have their own.
	Turn [2]string `json:"turn,omitzero"`
	// Open are answers whose end may still come, oldest first. Answers of
	// subagents that run side by side are written interleaved.
	Open [3]answer `json:"open,omitzero"`
	// Done are the last answers that were told of: more lines of one may come.
	Done [8]string `json:"done,omitzero"`
}

// readClaude reads a transcript of Claude Code, or that of one of its
// subagents, which counts for the same session.
func readClaude(ctx context.Context, src Source, from Mark, final bool, take func(Item) error) (Mark, error) {
	return follow(ctx, src, from, final, grammar[claudeState]{
		wants: wantsClaude,
		fold:  (*claudeState).fold,
		end:   (*claudeState).closeAll,
	}, take)
}

// wantsClaude lets lines of users and of the model through, and those of
// requests that failed. All others are bookkeeping; some repeat a prompt.
func wantsClaude(line []byte) bool {
	return bytes.Contains(line, []byte(`"assistant"`)) || bytes.Contains(line, []byte(`"user"`)) ||
		bytes.Contains(line, []byte(`"api_error"`))
}

func (s *claudeState) fold(line []byte, tell func(Item)) bool {
	l, ok := parseClaude(line)
	if !ok {
		return false
	}
	if l.kind != "user" && l.kind != "assistant" && !l.retried() {
		return true
	}
	if l.at.IsZero() {
		return false
	}
	if session := word(l.session, maxName); session != "" {
		s.Session = session
	}
	if cwd := word(l.cwd, quota.MaxText); cwd != "" {
		s.Project = cwd
	}
	switch l.kind {
	case "user":
		s.user(&l, tell)
	case "assistant":
		s.assistant(&l, tell)
	default:
		s.stop(&l, word(member(l.failure, "message"), beginningSize), tell)
	}
	return true
}

// user takes in a line of the user's side: prompts, but also what tools gave,
// what Claude Code tells itself, and what commands printed.
func (s *claudeState) user(l *claudeLine, tell func(Item)) {
	said := l.said()
	if !said.toolResult {
		s.close(l.chain(), tell)
	}
	s.Sourced = s.Sourced || l.source != nil
	side := l.side()
	if id := word(l.promptID, maxName); id != "" {
		s.Turn[side] = id
	}
	if l.judge(said, s.Sourced) != promptCounted {
		return
	}
	uuid := word(l.uuid, maxName)
	if l.promptID == nil {
		s.Turn[side] = uuid
	}
	e := s.event(quota.KindPrompt, digest(l.promptKey(uuid)...), l.at)
	e.Turn = s.Turn[side]
	tell(Item{Event: e})
}

// assistant takes in a line of the model's side: a part of an answer, or what
// Claude Code says in the model's place.
func (s *claudeState) assistant(l *claudeLine, tell func(Item)) {
	if l.apiError {
		s.refusal(l, tell)
		return
	}
	a := l.answer()
	if a.Model == "" || a.Model == "<synthetic>" {
		return
	}
	a.Turn = s.Turn[l.side()]
	if a.Turn == "" {
		a.Turn = s.Turn[0]
	}
	s.part(a, l.ended, tell)
}

// refusal takes in what Claude Code says when it gives up.
func (s *claudeState) refusal(l *claudeLine, tell func(Item)) {
	if word(l.failure, maxName) == "rate_limit" {
		s.stop(l, l.said().text, tell)
	}
}

// stop tells that the provider has stopped and until when, where a text says so
// beyond doubt. Claude Code retries for long before it gives up, and writes of each attempt:
// they are one event, and the instant may be past by then.
func (s *claudeState) stop(l *claudeLine, text string, tell func(Item)) {
	at := quota.Milli(l.at)
	stop, _ := quota.ParseStop("", text, at)
	if !stop.Sure(at) {
		return
	}
	turn, until := s.Turn[l.side()], stop.Until.String()
	if stop.Until.IsZero() {
		until = turn
	}
	e := s.event(quota.KindExhausted, digest(s.Session, stop.Window, until), l.at)
	e.Window, e.Until, e.Code, e.Turn = stop.Window, stop.Until, stop.Code, turn
	tell(Item{Event: e})
}

func (s *claudeState) event(kind quota.Kind, digest string, at time.Time) quota.Event {
	e := event(claudeCode, kind, digest, at)
	e.Session, e.Project = s.Session, s.Project
	return e
}

// Subagents lists the transcripts of the subagents that a session of Claude
// Code started, by the path of its own.
func Subagents(path string) []Source {
	session := filepath.Base(strings.TrimSuffix(path, ".jsonl"))
	dir := filepath.Join(filepath.Dir(path), session, "subagents")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var found []Source
	for _, e := range entries {
		if s, ok := fileSource(claudeCode, filepath.Join(dir, e.Name()), e); ok {
			found = append(found, s)
		}
	}
	return found
}
