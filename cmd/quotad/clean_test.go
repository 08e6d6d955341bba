package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain text stays", "glm-5.3 (x)", "glm-5.3 (x)"},
		{"letters of the world stay", "Übung 试验", "Übung 试验"},
		{"an escape sequence is seen, not obeyed", "\x1b[31mred", "\uFFFD[31mred"},
		{"the one-character CSI too", "\u009b31mred", "\uFFFD31mred"},
		{"a bell is not rung", "a\ab\x7f", "a\uFFFDb\uFFFD"},
		{"a line break is a space", "a\r\n\tb", "a   b"},
		{"the direction of writing stays", "a\u202eb\u2066c", "a\uFFFDb\uFFFDc"},
		{"marks upon marks end", "a" + strings.Repeat("\u0301", 99) + "e\u0301", "a" + strings.Repeat("\u0301", maxMarks) + "e\u0301"},
		{"what is no UTF-8 is replaced", "a\xffb", "a\uFFFDb"},
	} {
		if got := clean(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCleanJSON(t *testing.T) {
	value := map[string]string{"a": "x\x1b[1m\u009b2J\x7f\u202e\u2028 ü试"}
	doc, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	got := cleanJSON(doc)
	if strings.ContainsFunc(string(got), func(r rune) bool { return r < ' ' || hidden(r) }) {
		t.Errorf("a control character is left: %q", got)
	}
	var back map[string]string
	if err := json.Unmarshal(got, &back); err != nil || back["a"] != value["a"] {
		t.Errorf("%q means %q (%v), want %q", got, back["a"], err, value["a"])
	}
	if plain := []byte(`{"a":"ü"}`); &cleanJSON(plain)[0] != &plain[0] {
		t.Error("a clean document was copied")
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		name, text string
		width      int
		want       string
	}{
		{"what fits stays", "abc", 3, "abc"},
		{"what does not is cut", "abcd", 3, "ab…"},
		{"wide characters count twice", "试验试验", 5, "试验…"},
		{"half of a wide one is none", "试验试验", 4, "试…"},
		{"marks take no room", "e\u0301e\u0301", 2, "e\u0301e\u0301"},
	} {
		got := screen{blocks: true}.fit(c.text, c.width)
		if got != c.want || cells(got) > c.width {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := (screen{}).fit("abcd", 3); got != "ab~" {
		t.Errorf("in ASCII: %q", got)
	}
}

func TestWrap(t *testing.T) {
	got := wrap("one two  three fourteen five", 9)
	if want := "one two|three|fourteen|five"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := wrap("", 9); len(got) != 1 || got[0] != "" {
		t.Errorf("nothing is %q", got)
	}
}
