package install

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tailscale/hujson"

	"quotad/config/layout"
)

// style is how a JSON text is laid out, for what is added to it.
type style struct {
	eol, unit string
	flat      bool   // it is all in one line
	gap       string // after a colon or comma within a line
}

func styleOf(root *hujson.Object, text []byte) style {
	s := style{eol: layout.LineEnding(text), unit: "  ", gap: " "}
	if len(root.Members) == 0 {
		return s
	}
	first := &root.Members[0]
	s.flat = bytes.IndexByte(bytes.TrimSpace(text), '\n') < 0
	if s.flat && len(first.Value.BeforeExtra) == 0 {
		s.gap = ""
	}
	if in, ok := indentIn(first.Name.BeforeExtra); ok && in != "" {
		s.unit = in
	}
	return s
}

// indentIn is the indentation of an item that begins its line.
func indentIn(before hujson.Extra) (string, bool) {
	i := bytes.LastIndexByte(before, '\n')
	if i < 0 || len(bytes.Trim(before[i+1:], " \t")) > 0 {
		return "", false
	}
	return string(before[i+1:]), true
}

// below is the indentation of what an item holds; that of the item around it is
// outer.
func below(before hujson.Extra, outer string) string {
	if in, ok := indentIn(before); ok {
		return in
	}
	return outer
}

// slot is where a new last item goes.
type slot struct {
	before, tail hujson.Extra
	comma        bool // one follows it
	indent       string
	flat         bool // no line break in it
}

// slot finds the place in c, whose closing bracket has the indentation outer.
func (s style) slot(c items, outer string) slot {
	n, t := c.count(), splitExtra(*c.tail())
	lines := hasLine(*c.tail())
	for i := range n {
		lines = lines || hasLine(*c.before(i))
	}
	p := slot{tail: t.space, comma: n > 0 && *c.after(n - 1) != nil, indent: outer}
	if p.flat = s.flat || n > 0 && !lines; p.flat && !t.line {
		sep := s.gap
		if n == 0 && len(t.comments) == 0 {
			sep = ""
		}
		p.before = join(t.comments, hujson.Extra(sep))
		return p
	}
	p.indent = outer + s.unit
	if n > 0 {
		p.indent = below(*c.before(n - 1), p.indent)
	}
	p.before = join(t.comments, hujson.Extra(s.eol+p.indent))
	if n == 0 && !hasLine(t.space) {
		p.tail = hujson.Extra(s.eol + outer)
	}
	return p
}

// settle makes the item that was put at the end of c the last one.
func (p slot) settle(c items) {
	last := c.count() - 1
	*c.before(last), *c.tail() = p.before, p.tail
	if p.comma {
		*c.after(last) = hujson.Extra{}
	}
}

func (s style) addMember(o *hujson.Object, outer, name string, v any) {
	p := s.slot(members{o}, outer)
	value := s.value(v, p.indent, p.flat)
	value.BeforeExtra = hujson.Extra(s.gap)
	o.Members = append(o.Members, hujson.ObjectMember{Name: hujson.Value{Value: hujson.String(name)}, Value: value})
	p.settle(members{o})
}

func (s style) addElement(a *hujson.Array, outer string, v any) {
	p := s.slot(elements{a}, outer)
	a.Elements = append(a.Elements, s.value(v, p.indent, p.flat))
	p.settle(elements{a})
}

// field is a member of an object that is to be written, in its order.
type field struct {
	name  string
	value any
}

// value is v as a tree: []field for an object, []any for a list.
func (s style) value(v any, indent string, flat bool) hujson.Value {
	var b strings.Builder
	s.write(&b, v, indent, flat)
	tree, err := hujson.Parse([]byte(b.String()))
	if err != nil { // it was written here: this cannot fail
		panic(err)
	}
	return tree
}

func (s style) write(b *strings.Builder, v any, indent string, flat bool) {
	var open, shut string
	var each []func()
	inner := indent + s.unit
	switch v := v.(type) {
	case []field:
		open, shut = "{", "}"
		for _, f := range v {
			each = append(each, func() {
				b.Write(hujson.String(f.name))
				b.WriteString(":" + s.gap)
				s.write(b, f.value, inner, flat)
			})
		}
	case []any:
		open, shut = "[", "]"
		for _, e := range v {
			each = append(each, func() { s.write(b, e, inner, flat) })
		}
	default:
		b.Write(literal(v))
		return
	}
	first, next, last := s.eol+inner, ","+s.eol+inner, s.eol+indent
	if flat || len(each) == 0 {
		first, next, last = "", ","+s.gap, ""
	}
	for _, one := range each {
		b.WriteString(open + first)
		one()
		open, first = "", next
	}
	b.WriteString(open + last + shut)
}

// literal is a value without parts as JSON.
func literal(v any) []byte {
	if text, ok := v.(string); ok {
		return hujson.String(text)
	}
	lit, err := json.Marshal(v)
	if err != nil { // a number, true, false or null: this cannot fail
		panic(err)
	}
	return lit
}

// ordered gives the maps in a value an order: the type of a thing first.
func ordered(v any) any {
	switch v := v.(type) {
	case map[string]any:
		var fields []field
		for _, name := range slices.Sorted(maps.Keys(v)) {
			f := field{name, ordered(v[name])}
			if name == "type" {
				fields = slices.Insert(fields, 0, f)
			} else {
				fields = append(fields, f)
			}
		}
		return fields
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = ordered(v[i])
		}
		return list
	case []string:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return list
	}
	return v
}
