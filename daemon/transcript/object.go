package transcript

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// members walks over the members of a JSON object, or the elements of an array,
// without decoding or copying them: lines are long, and little of one is
// wanted. It finds the ends of values by their brackets and quotes alone, so
// that it also goes over some texts that are no JSON.
type members struct {
	rest  []byte
	array bool
	begun bool
	wrong bool // the text ended early, or is no object or array

	key   []byte // as it is written, without its quotes
	value []byte // as it is written
}

// object walks over the members of an object.
func object(text []byte) members {
	text = trim(text)
	if len(text) == 0 || text[0] != '{' {
		return members{wrong: true}
	}
	return members{rest: text[1:]}
}

// array walks over the elements of an array.
func array(text []byte) members {
	text = trim(text)
	if len(text) == 0 || text[0] != '[' {
		return members{wrong: true}
	}
	return members{rest: text[1:], array: true}
}

// next goes to the next member. After the last one it is false, and wrong says
// whether the text held together.
func (m *members) next() bool {
	if m.wrong || m.rest == nil {
		return false
	}
	m.rest = trim(m.rest)
	switch {
	case len(m.rest) == 0:
		return m.fail()
	case m.rest[0] == m.closer():
		m.wrong = len(trim(m.rest[1:])) > 0
		m.rest = nil
		return false
	case m.begun && m.rest[0] != ',':
		return m.fail()
	case m.begun:
		m.rest = trim(m.rest[1:])
	}
	m.begun = true
	return (m.array || m.takeKey()) && m.takeValue()
}

func (m *members) closer() byte {
	if m.array {
		return ']'
	}
	return '}'
}

func (m *members) fail() bool {
	m.wrong, m.rest = true, nil
	return false
}

func (m *members) takeKey() bool {
	n := stringEnd(m.rest)
	if n < 0 {
		return m.fail()
	}
	m.key = m.rest[1 : n-1]
	m.rest = trim(m.rest[n:])
	if len(m.rest) == 0 || m.rest[0] != ':' {
		return m.fail()
	}
	m.rest = trim(m.rest[1:])
	return true
}

func (m *members) takeValue() bool {
	n := valueEnd(m.rest)
	if n <= 0 {
		return m.fail()
	}
	m.value, m.rest = m.rest[:n], m.rest[n:]
	return true
}

// valueEnd is the length of the value that a text begins with; not above 0
// where it does not end.
func valueEnd(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '"':
		return stringEnd(text)
	case '{', '[':
		return nestEnd(text)
	}
	if i := bytes.IndexAny(text, ",]} \t\r\n"); i >= 0 {
		return i
	}
	return len(text)
}

func nestEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			n := stringEnd(text[i:])
			if n < 0 {
				return -1
			}
			i += n - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// stringEnd is the length of the string that a text begins with, or -1.
func stringEnd(text []byte) int {
	if len(text) == 0 || text[0] != '"' {
		return -1
	}
	for from := 1; ; {
		i := bytes.IndexByte(text[from:], '"')
		if i < 0 {
			return -1
		}
		end := from + i
		slashes := 0
		for end-slashes > from && text[end-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end + 1
		}
		from = end + 1
	}
}

func trim(text []byte) []byte {
	for len(text) > 0 {
		switch text[0] {
		case ' ', '\t', '\r', '\n':
			text = text[1:]
		default:
			return text
		}
	}
	return text
}

// member is the value of one member of an object, nil where it has none.
func member(text []byte, key string) []byte {
	for m := object(text); m.next(); {
		if string(m.key) == key {
			return m.value
		}
	}
	return nil
}

// word is a string, cut where it is longer than most bytes; "" for anything
// but a string. What is not Unicode becomes U+FFFD.
func word(raw []byte, most int) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	body := raw[1 : len(raw)-1]
	cut := min(len(body), most)
	s, ok := unquote(body[:cut])
	for back := 1; !ok && cut < len(body) && back < min(longestEscape, cut); back++ {
		s, ok = unquote(body[:cut-back])
	}
	if !ok {
		return ""
	}
	return clip(s, most)
}

// clip is the beginning of a text, in Unicode.
func clip(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

// longestEscape is the length of \u0000.
const longestEscape = 6

func unquote(body []byte) (string, bool) {
	plain := bytes.IndexByte(body, '\\') < 0 && utf8.Valid(body)
	if plain {
		return string(body), true
	}
	var s string
	err := json.Unmarshal(slices.Concat([]byte{'"'}, body, []byte{'"'}), &s)
	return s, err == nil
}

// number is a whole number that is not negative, at most as large as is kept.
func number(raw []byte, most int64) int64 {
	n, err := strconv.ParseFloat(string(raw), 64)
	switch {
	case err != nil || !(n > 0): // also what is no number at all
		return 0
	case n >= float64(most):
		return most
	}
	return int64(n)
}

func truth(raw []byte) bool { return string(raw) == "true" }

// instant is a time as the tools write it, zero where it is none.
func instant(raw []byte) time.Time {
	t, err := time.Parse(time.RFC3339Nano, word(raw, 64))
	if err != nil || t.Year() < 2000 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
