package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Error is one complaint about a configuration file.
type Error struct {
	File         string
	Line, Column int    // from 1; the column counts bytes
	Message      string // the key, what is wrong with it, and what was expected
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Errors is all that is wrong with a file, from its top to its end.
type Errors []*Error

// Error has one line for each complaint.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// messages are the complaints of err without their places.
func messages(err error) []string {
	var list Errors
	if !errors.As(err, &list) {
		return nil
	}
	out := make([]string, len(list))
	for i, one := range list {
		out[i] = one.Message
	}
	return out
}
