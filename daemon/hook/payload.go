package hook

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// maxPayload is how much of the tool's input is kept. Prompts of 1 MiB arrive
// whole from the tools; beyond this the input is only drained.
const maxPayload = 8 << 20

var (
	errTooLong = errors.New("the value is longer than is kept")
	errCut     = errors.New("the input ended within the value")
)

// readValue reads one JSON value and stops at its last byte: some tools leave
// their end of the pipe open. What exceeds most bytes is read and thrown away
// up to the end of the value, because some tools take a failed write for a
// failed hook.
func readValue(r io.Reader, most int) ([]byte, error) {
	const step = 64 << 10
	var kept []byte
	var end boundary
	tooLong := false
	for {
		kept = slices.Grow(kept, max(step, len(kept)))
		n, err := r.Read(kept[len(kept) : len(kept)+step])
		length, done := end.find(kept[len(kept) : len(kept)+n])
		kept = kept[:len(kept)+length]
		if len(kept) > most {
			tooLong, kept = true, kept[:0]
		}
		switch {
		case tooLong && (done || err != nil):
			return nil, errTooLong
		case done:
			return kept, nil
		case err != nil:
			return nil, errCut
		}
	}
}

// boundary finds the end of the first JSON object or array in a stream by its
// brackets and strings alone. Whether it is valid is for the decoder to say.
type boundary struct {
	depth           int
	quoted, escaped bool
}

// find takes the next piece of the stream: how many bytes of it belong to the
// value, and whether the value ends there.
func (b *boundary) find(piece []byte) (int, bool) {
	for i, c := range piece {
		switch {
		case b.escaped:
			b.escaped = false
		case b.quoted && c == '\\':
			b.escaped = true
		case c == '"':
			b.quoted = !b.quoted
		case b.quoted:
		case c == '{' || c == '[':
			b.depth++
		case c == '}' || c == ']':
			if b.depth--; b.depth <= 0 {
				return i + 1, true
			}
		}
	}
	return len(piece), false
}

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
