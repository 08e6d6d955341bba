package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// barLimit is what a bar and a status line may take.
const barLimit = 200 * time.Millisecond

// onPlan is an environment of Claude Code on the plan.
const onPlan = "ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic"

// lineConfig has one window, which a test fills as it likes.
const lineConfig = `
[account.default]
plan = "lab/line"
subscribed = 2026-01-05T08:00:00Z
[notify]
desktop = false
[[endpoint]]
url = "http://127.0.0.1:3456"
plan = true
[[plan]]
id = "lab/line"
name = "Line"
unit = "prompts"
[[plan.window]]
name = "5h"
kind = "rolling"
length = "5h"
cap = 100
`

// shown is what a command printed.
type shown struct {
	out  string
	code int
	took time.Duration
}

// heard is what a command shows that has heard the daemon in time, which a busy
// machine may keep it from.
func (h *daemonHome) heard(stdin func() io.Reader, env []string, args ...string) (got shown) {
	h.t.Helper()
	patiently(h.t, func() bool {
		got = h.shows(stdin(), env, args...)
		return !strings.Contains(got.out, "quotad: no answer")
	})
	return got
}

func nothing() io.Reader { return nil }

func text(s string) func() io.Reader {
	return func() io.Reader { return strings.NewReader(s) }
}

// shows runs a command that never says a word on standard error, and has to end
// by itself.
func (h *daemonHome) shows(stdin io.Reader, env []string, args ...string) shown {
	h.t.Helper()
	c := h.command(args...)
	c.Env = append(append(c.Env, "LC_ALL=C.UTF-8"), env...)
	var out, complaints bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = stdin, &out, &complaints
	begin := time.Now()
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	hung := time.AfterFunc(stopLimit, func() { c.Process.Kill() })
	_ = c.Wait()
	if !hung.Stop() {
		h.t.Fatalf("%q did not end by itself", args)
	}
	took := time.Since(begin)
	if !slices.Contains(args, "--wrap") && took > barLimit+hookMargin {
		h.t.Errorf("%q took %v", args, took)
	}
	if complaints.Len() > 0 {
		h.t.Errorf("%q complained: %s", args, &complaints)
	}
	return shown{out.String(), c.ProcessState.ExitCode(), took}
}

// open is an input that says something and then stays open.
func open(t *testing.T, text string) io.Reader {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(); r.Close() })
	go io.WriteString(w, text)
	return r
}

// newLineHome has a daemon that has counted 40 of 100 prompts.
func newLineHome(t *testing.T) *daemonHome {
	t.Helper()
	h := newDaemonHome(t)
	h.configure(lineConfig)
	h.start()
	e := promptAt("line", time.Now())
	e.Count = 40
	h.post(e).accepted(t)
	return h
}

// Whatever comes in, the line comes out.
func TestStatuslineTakesAnyInput(t *testing.T) {
	h := newLineHome(t)
	claude := `{"session_id":"s","transcript_path":"/home/ada/.claude/projects/p/s.jsonl","model":{"id":"glm-5.3[1m]"}}`
	const line = "GLM 5h ~40 % (about 40 of 100 prompts)\n"
	for _, c := range []struct {
		what  string
		stdin func() io.Reader
		env   []string
		want  string
	}{
		{"Claude Code's own", func() io.Reader { return strings.NewReader(claude) }, []string{onPlan}, line},
		{"an end that does not come", func() io.Reader { return open(t, claude) }, []string{onPlan}, line},
		{"nothing", func() io.Reader { return strings.NewReader("") }, nil, line},
		{"nothing, ever", func() io.Reader { return open(t, "") }, nil, line},
		{"half an object, and no more", func() io.Reader { return open(t, claude[:30]) }, nil, line},
		{"no JSON", func() io.Reader { return strings.NewReader("\x00\xff}{") }, nil, line},
		{"all of other types", func() io.Reader { return strings.NewReader(`{"rate_limits":3,"transcript_path":[],"model":"x"}`) }, nil, line},
		{"more than is kept", func() io.Reader { return strings.NewReader(`{"a":"` + strings.Repeat("x", 9<<20) + `"}`) }, nil, line},
		{"a router that the user says is the plan", func() io.Reader { return strings.NewReader(claude) }, []string{"ANTHROPIC_BASE_URL=http://127.0.0.1:3456/v1"}, line},
		{"another service", func() io.Reader { return strings.NewReader(claude) }, []string{"ANTHROPIC_BASE_URL=https://api.example.com"}, ""},
		{"the standard API, which is no plan", func() io.Reader { return strings.NewReader(claude) }, []string{"ANTHROPIC_BASE_URL=https://api.z.ai/api/paas/v4"}, ""},
		{"Anthropic", func() io.Reader { return strings.NewReader(claude) }, nil, ""},
		{"a subscription to Claude", func() io.Reader { return strings.NewReader(`{"rate_limits":{"five_hour":{"used_percentage":2}}}`) }, []string{onPlan}, ""},
	} {
		patiently(t, func() bool {
			got := h.heard(c.stdin, append(c.env, "NO_COLOR=1", "COLUMNS=80"), "statusline")
			if got.out != c.want || got.code != 0 {
				t.Logf("%s: %q, exit code %d, want %q", c.what, got.out, got.code, c.want)
			}
			return got.out == c.want && got.code == 0
		})
	}
}

