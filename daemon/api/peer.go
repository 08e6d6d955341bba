package api

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// verdict says whether the process at the other end may use the API, and why
// not.
type verdict int

const (
	unidentified verdict = iota
	otherUser
	admitted
)

func (v verdict) String() string {
	return [...]string{
		"the caller's user cannot be told; only the daemon's own user may connect",
		"another user; only the daemon's own user (and root) may connect",
		"admitted",
	}[v]
}

// sameUser admits the daemon's own user and root, as the kernel names them
// (SO_PEERCRED), whatever the modes of the files on the way.
func sameUser(c net.Conn) verdict {
	uid, ok := peerUID(c)
	return judge(uid, ok, os.Geteuid())
}

func judge(peer int, known bool, self int) verdict {
	switch {
	case !known:
		return unidentified
	case peer == self || peer == 0:
		return admitted
	}
	return otherUser
}

// peerUID is the user at the other end of a Unix socket.
func peerUID(c net.Conn) (uid int, ok bool) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, false
	}
	var cred *unix.Ucred
	raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err != nil || cred == nil {
		return 0, false
	}
	return int(cred.Uid), true
}
