package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The flags by which the program runs itself.
const (
	childFlag = "--child"
	euidFlag  = "--euid"
)

// threadLost is what a child ends with whose thread was killed and nothing else:
// the default of some filters.
const threadLost = 3

// refused is what a child ends with whose call was refused: the number of the
// error, above it.
const refused = 64

// inChild makes an attempt in a process of its own, which may be killed for it.
func inChild(what string) error {
	state := childState(what)
	status := state.Sys().(syscall.WaitStatus)
	switch {
	case status.Signaled():
		return fmt.Errorf("killed by %s", unix.SignalName(status.Signal()))
	case status.ExitStatus() == threadLost:
		return errors.New("killed, as a thread")
	case status.ExitStatus() >= refused:
		return plain(unix.Errno(status.ExitStatus() - refused))
	case status.ExitStatus() != 0:
		cannot(fmt.Errorf("the child ended with %v", state))
	}
	return nil
}

func childState(what string) *os.ProcessState {
	self, err := os.Executable()
	if err != nil {
		cannot(err)
	}
	c := exec.Command(self, childFlag, what)
	if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		cannot(err)
	}
	return c.ProcessState
}

// beChild makes the attempt, and ends.
func beChild(what string) {
	time.AfterFunc(time.Second, func() { os.Exit(threadLost) })
	var errno unix.Errno
	switch what {
	case "core":
		debug.SetTraceback("crash") // so that the runtime ends with a core
		unix.Kill(os.Getpid(), unix.SIGQUIT)
		select {}
	case "trace":
		_, _, errno = unix.RawSyscall(unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0)
	case "foreign":
		const x32 = 0x40000000 // the other way of making 64-bit calls
		_, _, errno = unix.RawSyscall(x32|unix.SYS_GETPID, 0, 0, 0)
		if errno == unix.ENOSYS { // most kernels do not have it, but were asked
			errno = 0
		}
	default:
		os.Exit(1)
	}
	if errno != 0 {
		os.Exit(refused + int(errno))
	}
	os.Exit(0)
}
