package api

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// encode writes w as encoding/json would, with a newline after it. That would
// first learn the type by reflection, which takes a hook, and it writes one
// event and ends, longer than the writing.
func (w *wireEvent) encode() []byte {
	o := object{make([]byte, 0, 512)}
	o.text("id", w.ID)
	o.text("kind", string(w.Kind))
	o.optional("at", w.At)
	o.text("account", w.Account)
	o.text("tool", w.Tool)
	o.text("session", w.Session)
	o.text("project", w.Project)
	o.text("model", w.Model)
	o.text("endpoint", w.Endpoint)
	o.text("turn", w.Turn)
	o.text("transcript", w.Transcript)
	if w.Count != nil {
		o.raw("count", strconv.Itoa(*w.Count))
	}
	if w.Tokens != nil {
		o.value("tokens", w.Tokens)
	}
	o.text("name", w.Name)
	o.text("window", w.Window)
	o.optional("until", w.Until)
	o.text("code", w.Code)
	o.text("message", w.Message)
	if len(w.Readings) > 0 {
		o.value("readings", w.Readings)
	}
	if w.Plan != nil {
		o.value("plan", w.Plan)
	}
	o.text("key", w.Key)
	o.text("voids", w.Voids)
	return o.end()
}

// object is a JSON object that is being written. Members without a value are
// left out.
type object struct{ out []byte }

func (o *object) text(name, s string) {
	switch {
	case s == "":
	case plainText(s):
		o.raw(name, `"`, s, `"`)
	default:
		o.value(name, s)
	}
}

func (o *object) optional(name string, s *string) {
	if s != nil {
		o.text(name, *s)
	}
}

// value writes anything. A number that is none ends up as a member without a
// value, so that nobody takes the object for whole.
func (o *object) value(name string, v any) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	o.raw(name, string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))))
}

// raw writes a member whose value is JSON already, in pieces.
func (o *object) raw(name string, value ...string) {
	before := byte(',')
	if len(o.out) == 0 {
		before = '{'
	}
	o.out = append(append(append(o.out, before, '"'), name...), '"', ':')
	for _, piece := range value {
		o.out = append(o.out, piece...)
	}
}

func (o *object) end() []byte {
	if len(o.out) == 0 {
		o.out = append(o.out, '{')
	}
	return append(o.out, '}', '\n')
}

// plainText reports whether JSON has a text as it is.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
