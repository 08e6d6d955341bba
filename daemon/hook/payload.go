package hook

import (
	"encoding/json"
	"strings"
)

// Payload is a tool's JSON object, its values as they came: every one of them
// may be missing or of another type than the tool's manual says.
type Payload map[string]json.RawMessage

// decode reads a JSON object.
func decode(raw []byte) (Payload, bool) {
	var p Payload
	if err := json.Unmarshal(raw, &p); err != nil || p == nil {
		return nil, false
	}
	return p, true
}

// has reports whether a key is there with a value that says something.
func (p Payload) has(key string) bool {
	switch string(p[key]) {
	case "", "null", `""`:
		return false
	}
	return true
}

// text is a value as text: a string with U+FFFD for what is not Unicode in
// it, a number as it is written, "" for anything else.
func (p Payload) text(key string) string { return text(p[key]) }

func text(raw json.RawMessage) string {
	if len(raw) > 0 && strings.IndexByte("-0123456789", raw[0]) >= 0 {
		return string(raw)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// first is the first text of a value: the value itself, or the first element
// of a list, which may be an object with a "text".
func (p Payload) first(key string) string {
	var list []json.RawMessage
	if json.Unmarshal(p[key], &list) != nil || len(list) == 0 {
		return p.text(key)
	}
	if part, ok := decode(list[0]); ok {
		return part.text("text")
	}
	return text(list[0])
}
