package notify

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"
)

// How long to wait before the bus is tried again, where its socket has not
// come anew.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Minute
	steady     = 10 * time.Second // a bus that was listened to for so long is no bad one
)

// wakePace is how soon after a wake the next one can come, whatever the bus says.
const wakePace = 200 * time.Millisecond

// maxSignals is how many signals are taken from a bus before it is left, and then
// tried again: one that never ceases would keep a processor busy.
const maxSignals = 1000

// Watch calls wake when a notification server on the session bus answers that
// did not, having come up or having hung, and when the bus itself comes up. It
// costs one process with one connection, and no timer while that stands.
func (d *Desktop) Watch(ctx context.Context, wake func()) {
	appeared := fileMade(ctx, busFile(d.Env))
	pause := firstPause
	for ctx.Err() == nil {
		if began := time.Now(); d.listen(ctx, wake) && time.Since(began) > steady {
			pause = firstPause
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-appeared:
			pause = firstPause
		case <-timer.C:
			pause = min(4*pause, lastPause)
		}
		timer.Stop()
	}
}

// listen has a child stay on the bus until that ends, and reports whether it ever
// was there. What a bus that lies, or ends in the middle of a message, makes of
// the library, ends the child alone.
func (d *Desktop) listen(ctx context.Context, wake func()) (was bool) {
	addr, ok := BusAddress(d.Env)
	if !ok {
		return false
	}
	on, kill := context.WithCancel(ctx)
	defer kill()
	cmd := d.process(on, addr, self, WatchCommand)
	stdin, err := cmd.StdinPipe() // at whose end the child ends, if we are killed
	if err != nil {
		return false
	}
	defer stdin.Close()
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return false
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() == sayWake; {
		was = true
		wake()
	}
	kill()
	_ = cmd.Wait()
	return was
}

// WatchMain writes a line for each wake of a Watch, until the bus or its standard
// input ends, and returns the exit code. The environment must hold
// DBUS_SESSION_BUS_ADDRESS.
func WatchMain(stdin io.Reader, stdout io.Writer, env func(string) string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin)
	}()
	addr, ok := BusAddress(env)
	if !ok {
		return 1
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		attend(ctx, addr, newSignals(cancel), func() {
			if _, err := fmt.Fprintln(stdout, sayWake); err != nil {
				cancel()
			}
			time.Sleep(wakePace)
		})
	}()
	select {
	case <-done:
	case <-ctx.Done(): // a bus that reads nothing would hold the connection's end up
	}
	return 0
}

// signals are those that came and are not looked at yet. What is more than they
// hold is dropped: any of them has the server asked.
type signals struct {
	came   chan *dbus.Signal
	n      atomic.Int64
	enough func()
}

func newSignals(enough func()) *signals {
	return &signals{came: make(chan *dbus.Signal, 16), enough: enough}
}

// DeliverSignal implements dbus.SignalHandler.
func (s *signals) DeliverSignal(_, _ string, one *dbus.Signal) {
	if s.n.Add(1) > maxSignals {
		s.enough()
	}
	select {
	case s.came <- one:
	default:
	}
}

// attend stays on the bus until that ends.
func attend(ctx context.Context, addr string, heard *signals, wake func()) {
	conn, err := dial(ctx, addr, dbus.WithSignalHandler(heard))
	if err != nil {
		return
	}
	defer conn.Close()
	err = conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, serverName))
	if err != nil {
		return
	}
	wake() // the bus may know a server to start
	for answer := ask(conn); ; {
		select {
		case <-conn.Context().Done():
			return
		case s := <-heard.came:
			if serverCame(s) {
				answer = ask(conn)
			}
		case call := <-answer:
			if call.Err == nil {
				wake()
			}
		}
	}
}

// ask has the server answer once, whenever it can: one that hangs does so when
// it goes on. Nothing comes of asking while there is none, but it is asked
// again when it comes.
func ask(conn *dbus.Conn) <-chan *dbus.Call {
	return conn.Object(serverName, serverPath).
		Go(serverName+".GetCapabilities", dbus.FlagNoAutoStart, make(chan *dbus.Call, 1)).Done
}

// serverCame reads a signal. Any peer can send one that looks alike, but only
// the bus sends under its own name.
func serverCame(s *dbus.Signal) bool {
	if s.Sender != busName || s.Name != busName+".NameOwnerChanged" || len(s.Body) != 3 {
		return false
	}
	name, _ := s.Body[0].(string)
	owner, _ := s.Body[2].(string)
	return name == serverName && owner != ""
}

// busFile is the socket of the session bus; "" where it is none in a folder.
func busFile(env func(string) string) string {
	addr := env("DBUS_SESSION_BUS_ADDRESS")
	for part := range strings.SplitSeq(strings.TrimPrefix(addr, "unix:"), ",") {
		if path, ok := strings.CutPrefix(part, "path="); ok {
			path, _ = dbus.UnescapeBusAddressValue(path)
			return path
		}
	}
	return userBus(env)
}
