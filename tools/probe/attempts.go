package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openFile makes a file that others may read.
func openFile() error {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("probe-%d", os.Getpid()))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		cannot(err)
	}
	defer os.Remove(path)
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		cannot(err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return fmt.Errorf("made with %o", info.Mode().Perm())
	}
	return nil
}

// gainPrivilege runs a program that is set-user-id root: this one, as the test
// has put it beside itself.
func gainPrivilege() error {
	self, err := os.Executable()
	if err != nil {
		cannot(err)
	}
	out, err := exec.Command(self+"-setuid", euidFlag).Output()
	if err != nil {
		cannot(err)
	}
	if uid := string(out); uid != "0" {
		return errors.New("it ran as " + uid)
	}
	return nil
}

func changePersonality() error {
	const linux32 = 8
	_, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, linux32, 0, 0)
	return asError(errno)
}

// runRealtime asks for a realtime policy with a priority that is none: who may
// ask at all is told that, whatever priorities are theirs.
func runRealtime() error {
	const fifo = 1
	priority := int32(1000)
	_, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, fifo, uintptr(unsafe.Pointer(&priority)))
	if errno == unix.EINVAL {
		return nil
	}
	return asError(errno)
}

// markSetuid makes a file of its own set-user-id.
func markSetuid() error {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("probe-%d", os.Getpid()))
	if err := os.WriteFile(path, nil, 0o700); err != nil {
		cannot(err)
	}
	defer os.Remove(path)
	return plain(unix.Chmod(path, 0o4700))
}

// strangeSocket opens one of a family that neither the daemon nor a program of
// the user's that sends notices needs: the first that the kernel has.
func strangeSocket() (err error) {
	for _, family := range []int{unix.AF_VSOCK, unix.AF_ALG, unix.AF_XDP, unix.AF_TIPC, unix.AF_BLUETOOTH} {
		for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_SEQPACKET, unix.SOCK_RAW} {
			fd := 0
			if fd, err = unix.Socket(family, kind, 0); err == nil {
				return unix.Close(fd)
			}
		}
	}
	return plain(err)
}

// makeNamespace starts a program in a user namespace of its own.
func makeNamespace() error {
	self, err := os.Executable()
	if err != nil {
		cannot(err)
	}
	c := exec.Command(self, euidFlag)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	return plain(c.Run())
}

// foreignCall makes a call in the way of another architecture.
func foreignCall() error { return inChild("foreign") }

// beTraced makes a call that is in no set of ordinary calls.
func beTraced() error { return inChild("trace") }

// dieOfIt is killed by a call that is not allowed. That it is refused and lives
// is what SystemCallErrorNumber is for.
func dieOfIt() error {
	err := inChild("trace")
	if err != nil && strings.Contains(err.Error(), "killed") {
		return nil
	}
	return fmt.Errorf("the caller lives (%v)", err)
}

// dumpCore ends a child so that it leaves a core file.
func dumpCore() error {
	state := childState("core")
	status := state.Sys().(syscall.WaitStatus)
	if !status.Signaled() {
		cannot(fmt.Errorf("the child ended with %v", state))
	}
	if !status.CoreDump() {
		return errors.New("no core was left")
	}
	return nil
}

func asError(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return plain(errno)
}

// plain names the error of a call.
func plain(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errors.New(unix.ErrnoName(errno))
	}
	return err
}

// cannot ends the program where an attempt cannot even be made: that is no proof
// of anything.
func cannot(err error) {
	fmt.Fprintln(os.Stderr, "probe:", err)
	os.Exit(1)
}
