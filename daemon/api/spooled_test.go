package api

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"quotad/quota"
)

// drop puts a file into a spool as somebody else would, so long before its now.
func drop(t *testing.T, s Spool, name, content string, age time.Duration) {
	t.Helper()
	must(t, os.MkdirAll(s.Dir, 0o700))
	path := filepath.Join(s.Dir, name)
	must(t, os.WriteFile(path, []byte(content), 0o644))
	at := s.now().Add(-age)
	must(t, os.Chtimes(path, at, at))
}

// delivered drains a spool into a list of events; those with the ID "refused"
// are rejected.
func delivered(t *testing.T, s Spool) (events []quota.Event, done Drained) {
	t.Helper()
	done, err := s.Deliver(func(some []quota.Event) ([]Result, error) {
		var out []Result
		for _, e := range some {
			r := Result{ID: e.ID, Status: quota.Recorded}
			if e.ID == "refused" {
				r = Result{Status: quota.Rejected, Error: InvalidField("at", "too old")}
			} else {
				events = append(events, e)
			}
			out = append(out, r)
		}
		return out, nil
	})
	must(t, err)
	return events, done
}

func ids(events []quota.Event) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.ID)
	}
	return list
}

func TestDrainTakesFilesUnderAnyName(t *testing.T) {
	s, add := spoolOf(t)
	add("ours") // at testNow + 1 s
	now := testNow.Add(time.Hour)
	s.Now = func() time.Time { return now }
	drop(t, s, "before.json", `{"id":"before"}`, time.Hour)
	drop(t, s, "after.json", `{"id":"after"}`, time.Hour-2*time.Second)
	drop(t, s, "mine.json", `{}`, time.Minute)
	drop(t, s, strings.Repeat("long", 50)+".json", `{"id":"long"}`, 10*time.Second)
	drop(t, s, "\xff.json", `{"id":"no UTF-8"}`, 9*time.Second)
	events, done := delivered(t, s)
	mine := "spool-20261123T072900.123Z-mine"
	if got, want := ids(events), []string{"before", "ours", "after", mine, "long", "no UTF-8"}; !slices.Equal(got, want) || done != (Drained{Taken: 6}) {
		t.Errorf("got %q, %+v\nwant %q", got, done, want)
	}
	if at := now.Add(-time.Minute); !events[3].At.Equal(at) {
		t.Errorf("an event without a time is of %v, want that of its file, %v", events[3].At, at)
	}
	if left := files(t, s.Dir); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

func TestDrainCountsAFileThatComesAgainAnew(t *testing.T) {
	s, _ := spoolOf(t)
	now := testNow
	s.Now = func() time.Time { return now }
	seen := map[string]bool{}
	for range 3 {
		drop(t, s, "mine.json", `{}`, time.Minute)
		events, _ := delivered(t, s)
		seen[events[0].ID] = true
		now = now.Add(time.Second)
	}
	if len(seen) != 3 {
		t.Errorf("three files of one name were the events %v", seen)
	}
}

func TestDrainWaitsForAFileThatMayStillBeWrittenTo(t *testing.T) {
	s, _ := spoolOf(t)
	now := testNow
	s.Now = func() time.Time { return now }
	drop(t, s, "mine.json", `{"id":"a"}`, 0)
	if events, done := delivered(t, s); len(events) != 0 || done != (Drained{Waiting: 1}) {
		t.Errorf("at once: %q, %+v", ids(events), done)
	}
	now = now.Add(SettleTime)
	if events, done := delivered(t, s); len(events) != 1 || done != (Drained{Taken: 1}) {
		t.Errorf("after %v: %q, %+v", SettleTime, ids(events), done)
	}
}

func TestDrainGivesAnImpossibleTimeOfAFileNoMeaning(t *testing.T) {
	for what, age := range map[string]time.Duration{"the future": -100 * 24 * time.Hour, "1970": testNow.Sub(time.Unix(0, 0))} {
		s, _ := spoolOf(t)
		drop(t, s, "mine.json", `{}`, age)
		if events, _ := delivered(t, s); len(events) != 1 || !events[0].At.Equal(testNow) {
			t.Errorf("a file of %s: %+v", what, events)
		}
	}
}

func TestDrainLeavesAloneWhatIsNoEventFile(t *testing.T) {
	s, _ := spoolOf(t)
	for _, name := range []string{".hidden.json", "README", "a.json.part", "json", "events.ndjson"} {
		drop(t, s, name, `{}`, time.Minute)
	}
	must(t, os.Symlink(filepath.Join(s.Dir, "README"), filepath.Join(s.Dir, "link")))
	must(t, os.Mkdir(filepath.Join(s.Dir, "folder"), 0o700))
	must(t, syscall.Mkfifo(filepath.Join(s.Dir, "pipe"), 0o600))
	before := files(t, s.Dir)
	if events, done := delivered(t, s); len(events) != 0 || done != (Drained{}) || !slices.Equal(files(t, s.Dir), before) {
		t.Errorf("%q, %+v\nbefore %q\nafter  %q", ids(events), done, before, files(t, s.Dir))
	}
}

// aside is what stands in the one file that was set aside, and why.
func aside(t *testing.T, s Spool) (content, reason string) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(s.Dir, "bad", "*.json"))
	if len(paths) != 1 {
		t.Fatalf("set aside: %q", paths)
	}
	text, err := os.ReadFile(paths[0])
	must(t, err)
	why, err := os.ReadFile(paths[0] + ".reason")
	must(t, err)
	return string(text), string(why)
}

