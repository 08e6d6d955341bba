package install

import (
	"bytes"
	"slices"

	"github.com/tailscale/hujson"
)

// items are the members of an object, or the elements of a list, with what
// stands between them.
type items interface {
	count() int
	before(i int) *hujson.Extra // of the item
	after(i int) *hujson.Extra  // of the item, before its comma; not nil in the last one: a comma is there too
	tail() *hujson.Extra        // before the closing bracket
	cut(i int)
}

type (
	members  struct{ *hujson.Object }
	elements struct{ *hujson.Array }
)

func (m members) count() int                 { return len(m.Members) }
func (m members) before(i int) *hujson.Extra { return &m.Members[i].Name.BeforeExtra }
func (m members) after(i int) *hujson.Extra  { return &m.Members[i].Value.AfterExtra }
func (m members) tail() *hujson.Extra        { return &m.AfterExtra }
func (m members) cut(i int)                  { m.Members = slices.Delete(m.Members, i, i+1) }

func (e elements) count() int                 { return len(e.Elements) }
func (e elements) before(i int) *hujson.Extra { return &e.Elements[i].BeforeExtra }
func (e elements) after(i int) *hujson.Extra  { return &e.Elements[i].AfterExtra }
func (e elements) tail() *hujson.Extra        { return &e.AfterExtra }
func (e elements) cut(i int)                  { e.Elements = slices.Delete(e.Elements, i, i+1) }

// remove takes an item out, and its comma. Comments before it stay, for they
// may belong to the item above.
func remove(c items, i int) {
	all := splitExtra(*c.before(i))
	kept := all.comments
	comma := *c.after(i) != nil
	c.cut(i)
	n := c.count()
	switch {
	case i < n:
		if next := splitExtra(*c.before(i)); i == 0 && len(next.comments) == 0 {
			*c.before(i) = all.space
		}
		*c.before(i) = join(kept, *c.before(i))
		return
	case n == 0 && len(kept) == 0 && len(splitExtra(*c.tail()).comments) == 0:
		*c.tail() = nil
		return
	case n > 0 && comma:
		if *c.after(n - 1) == nil {
			*c.after(n - 1) = hujson.Extra{}
		}
	case n > 0:
		kept = join(*c.after(n - 1), kept)
		*c.after(n - 1) = nil
	}
	*c.tail() = join(kept, *c.tail())
}

// extra is what stands between two tokens, taken apart.
type extra struct {
	comments hujson.Extra // with the space before and between them
	space    hujson.Extra // after them
	line     bool         // the last comment is one that a line break ends, which is in space
}

func splitExtra(x hujson.Extra) extra {
	end, line := 0, false
	for i := 0; i < len(x); {
		n := 1
		switch {
		case bytes.HasPrefix(x[i:], []byte("//")):
			n, line = untilLine(x[i:]), true
			end = i + n
		case bytes.HasPrefix(x[i:], []byte("/*")):
			n, line = len("/*")+bytes.Index(x[i+2:], []byte("*/"))+len("*/"), false
			end = i + n
		}
		i += n
	}
	return extra{comments: x[:end:end], space: x[end:], line: line}
}

// untilLine is the length of a comment without its line break.
func untilLine(x hujson.Extra) int {
	n := len(x)
	if i := bytes.IndexByte(x, '\n'); i >= 0 {
		n = i
	}
	return len(bytes.TrimRight(x[:n], "\r"))
}

// join puts one behind the other, such that the first does not swallow it.
func join(a, b hujson.Extra) hujson.Extra {
	out := slices.Concat(a, b)
	if s := splitExtra(a); s.line && !bytes.Contains(s.space, []byte("\n")) &&
		!bytes.HasPrefix(bytes.TrimLeft(b, " \t\r"), []byte("\n")) {
		out = slices.Concat(a, hujson.Extra("\n"), b)
	}
	if out == nil && (a != nil || b != nil) {
		out = hujson.Extra{}
	}
	return out
}

func hasLine(x hujson.Extra) bool { return bytes.IndexByte(x, '\n') >= 0 }
