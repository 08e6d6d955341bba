package provider

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a JSON object of the provider's, of whose fields each may be
// missing, null, or of another type than it was: what cannot be read is
// missing, and nothing is guessed.
type object map[string]json.RawMessage

// parseObject is false for what is no JSON object.
func parseObject(b []byte) (o object, ok bool) {
	err := json.Unmarshal(b, &o)
	return o, err == nil && o != nil
}

// has reports whether there is anything but null.
func (o object) has(key string) bool {
	raw := bytes.TrimSpace(o[key])
	return len(raw) > 0 && string(raw) != "null"
}

// number reads a JSON number, or a string that holds one.
func (o object) number(key string) *float64 {
	raw := o[key]
	if s := o.text(key); s != "" {
		raw = json.RawMessage(strings.TrimSpace(s))
	}
	var f *float64
	if json.Unmarshal(raw, &f) != nil {
		return nil
	}
	return f
}

// within is number, where it lies between low and high.
func (o object) within(key string, low, high float64) *float64 {
	if f := o.number(key); f != nil && *f >= low && *f <= high {
		return f
	}
	return nil
}

// whole reads a whole number; 0 where there is none.
func (o object) whole(key string) int64 {
	const exact = 1 << 53
	if f := o.within(key, -exact, exact); f != nil && *f == float64(int64(*f)) {
		return int64(*f)
	}
	return 0
}

// text reads a string; "" where there is none.
func (o object) text(key string) (s string) {
	if json.Unmarshal(o[key], &s) != nil {
		return ""
	}
	return s
}

// word is text of at most 64 bytes, trimmed: a name.
func (o object) word(key string) string {
	return clip(strings.TrimSpace(o.text(key)), 64)
}

// truth reads true or false, also where it is written as 1, 0 or a string; nil
// where it is neither.
func (o object) truth(key string) *bool {
	yes, no := true, false
	switch strings.ToLower(strings.Trim(string(o[key]), `" `)) {
	case "true", "1":
		return &yes
	case "false", "0":
		return &no
	}
	return nil
}

// object reads an object inside of o.
func (o object) object(key string) (object, bool) { return parseObject(o[key]) }

// list reads the objects of an array; what is none of them is passed over. It
// is false where there is no array.
func (o object) list(key string) (rows []object, ok bool) {
	var raw []json.RawMessage
	if json.Unmarshal(o[key], &raw) != nil {
		return nil, false
	}
	for _, r := range raw {
		if row, ok := parseObject(r); ok {
			rows = append(rows, row)
		}
	}
	return rows, true
}

// clip is at most so many bytes of s, and valid UTF-8.
func clip(s string, most int) string {
	return strings.ToValidUTF8(s[:min(len(s), most)], "?")
}
