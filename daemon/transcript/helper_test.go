package transcript

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quotad/quota"
)

// reading is a test's own way through a source: what it told, and how far it is.
type reading struct {
	t    *testing.T
	src  Source
	mark Mark
	got  []Item
}

// readingOf reads a file that the test writes.
func readingOf(t *testing.T, tool string, lines ...string) *reading {
	t.Helper()
	path := filepath.Join(t.TempDir(), "record.jsonl")
	r := &reading{t: t, src: Source{Tool: tool, Path: path}}
	r.write(strings.Join(lines, "\n") + "\n")
	return r
}

func (r *reading) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.src.Path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reading) add(text string) {
	r.t.Helper()
	f, err := os.OpenFile(r.src.Path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		r.t.Fatal(err)
	}
}

// more is what a further reading tells, in a few words each.
func (r *reading) more(final bool) []string {
	r.t.Helper()
	before := len(r.got)
	mark, err := Read(context.Background(), r.src, r.mark, final, func(i Item) error {
		r.got = append(r.got, i)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mark = throughJSON(r.t, mark)
	return inWords(r.t, r.got[before:])
}

func throughJSON(t *testing.T, m Mark) (back Mark) {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) >= 2<<10 {
		t.Errorf("a mark of %d bytes: %s", len(text), text)
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// inWords says what items tell, and complains of those that no store would take.
func inWords(t *testing.T, items []Item) (words []string) {
	t.Helper()
	for _, i := range items {
		e := i.Event
		if bad := e.Normalize(e.At).Check(); bad != nil {
			t.Errorf("%+v: %v", e, bad)
		}
		if e.ID == "" || e.At.IsZero() || !e.At.Equal(quota.Milli(e.At)) {
			t.Errorf("an event without an id, or with the instant %v: %+v", e.At, e)
		}
		w := string(e.Kind)
		switch e.Kind {
		case quota.KindUsage:
			w = fmt.Sprintf("usage %s %d+%d+%d", e.Model, e.Tokens.Input, e.Tokens.Cached, e.Tokens.Output)
		case quota.KindExhausted:
			w = fmt.Sprintf("exhausted %s until %s", e.Window, e.Until.Format("15:04"))
		}
		if e.Turn != "" {
			w += " in " + e.Turn
		}
		words = append(words, w)
	}
	return words
}
