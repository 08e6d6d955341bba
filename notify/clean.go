package notify

import (
	"strings"
	"unicode"
)

// maxRunes is how much of a title and of a body is shown.
const maxRunes = 300

// withoutMarkup puts other signs in the place of what begins and ends markup.
func withoutMarkup(s string) string { return strings.NewReplacer("<", "‹", ">", "›").Replace(s) }

// escaped says in markup what is none.
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// cleanTitle makes a text fit for a title: one line, and nothing that a server
// which reads markup in titles could take for markup.
func cleanTitle(s string) string {
	return withoutMarkup(strings.Join(strings.Fields(cleaned(s)), " "))
}

// cleanBody makes a text fit for a body; one of a server that reads markup is
// escaped.
func cleanBody(s string, markup bool) string {
	s = cleaned(s)
	if markup {
		s = escaped(s)
	}
	return s
}

// cleaned is valid UTF-8 without control characters but line breaks, not
// overlong, and does not look like an option.
func cleaned(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(strings.TrimLeft(s, "- \n"))
	if runes := []rune(s); len(runes) > maxRunes {
		s = string(runes[:maxRunes-1]) + "…"
	}
	return s
}