func TestDrainOfAFileWithSeveralLines(t *testing.T) {
	const name = "spool-20261123T062900.123Z-mine"
	event := func(id string) string { return fmt.Sprintf("{\"id\":%q}", id) }
	for _, c := range []struct {
		name, content string
		taken         []string
		aside, reason string // "": nothing is set aside
	}{
		{"lines are events, in their order", event("b") + "\n\n" + event("a") + "\r\n", []string{"b", "a"}, "", ""},
		{"lines without an id get theirs from the file and their number", "{}\n{}\n" + event("x"), []string{name + "-1", name + "-2", "x"}, "", ""},
		{"one line has the id of the file alone", "\n{}\n", []string{name}, "", ""},
		{"one event may be spread over lines", "{\n  \"id\": \"a\",\n  \"count\": 2\n}\n", []string{"a"}, "", ""},
		{"a byte order mark is passed over", "\xef\xbb\xbf" + event("a") + "\n" + event("b"), []string{"a", "b"}, "", ""},
		{"only the bad lines are set aside", event("a") + "\nhello\n" + event("refused") + "\r\n" + event("b"), []string{"a", "b"},
			"hello\n" + event("refused") + "\n", "line 2: a JSON object was expected, not something that is no JSON\nline 3: at: too old\n"},
		{"a first line that is bad spoils no other", "hello\n" + event("a"), []string{"a"}, "hello\n", "line 1: a JSON object was expected, not something that is no JSON\n"},
		{"where all are bad the file stays as it is", "hello\r\n\nworld", []string{}, "hello\r\n\nworld",
			"line 1: a JSON object was expected, not something that is no JSON\nline 3: a JSON object was expected, not something that is no JSON\n"},
		{"an array is no event", "[\n" + event("a") + "\n]", []string{}, "[\n" + event("a") + "\n]", "a JSON object was expected, not an array\n"},
		{"one event that was broken off is not taken for several", "{\n\"readings\": [\n" + event("a") + "\n", []string{}, "{\n\"readings\": [\n" + event("a") + "\n", "not valid JSON at byte 27: unexpected end of JSON input\n"},
		{"more lines than are taken at once", strings.Repeat("{}\n", MaxLines+1), []string{}, strings.Repeat("{}\n", MaxLines+1), "more than 10000 lines; \"quotad import\" takes any number\n"},
		{"many bad lines are told in part", event("a") + strings.Repeat("\nx", 25), []string{"a"}, strings.Repeat("x\n", 25), "and 5 further lines\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := spoolOf(t)
			drop(t, s, "mine.json", c.content, time.Minute)
			events, _ := delivered(t, s)
			if got := ids(events); !slices.Equal(got, c.taken) {
				t.Errorf("taken %q, want %q", got, c.taken)
			}
			if c.aside == "" {
				if left := files(t, s.Dir); len(left) != 0 {
					t.Errorf("left: %q", left)
				}
				return
			}
			if content, reason := aside(t, s); content != c.aside || !strings.HasSuffix(reason, c.reason) {
				t.Errorf("set aside %.200q: %q\nwant %.200q: %q", content, reason, c.aside, c.reason)
			}
			if left := files(t, s.Dir); !slices.Equal(left, []string{"bad"}) {
				t.Errorf("left: %q", left)
			}
		})
	}
}

func TestDrainOffersLinesAgainUnderTheSameIDs(t *testing.T) {
	s, _ := spoolOf(t)
	drop(t, s, "mine.json", "{}\n{}\nbad\n", time.Minute)
	var first []string
	s.Deliver(func(events []quota.Event) ([]Result, error) { first = ids(events); return nil, errDiskFull })
	half := func(events []quota.Event) ([]Result, error) {
		return []Result{{Status: quota.Recorded}, {}}, nil // of one nothing is known
	}
	if done, err := s.Deliver(half); err != nil || done != (Drained{Kept: 1}) {
		t.Errorf("%+v, %v", done, err)
	}
	events, done := delivered(t, s)
	if got := ids(events); !slices.Equal(got, first) || len(got) != 2 || done != (Drained{SetAside: 1}) {
		t.Errorf("first %q, then %q, %+v", first, got, done)
	}
}

func TestDrainKeepsWhatIsAheadOfAClockThatWasPutBack(t *testing.T) {
	s, _ := spoolOf(t)
	ahead := testNow.Add(24 * time.Hour)
	must(t, s.Write("told", EncodeEvent(quota.Event{ID: "told", At: testNow})))
	hook := Spool{Dir: s.Dir, Now: func() time.Time { return ahead }}
	must(t, hook.Write("early", EncodeEvent(quota.Event{ID: "early", At: ahead})))
	drop(t, s, "never.json", `{"id":"never","at":"2099-01-01T00:00:00Z"}`, time.Minute)
	drain := func(now time.Time) (events []quota.Event, done Drained) {
		s.Now = func() time.Time { return now }
		done, err := s.Deliver(func(some []quota.Event) (out []Result, err error) {
			for _, e := range some {
				r := Result{ID: e.ID, Status: quota.Recorded}
				if bad := e.CheckTime(now, 0); bad != nil {
					r.Status, r.Error = quota.Rejected, FromQuota(bad)
				} else {
					events = append(events, e)
				}
				out = append(out, r)
			}
			return out, nil
		})
		must(t, err)
		return events, done
	}
	if events, done := drain(testNow); !slices.Equal(ids(events), []string{"told"}) || done != (Drained{Taken: 1, SetAside: 1, Kept: 1}) {
		t.Errorf("while the clock is behind: %q, %+v", ids(events), done)
	}
	if events, done := drain(ahead); !slices.Equal(ids(events), []string{"early"}) || done != (Drained{Taken: 1}) {
		t.Errorf("once it is right: %q, %+v", ids(events), done)
	}
}
