package notify

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// script is a program that runs shell words.
func script(t *testing.T, words string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+words+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCommandGetsTheNotice(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	c := &Command{
		Args:    []string{script(t, `cat > "$1"; echo "$2" >> "$1"; env >> "$1"`), out, "two words; $HOME"},
		Environ: []string{"PATH=" + os.Getenv("PATH"), "QUOTAD_ZAI_KEY=secret", "QUOTAD_STATE_DIR=/s", "NOTIFY_SOCKET=/n", "LISTEN_FDS=1"},
	}
	n := quota.Notice{Kind: quota.NoticeThreshold, Account: "default", Window: "5h", Level: 90, Percent: 91.2, At: noon, Title: "t <b>", Body: "b"}
	if o, err := c.Send(t.Context(), n, agreed); o != Delivered || err != nil {
		t.Fatal(o, err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(got), "\n")
	var back quota.Notice
	if err := json.Unmarshal([]byte(lines[0]), &back); err != nil || back != n {
		t.Errorf("the program read %q (%v)", lines[0], err)
	}
	if lines[1] != "two words; $HOME" {
		t.Errorf("the argument is %q", lines[1])
	}
	if text := string(got); strings.Contains(text, "secret") || strings.Contains(text, "NOTIFY") || strings.Contains(text, "LISTEN") {
		t.Errorf("the environment leaks: %s", text)
	}
	if !slices.Contains(lines, "QUOTAD_STATE_DIR=/s") {
		t.Errorf("the environment lacks what a program needs: %q", lines)
	}
}

func TestCommandEnds(t *testing.T) {
	for _, c := range []struct {
		name, words string
		outcome     Outcome
		says        string
	}{
		{"well", "exit 0", Delivered, ""},
		{"well, without having read the notice, and with much to say", "yes | head -c 200000; yes | head -c 200000 >&2", Delivered, ""},
		{"well, with something left in the background", "sleep 5 & exit 0", Delivered, ""},
		{"badly", "echo the reason >&2; exit 3", Failed, "exit status 3: the reason"},
		{"badly and loudly", "yes x | tr -d '\\n' | head -c 5000 >&2; exit 3", Failed, "exit status 3: " + strings.Repeat("x", 200)},
		{"by a signal", "kill -9 $$", Failed, "signal: killed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o, err := NewCommand([]string{script(t, c.words)}).Send(t.Context(), note("a", "b"), agreed)
			if o != c.outcome {
				t.Fatalf("%v (%v), want %v", o, err, c.outcome)
			}
			if err == nil != (c.says == "") || err != nil && !strings.HasSuffix(err.Error(), c.says) {
				t.Fatalf("error %v, want %q", err, c.says)
			}
		})
	}
}

func TestCommandThatCannotRun(t *testing.T) {
	for _, args := range [][]string{nil, {"/nonexistent/program"}, {"no-such-program-on-the-path"}, {t.TempDir()}} {
		if o, err := NewCommand(args).Send(t.Context(), note("a", "b"), agreed); o != NotRun || err == nil {
			t.Errorf("%q: %v %v", args, o, err)
		}
	}
}

func TestCommandIsNotRunWhereNothingCanBeStored(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "ran")
	full := errors.New("no space")
	o, err := NewCommand([]string{"/bin/sh", "-c", "echo > " + mark}).Send(t.Context(), note("a", "b"), func() error { return full })
	if o != Unsent || !errors.Is(err, full) {
		t.Error(o, err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the program was run")
	}
}

// A program that hangs is killed with all it started, in time.
func TestCommandThatHangs(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "late")
	c := NewCommand([]string{script(t, "(sleep 2; echo > "+mark+") & sleep 100; echo")})
	c.limit = 200 * time.Millisecond
	start := time.Now()
	if o, err := c.Send(t.Context(), note("a", "b"), agreed); o != Failed || !strings.Contains(err.Error(), "too long") {
		t.Fatal(o, err)
	}
	if took := time.Since(start); took > time.Second {
		t.Fatalf("took %v", took)
	}
	time.Sleep(2500 * time.Millisecond)
	if _, err := os.Stat(mark); err == nil {
		t.Error("what it had started runs on")
	}
}
