package transcript

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func numbered(n int) string {
	return claudeUser(fmt.Sprintf("u-%d", n), `"go"`, fmt.Sprintf(`"promptId":"t-%d","promptSource":"typed",`, n))
}

func TestAFileIsFollowedWhileItIsWritten(t *testing.T) {
	r := readingOf(t, claudeCode, numbered(1))
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"the first line", func() {}, []string{"prompt in t-1"}},
		{"nothing new", func() {}, nil},
		{"a line that is half written", func() { r.add(numbered(2)[:150]) }, nil},
		{"the rest of it", func() { r.add(numbered(2)[150:] + "\n") }, []string{"prompt in t-2"}},
		{"a line that is no JSON", func() { r.add("{\"type\":\"user\",\x00\x00\n" + numbered(3) + "\n") }, []string{"prompt in t-3"}},
		{"cut", func() { r.write(numbered(4) + "\n") }, []string{"prompt in t-4"}},
		{"written anew, and longer", func() { r.write(strings.Join([]string{numbered(5), numbered(6), numbered(7)}, "\n") + "\n") },
			[]string{"prompt in t-5", "prompt in t-6", "prompt in t-7"}},
		{"cut to nothing", func() { r.write("") }, nil},
		{"and begun again", func() { r.write(numbered(8) + "\n") }, []string{"prompt in t-8"}},
		{"many lines", func() { r.write(strings.Repeat(numbered(8)+"\n", 8)) }, slices.Repeat([]string{"prompt in t-8"}, 7)},
		{"written anew, alike at the beginning, and longer", func() { r.write(strings.Repeat(numbered(8)+"\n", 7) + numbered(13) + " \n" + numbered(8) + "\n") },
			append(slices.Repeat([]string{"prompt in t-8"}, 7), "prompt in t-13", "prompt in t-8")},
		{"begun once more", func() { r.write(numbered(8) + "\n") }, []string{"prompt in t-8"}},
		{"replaced by a copy that goes on", func() {
			r.swap(numbered(8) + "\n" + numbered(9) + "\n")
		}, []string{"prompt in t-9"}},
		{"replaced by another", func() { r.swap(numbered(10) + "\n" + numbered(11) + "\n" + numbered(12) + "\n") },
			[]string{"prompt in t-10", "prompt in t-11", "prompt in t-12"}},
	} {
		step.do()
		if got := r.more(false); !slices.Equal(got, step.want) {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
}

// swap puts another file in the place of the one that is read.
func (r *reading) swap(text string) {
	r.t.Helper()
	old := r.src.Path
	r.src.Path += ".new"
	r.write(text)
	if err := os.Rename(r.src.Path, old); err != nil {
		r.t.Fatal(err)
	}
	r.src.Path = old
}

func TestLinesThatCannotBeMadeOutAreCounted(t *testing.T) {
	r := readingOf(t, claudeCode, `{"type":"user"`, numbered(1), `{"type":"user","uuid":"x"}`, `["user"]`, `{"bookkeeping"`, "", numbered(2)+"trailing")
	if got := r.more(true); len(got) != 1 || r.mark.Skipped != 4 {
		t.Errorf("%q, %d skipped", got, r.mark.Skipped)
	}
}

func TestTextThatIsNotUnicodeIsTaken(t *testing.T) {
	r := readingOf(t, claudeCode, claudeUser("u-\xff\xfe1", "\"go \xff \\ud800\"", "\"promptId\":\"t-\xff\",\"promptSource\":\"typed\","))
	if got, want := r.more(true), []string{"prompt in t-\uFFFD"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat(`a \"quoted\" \\ word, \u00fc and {[: `, 1<<16)
	for _, c := range []struct {
		name    string
		line    string
		want    []string
		skipped int64
	}{
		{"a prompt of megabytes", claudeUser("u-1", `"`+long+`"`, `"promptId":"t-1","promptSource":"typed",`), []string{"prompt in t-1"}, 0},
		{"one that a command left", claudeUser("u-1", `"<bash-stdout>`+long+`"`, `"promptId":"t-1",`), nil, 0},
		{"a tool's result", claudeUser("u-1", `[{"type":"tool_result","content":"`+long+`"}]`, `"promptId":"t-1",`), nil, 0},
		{"more structure than can be held", claudeUser("u-1", `[`+strings.Repeat(`{"type":"text"},`, 1<<17)+`{}]`, `"promptId":"t-1",`), nil, 1},
		{"no structure at all", strings.Repeat("user", 1<<20), nil, 1},
	} {
		r := readingOf(t, claudeCode, c.line, claudeUser("u-9", `"go"`, `"promptId":"t-9","promptSource":"typed",`))
		got := r.more(true)
		if want := append(c.want, "prompt in t-9"); !slices.Equal(got, want) || r.mark.Skipped != c.skipped {
			t.Errorf("%s: %q and %d skipped, want %q and %d", c.name, got, r.mark.Skipped, want, c.skipped)
		}
	}
}

func TestWhatIsNoFileIsRefusedAtOnce(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := net.Listen("unix", at("socket")); err != nil {
		t.Fatal(err)
	} else {
		defer l.Close()
	}
	for name, want := range map[string]error{
		"missing": ErrGone, "pipe": ErrNotFile, "socket": ErrNotFile, ".": ErrNotFile, "pipe/below": ErrGone, "../../../../../../../dev/zero": ErrNotFile,
	} {
		from := Mark{Offset: 7, Head: "x"}
		mark, err := Read(context.Background(), Source{Tool: claudeCode, Path: at(name)}, from, true, nil)
		if !errors.Is(err, want) || mark.Offset != from.Offset {
			t.Errorf("%s: %v, %+v", name, err, mark)
		}
	}
	if _, err := Read(context.Background(), Source{Tool: "abacus"}, Mark{}, true, nil); err == nil || !strings.Contains(err.Error(), `"abacus"`) {
		t.Errorf("%v", err)
	}
}

func TestNothingIsLostWhereTakingFails(t *testing.T) {
	r := readingOf(t, claudeCode, numbered(1), numbered(2), numbered(3))
	full := errors.New("full")
	taken := 0
	mark, err := Read(context.Background(), r.src, Mark{}, false, func(Item) error {
		if taken++; taken == 2 {
			return full
		}
		return nil
	})
	if err != full {
		t.Fatal(err)
	}
	r.mark = throughJSON(t, mark)
	if got, want := r.more(false), []string{"prompt in t-2", "prompt in t-3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}

	r = readingOf(t, claudeCode, claudeAnswer("m", "null", 7, ""), claudeAnswer("n", "null", 3, ""))
	if r.mark, err = Read(context.Background(), r.src, Mark{}, false, func(Item) error { return full }); err != full {
		t.Fatal(err)
	}
	if got, want := r.more(true), []string{anAnswer, "usage glm-5.3 42+30+3"}; !slices.Equal(got, want) {
		t.Errorf("an open answer: %q, want %q", got, want)
	}

	ctx, stop := context.WithCancel(context.Background())
	stop()
	if mark, err := Read(ctx, r.src, Mark{}, false, nil); err != context.Canceled || mark.Offset != 0 {
		t.Errorf("%v, %+v", err, mark)
	}
}

func TestAMarkThatIsSpoiltBeginsAnew(t *testing.T) {
	r := readingOf(t, claudeCode, numbered(1))
	r.more(false)
	for _, state := range []string{`[]`, `{"turn":7}`} {
		r.mark.State = []byte(state)
		if got := r.more(false); len(got) != 1 {
			t.Errorf("%s: %q", state, got)
		}
	}
}

// session is a made-up transcript with all that lasts longer than a line.
func session(t *rapid.T) []string {
	kinds := []func(n int) string{
		numbered,
		func(n int) string {
			return claudeUser(fmt.Sprint("x-", n), `"<bash-input>ls</bash-input>"`, fmt.Sprintf(`"promptId":"t-%d",`, n))
		},
		func(n int) string { return claudeUser(fmt.Sprint("o-", n), `"old"`, "") },
		func(n int) string {
			return claudeUser(fmt.Sprint("r-", n), `[{"type":"tool_result","content":"ü"}]`, "")
		},
		func(n int) string { return claudeAnswer(fmt.Sprint("m-", n/3), "null", n+1, "") },
		func(n int) string { return claudeAnswer(fmt.Sprint("m-", n/3), `"end_turn"`, n+1, "") },
		func(n int) string {
			return claudeAnswer(fmt.Sprint("s-", n/4), "null", n+1, fmt.Sprintf(`"isSidechain":true,"agentId":"a-%d",`, n%3))
		},
		func(int) string { return `{"type":"user","broken` },
		func(int) string {
			return claudeRefusal("Usage limit reached for 5 hour. Your limit will reset at 2026-10-05 19:30:00")
		},
	}
	var lines []string
	for n := range rapid.IntRange(1, 12).Draw(t, "lines") {
		lines = append(lines, rapid.SampledFrom(kinds).Draw(t, "kind")(n))
	}
	return lines
}

func TestReadInPiecesIsReadAtOnce(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(session(rt), "\n") + "\n"
		r := &reading{t: t, src: Source{Tool: claudeCode, Path: filepath.Join(dir, "s.jsonl")}}
		r.write(text)
		want := r.more(true)
		whole := r.got
		cut := rapid.IntRange(0, len(text)).Draw(rt, "cut")
		r.got, r.mark = nil, Mark{}
		r.write(text[:cut])
		got := r.more(false)
		r.write(text)
		if got = append(got, r.more(true)...); !slices.Equal(got, want) {
			rt.Fatalf("in pieces: %q\nat once: %q", got, want)
		}
		for i := range whole {
			if !reflect.DeepEqual(r.got[i].Event, whole[i].Event) {
				rt.Fatalf("%+v, at once %+v", r.got[i], whole[i])
			}
		}
	})
}

func TestFollowedByteByByte(t *testing.T) {
	claude := []string{numbered(1), claudeAnswer("m", "null", 1, ""), claudeAnswer("m", "null", 7, ""), `{"type":"user",`, claudeAnswer("n", "null", 3, "")}
	rollout := slices.Concat([]string{codexMeta("")}, codexTurn("t-1", "t-1"), codexAnswered("r-1", "t-1", codexUsage(9, 2, 3)))
	for tool, lines := range map[string][]string{claudeCode: claude, codex: rollout} {
		r := readingOf(t, tool, lines...)
		want := r.more(true)
		r.mark = Mark{}
		r.write("")
		var got []string
		for _, c := range []byte(strings.Join(lines, "\n") + "\n") {
			r.add(string([]byte{c}))
			got = append(got, r.more(false)...)
		}
		if got = append(got, r.more(true)...); !slices.Equal(got, want) {
			t.Errorf("%s: byte by byte %q, at once %q", tool, got, want)
		}
	}
}

// A file that somebody made by a hole alone is as large as its file system takes,
// and no line of it ever ends.
func TestALineWithoutEndIsGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.jsonl")
	good := claudeAnswer("m", "null", 1, "") + "\n"
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<42); err != nil {
		t.Skip("this file system has no files so large: ", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // all of it would take an hour
	defer cancel()
	mark, err := Read(ctx, Source{Tool: "claude-code", Path: path, Session: "s"}, Mark{}, false, func(Item) error { return nil })
	if !errors.Is(err, errLongLine) || mark.Offset != int64(len(good)) {
		t.Errorf("read up to %d, %v; the line before it has %d bytes", mark.Offset, err, len(good))
	}
}
