package install

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/tailscale/hujson"
	"pgregory.net/rapid"

	"quotad/daemon/hook"
)

// jsonc draws settings files the way people and tools write them: with comments
// or without, in many lines or one, with hooks of others or none.
type jsonc struct {
	*rapid.T
	eol      string
	comments bool
	flat     bool
}

func drawJSONC(t *rapid.T) []byte {
	g := jsonc{
		T: t, eol: rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol"),
		comments: rapid.Bool().Draw(t, "comments"), flat: rapid.Bool().Draw(t, "flat"),
	}
	var names []string
	for _, name := range []string{"model", "hooks", "ui", "zeta"} {
		if rapid.Bool().Draw(t, name) {
			names = append(names, name)
		}
	}
	var b strings.Builder
	b.WriteString(rapid.SampledFrom([]string{"", "\xef\xbb\xbf"}).Draw(t, "mark"))
	b.WriteString(g.gap() + g.list("{", "}", len(names), func(i int) string {
		value := g.scalar()
		switch names[i] {
		case "hooks":
			value = g.hooks()
		case "ui":
			value = g.list("{", "}", rapid.IntRange(0, 1).Draw(t, "ui"), func(int) string { return `"theme"` + g.colon() + g.scalar() })
		}
		return `"` + names[i] + `"` + g.colon() + value
	}) + g.gap())
	return []byte(b.String())
}

func (g jsonc) hooks() string {
	events := []string{"Prompt", "Stop", "Other"}[:rapid.IntRange(0, 3).Draw(g.T, "events")]
	return g.list("{", "}", len(events), func(i int) string {
		return `"` + events[i] + `"` + g.colon() + g.list("[", "]", rapid.IntRange(0, 2).Draw(g.T, "groups"), func(int) string {
			return g.list("{", "}", 1, func(int) string {
				return `"hooks"` + g.colon() + g.list("[", "]", rapid.IntRange(0, 2).Draw(g.T, "hooks"), func(int) string {
					return g.list("{", "}", 1, func(int) string { return `"command"` + g.colon() + g.command() })
				})
			})
		})
	})
}

func (g jsonc) command() string {
	return rapid.SampledFrom([]string{`"mine"`, `"notify-send quotad"`, `"quotad check --quiet"`, `"date \u0026\u0026 true"`}).Draw(g.T, "command")
}

func (g jsonc) scalar() string {
	return rapid.SampledFrom([]string{"1", "-2.50e3", "null", "true", `"a // b"`, `"\u00e9\/\""`, "[1,2]", "{}"}).Draw(g.T, "scalar")
}

func (g jsonc) colon() string {
	return rapid.SampledFrom([]string{":", ": ", " : "}).Draw(g.T, "colon")
}

func (g jsonc) list(open, shut string, n int, item func(int) string) string {
	var b strings.Builder
	b.WriteString(open)
	for i := range n {
		b.WriteString(g.gap() + item(i) + g.gap())
		if i < n-1 || g.comments && rapid.Bool().Draw(g.T, "comma") {
			b.WriteString(",")
		}
	}
	b.WriteString(g.gap() + shut)
	return b.String()
}

// gap is what may stand between two tokens.
func (g jsonc) gap() string {
	gaps := []string{"", "", " ", "  "}
	if !g.flat {
		gaps = append(gaps, g.eol, g.eol+"\t", g.eol+"    ", g.eol+g.eol+"  ")
	}
	if g.comments {
		gaps = append(gaps, "/* a */", " /* a */ ")
		if !g.flat {
			gaps = append(gaps, " // b"+g.eol, g.eol+"\t// c \"hooks\": {"+g.eol+"  ", "/* d"+g.eol+"*/"+g.eol)
		}
	}
	return rapid.SampledFrom(gaps).Draw(g.T, "gap")
}

func wanted(t *rapid.T) hook.File {
	f := lined()
	if rapid.Bool().Draw(t, "async") {
		f.Entries = append(f.Entries, hook.Entry{Event: "Stop", Command: call, Async: true, Name: "quotad"})
	}
	if rapid.Bool().Draw(t, "no line") {
		f.Unset = nil
	}
	return f
}

// meaning is a text as its tool reads it, without what is ours.
func meaning(t *rapid.T, text []byte) any {
	standard, err := hujson.Standardize(bytes.TrimPrefix(bytes.Clone(text), mark))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	var v any
	if err := json.Unmarshal(standard, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func mustPut(t *rapid.T, text []byte, f hook.File) Edit {
	e, err := Put(text, f)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return e
}

func mustTake(t *rapid.T, text, original []byte, f hook.File) Edit {
	e, err := Take(text, original, f)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return e
}

func TestJSONIsGivenBackToTheByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, f := drawJSONC(t), wanted(t)
		there := mustPut(t, text, f)
		if back := mustTake(t, there.Text, text, f); string(back.Text) != string(text) {
			t.Fatalf("from\n%s\nthrough\n%s\nto\n%s", text, there.Text, back.Text)
		}
	})
}

func TestJSONIsWrittenOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, f := drawJSONC(t), wanted(t)
		once := mustPut(t, text, f)
		if once.Reason != Installed {
			t.Fatalf("%v into\n%s", once.Reason, text)
		}
		if twice := mustPut(t, once.Text, f); twice.Reason != Already || string(twice.Text) != string(once.Text) {
			t.Fatalf("%v, from\n%s\nto\n%s", twice.Reason, once.Text, twice.Text)
		}
	})
}

// Without knowing what was there before, all comes back but what was empty.
func TestJSONOfOthersIsNeverTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, f := drawJSONC(t), wanted(t)
		there := mustPut(t, text, f)
		for _, comment := range []string{"/* a */", "// b", "// c \"hooks\": {", "/* d"} {
			if a, b := bytes.Count(text, []byte(comment)), bytes.Count(there.Text, []byte(comment)); a != b {
				t.Fatalf("%d of %s became %d in\n%s", a, comment, b, there.Text)
			}
		}
		got, want := prune(meaning(t, mustTake(t, there.Text, nil, f).Text)), prune(meaning(t, text))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%v became %v, through\n%s", want, got, there.Text)
		}
	})
}

// prune leaves out what is empty.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			if v[name] = prune(v[name]); v[name] == nil {
				delete(v, name)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
	}
	return v
}

// An update from any older state is the same as installing anew, and what the
// user has stays.
func TestJSONOlderEntriesAreReplaced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, f := drawJSONC(t), wanted(t)
		old := f
		old.Unset = nil
		old.Entries = []hook.Entry{{Event: rapid.SampledFrom([]string{"Prompt", "Other", "Stop"}).Draw(t, "old"), Command: "/old/quotad hook x"}}
		older := mustPut(t, text, old)
		fresh := mustPut(t, older.Text, f)
		if fresh.Reason != Updated || bytes.Contains(fresh.Text, []byte("/old/")) {
			t.Fatalf("%v\n%s", fresh.Reason, fresh.Text)
		}
		if back := mustTake(t, fresh.Text, text, f); !reflect.DeepEqual(prune(meaning(t, back.Text)), prune(meaning(t, text))) {
			t.Fatalf("from\n%s\nthrough\n%s\nto\n%s", text, fresh.Text, back.Text)
		}
	})
}
