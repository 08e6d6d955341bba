package notify

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"quotad/quota"
)

func note(title, body string) quota.Notice {
	return quota.Notice{Kind: quota.NoticeThreshold, Title: title, Body: body}
}

func agreed() error { return nil }

// show sends one notice to a desktop, and tells how that ended and what was
// committed before.
func show(t *testing.T, d *Desktop, n quota.Notice) (Outcome, bool, error) {
	t.Helper()
	committed := false
	o, err := d.Send(t.Context(), n, func() error { committed = true; return nil })
	if (err == nil) != (o == Delivered) {
		t.Errorf("outcome %v with error %v", o, err)
	}
	return o, committed, err
}

func TestDesktopShows(t *testing.T) {
	bus := newBus(t).start()
	s := bus.serve(records)
	d := NewDesktop(nil, bus.env)
	if o, committed, err := show(t, d, note("a <b>", "1 < 2 & 3")); o != Delivered || !committed {
		t.Fatal(o, committed, err)
	}
	s.become(plain)
	if o, _, err := show(t, d, note("c", "1 < 2 & 3")); o != Delivered {
		t.Fatal(o, err)
	}
	if got, want := s.shows(), "a ‹b›: 1 &lt; 2 &amp; 3 / c: 1 < 2 & 3"; got != want {
		t.Fatalf("shown %q, want %q", got, want)
	}
	if !s.from("quotad dialog-warning") {
		t.Fatalf("shown as %v", s.apps)
	}
}

func TestDesktopMeetsBadServers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode      mode
		outcome   Outcome
		committed bool
		seen      int
		within    time.Duration
	}{
		{hangs, Hung, false, 0, 3 * time.Second},
		{dies, Unknown, true, 1, 3 * time.Second},
		{refuses, Refused, true, 1, 3 * time.Second},
		{evil, Unknown, true, 1, 3 * time.Second},
		{stalls, Unknown, true, 1, 3 * time.Second},
	} {
		t.Run("a server that "+string(c.mode), func(t *testing.T) {
			t.Parallel()
			bus := newBus(t).start()
			s := bus.serve(c.mode)
			start := time.Now()
			d := NewDesktop(nil, bus.env)
			d.limit = 2 * time.Second
			o, committed, err := show(t, d, note("a", "b"))
			if o != c.outcome || committed != c.committed {
				t.Fatalf("%v, committed %v (%v), want %v, %v", o, committed, err, c.outcome, c.committed)
			}
			if n := s.count(); n != c.seen {
				t.Fatalf("shown %d times, want %d", n, c.seen)
			}
			if took := time.Since(start); took > c.within {
				t.Fatalf("took %v", took)
			}
		})
	}
}

func TestDesktopWithoutServer(t *testing.T) {
	t.Parallel()
	t.Run("no bus", func(t *testing.T) {
		dir := t.TempDir()
		d := NewDesktop(nil, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": dir}[name] })
		if o, committed, err := show(t, d, note("a", "b")); o != NoBus || committed {
			t.Fatal(o, committed, err)
		}
	})
	t.Run("an address that leads nowhere", func(t *testing.T) {
		d := NewDesktop(nil, func(name string) string {
			return map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}[name]
		})
		if o, committed, err := show(t, d, note("a", "b")); o != NoBus || committed {
			t.Fatal(o, committed, err)
		}
	})
	t.Run("a bus that says nothing", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "bus")
		silent, err := net.Listen("unix", file)
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		d := NewDesktop(nil, func(name string) string {
			return map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + file}[name]
		})
		o, committed, err := show(t, d, note("a", "b"))
		if o != NoBus || committed || !strings.Contains(err.Error(), "does not answer") {
			t.Fatal(o, committed, err)
		}
	})
	t.Run("a bus without a server", func(t *testing.T) {
		bus := newBus(t).start()
		if o, committed, err := show(t, NewDesktop(nil, bus.env), note("a", "b")); o != NoServer || committed {
			t.Fatal(o, committed, err)
		}
	})
	for name, program := range map[string]string{
		"a server that cannot be started":       "/bin/false",
		"a server that never takes up its work": "/bin/sleep 5",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bus := newBus(t)
			bus.knows(program)
			bus.start()
			o, committed, err := show(t, NewDesktop(nil, bus.env), note("a", "b"))
			if o != NoServer || committed || !strings.Contains(err.Error(), "did not start") {
				t.Fatal(o, committed, err)
			}
		})
	}
}

func TestDesktopGivesUpWhereNothingCanBeStored(t *testing.T) {
	bus := newBus(t).start()
	s := bus.serve(records)
	full := errors.New("no space")
	o, err := NewDesktop(nil, bus.env).Send(t.Context(), note("a", "b"), func() error { return full })
	if o != Unsent || !errors.Is(err, full) || s.shows() != "" {
		t.Fatal(o, err, s.shows())
	}
}

// A child that does not keep to the conversation.
func TestDesktopMeetsBadChildren(t *testing.T) {
	t.Parallel()
	bus := newBus(t).start()
	for _, c := range []struct {
		name, script string
		outcome      Outcome
		committed    bool
	}{
		{"one that cannot be started", "", NoServer, false},
		{"one that ends at once", "exit 1", Hung, false},
		{"one that talks nonsense", "read n; echo hello; read go", Hung, false},
		{"one that ends after go", "read n; echo ready; read go; exit 1", Unknown, true},
		{"one that talks nonsense after go", "read n; echo ready; read go; echo hello", Unknown, true},
		{"one that says no in words of its own", "read n; echo 'no way at all'", Hung, false},
		{"one that talks without end", "read n; echo ready; read go; echo sent; while :; do echo sent; done", Delivered, true},
		{"one that leaves another behind, which holds the pipe", "read n; echo ready; read go; /bin/sleep 3 & echo sent", Delivered, true},
		{"one that says why not", "read n; echo 'no no-server none here'", NoServer, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			child := []string{"/bin/sh", "-c", c.script}
			if c.script == "" {
				child = []string{"/nonexistent/quotad"}
			}
			o, committed, err := show(t, NewDesktop(child, bus.env), note("a", "b"))
			if committed != c.committed || o != c.outcome {
				t.Fatalf("%v, committed %v (%v), want %v, %v", o, committed, err, c.outcome, c.committed)
			}
		})
	}
}

