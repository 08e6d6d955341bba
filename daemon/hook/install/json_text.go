package install

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/tailscale/hujson"
)

var mark = []byte("\xef\xbb\xbf") // byte order mark

// jsonText is a JSON text, with comments or without, that is being edited. Its
// tree holds each byte of it.
type jsonText struct {
	text  []byte // as it came, without the byte order mark
	bom   bool
	tree  hujson.Value
	root  *hujson.Object
	style style
}

// parseJSON reads a settings file. An empty one is an object without members.
func parseJSON(text []byte) (*jsonText, error) {
	d := &jsonText{text: text}
	if rest, ok := bytes.CutPrefix(text, mark); ok {
		d.text, d.bom = rest, true
	}
	if len(bytes.TrimSpace(d.text)) == 0 {
		d.root = &hujson.Object{}
		d.tree = hujson.Value{Value: d.root, AfterExtra: hujson.Extra("\n")}
		d.style = style{eol: "\n", unit: "  ", gap: " "}
		return d, nil
	}
	if at := tooDeep(d.text); at >= 0 {
		return nil, d.errorAt(at, "brackets stand more than %d deep in each other", maxDepth)
	}
	var err error
	if d.tree, err = hujson.Parse(bytes.Clone(d.text)); err != nil {
		return nil, syntaxError(err)
	}
	var ok bool
	if d.root, ok = d.tree.Value.(*hujson.Object); !ok {
		return nil, d.wrong(&d.tree, "the file", "an object, { ... }")
	}
	d.style = styleOf(d.root, d.text)
	return d, nil
}

// maxDepth is how deep brackets may stand in each other, as in package json. The
// parser here goes as deep as the text, whoever wrote that (a project's settings
// come with the project), and no program lives on beyond the end of its stack.
const maxDepth = 10_000

// tooDeep is where brackets begin to stand too deep; -1: nowhere.
func tooDeep(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if depth++; depth > maxDepth {
				return i
			}
		case '}', ']':
			depth--
		case '"':
			i = endOfText(text, i)
		case '/':
			i = endOfComment(text, i)
		}
	}
	return -1
}

// endOfText is where the text ends that begins at an offset.
func endOfText(text []byte, at int) int {
	for at++; at < len(text) && text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at
}

// endOfComment is where the comment ends that begins at an offset.
func endOfComment(text []byte, at int) int {
	end := ""
	switch {
	case bytes.HasPrefix(text[at:], []byte("//")):
		end = "\n"
	case bytes.HasPrefix(text[at:], []byte("/*")):
		end = "*/"
	default:
		return at
	}
	n := bytes.Index(text[at+2:], []byte(end))
	if n < 0 {
		return len(text)
	}
	return at + 2 + n + len(end) - 1
}

// syntaxError takes the place out of the parser's words.
func syntaxError(err error) error {
	e := &TextError{Message: "not valid JSON: " + err.Error()}
	var line, column int
	if n, _ := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); n == 2 {
		_, why, _ := strings.Cut(strings.TrimPrefix(err.Error(), "hujson: "), ": ")
		e.Line, e.Column, e.Message = line, column, "not valid JSON: "+why
	}
	return e
}

// wrong is the error of a value that is not what it has to be.
func (d *jsonText) wrong(v *hujson.Value, what, expected string) error {
	return d.errorAt(v.StartOffset, "%s is %s, and %s was expected", what, kindName(v.Value.Kind()), expected)
}

func (d *jsonText) errorAt(offset int, format string, args ...any) error {
	before := d.text[:min(offset, len(d.text))]
	return &TextError{
		Line:    bytes.Count(before, []byte("\n")) + 1,
		Column:  len(before) - bytes.LastIndexByte(before, '\n'),
		Message: fmt.Sprintf(format, args...),
	}
}

func kindName(k hujson.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "true or false"
}

// member finds a member by its name; -1 where there is none. Of two with one
// name nobody can tell which one the tool takes.
func (d *jsonText) member(o *hujson.Object, name string) (int, error) {
	at := -1
	for i := range o.Members {
		if nameOf(&o.Members[i]) != name {
			continue
		}
		if at >= 0 {
			return -1, d.errorAt(o.Members[i].Name.StartOffset, "%s is there twice", strconv.Quote(name))
		}
		at = i
	}
	return at, nil
}

func nameOf(m *hujson.ObjectMember) string { return m.Name.Value.(hujson.Literal).String() }

// pack is the text as it has become.
func (d *jsonText) pack() ([]byte, error) {
	out := d.tree.Pack()
	if _, err := hujson.Parse(bytes.Clone(out)); err != nil {
		return nil, &TextError{Message: "it is laid out in a way that does not let entries be added or taken out"}
	}
	if d.bom {
		out = append(bytes.Clone(mark), out...)
	}
	return out, nil
}

// asText is the value of a JSON string; false where it is something else.
func asText(v *hujson.Value) (string, bool) {
	lit, ok := v.Value.(hujson.Literal)
	if !ok || lit.Kind() != '"' {
		return "", false
	}
	return lit.String(), true
}
