package layout

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// QuoteText is a string as people write it in TOML; one with characters that
// need care is left to the library.
func QuoteText(s string) string {
	if plain(s, func(r rune) bool { return !unicode.IsControl(r) && r != '"' && r != '\\' && r != '\uFFFD' }) {
		return `"` + s + `"`
	}
	b, err := toml.Marshal(map[string]string{"x": s})
	if err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(b), "x = "), "\n")
}

// QuoteKey is one part of a dotted key, in quotes where TOML needs them.
func QuoteKey(s string) string {
	bare := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
	}
	if s != "" && plain(s, bare) {
		return s
	}
	return QuoteText(s)
}

func plain(s string, ok func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !ok(r) })
}

// Header is a path as a dotted key.
func Header(path []string) string {
	parts := make([]string, len(path))
	for i, p := range path {
		parts[i] = QuoteKey(p)
	}
	return strings.Join(parts, ".")
}
