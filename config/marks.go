package config

import (
	"bytes"

	"github.com/pelletier/go-toml/v2/unstable"
)

// mark is where a key stands in the text and where its value does, as byte
// offsets. go-toml decodes values without their places, so that the places
// are kept in a tree of the same shape.
type mark struct {
	key        int // of the key, at its first mention
	value, end int // of a value after "=", half-open; end 0: a table by its header, or implied
	header     int // of the name in a [header]; 0: none
	fields     map[string]*mark
	items      []*mark // of an array, or of [[tables]]
}

// markUp notes the places of a document that go-toml has taken as valid.
func markUp(data []byte) *mark {
	root := &mark{}
	table := root
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = root.descend(e.Key())
			table.header = offset(e.Child())
		case unstable.ArrayTable:
			list := root.descend(e.Key())
			at := offset(e.Child())
			table = &mark{key: at, value: at, header: at}
			list.items = append(list.items, table)
		case unstable.KeyValue:
			table.put(data, e)
		}
	}
	return root
}

func offset(n *unstable.Node) int { return int(n.Raw.Offset) }

// descend follows a dotted key; below a list of tables, in its last one.
func (m *mark) descend(keys unstable.Iterator) *mark {
	for keys.Next() {
		if n := len(m.items); n > 0 {
			m = m.items[n-1]
		}
		m = m.child(string(keys.Node().Data), offset(keys.Node()))
	}
	return m
}

func (m *mark) child(key string, at int) *mark {
	if f, ok := m.fields[key]; ok {
		return f
	}
	if m.fields == nil {
		m.fields = map[string]*mark{}
	}
	f := &mark{key: at, value: at}
	m.fields[key] = f
	return f
}

// put notes one "key = value" in the table m.
func (m *mark) put(data []byte, kv *unstable.Node) {
	f := m.descend(kv.Key())
	last := kv.Key()
	after := 0
	for last.Next() {
		f.key = offset(last.Node())
		after = f.key + int(last.Node().Raw.Length)
	}
	f.value = after + len(data[after:]) - len(bytes.TrimLeft(data[after:], " \t="))
	f.end = offset(kv) + int(kv.Raw.Length)
	f.fill(data, kv.Value())
}

// fill notes what an array or an inline table holds.
func (m *mark) fill(data []byte, v *unstable.Node) {
	if v.Kind != unstable.Array && v.Kind != unstable.InlineTable {
		return
	}
	for it := v.Children(); it.Next(); {
		n := it.Node()
		if v.Kind == unstable.InlineTable {
			m.put(data, n)
			continue
		}
		item := &mark{key: m.value, value: m.value}
		if n.Kind != unstable.Array && n.Kind != unstable.InlineTable { // those carry no place
			item.key, item.value = offset(n), offset(n)
		}
		item.fill(data, n)
		m.items = append(m.items, item)
	}
}

// field and item find what is below; nil where the text has nothing there.
func (m *mark) field(key string) *mark {
	if m == nil {
		return nil
	}
	return m.fields[key]
}

func (m *mark) item(i int) *mark {
	if m == nil || i >= len(m.items) {
		return nil
	}
	return m.items[i]
}
