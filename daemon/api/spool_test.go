package api

import (
	"errors"
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

// spoolOf makes a spool whose clock goes on by a second with each event.
func spoolOf(t *testing.T) (s Spool, add func(id string)) {
	now := testNow
	s = Spool{Dir: filepath.Join(t.TempDir(), "spool"), Now: func() time.Time { return now }}
	return s, func(id string) {
		t.Helper()
		now = now.Add(time.Second)
		must(t, s.Write(id, EncodeEvent(quota.Event{ID: id, At: testNow})))
	}
}

// taken drains a spool into a list of IDs.
func taken(t *testing.T, s Spool) (ids []string, done Drained) {
	t.Helper()
	done, err := s.Deliver(func(events []quota.Event) ([]Result, error) {
		var out []Result
		for _, e := range events {
			ids = append(ids, e.ID)
			out = append(out, Result{ID: e.ID, Status: quota.Recorded})
		}
		return out, nil
	})
	must(t, err)
	return ids, done
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestSpoolGivesBackInTheOrderOfTime(t *testing.T) {
	s, add := spoolOf(t)
	var want []string
	for i := range 1100 { // several chunks
		id := fmt.Sprint((i*7919)%1100, "-", i)
		add(id)
		want = append(want, id)
	}
	got, done := taken(t, s)
	if !slices.Equal(got, want) || done != (Drained{Taken: 1100}) {
		t.Errorf("%d came back, %+v", len(got), done)
	}
	if left := files(t, s.Dir); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

// Of two with one id the first stands, in the same millisecond too.
func TestSpoolKeepsTheFirstOfAnID(t *testing.T) {
	s := Spool{Dir: filepath.Join(t.TempDir(), "spool"), Now: func() time.Time { return testNow }}
	for _, model := range []string{"first", "second"} {
		must(t, s.Write("id", EncodeEvent(quota.Event{ID: "id", At: testNow, Model: model})))
	}
	left := files(t, s.Dir)
	if len(left) != 1 {
		t.Fatalf("files %q", left)
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, left[0]))
	if err != nil || !strings.Contains(string(text), `"first"`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestSpoolTakesHostileIDs(t *testing.T) {
	s, add := spoolOf(t)
	ids := []string{"../../etc/passwd", "/abs", ".", "..", "", "a/b", "a\x00b", "\n", strings.Repeat("x", 200), ".tmp-1", "bad", "-rf", "é\u202e", "{}"}
	for _, id := range ids {
		add(id)
	}
	if got := files(t, filepath.Dir(s.Dir)); len(got) != 1 {
		t.Errorf("something was written outside: %q", got)
	}
	for _, name := range files(t, s.Dir) {
		if len(name) > 64 || strings.Trim(name, "0123456789abcdefTZ.-json") != "" {
			t.Errorf("file name %q", name)
		}
	}
	got, _ := taken(t, s)
	for i, id := range ids {
		if id != "" && got[i] != id || id == "" && !strings.HasPrefix(got[i], "spool-") {
			t.Errorf("%q came back as %q", id, got[i])
		}
	}
}

func TestSpoolIsPrivate(t *testing.T) {
	s, add := spoolOf(t)
	must(t, os.MkdirAll(s.Dir, 0o755))
	add("a")
	if info, _ := os.Stat(s.Dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
	if info, _ := os.Stat(filepath.Join(s.Dir, files(t, s.Dir)[0])); info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v", info.Mode())
	}
}

func TestSpoolRefusesToWrite(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
	must(t, os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "link")))
	write(t, filepath.Join(dir, "file"))
	theirs := filepath.Join(dir, "theirs")
	must(t, os.Mkdir(theirs, 0o777))
	if os.Getuid() == 0 {
		must(t, os.Chown(theirs, 65534, 65534))
	} else {
		theirs = "/" // is root's
	}
	for _, c := range []struct {
		name, dir string
		line      []byte
		words     string
	}{
		{"into a folder of somebody else", theirs, nil, "belongs to another user"},
		{"through a symbolic link", filepath.Join(dir, "link"), nil, "symbolic link"},
		{"into a file", filepath.Join(dir, "file"), nil, "cannot make"},
		{"an event that is too large", filepath.Join(dir, "real"), make([]byte, maxSpooled+1), "at most"},
	} {
		if err := (Spool{Dir: c.dir}).Write("x", c.line); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if got := files(t, filepath.Join(dir, "real")); len(got) != 0 {
		t.Errorf("written: %q", got)
	}
}

func TestDrainSetsAsideUnreadWhatIsNotOurs(t *testing.T) {
	s, add := spoolOf(t)
	add("good")
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte(`{"id":"stolen"}`), 0o600))
	at := func(second int) string {
		return filepath.Join(s.Dir, spoolName(testNow.Add(time.Duration(second)*time.Hour), "x"))
	}
	must(t, os.Symlink(secret, at(1)))
	must(t, syscall.Mkfifo(at(2), 0o600))
	must(t, os.Mkdir(at(3), 0o700))
	must(t, os.WriteFile(filepath.Join(s.Dir, ".tmp-123"), []byte(`{"id":"half`), 0o600))
	must(t, os.WriteFile(filepath.Join(s.Dir, "README"), []byte(`{"id":"note"}`), 0o600))
	if os.Getuid() == 0 {
		must(t, os.WriteFile(at(4), []byte(`{"id":"theirs"}`), 0o666))
		must(t, os.Chown(at(4), 65534, 65534))
	}
	got, done := taken(t, s)
	if !slices.Equal(got, []string{"good"}) || done.Taken != 1 || done.SetAside < 3 {
		t.Errorf("got %q, %+v", got, done)
	}
	if after := files(t, s.Dir); !slices.Equal(after, []string{".tmp-123", "README", "bad"}) {
		t.Errorf("left: %q", after)
	}
	for i, want := range []string{"good", "symbolic link", "no plain file", "folder", "another user (uid 65534)"} {
		reason, err := os.ReadFile(filepath.Join(s.Dir, "bad", filepath.Base(at(i))+".reason"))
		if i > 0 && i <= done.SetAside && !strings.Contains(string(reason), want) {
			t.Errorf("%s: the reason is %q, %v", want, reason, err)
		}
	}
	if _, err := os.Stat(secret); err != nil {
		t.Error("what a link names was touched")
	}
}

func TestDrainSetsAsideWhatHasTheLongestName(t *testing.T) {
	s, _ := spoolOf(t)
	name := testNow.Format(spoolStamp) + "-"
	name += strings.Repeat("n", 255-len(name)-len(spoolSuffix)) + spoolSuffix
	must(t, s.Make())
	must(t, os.WriteFile(filepath.Join(s.Dir, name), []byte(`{"id":"ha`), 0o600))
	if _, done := taken(t, s); done.SetAside != 1 {
		t.Errorf("%+v", done)
	}
	if left := files(t, s.Dir); !slices.Equal(left, []string{"bad"}) {
		t.Errorf("left: %q", left)
	}
	if content, reason := aside(t, s); content != `{"id":"ha` || !strings.Contains(reason, "JSON") {
		t.Errorf("%q is kept, for %q", content, reason)
	}
}

func TestDrainSweepsOldHalfWrittenFiles(t *testing.T) {
	s, add := spoolOf(t)
	add("a")
	for name, age := range map[string]time.Duration{".tmp-old": 2 * time.Hour, ".tmp-new": time.Minute} {
		path := write(t, filepath.Join(s.Dir, name))
		must(t, os.Chtimes(path, testNow.Add(-age), testNow.Add(-age)))
	}
	taken(t, s)
	if left := files(t, s.Dir); !slices.Equal(left, []string{".tmp-new"}) {
		t.Errorf("left: %q", left)
	}
}

func TestDrainSetsAsideWhatWillNeverBeTaken(t *testing.T) {
	s, add := spoolOf(t)
	add("good")
	spoiled := map[string]struct{ content, reason string }{
		spoolName(testNow, "half"):    {`{"id":"ha`, "not valid JSON"},
		spoolName(testNow, "empty"):   {``, "there is nothing"},
		spoolName(testNow, "huge"):    {strings.Repeat(" ", maxSpooled+1), "larger than"},
		spoolName(testNow, "wrong"):   {`{"count":"x"}`, "count: a number was expected"},
		spoolName(testNow, "refused"): {`{"id":"refused"}`, "too old"},
	}
	for name, f := range spoiled {
		must(t, os.WriteFile(filepath.Join(s.Dir, name), []byte(f.content), 0o600))
	}
	done, err := s.Deliver(func(events []quota.Event) ([]Result, error) {
		var out []Result
		for _, e := range events {
			r := Result{Status: quota.Recorded}
			if e.ID == "refused" {
				r = Result{Status: quota.Rejected, Error: InvalidField("at", "too old")}
			}
			out = append(out, r)
		}
		return out, nil
	})
	if err != nil || done != (Drained{Taken: 1, SetAside: 5}) {
		t.Errorf("%+v, %v", done, err)
	}
	for name, f := range spoiled {
		content, _ := os.ReadFile(filepath.Join(s.Dir, "bad", name))
		reason, _ := os.ReadFile(filepath.Join(s.Dir, "bad", name+".reason"))
		if string(content) != f.content || !strings.Contains(string(reason), f.reason) {
			t.Errorf("%.20q: kept %d bytes, reason %q", f.content, len(content), reason)
		}
	}
	if left := files(t, s.Dir); !slices.Equal(left, []string{"bad"}) {
		t.Errorf("left: %q", left)
	}
}

func TestDrainLosesNothingWhereNothingIsDurable(t *testing.T) {
	s, add := spoolOf(t)
	add("a")
	add("b")
	if _, err := s.Deliver(func([]quota.Event) ([]Result, error) { return nil, errDiskFull }); !errors.Is(err, errDiskFull) {
		t.Errorf("got %v", err)
	}
	done, err := s.Drain(func(items []Item) ([]Settled, error) { return make([]Settled, len(items)), nil })
	if err != nil || done != (Drained{Kept: 2}) {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err := s.Drain(func([]Item) ([]Settled, error) { return nil, nil }); err == nil {
		t.Error("no word on what became of two events was taken for one")
	}
	if got, _ := taken(t, s); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %q", got)
	}
}

func TestDrainEndsWithTheFirstChunkThatIsNotStored(t *testing.T) {
	s, add := spoolOf(t)
	for i := range 3 * chunkLines {
		add(fmt.Sprint(i))
	}
	asked, first := 0, 0
	done, err := s.Drain(func(items []Item) ([]Settled, error) {
		if asked++; asked == 2 {
			return nil, errDiskFull
		}
		first = len(items)
		settled := make([]Settled, first)
		for i := range settled {
			settled[i].Disposition = Taken
		}
		return settled, nil
	})
	if !errors.Is(err, errDiskFull) || asked != 2 || first == 0 || done != (Drained{Taken: first}) {
		t.Errorf("asked %d times: %+v, %v", asked, done, err)
	}
	if left := files(t, s.Dir); len(left) != 3*chunkLines-first {
		t.Errorf("%d are left", len(left))
	}
}

func TestDrainGoesOnWhereAFileCannotBeSetAside(t *testing.T) {
	s, add := spoolOf(t)
	must(t, s.Write("x", []byte("no event")))
	add("good")
	write(t, filepath.Join(s.Dir, "bad")) // where the folder should be
	done, err := s.Deliver(func(events []quota.Event) ([]Result, error) {
		return []Result{{Status: quota.Recorded}}, nil
	})
	if err == nil || done != (Drained{Taken: 1}) {
		t.Errorf("%+v, %v", done, err)
	}
	if left := files(t, s.Dir); len(left) != 2 {
		t.Errorf("left: %q", left)
	}
}

func TestDrainKeepsTheIDOfAnEventWithoutOne(t *testing.T) {
	s, _ := spoolOf(t)
	must(t, s.Write("", []byte(`{}`)))
	var first, second quota.Event
	s.Deliver(func(e []quota.Event) ([]Result, error) { first = e[0]; return nil, errDiskFull })
	s.Deliver(func(e []quota.Event) ([]Result, error) { second = e[0]; return nil, errDiskFull })
	if first.ID == "" || first.ID != second.ID || !first.At.Equal(testNow) || !second.At.Equal(testNow) {
		t.Errorf("first %q at %v, then %q at %v", first.ID, first.At, second.ID, second.At)
	}
}

func TestDrainOfNoSpoolIsNothing(t *testing.T) {
	if got, done := taken(t, Spool{Dir: filepath.Join(t.TempDir(), "none")}); got != nil || done != (Drained{}) {
		t.Errorf("%q, %+v", got, done)
	}
}
