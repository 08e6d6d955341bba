package layout

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/pelletier/go-toml/v2"
)

// Put writes "path = lit" into the text, in the place of the value that is
// there or where such a key belongs.
func Put(data []byte, path []string, lit string) ([]byte, error) {
	table, last := MarkUp(data), path[len(path)-1]
	for i, part := range path[:len(path)-1] {
		if table = table.Field(part); table != nil && len(table.Items) > 0 {
			return nil, fmt.Errorf("%s is a list; edit it in the file", Header(path[:i+1]))
		}
	}
	field := table.Field(last)
	switch {
	case field != nil && field.End > 0:
		return Splice(data, field.Value, field.End, lit), nil
	case field != nil:
		return nil, fmt.Errorf("%s is a table; expected the key of one setting in it", Header(path))
	case table != nil && table.End > 0:
		return putInline(data, table, QuoteKey(last)+" = "+lit)
	}
	out := putLine(data, table, path, lit)
	if toml.Unmarshal(out, new(map[string]any)) != nil {
		return nil, fmt.Errorf("%s cannot be added to the way this file is laid out; edit it in the file", Header(path))
	}
	return out, nil
}

// putInline adds to { a = 1 }.
func putInline(data []byte, table *Mark, assign string) ([]byte, error) {
	if data[table.Value] != '{' {
		return nil, errors.New("there is no table where this key belongs; edit it in the file")
	}
	if f := table.LastField(); f != nil {
		return Splice(data, f.End, f.End, ", "+assign), nil
	}
	return Splice(data, table.Value+1, table.Value+1, " "+assign+" "), nil
}

// putLine adds a line: after the last key of its table, in the same manner of
// writing, else under the table's header, else with a header at the end.
func putLine(data []byte, table *Mark, path []string, lit string) []byte {
	eol := LineEnding(data)
	assign := QuoteKey(path[len(path)-1]) + " = " + lit + eol
	if f := table.LastField(); f != nil {
		start := bytes.LastIndexByte(data[:f.Key], '\n') + 1
		return InsertLine(data, f.End, string(data[start:f.Key])+assign)
	}
	if table != nil && table.Header > 0 {
		return InsertLine(data, table.Header, assign)
	}
	if len(path) == 1 {
		return Splice(data, 0, 0, assign)
	}
	head := "[" + Header(path[:len(path)-1]) + "]" + eol
	if len(data) > 0 {
		head = eol + head
	}
	return InsertLine(data, len(data), head+assign)
}

// InsertLine puts a line after the one that has the offset in it.
func InsertLine(data []byte, after int, line string) []byte {
	if i := bytes.IndexByte(data[after:], '\n'); i >= 0 {
		return Splice(data, after+i+1, after+i+1, line)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		line = LineEnding(data) + line
	}
	return Splice(data, len(data), len(data), line)
}

// LineEnding is that of the first line.
func LineEnding(data []byte) string {
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Splice puts text in the place of data[from:to].
func Splice(data []byte, from, to int, text string) []byte {
	return slices.Concat(data[:from], []byte(text), data[to:])
}
