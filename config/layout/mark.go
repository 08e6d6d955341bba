// Package layout edits TOML texts without touching what is around: it knows where
// each key and value of a text stands, and changes one in its place. Comments,
// order and layout stay.
package layout

import (
	"bytes"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Mark is where a key stands in the text and where its value does, as byte
// offsets. go-toml decodes values without their places, so that the places
// are kept in a tree of the same shape.
type Mark struct {
	Key        int // of the key, at its first mention
	Value, End int // of a value after "=", half-open; End 0: a table by its header, or implied
	Header     int // of the name in a [header]; 0: none
	Fields     map[string]*Mark
	Items      []*Mark // of an array, or of [[tables]]
}

// MarkUp notes the places of a document that go-toml has taken as valid.
func MarkUp(data []byte) *Mark {
	root := &Mark{}
	table := root
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = root.descend(e.Key())
			table.Header = offset(e.Child())
		case unstable.ArrayTable:
			list := root.descend(e.Key())
			at := offset(e.Child())
			table = &Mark{Key: at, Value: at, Header: at}
			list.Items = append(list.Items, table)
		case unstable.KeyValue:
			table.put(data, e)
		}
	}
	return root
}

func offset(n *unstable.Node) int { return int(n.Raw.Offset) }

// descend follows a dotted key; below a list of tables, in its last one.
func (m *Mark) descend(keys unstable.Iterator) *Mark {
	for keys.Next() {
		if n := len(m.Items); n > 0 {
			m = m.Items[n-1]
		}
		m = m.child(string(keys.Node().Data), offset(keys.Node()))
	}
	return m
}

func (m *Mark) child(key string, at int) *Mark {
	if f, ok := m.Fields[key]; ok {
		return f
	}
	if m.Fields == nil {
		m.Fields = map[string]*Mark{}
	}
	f := &Mark{Key: at, Value: at}
	m.Fields[key] = f
	return f
}

// put notes one "key = value" in the table m.
func (m *Mark) put(data []byte, kv *unstable.Node) {
	f := m.descend(kv.Key())
	last := kv.Key()
	after := 0
	for last.Next() {
		f.Key = offset(last.Node())
		after = f.Key + int(last.Node().Raw.Length)
	}
	f.Value = after + len(data[after:]) - len(bytes.TrimLeft(data[after:], " \t="))
	f.End = offset(kv) + int(kv.Raw.Length)
	f.fill(data, kv.Value())
}

// fill notes what an array or an inline table holds.
func (m *Mark) fill(data []byte, v *unstable.Node) {
	if v.Kind != unstable.Array && v.Kind != unstable.InlineTable {
		return
	}
	for it := v.Children(); it.Next(); {
		n := it.Node()
		if v.Kind == unstable.InlineTable {
			m.put(data, n)
			continue
		}
		item := &Mark{Key: m.Value, Value: m.Value}
		if n.Kind != unstable.Array && n.Kind != unstable.InlineTable { // those carry no place
			item.Key, item.Value = offset(n), offset(n)
		}
		item.fill(data, n)
		m.Items = append(m.Items, item)
	}
}

// Field finds what is below; nil where the text has nothing there.
func (m *Mark) Field(key string) *Mark {
	if m == nil {
		return nil
	}
	return m.Fields[key]
}

// Item finds an item of a list; nil where there is none.
func (m *Mark) Item(i int) *Mark {
	if m == nil || i >= len(m.Items) {
		return nil
	}
	return m.Items[i]
}

// Place is the mark itself, and the start of the text where there is none.
func (m *Mark) Place() *Mark {
	if m == nil {
		return &Mark{}
	}
	return m
}

// LastField is the last "key = value" right in the table.
func (m *Mark) LastField() *Mark {
	var last *Mark
	if m == nil {
		return nil
	}
	for _, f := range m.Fields {
		if f.End > 0 && (last == nil || f.End > last.End) {
			last = f
		}
	}
	return last
}
