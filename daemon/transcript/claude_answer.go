package transcript

import (
	"slices"
	"time"

	"quotad/quota"
)

// answer is one answer of the model to Claude Code. It takes a line for each
// block of its content, and the figures are final in the last one only.
type answer struct {
	Key    string       `json:"key,omitempty"` // digest of its message and request
	Chain  string       `json:"chain,omitempty"`
	Model  string       `json:"model,omitempty"`
	Turn   string       `json:"turn,omitempty"`
	At     time.Time    `json:"at,omitzero"` // of its first line
	Tokens quota.Tokens `json:"tokens,omitzero"`
}

// answer is what an assistant's line tells of an answer, and whether that has
// ended.
func (l *claudeLine) answer() answer {
	a := answer{Chain: l.chain(), At: quota.Milli(l.at)}
	var id, usage []byte
	for m := object(l.message); m.next(); {
		switch string(m.key) {
		case "id":
			id = m.value
		case "model":
			a.Model = word(m.value, maxName)
		case "usage":
			usage = m.value
		case "stop_reason":
			l.ended = string(m.value) != "null"
		}
	}
	a.Tokens = claudeTokens(usage)
	request := l.requestID
	if request == nil {
		request = l.requestRef
	}
	a.Key = digest(word(id, maxName), word(request, maxName))
	if id == nil {
		a.Key = digest("", word(l.uuid, maxName), l.at.String())
	}
	return a
}

// claudeTokens reads the figures of an answer. Input excludes both what was
// read from the cache and what was written to it; the latter was read all the
// same.
func claudeTokens(usage []byte) (t quota.Tokens) {
	for m := object(usage); m.next(); {
		n := number(m.value, quota.MaxTokens)
		switch string(m.key) {
		case "input_tokens", "cache_creation_input_tokens":
			t.Input = min(t.Input+n, quota.MaxTokens)
		case "cache_read_input_tokens":
			t.Cached = n
		case "output_tokens":
			t.Output = n
		}
	}
	return t
}

// part takes in one line of an answer.
func (s *claudeState) part(a answer, ended bool, tell func(Item)) {
	if slices.Contains(s.Done[:], a.Key[:doneSize]) {
		return
	}
	i := slices.IndexFunc(s.Open[:], func(o answer) bool { return o.Key == a.Key })
	if i >= 0 {
		o := &s.Open[i]
		o.Tokens.Input = max(o.Tokens.Input, a.Tokens.Input)
		o.Tokens.Cached = max(o.Tokens.Cached, a.Tokens.Cached)
		o.Tokens.Output = max(o.Tokens.Output, a.Tokens.Output)
	} else {
		s.close(a.Chain, tell)
		if i = s.free(); i < 0 {
			s.tellOf(s.Open[0], tell)
			i = len(s.Open) - 1
		}
		s.Open[i] = a
	}
	if ended {
		s.tellOf(s.Open[i], tell)
	}
}

// free is a place for one more open answer, or -1.
func (s *claudeState) free() int {
	return slices.IndexFunc(s.Open[:], func(o answer) bool { return o.Key == "" })
}

// close tells of the open answers of one chain: another record of it follows.
func (s *claudeState) close(chain string, tell func(Item)) {
	for _, o := range s.Open {
		if o.Key != "" && o.Chain == chain {
			s.tellOf(o, tell)
		}
	}
}

func (s *claudeState) closeAll(tell func(Item)) {
	for _, o := range s.Open {
		if o.Key != "" {
			s.tellOf(o, tell)
		}
	}
}

// doneSize is how much of an answer's key is remembered when it is done.
const doneSize = 16

// tellOf tells of an answer, and puts it from the open ones to those done.
func (s *claudeState) tellOf(a answer, tell func(Item)) {
	i := slices.IndexFunc(s.Open[:], func(o answer) bool { return o.Key == a.Key })
	copy(s.Open[i:], s.Open[i+1:])
	s.Open[len(s.Open)-1] = answer{}
	copy(s.Done[:], s.Done[1:])
	s.Done[len(s.Done)-1] = a.Key[:doneSize]

	e := s.event(quota.KindUsage, a.Key, a.At)
	e.Model, e.Turn, e.Tokens = a.Model, a.Turn, a.Tokens
	tell(Item{Event: e})
}
