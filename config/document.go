package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"quotad/config/layout"
)

// document is a TOML text that is being read, and what was found wrong in it.
type document struct {
	name  string
	lines []int // where each line starts
	errs  Errors
}

// open parses the text. Where it is no TOML, that is the one complaint, and
// the root is empty.
func open(name string, data []byte) (*document, *table) {
	d := &document{name: name, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	raw := map[string]any{}
	root := &table{value: value{doc: d, raw: raw}}
	if err := toml.Unmarshal(data, &raw); err != nil {
		d.syntax(err)
		return d, root
	}
	root.keys, root.mark = raw, layout.MarkUp(data)
	return d, root
}

func (d *document) syntax(err error) {
	e := &Error{File: d.name, Line: 1, Column: 1, Message: "not valid TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
	if place := (*toml.DecodeError)(nil); errors.As(err, &place) {
		e.Line, e.Column = place.Position()
	}
	d.errs = append(d.errs, e)
}

// fail notes a complaint about the text at an offset.
func (d *document) fail(at int, format string, args ...any) {
	line, starts := slices.BinarySearch(d.lines, at)
	if !starts {
		line--
	}
	d.errs = append(d.errs, &Error{
		File:    d.name,
		Line:    line + 1,
		Column:  at - d.lines[line] + 1,
		Message: fmt.Sprintf(format, args...),
	})
}

// err is all that is wrong, or nil.
func (d *document) err() error {
	if len(d.errs) == 0 {
		return nil
	}
	d.errs.sort()
	return d.errs
}

// table is a TOML table that is being read. It remembers which keys were asked
// for: the others are unknown.
type table struct {
	value
	keys  map[string]any
	known []string
}

// get is what stands at a key.
func (t *table) get(key string) value {
	if !slices.Contains(t.known, key) {
		t.known = append(t.known, key)
	}
	return t.at(key)
}

func (t *table) at(key string) value {
	return value{doc: t.doc, name: dotted(t.name, key), raw: t.keys[key], mark: t.mark.Field(key)}
}

// need is get for a key that has no default; it complains where none is there.
func (t *table) need(key, what string) value {
	v := t.get(key)
	if !v.set() && t.raw != nil {
		t.doc.fail(t.mark.Place().Key, "%s: missing; expected %s", v.name, what)
	}
	return v
}

// names are the table's keys in the order of the file.
func (t *table) names() []string {
	names := make([]string, 0, len(t.keys))
	for key := range t.keys {
		names = append(names, key)
	}
	slices.SortFunc(names, func(a, b string) int {
		return t.at(a).mark.Place().Key - t.at(b).mark.Place().Key
	})
	return names
}

// close complains of every key that nobody asked for.
func (t *table) close() {
	for _, key := range t.names() {
		if slices.Contains(t.known, key) {
			continue
		}
		v := t.at(key)
		t.doc.fail(v.mark.Place().Key, "%s: unknown key; %s", v.name, suggest(key, t.known))
	}
}

func dotted(table, key string) string {
	if key = layout.QuoteKey(key); len(key) > 66 {
		key = quoted(key)
	}
	if table == "" {
		return key
	}
	return table + "." + key
}
