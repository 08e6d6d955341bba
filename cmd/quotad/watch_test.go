package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"quotad/quota"
)

// watcher is a watch of a daemon, line by line.
type watcher struct {
	t     *testing.T
	lines *bufio.Scanner
	said  bytes.Buffer // on standard error
	stop  context.CancelFunc
	done  chan error
}

func beginWatch(t *testing.T, socket string, asJSON bool) *watcher {
	t.Helper()
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	w := &watcher{t: t, lines: bufio.NewScanner(out), stop: stop, done: make(chan error, 1)}
	a := &app{stdout: in, stderr: &w.said, env: envOf("HOME", t.TempDir()), now: time.Now, socket: socket}
	go func() {
		err := a.watch(ctx, "", asJSON)
		in.Close()
		w.done <- err
	}()
	return w
}

// next is the next line.
func (w *watcher) next() string {
	w.t.Helper()
	if !w.lines.Scan() {
		w.t.Fatalf("it ended with %v", <-w.done)
	}
	return w.lines.Text()
}

// until gives the lines up to one that has a text.
func (w *watcher) until(text string) string {
	w.t.Helper()
	var seen strings.Builder
	for {
		line := w.next()
		seen.WriteString(line + "\n")
		if strings.Contains(line, text) {
			return seen.String()
		}
	}
}

// end ends it as Ctrl-C does.
func (w *watcher) end() {
	w.t.Helper()
	w.stop()
	go func() { // what is on its way has to be read
		for w.lines.Scan() {
		}
	}()
	if err := <-w.done; err != nil {
		w.t.Errorf("it ended with %v", err)
	}
}

var aNotice = quota.Notice{
	Kind: quota.NoticeThreshold, Account: "default", Window: "5h", Level: 90, Percent: 91.2,
	At: boardNow, Title: "GLM 5-hour window: 90 % used", Body: "About 35 of 400 prompts left.",
}

func TestWatchPrintsEachChangeAndNotice(t *testing.T) {
	socket, b := shortSocket(t), newRoomBackend(false)
	defer serveRoom(t, socket, b)()
	w := beginWatch(t, socket, true)
	state := func() string {
		var all quota.Statuses
		line := w.next()
		if err := json.Unmarshal([]byte(line), &all); err != nil || all.Schema != 1 || len(all.Accounts) != 1 {
			t.Fatalf("%v: %s", err, line)
		}
		return string(all.Accounts[0].State)
	}
	if got := state(); got != "ok" {
		t.Errorf("at once: %s", got)
	}
	b.full.Store(true)
	b.changes <- struct{}{}
	if got := state(); got != "exhausted" {
		t.Errorf("after a change: %s", got)
	}
	b.notices <- aNotice
	if got := w.next(); !strings.HasPrefix(got, `{"notice":"threshold","account":"default","window":"5h","level":90,`) {
		t.Errorf("a notice: %s", got)
	}
	w.end()
}

func TestWatchIsForPeopleToo(t *testing.T) {
	socket, b := shortSocket(t), newRoomBackend(false)
	stop := serveRoom(t, socket, b)
	w := beginWatch(t, socket, false)
	if got := w.until("0 of 400"); !strings.HasPrefix(got, "GLM Coding Pro (v2/pro)\n") {
		t.Errorf("at once:\n%s", got)
	}
	b.notices <- aNotice
	if got := w.until("GLM 5-hour"); !strings.HasSuffix(got, " GLM 5-hour window: 90 % used. About 35 of 400 prompts left.\n") {
		t.Errorf("a notice:\n%s", got)
	}
	stop()

	// A daemon that is started anew is followed again.
	defer serveRoom(t, socket, newRoomBackend(true))()
	if got := w.until("400 of 400"); !strings.HasPrefix(got, "\n") {
		t.Errorf("after a restart:\n%s", got)
	}
	w.end()
	if got, want := w.said.String(), "quotad: note: the daemon does not answer any more; it is waited for\n"; got != want {
		t.Errorf("it said %q, want %q", got, want)
	}
}

func TestWatchTakesTheScreenAndGivesItBack(t *testing.T) {
	socket, b := shortSocket(t), newRoomBackend(false)
	defer serveRoom(t, socket, b)()
	hand, tty := openTerminal(t)
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 5, Col: 100}); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { tty.Close() }) // ends a read that nothing comes to
	defer late.Stop()
	ctx, stop := context.WithCancel(t.Context())
	a := &app{stdout: tty, stderr: io.Discard, env: envOf("HOME", t.TempDir(), "TERM", "xterm", "NO_COLOR", "1"), now: time.Now, socket: socket}
	done := make(chan error, 1)
	go func() { done <- a.watch(ctx, "", false) }()
	var seen strings.Builder
	shown := func(text string) {
		t.Helper()
		for part := make([]byte, 4096); !strings.Contains(seen.String(), text); {
			n, err := hand.Read(part)
			if seen.Write(part[:n]); err != nil {
				t.Fatalf("%q is not shown: %v in\n%q", text, err, seen.String())
			}
		}
	}
	shown("0 of 400 prompts")
	if !strings.HasPrefix(seen.String(), takeScreen+"\x1b[H") {
		t.Errorf("it does not begin with a screen of its own: %q", seen.String())
	}
	b.notices <- aNotice
	shown("About 35 of 400 prompts left.") // however little room there is
	b.full.Store(true)
	b.changes <- struct{}{}
	shown("No room: 5h exhausted")
	stop()
	shown(giveScreen)
	if err := <-done; err != nil || !strings.HasSuffix(seen.String(), giveScreen) {
		t.Errorf("it ended with %v, and %q", err, seen.String())
	}
	if strings.Contains(seen.String(), "400 of 400") {
		t.Errorf("it draws more than five rows hold: %q", seen.String())
	}
}
