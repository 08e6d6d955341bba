package notify

import (
	"context"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// How long to wait before the bus is tried again, where its socket has not
// come anew.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Minute
)

// Watch calls wake when a notification server on the session bus answers that
// did not, having come up or having hung, and when the bus itself comes up. It
// costs one connection, and no timer while that stands.
func (d *Desktop) Watch(ctx context.Context, wake func()) {
	appeared := fileMade(ctx, busFile(d.Env))
	pause := firstPause
	for ctx.Err() == nil {
		if d.listen(ctx, wake) {
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

// listen stays on the bus until that ends, and reports whether it ever was.
func (d *Desktop) listen(ctx context.Context, wake func()) bool {
	addr, ok := BusAddress(d.Env)
	if !ok {
		return false
	}
	conn, err := dial(ctx, addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	err = conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, serverName))
	if err != nil {
		return false
	}
	wake() // the bus may know a server to start
	for answer := ask(conn); ; {
		select {
		case s, ok := <-signals:
			if !ok {
				return true
			}
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