// away are the ways in which a daemon does not answer.
func away(t *testing.T) map[string]func(h *daemonHome) {
	listen := func(h *daemonHome, each func(net.Conn)) {
		if err := os.MkdirAll(filepath.Dir(h.socket), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", h.socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for each != nil {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					c.Read(make([]byte, 4<<10)) // the request
					each(c)
				}()
			}
		}()
	}
	return map[string]func(h *daemonHome){
		"no daemon": func(*daemonHome) {},
		"no answer": func(h *daemonHome) { listen(h, nil) },
		"no answer, but a head": func(h *daemonHome) {
			listen(h, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{") })
		},
		"no status": func(h *daemonHome) {
			listen(h, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") })
		},
		"no status, but noise": func(h *daemonHome) {
			listen(h, func(c net.Conn) {
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore than was asked for")
			})
		},
	}
}

// A daemon that is away or hangs is told of in each format, with 0.
func TestBarsSayThatNobodyAnswers(t *testing.T) {
	for what, spoil := range away(t) {
		h := newDaemonHome(t)
		spoil(h)
		want, _, _ := strings.Cut(what, ",")
		for _, args := range [][]string{
			{"statusline"}, {"statusline", "--wrap", "true"}, {"status", "--format", "waybar"}, {"status", "--format", "tmux"}, {"status", "--format", "i3blocks"},
			{"status", "--format", "polybar"}, {"status", "--format", "xbar"}, {"status", "--format", "tmux", "--account", "nobody"},
		} {
			patiently(t, func() bool { // to a busy machine all of them may be late
				got := h.shows(open(t, ""), nil, args...)
				if !strings.Contains(got.out, "quotad: ") || got.code != 0 {
					t.Errorf("%s, %q: %q, exit code %d", what, args, got.out, got.code)
				}
				return strings.Contains(got.out, "quotad: "+want)
			})
		}
	}
}

// Whatever is wrong with the daemon and the input, it is over in time. The
// start of a process is left out, which a busy machine makes as long as it likes.
func TestBarsEndInTime(t *testing.T) {
	for what, spoil := range away(t) {
		h := newDaemonHome(t)
		spoil(h)
		t.Setenv("QUOTAD_SOCKET", h.socket)
		t.Setenv("HOME", h.root)
		for _, args := range [][]string{{"statusline"}, {"status", "--format", "waybar"}} {
			patiently(t, func() bool {
				begin := time.Now()
				var out, complaints bytes.Buffer
				if code := run(t.Context(), args, open(t, ""), &out, &complaints); code != 0 || complaints.Len() > 0 || out.Len() == 0 {
					t.Errorf("%s, %q: exit code %d\n%s%s", what, args, code, &out, &complaints)
				}
				return time.Since(begin) < barLimit
			})
		}
	}
}

func TestBarsSayThatAnAccountIsNotThere(t *testing.T) {
	h := newLineHome(t)
	got := h.heard(nothing, nil, "status", "--format", "xbar", "--account", "nobody")
	if want := "quotad: no status | color=#888888\n---\nThere is no account nobody.\n"; !strings.HasPrefix(got.out, want) || got.code != 0 {
		t.Errorf("%q, exit code %d", got.out, got.code)
	}
}

func TestStatuslineColours(t *testing.T) {
	h := newLineHome(t)
	const plain, green = "GLM 5h ~40 %\n", "\x1b[32mGLM 5h ~40 %\x1b[0m\n"
	for _, c := range []struct {
		env  []string
		want string
	}{
		{nil, green}, {[]string{"TERM=xterm"}, green}, {[]string{"NO_COLOR="}, green},
		{[]string{"NO_COLOR=1"}, plain}, {[]string{"TERM=dumb"}, plain},
	} {
		if got := h.heard(nothing, append(c.env, "COLUMNS=20"), "statusline"); got.out != c.want {
			t.Errorf("%q: %q, want %q", c.env, got.out, c.want)
		}
	}
}

// No line is wider than the terminal, and none says less than it has room for.
func TestStatuslineFits(t *testing.T) {
	for what, g := range barGlances() {
		before := 0
		for width := leastWidth; width <= 200; width++ {
			s := segment{screen{width: width, colour: true, blocks: true}, g}
			used := shownCells(s.within(width))
			if used > width || used < before {
				t.Fatalf("%s: %d of %d columns, after %d: %q", what, used, width, before, s.within(width))
			}
			before = used
		}
	}
}

func TestStatuslineShortens(t *testing.T) {
	five, week := window("5h", quota.Fixed, 310, 400, in(134*time.Minute)), window("week", quota.Anchored, 790, 2000, in(49*time.Hour))
	full := blocked(pro(window("5h", quota.Fixed, 400, 400, in(72*time.Minute))), in(72*time.Minute))
	one, two := glanced(pro(five, week)), glanced(pro(five), other("work", full))
	for _, c := range []struct {
		glance *glance
		width  int
		want   string
	}{
		{one, 20, "5h ~77 %, 08:44"},
		{one, 40, "GLM 5h ~77 %, resets 08:44 · week ~39 %"},
		{one, 60, "GLM 5h ~77 %, resets 08:44 · week ~39 %"},
		{one, 200, "GLM 5h ~77 % (about 310 of 400 prompts), resets 08:44 · week ~39 %, resets Wed 07:30"},
		{two, 20, "work no room +1"},
		{two, 40, "default 5h ~77 % | work no room"},
		{two, 60, "default 5h ~77 %, 08:44 | work no room, 07:42"},
		{two, 80, "GLM default 5h ~77 %, resets 08:44 | work no room until 07:42"},
		{absent(), 20, "quotad: no daemon"},
		{glanced(other("a-name-as-long-as-any", pro(window("a-window-as-long", quota.Fixed, 1, 2, nil)))), 20, "a-name-as-long-… a-…"},
	} {
		if got := (segment{screen{blocks: true}, c.glance}).within(c.width); got != c.want {
			t.Errorf("%d columns: %q, want %q", c.width, got, c.want)
		}
	}
}

func TestBeside(t *testing.T) {
	ours := func(width int) segment {
		return segment{screen{width: width, colour: true, blocks: true}, glanced(pro(window("5h", quota.Fixed, 310, 400, nil)))}
	}
	const text, longer = "\x1b[32mGLM 5h ~77 %\x1b[0m", "\x1b[32mGLM 5h ~77 % (about 310 of 400 prompts)\x1b[0m"
	for _, c := range []struct {
		what, theirs string
		ours         segment
		want         string
	}{
		{"nothing of theirs", "", ours(80), longer},
		{"nothing of ours", "me@host\nmore", segment{}, "me@host\nmore"},
		{"on one line", "me@host", ours(80), "me@host | " + longer},
		{"at the end of the first", "me@host\r\nmore", ours(80), "me@host | " + longer + "\nmore"},
		{"shorter where room is short", "me@host", ours(30), "me@host | " + text},
		{"below where there is none", strings.Repeat("x", 40) + "\nmore", ours(40), strings.Repeat("x", 40) + "\nmore\n" + longer},
		{"their colour ends with them", "\x1b[31mme", ours(30), "\x1b[31mme\x1b[0m | " + text},
		{"colours and links take no room", "\x1b[1;31m\x1b]8;;https://a.example/" + strings.Repeat("x", 90) + "\x1b\\here\x1b]8;;\a\x1b[0m", ours(25),
			"\x1b[1;31m\x1b]8;;https://a.example/" + strings.Repeat("x", 90) + "\x1b\\here\x1b]8;;\a\x1b[0m\x1b[0m | " + text},
	} {
		if got := beside(c.theirs, c.ours); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// What the user's own command does is its own affair: our line is there.
func TestStatuslineWraps(t *testing.T) {
	h := newLineHome(t)
	input := `{"session_id":"s","prompt":"` + strings.Repeat("p", 100_000) + `"}` + "\n"
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(input)))
	const line = "GLM 5h ~40 % (about 40 of 100 prompts)"
	for _, c := range []struct{ what, command, want string }{
		{"it prints a line", "echo me", "me | " + line + "\n"},
		{"it prints in colour", `printf '\033[36mme\033[0m'`, "\x1b[36mme\x1b[0m\x1b[0m | " + line + "\n"},
		{"it prints several", `printf 'me\nmore\n\n'`, "me | " + line + "\nmore\n"},
		{"it gets all of the input", "sha256sum | cut -c 1-64", sum + " | " + line + "\n"},
		{"it does not read", "true", line + "\n"},
		{"it fails", "echo me; exit 3", "me | " + line + "\n"},
		{"it is not there", "/nowhere/line", line + "\n"},
		{"it is no shell command", "((", line + "\n"},
		{"it complains", "echo no >&2; echo me", "me | " + line + "\n"},
		{"it leaves something behind", "sleep 600 & echo $! >pid; echo me", "me | " + line + "\n"},
	} {
		got := h.heard(text(input), []string{"NO_COLOR=1", "COLUMNS=120", "PATH=" + os.Getenv("PATH")}, "statusline", "--wrap", c.command)
		if got.out != c.want || got.code != 0 {
			t.Errorf("%s: %q, exit code %d, want %q", c.what, got.out, got.code, c.want)
		}
	}
	h.end("pid")
}

// end ends what a test's command has left behind.
func (h *daemonHome) end(file string) {
	text, err := os.ReadFile(filepath.Join(h.root, file))
	var pid int
	if _, bad := fmt.Sscan(string(text), &pid); err != nil || bad != nil {
		h.t.Fatal(err, bad)
	}
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}

// A command that is slow is ended with all that it started, and what it
// printed is kept.
func TestStatuslineWaitsASecondForTheirs(t *testing.T) {
	h := newLineHome(t)
	got := h.heard(text("{}"), []string{"NO_COLOR=1", "COLUMNS=80", "PATH=" + os.Getenv("PATH")},
		"statusline", "--wrap", "echo me; (sleep 2; touch alive); echo late")
	if want := "me | GLM 5h ~40 % (about 40 of 100 prompts)\n"; got.out != want || got.code != 0 {
		t.Errorf("%q, exit code %d", got.out, got.code)
	}
	if got.took < wrapBy || got.took > wrapBy+barLimit+hookMargin {
		t.Errorf("it took %v", got.took)
	}
	time.Sleep(1500 * time.Millisecond) // past the two seconds
	if _, err := os.Stat(filepath.Join(h.root, "alive")); err == nil {
		t.Error("what it started goes on")
	}
}

func TestStatuslineOfATapeIsBounded(t *testing.T) {
	in := &tape{r: io.LimitReader(zeros{}, longestTape+1000)}
	if n, err := io.Copy(io.Discard, in); n != longestTape+1000 || err != nil || len(in.bytes()) != longestTape {
		t.Errorf("read %d (%v), kept %d", n, err, len(in.bytes()))
	}
	var out head
	if n, err := io.Copy(&out, io.LimitReader(zeros{}, longestWrap+1000)); n != longestWrap+1000 || err != nil || len(out.kept) != longestWrap {
		t.Errorf("written %d (%v), kept %d", n, err, len(out.kept))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestStatuslineOutlivesAPanic(t *testing.T) {
	h := newDaemonHome(t)
	for _, stdin := range []io.Reader{panicReader{}, nil} {
		var out bytes.Buffer
		a := &app{stdin: stdin, stdout: &out, env: envOf("QUOTAD_SOCKET", h.socket, "HOME", h.root), now: time.Now}
		a.statusline(t.Context(), statuslineFlags{}, time.Now())
		if !strings.Contains(out.String(), "quotad: no daemon") {
			t.Errorf("%q", &out)
		}
	}
}

// Wrong use of it is no reason to blank a line.
func TestStatuslineTakesAnyArguments(t *testing.T) {
	h := newLineHome(t)
	for _, args := range [][]string{{"--bogus"}, {"--wrap"}, {"--account"}, {"word", "-x", "--new=1"}, {"--account", "a b"}} {
		got := h.shows(nil, []string{"NO_COLOR=1", "COLUMNS=20"}, append([]string{"statusline"}, args...)...)
		if got.code != 0 || !strings.HasPrefix(got.out, "GLM 5h ~40 %") && !strings.HasPrefix(got.out, "quotad: no status") {
			t.Errorf("%q: %q, exit code %d", args, got.out, got.code)
		}
	}
	got := h.shows(nil, nil, "--socket", h.socket, "statusline")
	if !strings.Contains(got.out, "GLM 5h ~40 %") || got.code != 0 {
		t.Errorf("flags before the word: %q, exit code %d", got.out, got.code)
	}
}
