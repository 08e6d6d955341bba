package config

import (
	"slices"
	"strings"
)

// suggest names what a mistyped word may have meant, or else all it could be.
func suggest(word string, known []string) string {
	if close := Near(word, known); len(close) > 0 {
		return `did you mean "` + strings.Join(close, `" or "`) + `"?`
	}
	if len(known) == 0 {
		return "expected none here"
	}
	return "expected one of " + strings.Join(known, ", ")
}

// Near lists up to three of the known words that are close to word, the
// closest first: few edits away, or the same after a slash.
func Near(word string, known []string) []string {
	word = strings.ToLower(word)
	most := max(2, len(word)/3)
	var close []string
	for _, k := range known {
		if edits(word, k) <= most || strings.HasSuffix(k, "/"+word) {
			close = append(close, k)
		}
	}
	slices.SortStableFunc(close, func(a, b string) int { return edits(word, a) - edits(word, b) })
	return close[:min(3, len(close))]
}

// edits is the Levenshtein distance: bytes put in, taken out or replaced.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
