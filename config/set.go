package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Set gives one setting a value in a configuration text, and leaves every other
// byte alone: comments, order, layout. The key is dotted ("notify.refresh"); a
// value that is no TOML of the right type is taken as a string. The result is
// one that [Parse] takes; name stands for the file in what is wrong with the
// rest of it.
func Set(name string, data []byte, key, val string) ([]byte, error) {
	if d, _ := open(name, data); len(d.errs) > 0 {
		return nil, d.err()
	}
	path, err := splitKey(key)
	if err != nil {
		return nil, err
	}
	var wrong error
	for _, lit := range literals(val) {
		out, err := put(data, path, lit)
		if err != nil {
			return nil, err
		}
		if _, err = Parse(name, out); err == nil {
			return out, nil
		}
		if wrong == nil {
			wrong = blame(name, data, err)
		}
	}
	return nil, wrong
}

// blame tells what is wrong with a value that cannot be set. It stands in no
// file, so that it has no place; what was wrong in the file before has one.
func blame(name string, before []byte, after error) error {
	_, err := Parse(name, before)
	known := messages(err)
	fresh := slices.DeleteFunc(messages(after), func(m string) bool { return slices.Contains(known, m) })
	if len(fresh) == 0 {
		return err
	}
	return errors.New(strings.Join(fresh, "\n"))
}

// splitKey takes a dotted key apart, by the rules of TOML.
func splitKey(key string) ([]string, error) {
	text := key + " = 0"
	kv, raw, ok := assignment(text)
	if !ok || raw != text {
		return nil, fmt.Errorf("%s is not a key; expected one such as account.default.plan or notify.refresh", quoted(key))
	}
	var path []string
	for it := kv.Key(); it.Next(); {
		path = append(path, string(it.Node().Data))
	}
	return path, nil
}

// literals are the ways to read a value: as TOML where it is that, and as the
// text of a string.
func literals(val string) []string {
	asText := quoteText(val)
	_, lit, ok := assignment("x = " + val)
	if d, _ := open("", []byte("x = "+val)); !ok || len(d.errs) > 0 {
		return []string{asText}
	}
	return []string{strings.TrimSpace(strings.TrimPrefix(lit, "x = ")), asText}
}

// assignment parses a text that is one "key = value" and nothing more.
func assignment(text string) (kv *unstable.Node, raw string, ok bool) {
	var p, rest unstable.Parser
	p.Reset([]byte(text))
	if !p.NextExpression() || p.Expression().Kind != unstable.KeyValue {
		return nil, "", false
	}
	kv = p.Expression()
	raw = string(p.Raw(kv.Raw))
	rest.Reset([]byte(text[kv.Raw.Offset+kv.Raw.Length:]))
	return kv, raw, !rest.NextExpression() && rest.Error() == nil
}

// put writes "path = lit" into the text, in the place of the value that is
// there or where such a key belongs.
func put(data []byte, path []string, lit string) ([]byte, error) {
	table, last := markUp(data), path[len(path)-1]
	for i, part := range path[:len(path)-1] {
		if table = table.field(part); table != nil && len(table.items) > 0 {
			return nil, fmt.Errorf("%s is a list; edit it in the file", header(path[:i+1]))
		}
	}
	field := table.field(last)
	switch {
	case field != nil && field.end > 0:
		return splice(data, field.value, field.end, lit), nil
	case field != nil:
		return nil, fmt.Errorf("%s is a table; expected the key of one setting in it", header(path))
	case table != nil && table.end > 0:
		return putInline(data, table, quoteKey(last)+" = "+lit)
	}
	out := putLine(data, table, path, lit)
	if d, _ := open("", out); len(d.errs) > 0 {
		return nil, fmt.Errorf("%s cannot be added to the way this file is laid out; edit it in the file", header(path))
	}
	return out, nil
}

// putInline adds to { a = 1 }.
func putInline(data []byte, table *mark, assign string) ([]byte, error) {
	if data[table.value] != '{' {
		return nil, errors.New("there is no table where this key belongs; edit it in the file")
	}
	if f := table.lastField(); f != nil {
		return splice(data, f.end, f.end, ", "+assign), nil
	}
	return splice(data, table.value+1, table.value+1, " "+assign+" "), nil
}

// putLine adds a line: after the last key of its table, in the same manner of
// writing, else under the table's header, else with a header at the end.
func putLine(data []byte, table *mark, path []string, lit string) []byte {
	eol := lineEnding(data)
	assign := quoteKey(path[len(path)-1]) + " = " + lit + eol
	if f := table.lastField(); f != nil {
		start := bytes.LastIndexByte(data[:f.key], '\n') + 1
		return insertLine(data, f.end, string(data[start:f.key])+assign)
	}
	if table != nil && table.header > 0 {
		return insertLine(data, table.header, assign)
	}
	if len(path) == 1 {
		return splice(data, 0, 0, assign)
	}
	head := "[" + header(path[:len(path)-1]) + "]" + eol
	if len(data) > 0 {
		head = eol + head
	}
	return insertLine(data, len(data), head+assign)
}

// lastField is the last "key = value" right in the table.
func (m *mark) lastField() *mark {
	var last *mark
	if m == nil {
		return nil
	}
	for _, f := range m.fields {
		if f.end > 0 && (last == nil || f.end > last.end) {
			last = f
		}
	}
	return last
}

// insertLine puts a line after the one that has the offset in it.
func insertLine(data []byte, after int, line string) []byte {
	if i := bytes.IndexByte(data[after:], '\n'); i >= 0 {
		return splice(data, after+i+1, after+i+1, line)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		line = lineEnding(data) + line
	}
	return splice(data, len(data), len(data), line)
}

func lineEnding(data []byte) string {
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

func splice(data []byte, from, to int, text string) []byte {
	return slices.Concat(data[:from], []byte(text), data[to:])
}
