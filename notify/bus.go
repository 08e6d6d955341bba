package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	serverName = "org.freedesktop.Notifications"
	serverPath = dbus.ObjectPath("/org/freedesktop/Notifications")
	busName    = "org.freedesktop.DBus"
)

// How long a look at the server may take.
const (
	dialTime     = time.Second
	activateTime = 3 * time.Second // a server that the bus has to start first
	answerTime   = time.Second
)

// BusAddress is the address of the session bus, and false where there is none:
// DBUS_SESSION_BUS_ADDRESS, else the socket $XDG_RUNTIME_DIR/bus where it is
// there. A bus is never started: nobody would look at it.
func BusAddress(env func(string) string) (string, bool) {
	addr := env("DBUS_SESSION_BUS_ADDRESS")
	if addr != "" && !strings.HasPrefix(addr, "autolaunch:") {
		return addr, true
	}
	file := userBus(env)
	if info, err := os.Stat(file); err != nil || info.Mode()&os.ModeSocket == 0 {
		return "", false
	}
	return "unix:path=" + dbus.EscapeBusAddressValue(file), true
}

// userBus is where the bus of a user session is by custom; "" where that
// cannot be told.
func userBus(env func(string) string) string {
	if dir := env("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "bus")
	}
	return ""
}

// dial opens a connection of its own that ends with ctx.
func dial(ctx context.Context, addr string, options ...dbus.ConnOption) (*dbus.Conn, error) {
	late := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(dialTime, func() { close(late); cancel() })
	conn, err := dbus.Connect(addr, append(options, dbus.WithContext(ctx))...)
	if err == nil && timer.Stop() {
		context.AfterFunc(conn.Context(), cancel)
		return conn, nil
	}
	timer.Stop()
	cancel()
	select {
	case <-late:
		return nil, fmt.Errorf("the session bus %s does not answer", addr)
	default:
		return nil, fmt.Errorf("the session bus %s cannot be reached: %w", addr, err)
	}
}

// server is what shows notifications on a bus.
type server struct {
	owner string // its unique name
	caps  []string
}

// findServer looks for a server that answers. Nothing is shown by that.
func findServer(ctx context.Context, conn *dbus.Conn) (server, Outcome, error) {
	owner, err := ownerOf(ctx, conn)
	if err != nil {
		return server{}, NoServer, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	s := server{owner: owner}
	call := conn.Object(serverName, serverPath).CallWithContext(ctx, serverName+".GetCapabilities", dbus.FlagNoAutoStart)
	if err := call.Store(&s.caps); errors.Is(err, context.DeadlineExceeded) {
		return s, Hung, fmt.Errorf("the notification server does not answer within %v", answerTime)
	} else if err != nil {
		return s, NoServer, fmt.Errorf("the notification server is of no use: %w", err)
	}
	return s, Delivered, nil
}

// ownerOf is who shows notifications; where nobody does, the bus is asked to
// start the program that it knows for it.
func ownerOf(ctx context.Context, conn *dbus.Conn) (string, error) {
	if owner, err := nameOwner(ctx, conn); err == nil {
		return owner, nil
	}
	can, err := activatable(ctx, conn)
	if err != nil {
		return "", err
	}
	if !can {
		return "", errors.New("no notification server is on the session bus, and the bus knows none to start")
	}
	ctx, cancel := context.WithTimeout(ctx, activateTime)
	defer cancel()
	start := conn.BusObject().CallWithContext(ctx, busName+".StartServiceByName", 0, serverName, uint32(0))
	if start.Err != nil {
		return "", fmt.Errorf("the notification server did not start: %w", start.Err)
	}
	return nameOwner(ctx, conn)
}

func nameOwner(ctx context.Context, conn *dbus.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var owner string
	err := conn.BusObject().CallWithContext(ctx, busName+".GetNameOwner", 0, serverName).Store(&owner)
	return owner, err
}

func activatable(ctx context.Context, conn *dbus.Conn) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var names []string
	if err := conn.BusObject().CallWithContext(ctx, busName+".ListActivatableNames", 0).Store(&names); err != nil {
		return false, fmt.Errorf("the session bus does not answer: %w", err)
	}
	return slices.Contains(names, serverName), nil
}

var errNoBus = errors.New("DBUS_SESSION_BUS_ADDRESS is not set, and $XDG_RUNTIME_DIR/bus is not there")
