package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pelletier/go-toml/v2"

	"quotad/quota"
)

// literal writes a value as TOML.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return quoteText(v)
	case quota.Amount:
		return v.String()
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.999Z07:00")
	case []string:
		return array(v, quoteText)
	case []int:
		return array(v, strconv.Itoa)
	}
	return fmt.Sprint(v) // bool, int
}

func array[T any](list []T, one func(T) string) string {
	words := make([]string, len(list))
	for i := range list {
		words[i] = one(list[i])
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// quoteText is a string as people write it in TOML; one with characters that
// need care is left to the library.
func quoteText(s string) string {
	if plain(s, func(r rune) bool { return !unicode.IsControl(r) && r != '"' && r != '\\' && r != '\uFFFD' }) {
		return `"` + s + `"`
	}
	b, err := toml.Marshal(map[string]string{"x": s})
	if err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(b), "x = "), "\n")
}

// quoteKey is one part of a dotted key, in quotes where TOML needs them.
func quoteKey(s string) string {
	bare := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
	}
	if s != "" && plain(s, bare) {
		return s
	}
	return quoteText(s)
}

func plain(s string, ok func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !ok(r) })
}
