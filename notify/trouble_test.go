package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// The test binary is other programs of a desktop as well.
const (
	briefServer = "brief-server" // shows one notification, noting it in a file, and is gone before it answers
	bareParent  = "bare-parent"  // sends one notice to the desktop of the environment
)

// briefMain is a server that the bus starts: it writes a line to a file for each
// notification that it is asked to show, and ends without an answer.
func briefMain(file string) int {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return 1
	}
	asked := make(chan struct{})
	brief := map[string]any{
		"GetCapabilities": func() ([]string, *dbus.Error) { return []string{"body"}, nil },
		"Notify": func(_ string, _ uint32, _, title, _ string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
			f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err == nil {
				fmt.Fprintln(f, title)
				f.Close()
			}
			close(asked)
			select {}
		},
	}
	if conn.ExportMethodTable(brief, serverPath, serverName) != nil {
		return 1
	}
	if r, err := conn.RequestName(serverName, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		return 1
	}
	<-asked
	return 0
}

// bareMain sends one notice, and tells of nothing.
func bareMain() int {
	_, _ = NewDesktop(nil, os.Getenv).Send(context.Background(), note("a", "b"), agreed)
	return 0
}

// following is a pipeline to the desktop of a bus, over a log in memory.
type following struct {
	*memLog
	t     *testing.T
	p     *Pipeline
	tried chan Report
}

// follow starts one; it ends with the test.
func (b *testBus) follow() *following { return b.followBy(NewDesktop(nil, b.env)) }

func (b *testBus) followBy(d *Desktop) *following {
	f := &following{t: b.t, memLog: &memLog{reasons: map[uint64]string{}}, tried: make(chan Report, 1000)}
	f.p = &Pipeline{Log: f.memLog, Senders: []Sender{d}, Report: func(r Report) { f.tried <- r }}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f.p.Run(ctx); close(done) }()
	b.t.Cleanup(func() { cancel(); <-done })
	return f
}

// tell makes a notice pending.
func (f *following) tell(title string) {
	n := note(title, "b")
	n.At = time.Now()
	f.add(n)
	f.p.Poke()
}

// until waits for an attempt that came out so.
func (f *following) until(o Outcome) Report {
	f.t.Helper()
	for over := time.After(20 * time.Second); ; {
		select {
		case r := <-f.tried:
			if r.Outcome == o {
				return r
			}
		case <-over:
			f.t.Fatalf("no attempt was %v within 20 s; the states are %q", o, f.states())
		}
	}
}

func titles(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("n%03d", i))
	}
	return list
}

// showing is what a server shows of these titles, each once and in their order.
func showing(titles ...string) string { return strings.Join(titles, ": b / ") + ": b" }

func TestABusThatComesBackIsTakenUpAgain(t *testing.T) {
	bus := newBus(t).start()
	first := bus.serve(records)
	f := bus.follow()
	f.tell("one")
	f.until(Delivered)
	bus.stop()
	os.Remove(filepath.Join(bus.dir, "bus"))
	f.tell("two")
	f.until(NoBus)
	bus.start()
	second := bus.serve(records)
	f.until(Delivered)
	if first.shows() != showing("one") || second.shows() != showing("two") {
		t.Errorf("shown %q, and after the bus came back %q", first.shows(), second.shows())
	}
}

func TestABusThatDiesInTheMiddleShowsNothingTwice(t *testing.T) {
	bus := newBus(t).start()
	first := bus.serve(stalls)
	f := bus.follow()
	f.tell("one")
	soon(t, "the notice is sent", func() bool { return first.count() == 1 })
	bus.stop()
	os.Remove(filepath.Join(bus.dir, "bus"))
	f.until(Unknown)
	bus.start()
	second := bus.serve(records)
	f.tell("two")
	f.until(Delivered)
	if first.shows() != showing("one") || second.shows() != showing("two") {
		t.Errorf("shown %q, and after the bus came back %q", first.shows(), second.shows())
	}
}

func TestAServerThatIsReplacedHasTheNextAlone(t *testing.T) {
	bus := newBus(t).start()
	old := bus.serve(records)
	f := bus.follow()
	f.tell("one")
	f.until(Delivered)
	if _, err := old.conn.ReleaseName(serverName); err != nil {
		t.Fatal(err)
	}
	next := bus.serve(records)
	f.tell("two")
	f.until(Delivered)
	old.become(dies)
	next.become(dies)
	f.tell("three") // which it takes, and is gone
	f.until(Unknown)
	last := bus.serve(records)
	f.tell("four")
	f.until(Delivered)
	if got, want := []string{old.shows(), next.shows(), last.shows()}, []string{showing("one"), showing("two", "three"), showing("four")}; !slices.Equal(got, want) {
		t.Errorf("shown %q, want %q", got, want)
	}
}

