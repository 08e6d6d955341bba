// Package install puts the hooks of coding tools into the tools' settings, takes
// them out again, and finds what is wrong with those that are there.
//
// What becomes of a file's text is decided without touching a disk: [Put] and
// [Take] turn bytes and what a [hook.File] wants into an [Edit]. A [Step] is that
// for one file of the user's, planned by [Plan]; it can be shown as a diff, and
// [Step.Apply] writes it: whole or not at all, with the user's own text kept
// beside it, and only where the file is still as it was when it was read.
//
// Nothing but entries of ours is ever changed, and each file keeps its
// comments, order, layout and unknown keys. Where that cannot be had the file
// is left as it is, with an error that says where it is wrong and what to do.
package install

import (
	"errors"
	"fmt"

	"quotad/daemon/hook"
)

// Edit is what becomes of the text of a file, and why.
type Edit struct {
	Text   []byte
	Gone   bool // nothing is left in it: the file can go
	Reason Reason
	Hints  []string // what the user has to write, for it is set to something of theirs
}

// Reason says what was done to a file, or why nothing was.
type Reason int

// The reasons. Theirs and Refused leave the file as it is.
const (
	Already   Reason = iota // all of it is there
	Installed               // it is there now
	Updated                 // an older entry of ours was changed
	Removed                 // what was ours is gone
	Absent                  // there is nothing of ours
	Theirs                  // the user has a file of their own there
	Refused                 // it cannot be read, written or understood
)

// String is the reason in words.
func (r Reason) String() string {
	return [...]string{"already there", "installed", "updated", "removed", "nothing of ours", "left alone", "left alone"}[r]
}

// changes reports whether a file is written for this reason.
func (r Reason) changes() bool { return r == Installed || r == Updated || r == Removed }

// TextError is why a text cannot be edited.
type TextError struct {
	Line, Column int // from 1; the column counts bytes; 0: not known
	Message      string
}

func (e *TextError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Put gives what a file wants its place in the text; nil stands for a file that
// is not there.
func Put(text []byte, f hook.File) (Edit, error) {
	switch f.Form {
	case hook.GroupedJSON, hook.FlatJSON:
		return putJSON(text, f)
	case hook.GroupedTOML:
		return putTOML(text, f)
	case hook.OwnFile:
		return putOwn(text, f), nil
	case hook.Script:
		return putScript(text, f), nil
	}
	return Edit{}, errForm
}

// Take takes everything of ours out of the text. The original is what the user
// had before anything was put there, nil where that is not known or there was
// no file: what was empty in it stays, and where nothing but ours has come since,
// it comes back to the byte.
func Take(text, original []byte, f hook.File) (Edit, error) {
	switch f.Form {
	case hook.GroupedJSON, hook.FlatJSON:
		return takeJSON(text, original, f)
	case hook.GroupedTOML:
		return takeTOML(text, original, f)
	case hook.OwnFile, hook.Script:
		return takeWhole(text, f), nil
	}
	return Edit{}, errForm
}

// Find lists the entries that call quotad, in the order of the text.
func Find(text []byte, f hook.File) ([]Found, error) {
	switch f.Form {
	case hook.GroupedJSON, hook.FlatJSON:
		return findJSON(text, f)
	case hook.GroupedTOML:
		return findTOML(text, f)
	case hook.OwnFile, hook.Script:
		return findWhole(text, f), nil
	}
	return nil, errForm
}

// HasOthers reports whether the text lists hooks that are not ours.
func HasOthers(text []byte, form hook.Form) bool {
	switch form {
	case hook.GroupedJSON, hook.FlatJSON:
		return othersInJSON(text, form)
	case hook.GroupedTOML:
		return othersInTOML(text)
	}
	return false
}

// Found is an entry of ours in a file.
type Found struct {
	Event   string // "" where the form has none, and of a setting
	Command string // "" of a file that names its program in a way of its own
	Setting bool   // it is the value of a setting
	Mixed   bool   // the command does other things too: it is the user's
}

var errForm = errors.New("this form of file is not known")

// reasonOf says why a text became another.
func reasonOf(had, changed bool) Reason {
	switch {
	case !changed:
		return Already
	case had:
		return Updated
	}
	return Installed
}
