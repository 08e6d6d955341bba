// Package transcript reads what coding tools keep of their sessions, and turns
// it into events: the prompts of a person, the tokens of each model answer with
// the model that gave it, and the refusals of the provider.
//
// [Find] lists what a tool has kept, as a [Source] each. [Read] reads one from
// a [Mark] on and gives the mark to go on from, so that a session can be
// followed while it is written, or taken whole. The events of a record have the
// same ids whenever and however it is read: what is read twice counts once.
//
// The tools own these records. They are opened for reading only, never locked,
// and may be cut, replaced or gone at any time; what cannot be made out is
// skipped and counted in the mark. No text of a prompt or an answer leaves this
// package, and memory stays small however large a record is.
//
// To add a tool: its reader in one file, and an entry in [tools].
package transcript

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quotad/quota"
)

// Source is one record of a tool: a file of one session, or a database of many.
type Source struct {
	Tool    string
	Path    string
	Session string // databases: only this one, and what it started; "": all

	// What Find saw of it.
	Size     int64
	Modified time.Time
}

// Mark says how far a source was read, and what has to be remembered to go on.
// The zero Mark is the beginning. It is good for its own source only.
type Mark struct {
	Offset  int64           `json:"offset,omitempty"`  // files: what was read, in bytes
	Head    string          `json:"head,omitempty"`    // files: digest of the beginning
	Skipped int64           `json:"skipped,omitempty"` // lines or rows that could not be made out
	State   json.RawMessage `json:"state,omitempty"`   // what the tool's reader remembers
}

// Item is one event that a record tells of.
type Item struct {
	Event    quota.Event
	Provider string // the tool's id of the provider that answers, where the record has it
	Offset   int64  // files: where the line ends that told of it
}

// ErrGone is a source that is not there, or not any more.
var ErrGone = errors.New("not there")

// ErrNotFile is a source that is something else than a regular file.
var ErrNotFile = errors.New("not a regular file")

// tool is what this package knows of one coding tool.
type tool struct {
	name string
	find func(env func(string) string) ([]Source, error)
	read func(ctx context.Context, src Source, from Mark, final bool, take func(Item) error) (Mark, error)
}

func tools() []tool {
	return []tool{
		{name: claudeCode, find: findClaude, read: readClaude},
		{name: codex, find: findCodex, read: readCodex},
		{name: opencode, find: findOpencode(opencode), read: readOpencode},
		{name: kilo, find: findOpencode(kilo), read: readOpencode},
		{name: crush, find: findCrush, read: readCrush},
	}
}

// Tools lists the tools whose records are understood.
func Tools() []string {
	var names []string
	for _, t := range tools() {
		names = append(names, t.name)
	}
	return names
}

func toolOf(name string) (tool, error) {
	for _, t := range tools() {
		if t.name == name {
			return t, nil
		}
	}
	return tool{}, fmt.Errorf("the sessions of %q cannot be read; those of %q can", name, Tools())
}

// Find lists what a tool has kept, oldest first. The environment tells where:
// HOME and the variables that the tool itself heeds. A tool that has kept
// nothing has no sources, and that is no error.
func Find(name string, env func(string) string) ([]Source, error) {
	t, err := toolOf(name)
	if err != nil {
		return nil, err
	}
	return t.find(env)
}

// Read yields what came since the mark, oldest first, and gives the new mark.
// final says that nothing more will come soon, so that an answer whose end was
// not written is taken as it is.
//
// Where take fails or the context ends, the mark is one from which nothing is
// lost. A source that is not there gives an error that is [ErrGone], and the
// mark as it was.
func Read(ctx context.Context, src Source, from Mark, final bool, take func(Item) error) (Mark, error) {
	t, err := toolOf(src.Tool)
	if err != nil {
		return from, err
	}
	return t.read(ctx, src, from, final, take)
}
