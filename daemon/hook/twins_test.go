package hook

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func words(parts ...string) [][]byte {
	var out [][]byte
	for _, p := range parts {
		out = append(out, []byte(p))
	}
	return out
}

// id is the ID of the run of a prompt that began at an instant.
func (t Twins) id(same [][]byte, at time.Time, minted string) (string, error) {
	run, err := t.First(same, twinGap, Run{minted, at})
	return run.ID, err
}

// home makes folders for twins to meet in.
func home(t *testing.T) Twins {
	dir := t.TempDir()
	return Twins{
		Dirs: []string{filepath.Join(dir, "gone", "quotad"), filepath.Join(dir, "quotad")},
		Salt: SaltIn(filepath.Join(dir, "state")),
	}
}

// saltOf is the file of the salt of what home made.
func saltOf(t Twins) string { return filepath.Join(filepath.Dir(t.Dirs[1]), "state", "hook.salt") }

func TestTwins(t *testing.T) {
	for _, c := range []struct {
		what  string
		same  [][]byte
		after time.Duration
		want  string
	}{
		{"the same prompt at once is a twin", words("s", "p", "continue"), 0, "first"},
		{"the same prompt 300 ms later is one", words("s", "p", "continue"), 300 * time.Millisecond, "first"},
		{"one that began earlier and came later is one", words("s", "p", "continue"), -300 * time.Millisecond, "first"},
		{"the same prompt after that was typed again", words("s", "p", "continue"), 301 * time.Millisecond, "second"},
		{"so was one a second later", words("s", "p", "continue"), time.Second, "second"},
		{"another prompt is another prompt", words("s", "p", "go on"), 0, "second"},
		{"another turn is another prompt", words("s", "q", "continue"), 0, "second"},
		{"another session is another prompt", words("t", "p", "continue"), 0, "second"},
		{"parts are not run together", words("s", "pcontinue", ""), 0, "second"},
	} {
		twins := home(t)
		first, err := twins.id(words("s", "p", "continue"), start, "first")
		if err != nil || first != "first" {
			t.Fatal(first, err)
		}
		if got, err := twins.id(c.same, start.Add(c.after), "second"); got != c.want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", c.what, got, err, c.want)
		}
	}
}

func TestTwinsOfOnePromptDoNotHideTheNext(t *testing.T) {
	twins := home(t)
	for i, want := range []string{"0", "0", "2", "2", "4"} { // 200 ms apart, one continue after the other
		got, err := twins.id(words("continue"), start.Add(time.Duration(i)*200*time.Millisecond), fmt.Sprint(i))
		if got != want || err != nil {
			t.Errorf("run %d: got %q, %v; want %q", i, got, err, want)
		}
	}
}

// A twin that was held up finds the first, though other prompts came meanwhile.
func TestATwinMayBeLate(t *testing.T) {
	twins := home(t)
	for _, run := range []struct {
		prompt     string
		after      time.Duration
		mint, want string
	}{
		{"hi", 0, "first", "first"},
		{"another", twinGap + late, "another", "another"},
		{"hi", twinGap, "second", "first"},
	} {
		if got, err := twins.id(words(run.prompt), start.Add(run.after), run.mint); got != run.want || err != nil {
			t.Errorf("%q after %v: got %q, %v; want %q", run.prompt, run.after, got, err, run.want)
		}
	}
}

