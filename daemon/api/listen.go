package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// maxSocketPath is how many bytes the kernel takes for a socket's path.
const maxSocketPath = 107

// socketName is the name systemd passes the socket under (FileDescriptorName=).
const socketName = "quotad"

// SocketError says why there can be no socket at a path, and what to run.
type SocketError struct{ Message, Hint string }

func (e *SocketError) Error() string { return e.Message }

func socketError(hint, format string, args ...any) error {
	return &SocketError{Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Listen opens the daemon's socket, mode 0600. Its folder is made, 0700, where
// it is missing, and has to be safe where it is there: ours or root's, no
// symbolic link, and not for everybody to write. A socket that nobody answers
// at is taken away, so the caller holds the lock of the database already. The
// file goes with the listener's Close, unless it is another's by then.
func Listen(path string) (net.Listener, error) {
	if err := checkLength(path); err != nil {
		return nil, err
	}
	if err := socketDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := clearStale(path); err != nil {
		return nil, err
	}
	private := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		// The file takes its mode from the socket at bind: there is no moment at
		// which others could connect, and no umask is changed under other threads.
		fail := c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) })
		return errors.Join(fail, err)
	}}
	ln, err := private.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s: %w", path, err)
	}
	own := &ownListener{UnixListener: ln.(*net.UnixListener), path: path}
	own.SetUnlinkOnClose(false)
	if own.file, err = os.Lstat(path); err != nil {
		own.UnixListener.Close()
		return nil, fmt.Errorf("the socket was taken away at once: %w", err)
	}
	return own, nil
}

func checkLength(path string) error {
	if n := len(path); n > maxSocketPath {
		return fmt.Errorf("the socket path is %d bytes long, and at most %d are possible: name a shorter one with --socket or QUOTAD_SOCKET: %s",
			n, maxSocketPath, path)
	}
	return nil
}

// ownListener takes its file away when it is closed, if it still is its file.
type ownListener struct {
	*net.UnixListener
	path string
	file fs.FileInfo
}

func (l *ownListener) Close() error {
	if now, err := os.Lstat(l.path); err == nil && os.SameFile(now, l.file) {
		os.Remove(l.path)
	}
	return l.UnixListener.Close()
}

// elsewhere is what to do where the socket's folder is none for us.
const elsewhere = "quotad run --socket PATH, or set XDG_RUNTIME_DIR to a folder of your own"

// socketDir makes the socket's folder, or makes sure of the one that is there.
func socketDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return socketError(elsewhere, "cannot make the socket's folder: %v", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("cannot look at the socket's folder: %w", err)
	}
	mode, uid := info.Mode(), owner(info)
	switch {
	case mode&fs.ModeSymlink != 0:
		return socketError(elsewhere, "the socket's folder %s is a symbolic link; a folder was expected", dir)
	case uid != os.Geteuid() && uid != 0:
		return socketError(elsewhere, "the socket's folder %s belongs to another user (uid %d)", dir, uid)
	case mode.Perm()&0o022 != 0 && mode&fs.ModeSticky == 0:
		return socketError("chmod 700 "+dir, "others may write to the socket's folder %s: run chmod 700 on it", dir)
	case filepath.Base(dir) == socketName && uid == os.Geteuid() && mode.Perm()&0o077 != 0:
		return os.Chmod(dir, 0o700) // the folder of our own name is private
	}
	return nil
}

func owner(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// clearStale takes away a socket that nobody answers at, and nothing else.
func clearStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("cannot look at the socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return socketError("quotad run --socket PATH", "%s is there and is no socket: name another path, or move it away", path)
	case owner(info) != os.Geteuid():
		return fmt.Errorf("the socket %s belongs to another user (uid %d)", path, owner(info))
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return socketError("quotad status", "a daemon, or systemd's quotad.socket, answers at %s already", path)
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("somebody may be listening at %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("cannot take a stale socket away: %w", err)
	}
	return nil
}

// Activated gives the listener that systemd passed to this process; false
// where it passed none. Its file is systemd's, and stays when it is closed.
func Activated() (net.Listener, bool, error) {
	passed, err := activation.ListenersWithNames()
	if err != nil || len(passed) == 0 {
		return nil, false, err
	}
	var all []net.Listener
	var names []string
	for name, lns := range passed {
		all, names = append(all, lns...), append(names, name)
	}
	ours := passed[socketName]
	if ours == nil && len(all) == 1 {
		ours = all // a unit without FileDescriptorName=
	}
	if len(ours) != 1 {
		return nil, false, fmt.Errorf("systemd passed the sockets %s; one with FileDescriptorName=%s was expected", strings.Join(names, ", "), socketName)
	}
	if network := ours[0].Addr().Network(); network != "unix" {
		return nil, false, fmt.Errorf("systemd passed a %s socket; a Unix socket was expected, for only there the caller's user is known", network)
	}
	for _, ln := range all {
		if ln != ours[0] {
			ln.Close()
		}
	}
	return ours[0], true, nil
}