// A server that the bus starts anew whenever it is asked for would show a notice
// a second time, were it sent a second time.
func TestACrashInTheMiddleShowsNothingTwice(t *testing.T) {
	bus := newBus(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(bus.dir, "shown")
	bus.knows(fmt.Sprintf("%s %s %s", self, briefServer, file))
	bus.start()
	if o, committed, err := show(t, NewDesktop(nil, bus.env), note("a", "b")); o != Unknown || !committed {
		t.Errorf("%v, committed %v: %v", o, committed, err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "a\n" {
		t.Errorf("shown %q, %v", text, err)
	}
}

func TestASlowServerIsWaitedFor(t *testing.T) {
	t.Parallel()
	bus := newBus(t).start()
	s := bus.serve(slow)
	f := bus.follow()
	f.tell("one")
	f.tell("two")
	f.until(Delivered)
	f.until(Delivered)
	if got := s.shows(); got != showing("one", "two") {
		t.Errorf("shown %q", got)
	}
}

// One that is slower than a notice may take shows it all the same, and has the
// next when it can.
func TestAServerThatIsTooSlowIsSentNothingTwice(t *testing.T) {
	t.Parallel()
	bus := newBus(t).start()
	s := bus.serve(slow)
	d := NewDesktop(nil, bus.env)
	d.limit = time.Second
	f := bus.followBy(d)
	f.tell("one")
	f.until(Unknown)
	s.become(records)
	f.tell("two")
	f.until(Delivered)
	if got := s.shows(); got != showing("one", "two") {
		t.Errorf("shown %q", got)
	}
}

// A server that hung is told what waits when it goes on, and not only when the
// next attempt is due.
func TestAServerThatGoesOnIsToldAtOnce(t *testing.T) {
	t.Parallel()
	bus := newBus(t).start()
	s := bus.serve(hangs)
	f := bus.follow()
	f.tell("one")
	due := f.until(Hung).Next
	for resting := false; !resting; { // between two attempts, and the next is a while away
		select {
		case r := <-f.tried:
			due = r.Next
		case <-time.After(2*answerTime + time.Second/2):
			resting = time.Until(due) > time.Second
		}
	}
	s.become(records)
	f.until(Delivered)
	if now := time.Now(); !now.Before(due) {
		t.Errorf("told at %v, the next attempt was due at %v", now, due)
	}
	if got := s.shows(); got != showing("one") {
		t.Errorf("shown %q", got)
	}
}

// Servers of MATE and of GNOME's fallback take 20 at a time.
func TestAServerThatHasTooManyIsAskedAgain(t *testing.T) {
	bus := newBus(t).start()
	s := bus.serve(records)
	s.refuseAfter(20)
	f := bus.follow()
	for _, title := range titles(30) {
		f.tell(title)
	}
	f.until(Refused)
	s.refuseAfter(0)
	for range 30 - 20 {
		f.until(Delivered)
	}
	if got := s.shows(); got != showing(titles(30)...) {
		t.Errorf("shown %q", got)
	}
}

func TestAHundredAreShownInOrder(t *testing.T) {
	bus := newBus(t).start()
	s := bus.serve(records)
	f := bus.follow()
	for _, title := range titles(100) {
		f.tell(title)
	}
	for range 100 {
		f.until(Delivered)
	}
	if got := s.shows(); got != showing(titles(100)...) {
		t.Errorf("shown %q", got)
	}
}

// traps puts programs into the PATH that launch a bus or show a notice in some
// other way, and tells which of them were run.
func traps(t *testing.T) (dir string, run func() string) {
	t.Helper()
	dir = t.TempDir()
	mark := filepath.Join(dir, "run")
	for _, program := range []string{"dbus-launch", "notify-send", "kdialog"} {
		script := fmt.Sprintf("#!/bin/sh\necho %s >>%s\n", program, mark)
		if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return dir, func() string {
		text, _ := os.ReadFile(mark) // not there: none was run
		return string(text)
	}
}

// Whoever asks for a bus that is not there must not have one launched: nobody
// looks at it, and it stays.
func TestNoBusIsEverLaunched(t *testing.T) {
	dir, run := traps(t)
	for _, addr := range []string{"", "autolaunch:", "unix:path=/nonexistent/bus"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", addr)
		env := func(name string) string {
			return map[string]string{"DBUS_SESSION_BUS_ADDRESS": addr, "XDG_RUNTIME_DIR": dir, "HOME": dir, "PATH": dir}[name]
		}
		d := NewDesktop(nil, env)
		if o, _, err := show(t, d, note("a", "b")); o != NoBus {
			t.Errorf("%q: %v, %v", addr, o, err)
		}
		if r := Probe(t.Context(), env); r.Outcome != NoBus {
			t.Errorf("%q: looked for: %v", addr, r.Outcome)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*firstPause)
		d.Watch(ctx, func() {})
		cancel()
		// The child, were it to ask its libraries for a bus.
		child := exec.Command("/proc/self/exe", ChildCommand)
		child.Env = []string{"PATH=" + dir, "DBUS_SESSION_BUS_ADDRESS=" + addr}
		line, _ := json.Marshal(shownNotice{"a", "b", ""})
		child.Stdin = strings.NewReader(string(line) + "\n" + sayGo + "\n")
		if out, err := child.Output(); err != nil || !strings.HasPrefix(string(out), sayNo+" no-bus ") {
			t.Errorf("%q: the child said %q, %v", addr, out, err)
		}
	}
	if got := run(); got != "" {
		t.Errorf("launched: %q", got)
	}
}

// beeep would try other programs after a server that said no, or said nothing:
// what that server had shown would be shown twice.
func TestNoOtherWayIsTried(t *testing.T) {
	dir, run := traps(t)
	for _, m := range []mode{refuses, dies, evil} {
		bus := newBus(t).start()
		s := bus.serve(m)
		o, _, _ := show(t, NewDesktop(nil, func(name string) string {
			if name == "PATH" {
				return dir
			}
			return bus.env(name)
		}), note("a", "b"))
		if o == Delivered || s.count() != 1 {
			t.Errorf("a server that %s: %v, asked %d times", m, o, s.count())
		}
	}
	if got := run(); got != "" {
		t.Errorf("run: %q", got)
	}
}

// Any peer can send the signals of a server. Those that are well made change
// nothing; those that are not end the child, and nothing else.
func TestSignalsOfAStranger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		signal  string
		body    []any
		outcome Outcome
	}{
		{"closed", "NotificationClosed", []any{uint32(1), uint32(2)}, Delivered},
		{"an action", "ActionInvoked", []any{uint32(1), "default"}, Delivered},
		{"another", "NotificationReplied", []any{uint32(1)}, Delivered},
		{"closed, empty", "NotificationClosed", nil, Unknown},
		{"an action of other types", "ActionInvoked", []any{"x", 5.0}, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bus := newBus(t).start()
			s := bus.serve(slow)
			stranger := bus.connect()
			f := bus.follow()
			f.tell("one")
			soon(t, "the notice is sent", func() bool { return s.count() == 1 })
			if err := stranger.Emit(serverPath, serverName+"."+c.signal, c.body...); err != nil {
				t.Fatal(err)
			}
			f.until(c.outcome)
			s.become(records)
			f.tell("two")
			f.until(Delivered)
			if got := s.shows(); got != showing("one", "two") {
				t.Errorf("shown %q", got)
			}
		})
	}
}

// Names of accounts and tools come from anybody; what a server could stumble
// over, or the bus would close the connection for, does not reach them.
func TestWhatAServerIsSentIsClean(t *testing.T) {
	bus := newBus(t).start()
	s := bus.serve(records)
	dirty := "--a\xff\x00\x01\x1b[1m\u202e<b>\r\nb " + strings.Repeat("ä", 5000)
	if o, _, err := show(t, NewDesktop(nil, bus.env), note(dirty, dirty)); o != Delivered {
		t.Fatal(o, err)
	}
	title, body, _ := strings.Cut(s.shows(), ": ")
	const head = len("a?[1m<b>?b ") // in runes
	tail := strings.Repeat("ä", maxRunes-head-1) + "…"
	if want := "a\uFFFD[1m‹b› b " + tail; title != want {
		t.Errorf("title %q, want %q", title, want)
	}
	if want := "a\uFFFD[1m&lt;b&gt;\nb " + tail; body != want {
		t.Errorf("body %q, want %q", body, want)
	}
}

// children are the processes that this one has, dead ones that nobody waited for
// among them.
func children(t *testing.T) (list []string) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(tasks) == 0 {
		t.Skip("this kernel does not tell of children")
	}
	for _, task := range tasks {
		text, _ := os.ReadFile(task) // a thread may be gone
		list = append(list, strings.Fields(string(text))...)
	}
	return list
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// holdings is what this process has that it could fail to give back.
type holdings struct{ goroutines, files, children int }

func held(t *testing.T) holdings {
	t.Helper()
	return holdings{runtime.NumGoroutine(), openFiles(t), len(children(t))}
}

// holdsNoMore waits until no more is held than before, but for some goroutines.
func holdsNoMore(t *testing.T, before holdings, goroutines int) {
	t.Helper()
	now := held(t)
	for over := time.Now().Add(10 * time.Second); now.goroutines > before.goroutines+goroutines || now.files > before.files || now.children > before.children; now = held(t) {
		if time.Now().After(over) {
			t.Fatalf("%+v after 10 s, before it was %+v", now, before)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Whatever the desktop does, no process stays, none is left unwaited for, and no
// goroutine or file either.
func TestTheDesktopLeavesNothingBehind(t *testing.T) {
	bus := newBus(t).start()
	s := bus.serve(records)
	d := NewDesktop(nil, bus.env)
	d.limit = 300 * time.Millisecond
	round := func() {
		for _, m := range []mode{records, hangs, stalls, refuses, evil} {
			s.become(m)
			_, _, _ = show(t, d, note("a", "b"))
		}
	}
	before := held(t)
	const rounds = 5
	for range rounds {
		round()
	}
	holdsNoMore(t, before, rounds) // in each a call of the server stalls for ever
}

// A watch for the desktop ends when there is nothing left to tell.
func TestTheWatchLeavesNothingBehind(t *testing.T) {
	bus := newBus(t)
	before := held(t)
	f := bus.follow() // two goroutines
	const rounds = 3
	for range rounds {
		f.tell("a")
		f.until(NoBus)
		bus.start()
		f.tell("b")
		f.until(NoServer)
		s := bus.serve(hangs)
		f.until(Hung)
		s.become(records)
		f.until(Delivered)
		f.until(Delivered)
		if got := s.shows(); got != showing("a", "b") {
			t.Fatalf("shown %q", got)
		}
		bus.stop()
		os.Remove(filepath.Join(bus.dir, "bus"))
	}
	holdsNoMore(t, before, 2)
}

// A daemon that is killed cannot take its child with it: the child ends by itself.
func TestTheChildOfAKilledDaemonEnds(t *testing.T) {
	bus := newBus(t).start()
	s := bus.serve(stalls)
	parent := exec.Command("/proc/self/exe", bareParent)
	parent.Env = []string{"XDG_RUNTIME_DIR=" + bus.dir}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	defer parent.Wait()
	defer parent.Process.Kill()
	soon(t, "the notice is sent", func() bool { return s.count() == 1 })
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent.Process.Pid))
	var child int
	for _, task := range tasks {
		if text, err := os.ReadFile(task); err == nil && len(text) > 0 {
			child, _ = strconv.Atoi(strings.Fields(string(text))[0])
		}
	}
	if child == 0 {
		t.Skip("this kernel does not tell of children")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	soon(t, "the child ends", func() bool { return syscall.Kill(child, 0) != nil || zombie(child) })
}

// zombie reports whether a process has ended, and only whoever inherited it has
// not asked for that yet.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return err != nil || strings.HasPrefix(after, "Z")
}

func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for over := time.Now().Add(10 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(over) {
			t.Fatal("not within 10 s: ", what)
		}
	}
}

// What is no longer true when a hung server goes on is not shown any more.
func TestWhatIsStaleWhenAServerGoesOnIsDropped(t *testing.T) {
	t.Parallel()
	bus := newBus(t).start()
	s := bus.serve(hangs)
	f := bus.follow()
	n := note("old", "b")
	n.At = time.Now()
	resets := n.At.Add(time.Second)
	n.ResetsAt = &resets
	f.add(n)
	f.p.Poke()
	f.until(Hung)
	soon(t, "the window refreshes", func() bool { return time.Now().After(resets) })
	s.become(records)
	f.tell("new")
	f.until(Delivered)
	if got := s.shows(); strings.Contains(got, "old") || s.count() != 1 {
		t.Errorf("shown %q", got)
	}
}
