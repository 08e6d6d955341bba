package main

import (
	"fmt"
	"slices"
)

// sources are where figures are from. They are numbered, and listed below what
// cites them.
type sources []string

// cite is the number of a source; the same words have the same number.
func (s *sources) cite(words string) string {
	if words == "" {
		return ""
	}
	i := slices.Index(*s, words)
	if i < 0 {
		i = len(*s)
		*s = append(*s, words)
	}
	return fmt.Sprintf("[%d]", i+1)
}

func (s sources) list(width int) (lines []string) {
	for i, source := range s {
		lines = append(lines, hanging(fmt.Sprintf("  [%d] ", i+1), clean(source), width)...)
	}
	return lines
}