// While many prompts come at once each of their twins is found, in a file that
// stays small; and the next one for itself leaves nothing of them.
func TestTwinsOfManyPromptsAtOnce(t *testing.T) {
	twins := home(t)
	file := filepath.Join(twins.Dirs[1], "hook.recent")
	var largest int64
	const every = time.Millisecond
	for i := range 1500 {
		at := start.Add(time.Duration(i) * every)
		for _, run := range []struct {
			of         int
			mint, want string
		}{
			{i, fmt.Sprint("first-", i), fmt.Sprint("first-", i)},
			{i, fmt.Sprint("second-", i), fmt.Sprint("first-", i)},
			{i - 200, fmt.Sprint("late-", i), fmt.Sprint("first-", i-200)},
		} {
			if run.of < 0 {
				continue
			}
			if got, err := twins.id(words("prompt", fmt.Sprint(run.of)), at, run.mint); got != run.want || err != nil {
				t.Fatalf("%s: got %q, %v; want %q", run.mint, got, err, run.want)
			}
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, info.Size())
	}
	if most := int64(twinGap+late)/int64(every)*120 + 1<<10; largest > max(most, 64<<10+1<<10) {
		t.Errorf("%d bytes while %v prompts may have twins", largest, int64(twinGap+late)/int64(every))
	}
	if _, err := twins.id(words("alone"), start.Add(time.Minute), "alone"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() > 120 {
		t.Errorf("a minute later: %v, %v", info.Size(), err)
	}
}

func TestTwinsSideBySide(t *testing.T) {
	twins := home(t)
	for round := range 20 {
		at := start.Add(time.Duration(round) * time.Second)
		ids := make([]string, 8)
		var runs sync.WaitGroup
		for i := range ids {
			runs.Go(func() {
				id, err := twins.id(words("continue"), at.Add(time.Duration(i)*time.Millisecond), fmt.Sprint(round, "-", i))
				if err != nil {
					t.Error(err)
				}
				ids[i] = id
			})
		}
		runs.Wait()
		for _, id := range ids {
			if id != ids[0] || !strings.HasPrefix(id, fmt.Sprint(round, "-")) {
				t.Fatalf("round %d: %q", round, ids)
			}
		}
	}
}

func TestTwinsKeepNothingReadable(t *testing.T) {
	twins := home(t)
	for i := range 50 {
		at := start.Add(time.Duration(i) * 2 * longestGap)
		if _, err := twins.id(words("my secret prompt"), at, "x"); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(twins.Dirs[1], "hook.recent")
	for path, most := range map[string]int64{file: 200, saltOf(twins): 32} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 || info.Size() > most {
			t.Errorf("%s: %v, %d bytes", filepath.Base(path), info.Mode(), info.Size())
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.Contains(text, []byte("secret")) {
			t.Errorf("%q, %v", text, err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(saltOf(twins)))
	if err != nil || len(left) != 1 {
		t.Error("beside the salt:", left, err)
	}
}

func TestTwinsMendWhatIsBroken(t *testing.T) {
	for what, text := range map[string]string{
		"a line that was cut off":   "abc 01",
		"lines of something else":   "\x00\xff\n\n a b c d\n",
		"an ID that is too long":    mark(make([]byte, saltLength), words("hi")) + " " + strings.Repeat("x", 300) + fmt.Sprint(" ", start.UnixMilli(), " 300"),
		"a time that is to come":    mark(make([]byte, saltLength), words("hi")) + " other " + fmt.Sprint(start.UnixMilli()+1000, " 300"),
		"a good line, and half one": mark(make([]byte, saltLength), words("ho")) + " other " + fmt.Sprint(start.UnixMilli(), " 300\n") + mark(make([]byte, saltLength), words("hi"))[:40],
		"a line without an end":     strings.Repeat("x", 1<<21),
		"nothing, as after a kill":  "",
	} {
		twins := home(t)
		write(t, saltOf(twins), make([]byte, saltLength))
		write(t, filepath.Join(twins.Dirs[1], "hook.recent"), []byte(text))
		for _, mint := range []string{"first", "second"} {
			if id, err := twins.id(words("hi"), start, mint); id != "first" || err != nil {
				t.Errorf("%s: %s got %q, %v", what, mint, id, err)
			}
		}
	}
}

func TestTwinsMendASaltThatIsNotWhole(t *testing.T) {
	for what, text := range map[string]string{
		"nothing, as after a power cut": "",
		"too little":                    "salt",
		"too much":                      strings.Repeat("x", saltLength+1),
	} {
		twins := home(t)
		write(t, saltOf(twins), []byte(text))
		for _, mint := range []string{"first", "second"} {
			if id, err := twins.id(words("hi"), start, mint); id != "first" || err != nil {
				t.Errorf("%s: %s got %q, %v", what, mint, id, err)
			}
		}
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsToldToAFileOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to others")
	}
	twins := home(t)
	theirs := filepath.Join(twins.Dirs[1], "hook.recent")
	write(t, theirs, nil)
	if err := os.Chown(theirs, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if id, err := twins.id(words("hi"), start, "mine"); id != "mine" || err == nil {
		t.Errorf("got %q, %v", id, err)
	}
	if text, err := os.ReadFile(theirs); err != nil || len(text) > 0 {
		t.Errorf("it was told %q, %v", text, err)
	}
}

func TestTwinsCountWhereTheyCannotMeet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	for what, spoil := range map[string]func(*Twins){
		"no folder takes the file": func(w *Twins) { w.Dirs = []string{filepath.Join(file, "x")} },
		"there is no folder":       func(w *Twins) { w.Dirs = nil },
		"the salt has no place":    func(w *Twins) { w.Salt = SaltIn(file) },
		"the salt is a folder": func(w *Twins) {
			write(t, filepath.Join(filepath.Dir(file), "hook.salt", "x"), nil)
			w.Salt = SaltIn(filepath.Dir(file))
		},
		"a link stands in the way": func(w *Twins) {
			w.Dirs = w.Dirs[1:]
			write(t, filepath.Join(w.Dirs[0], "x"), nil)
			if err := os.Symlink(file, filepath.Join(w.Dirs[0], "hook.recent")); err != nil {
				t.Fatal(err)
			}
		},
		"it is another name of a file of ours": func(w *Twins) {
			w.Dirs = w.Dirs[1:]
			write(t, filepath.Join(w.Dirs[0], "x"), []byte("precious"))
			if err := os.Link(filepath.Join(w.Dirs[0], "x"), filepath.Join(w.Dirs[0], "hook.recent")); err != nil {
				t.Fatal(err)
			}
		},
		"the salt is a pipe": func(w *Twins) {
			write(t, filepath.Join(filepath.Dir(saltOf(*w)), "x"), nil)
			if err := syscall.Mkfifo(saltOf(*w), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a pipe stands in the way": func(w *Twins) {
			w.Dirs = w.Dirs[1:]
			write(t, filepath.Join(w.Dirs[0], "x"), nil)
			if err := syscall.Mkfifo(filepath.Join(w.Dirs[0], "hook.recent"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a run that was stopped holds the lock": func(w *Twins) {
			path := filepath.Join(w.Dirs[1], "hook.recent")
			write(t, path, nil)
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
				t.Fatal(err)
			}
		},
	} {
		twins := home(t)
		spoil(&twins)
		if id, err := twins.id(words("hi"), start, "mine"); id != "mine" || err == nil {
			t.Errorf("%s: got %q, %v", what, id, err)
		}
	}
}
