package layout

import (
	"testing"
)

func TestPut(t *testing.T) {
	for _, c := range []struct{ title, text, key, literal, want string }{
		{"a key before the first table", "# mine\n[a]\nx = 1\n", "notify", "[1]", "notify = [1]\n# mine\n[a]\nx = 1\n"},
		{"a key after the last of the root", "a = 1 # mine\n\n[t]\n", "b", "2", "a = 1 # mine\nb = 2\n\n[t]\n"},
		{"a value over lines", "a = [ # one\n1,\n] # two\n", "a", "[2]", "a = [2] # two\n"},
		{"CRLF", "a = 1\r\n", "b", "2", "a = 1\r\nb = 2\r\n"},
	} {
		got, err := Put([]byte(c.text), []string{c.key}, c.literal)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s", c.title, err, got)
		}
	}
	if got, err := Put([]byte("[[a]]\nx = 1\n"), []string{"a", "x"}, "2"); err == nil {
		t.Errorf("a list of tables: %s", got)
	}
}

func TestMarkUp(t *testing.T) {
	const text = "[[a.b]]\nx = 1\n[[a.b]]\n[[a.b.c]]\ny = \"2\"\n"
	root := MarkUp([]byte(text))
	second := root.Field("a").Field("b").Item(1)
	y := second.Field("c").Item(0).Field("y")
	if got := text[y.Value:y.End]; got != `"2"` {
		t.Errorf("y is %s", got)
	}
	if second.Header != 16 || root.Field("a").Field("b").Item(2) != nil || root.Field("z").Place().Key != 0 {
		t.Errorf("%+v", second)
	}
}
