package api

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Sockets lists where a client looks for the daemon, in this order:
// QUOTAD_SOCKET and nothing else; else XDG_RUNTIME_DIR, or /run/user/UID where
// that is not set (cron, ssh, a container); and last the state folder, where a
// daemon without a runtime folder listens.
func Sockets(env func(string) string, uid int) []string {
	if named := env("QUOTAD_SOCKET"); named != "" {
		return []string{named}
	}
	runtime := env("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(runtime) {
		runtime = filepath.Join("/run/user", strconv.Itoa(uid))
	}
	list := []string{filepath.Join(runtime, "quotad", "quotad.sock")}
	if state := stateDir(env); state != "" {
		list = append(list, filepath.Join(state, "quotad.sock"))
	}
	return list
}

func stateDir(env func(string) string) string {
	if named := env("QUOTAD_STATE_DIR"); named != "" {
		return named
	}
	if base := env("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "quotad")
	}
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "quotad")
	}
	return ""
}

// NoDaemonError says that no daemon answers.
type NoDaemonError struct {
	Tried []string // socket paths, in order
	Err   error    // why the first one that is there could not be used; nil where none is there
}

func (e *NoDaemonError) Error() string {
	text := "no daemon answers at " + strings.Join(e.Tried, " or ")
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *NoDaemonError) Unwrap() error { return e.Err }

// Hint is the command that starts a daemon on this machine.
func (e *NoDaemonError) Hint() string { return startCommand(os.Getenv, exists) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// startCommand goes by what is there: an installed unit, a user manager that
// could take one, or neither.
func startCommand(env func(string) string, exists func(string) bool) string {
	for _, dir := range unitDirs(env) {
		if exists(filepath.Join(dir, "quotad.service")) {
			return "systemctl --user start quotad"
		}
	}
	if runtime := env("XDG_RUNTIME_DIR"); runtime != "" && exists(filepath.Join(runtime, "systemd", "private")) {
		return "quotad service install"
	}
	return "quotad run"
}

func unitDirs(env func(string) string) []string {
	config := env("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(env("HOME"), ".config")
	}
	return []string{
		filepath.Join(config, "systemd", "user"),
		"/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
	}
}

// dial connects to the first socket that answers, and that is ours (or root's,
// or anybody's where we are root): what is sent is for no other user.
func dial(sockets []string, deadline time.Time) (net.Conn, error) {
	none := &NoDaemonError{Tried: sockets}
	dialer := net.Dialer{Deadline: deadline}
	for _, path := range sockets {
		c, err := dialOne(&dialer, path)
		if err == nil {
			return c, nil
		}
		if none.Err == nil && !errors.Is(err, os.ErrNotExist) {
			none.Err = err
		}
	}
	return nil, none
}

// againAfter is how soon a socket is tried again that has a full queue.
const againAfter = 2 * time.Millisecond

func dialOne(d *net.Dialer, path string) (net.Conn, error) {
	if err := checkLength(path); err != nil {
		return nil, err
	}
	c, err := d.Dial("unix", path)
	for errors.Is(err, unix.EAGAIN) && time.Until(d.Deadline) > againAfter { // as many wait to be let in as may
		time.Sleep(againAfter)
		c, err = d.Dial("unix", path)
	}
	if err != nil {
		if info, other := os.Stat(path); other == nil && info.Mode().Type() != os.ModeSocket {
			err = fmt.Errorf("%s is no socket", path)
		}
		return nil, err
	}
	uid, known := peerUID(c)
	if self := os.Geteuid(); self != 0 && judge(uid, known, self, strangers()) != admitted {
		c.Close()
		return nil, fmt.Errorf("the socket %s belongs to another user (uid %d)", path, uid)
	}
	return c, nil
}