func TestDesktopStopsSoon(t *testing.T) {
	t.Parallel()
	bus := newBus(t).start()
	for _, c := range []struct {
		name, script string
		outcome      Outcome
	}{
		{"before the server is found", "read n; read more", Unsent},
		{"while it is shown", "read n; echo ready; read go; read more", Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			start := time.Now()
			o, _ := NewDesktop([]string{"/bin/sh", "-c", c.script}, bus.env).Send(ctx, note("a", "b"), agreed)
			if o != c.outcome {
				t.Fatalf("%v, want %v", o, c.outcome)
			}
			if took := time.Since(start); took > grace+time.Second {
				t.Fatalf("took %v", took)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	bus := newBus(t).start()
	if r := Probe(t.Context(), bus.env); r.Outcome != NoServer || r.Err == nil {
		t.Fatalf("without a server: %+v", r)
	}
	bus.serve(records)
	r := Probe(t.Context(), bus.env)
	if r.Outcome != Delivered || r.Name != "fake" || r.Version != "7" || len(r.Capabilities) != 2 || r.Owner == "" {
		t.Fatalf("with a server: %+v", r)
	}
	if r := Probe(t.Context(), func(string) string { return "" }); r.Outcome != NoBus {
		t.Fatalf("without a bus: %+v", r)
	}
}

func TestBusAddress(t *testing.T) {
	bus := newBus(t).start()
	for _, c := range []struct{ name, addr, dir, want string }{
		{"the variable comes first", "unix:path=/x", bus.dir, "unix:path=/x"},
		{"without it the socket of the session", "", bus.dir, "unix:path=" + bus.dir + "/bus"},
		{"a bus is never launched", "autolaunch:", "", ""},
		{"a folder without a socket", "", t.TempDir(), ""},
		{"nothing at all", "", "", ""},
	} {
		got, ok := BusAddress(func(name string) string {
			return map[string]string{"DBUS_SESSION_BUS_ADDRESS": c.addr, "XDG_RUNTIME_DIR": c.dir}[name]
		})
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q %v, want %q", c.name, got, ok, c.want)
		}
	}
}

func TestWatchSeesAServerCome(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		bus := newBus(t)
		if !late {
			bus.start()
		}
		woken := make(chan struct{}, 100)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			NewDesktop(nil, bus.env).Watch(ctx, func() { woken <- struct{}{} })
			close(done)
		}()
		if late {
			bus.start()
		}
		await(t, woken) // the bus is there
		bus.serve(records)
		await(t, woken)
		bus.stop()
		os.Remove(filepath.Join(bus.dir, "bus"))
		bus.start()
		await(t, woken)
		cancel()
		await(t, done)
	}
}

func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("waited 10 s in vain")
	}
}

// A signal that any peer can send is not taken for the bus's own.
func TestServerCame(t *testing.T) {
	const changed = busName + ".NameOwnerChanged"
	for _, c := range []struct {
		name   string
		signal dbus.Signal
		came   bool
	}{
		{"the bus says that the server came", dbus.Signal{Sender: busName, Name: changed, Body: []any{serverName, "", ":1.9"}}, true},
		{"the bus says that it went", dbus.Signal{Sender: busName, Name: changed, Body: []any{serverName, ":1.9", ""}}, false},
		{"another name", dbus.Signal{Sender: busName, Name: changed, Body: []any{"org.x", "", ":1.9"}}, false},
		{"a peer says so", dbus.Signal{Sender: ":1.4", Name: changed, Body: []any{serverName, "", ":1.9"}}, false},
		{"no body", dbus.Signal{Sender: busName, Name: changed}, false},
		{"a body of other types", dbus.Signal{Sender: busName, Name: changed, Body: []any{1, 2, 3}}, false},
		{"another signal", dbus.Signal{Sender: busName, Name: busName + ".NameLost", Body: []any{serverName, "", ":1.9"}}, false},
	} {
		if got := serverCame(&c.signal); got != c.came {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The pipeline, the real sender and a real bus: what finds no server is told
// once, in order, soon after one comes up.
func TestPipelineOnABus(t *testing.T) {
	bus := newBus(t)
	log := &memLog{reasons: map[uint64]string{}}
	for _, title := range []string{"one", "two", "three"} {
		n := note(title, "b")
		n.At = time.Now()
		log.add(n)
	}
	tried := make(chan struct{}, 100)
	p := &Pipeline{Log: log, Senders: []Sender{NewDesktop(nil, bus.env)}, Report: func(Report) { tried <- struct{}{} }}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	await(t, tried)
	bus.start()
	s := bus.serve(records)
	for deadline := time.Now().Add(10 * time.Second); s.count() < 3; {
		if time.Now().After(deadline) {
			t.Fatalf("shown %q", s.shows())
		}
		await(t, tried)
	}
	cancel()
	await(t, done)
	if got, want := s.shows(), "one: b / two: b / three: b"; got != want {
		t.Fatalf("shown %q, want %q", got, want)
	}
	for _, state := range log.states() {
		if state != "desktop" {
			t.Fatalf("states %q", log.states())
		}
	}
}
