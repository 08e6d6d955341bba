package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text that came from outside (an event, a plan's name, a file)
// fit for one line on a terminal: nothing of it moves the cursor, changes a
// colour, turns the direction of writing or, by marks upon marks, grows into
// other lines.
func clean(text string) string {
	if isClean(text) {
		return text
	}
	marks := 0
	return strings.Map(func(r rune) rune {
		if !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		} else if marks++; marks > maxMarks {
			return -1
		}
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return utf8.RuneError
		}
		return r
	}, text)
}

// cleanLines is clean for text that may have several lines.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// maxMarks is how many marks one letter may have; no script needs more.
const maxMarks = 4

func isClean(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// cleanJSON writes what a terminal could take for a command as \u escapes,
// which mean the same in JSON. JSON itself escapes only what is below U+0020.
func cleanJSON(doc []byte) []byte {
	if bytes.IndexFunc(doc, hidden) < 0 {
		return doc
	}
	var out bytes.Buffer
	for _, r := range string(doc) {
		if hidden(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}

// hidden reports whether r is a control character that may stand in a JSON
// string, or turns the direction of writing.
func hidden(r rune) bool {
	return r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// cells is how many columns text takes on a terminal.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x3000 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}

// fit cuts text to so many columns, and says by an ellipsis where it did.
func (s screen) fit(text string, width int) string {
	if cells(text) <= width {
		return text
	}
	n := 0
	for i, r := range text {
		if n += runeCells(r); n >= width {
			return text[:i] + s.ellipsis()
		}
	}
	return text
}

// fitTail is fit that keeps the end, which tells most of a path.
func (s screen) fitTail(text string, width int) string {
	over := cells(text) - width
	if over <= 0 {
		return text
	}
	n := -1 // the ellipsis takes a column
	for i, r := range text {
		if n >= over {
			return s.ellipsis() + text[i:]
		}
		n += runeCells(r)
	}
	return s.ellipsis()
}

func (s screen) ellipsis() string {
	if s.blocks {
		return "…"
	}
	return "~"
}

// padRight and padLeft fill text up with spaces to so many columns.
func padRight(text string, width int) string {
	return text + strings.Repeat(" ", max(width-cells(text), 0))
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-cells(text), 0)) + text
}

// wrap breaks text at its spaces into lines of at most so many columns. A word
// that is longer has a line to itself.
func wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(text) {
		n := cells(word)
		if line != "" && used+1+n > width {
			lines, line = append(lines, line), ""
		}
		if line == "" {
			line, used = word, n
		} else {
			line, used = line+" "+word, used+1+n
		}
	}
	return append(lines, line)
}
