package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

var day0 = time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)

// tb is what testing.TB and rapid.T share.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func options(dir string) Options {
	return Options{Dir: dir, Now: func() time.Time { return day0 }}
}

// openIn opens the store of a folder, in which all has to be well.
func openIn(t tb, dir string) *Store {
	t.Helper()
	s, report, err := Open(options(dir))
	must(t, err)
	if lines := report.Lines(); len(lines) > 0 {
		t.Fatalf("opening %s: %q", dir, lines)
	}
	return s
}

func newStore(t *testing.T) *Store {
	t.Helper()
	s := openIn(t, filepath.Join(t.TempDir(), "state"))
	t.Cleanup(func() { s.Close() })
	return s
}

func prompt(id string, at time.Time) quota.Event {
	return quota.Event{
		ID: id, Kind: quota.KindPrompt, At: at, Account: "default", Count: 1, Tool: "claude-code",
		Session: "94a05ee8-1b1e-4c5a-9d61-000000000001", Project: "/home/u/src/x", Model: "glm-5.3",
		Endpoint: "https://api.z.ai/api/anthropic",
	}
}

// ulid is one of the usual ids: sorted by n.
func ulid(n int) string { return fmt.Sprintf("01KC3E7T5Q8W2X4Y6Z8A%06X", n) }

func put(t tb, s *Store, events ...quota.Event) {
	t.Helper()
	must(t, s.Update(func(tx *Tx) error {
		for _, e := range events {
			if _, err := tx.Put(e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// prompts are n events, a second apart.
func prompts(n int) (list []quota.Event) {
	for i := range n {
		list = append(list, prompt(ulid(i), day0.Add(time.Duration(i)*time.Second)))
	}
	return list
}

func entries(t tb, s *Store, account string) (list []quota.Entry) {
	t.Helper()
	must(t, s.View(func(tx *Tx) error {
		for e, err := range tx.Events(account, time.Time{}, time.Time{}, 0) {
			if err != nil {
				return err
			}
			list = append(list, e)
		}
		return nil
	}))
	return list
}

func ids(list []quota.Entry) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func verify(t tb, s *Store) {
	t.Helper()
	if v, err := s.Verify(VerifyOptions{}); err != nil {
		t.Fatalf("verify: %v\n%q", err, v.Problems)
	}
}

func copyFile(t tb, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(to), 0o700))
	must(t, os.WriteFile(to, b, 0o600))
}

func glob(t tb, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	must(t, err)
	slices.Sort(list)
	return list
}

// idGen draws from few enough ids that they repeat, of all shapes.
func idGen() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string { return ulid(rapid.IntRange(0, 20).Draw(t, "n")) }),
		rapid.SampledFrom([]string{
			"a", "A", "0", "a0", "y", "z", "~", "é", "-", "94a05ee8-1b1e-4c5a-9d61-000000000001", "session########3", "msg_0199",
			"01KC3E7T5Q8W2X4Y6Z8A", "01KC3E7T5Q8W2X4Y6Z8A000001x", "\x00", "a\x00", "x\nx",
		}),
	)
}

// eventGen draws events that have much to do with each other.
func eventGen() *rapid.Generator[quota.Event] {
	word := rapid.SampledFrom([]string{"", "", "x", "glm-5.3", "glm-4.7"})
	return rapid.Custom(func(t *rapid.T) quota.Event {
		e := quota.Event{
			ID:      idGen().Draw(t, "id"),
			Kind:    rapid.SampledFrom(kinds[1:]).Draw(t, "kind"),
			At:      day0.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "at")) * 6 * time.Hour),
			Account: rapid.SampledFrom([]string{"default", "default", "work"}).Draw(t, "account"),
			Turn:    rapid.SampledFrom([]string{"", "t1", "t1", "94a05ee8-1b1e-4c5a-9d61-000000000002"}).Draw(t, "turn"),
			Count:   rapid.SampledFrom([]int{1, 1, 2, quota.MaxCount}).Draw(t, "count"),
		}
		for _, f := range []*string{&e.Tool, &e.Session, &e.Project, &e.Model, &e.Endpoint, &e.Transcript, &e.Name, &e.Key} {
			*f = word.Draw(t, "word")
		}
		switch e.Kind {
		case quota.KindUsage:
			e.Tokens = quota.Tokens{Input: rapid.Int64Range(0, quota.MaxTokens).Draw(t, "in"), Output: 7}
		case quota.KindExhausted:
			e.Window, e.Code = quota.WindowFive, word.Draw(t, "code")
			e.Until = rapid.SampledFrom([]time.Time{{}, day0.Add(time.Hour)}).Draw(t, "until")
		case quota.KindReading:
			e.Readings = rapid.SliceOfN(readingGen(), 1, 3).Draw(t, "readings")
			e.Plan.ID = word.Draw(t, "plan")
			e.Plan.Renews = rapid.SampledFrom([]time.Time{{}, day0.Add(time.Hour)}).Draw(t, "renews")
		case quota.KindVoid:
			e.Voids = idGen().Draw(t, "voids")
		}
		return e
	})
}

func readingGen() *rapid.Generator[quota.Reading] {
	return rapid.Custom(func(t *rapid.T) quota.Reading {
		r := quota.Reading{Window: rapid.SampledFrom([]string{"5h", "week"}).Draw(t, "window")}
		if rapid.Bool().Draw(t, "percent?") {
			p := rapid.Float64Range(0, 1000).Draw(t, "percent")
			r.Percent = &p
		}
		if rapid.Bool().Draw(t, "used?") {
			used, limit := quota.Amount(rapid.Int64Range(0, 1<<50).Draw(t, "used")), 80*quota.One
			r.Used, r.Cap = &used, &limit
		}
		if rapid.Bool().Draw(t, "resets?") {
			at := day0.Add(17 * time.Minute)
			r.ResetsAt = &at
		}
		return r
	})
}
