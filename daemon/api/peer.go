package api

import (
	"errors"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// verdict says whether the process at the other end may use the API, and why
// not.
type verdict int

const (
	unidentified verdict = iota
	unmapped
	otherUser
	admitted
)

func (v verdict) String() string {
	return [...]string{
		"the caller's user cannot be told; only the daemon's own user may connect",
		"a user that is not known in the sandbox of the daemon, as root is not (sudo -u USER); only the daemon's own user may connect",
		"another user; only the daemon's own user (and root) may connect",
		"admitted",
	}[v]
}

// sameUser admits the daemon's own user and root, as the kernel names them
// (SO_PEERCRED), whatever the modes of the files on the way. In a user namespace
// that does not know root, as in the sandbox of the service, only the own user.
func sameUser() func(net.Conn) verdict {
	self, stranger := os.Geteuid(), strangers()
	return func(c net.Conn) verdict {
		uid, ok := peerUID(c)
		return judge(uid, ok, self, stranger)
	}
}

// Admitted is nil where the API of a daemon in this process would admit who is
// at the other end of a connection.
func Admitted(c net.Conn) error {
	if v := sameUser()(c); v != admitted {
		return errors.New(v.String())
	}
	return nil
}

func judge(peer int, known bool, self, stranger int) verdict {
	switch {
	case !known:
		return unidentified
	case peer == stranger: // may be anybody, though it be the own number
		return unmapped
	case peer == self || peer == 0:
		return admitted
	}
	return otherUser
}

// allKnown is what strangers gives where each user has a number.
const allKnown = -1

// strangers is the number that stands for every user whom the user namespace of
// this process does not know, and allKnown where it knows all.
func strangers() int {
	users, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || knowsAll(string(users)) {
		return allKnown
	}
	const usual = 65534
	text, err := os.ReadFile("/proc/sys/kernel/overflowuid")
	if err != nil {
		return usual
	}
	uid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return usual
	}
	return uid
}

// knowsAll reads a uid_map: first number inside, first outside, how many.
func knowsAll(users string) bool {
	var all uint64
	for line := range strings.Lines(users) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return false
		}
		n, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil {
			return false
		}
		all += n
	}
	return all >= math.MaxUint32
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
