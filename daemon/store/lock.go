package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// takeLock takes the folder for this process; closing the file gives it up. It
// is a file of its own because the database is renamed and replaced.
func takeLock(dir string, wait time.Duration) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, folderError(path, "cannot be opened", err)
	}
	if err := flock(f, wait); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, inUse(dir, holder(f))
		}
		return nil, folderError(path, "cannot be locked", err)
	}
	note(f)
	return f, nil
}

// note writes who has the lock. That is for people: nothing depends on it.
func note(f *os.File) {
	if f.Truncate(0) == nil {
		fmt.Fprintln(f, os.Getpid())
	}
}

// flock locks a file, or gives up with EWOULDBLOCK.
func flock(f *os.File, wait time.Duration) error {
	const pause = 20 * time.Millisecond
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || wait <= 0 {
			return err
		}
		time.Sleep(pause)
		wait -= pause
	}
}

// holder is the process that noted itself in the lock; 0 where none did.
func holder(f *os.File) int {
	b := make([]byte, 20)
	n, _ := f.ReadAt(b, 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	return pid
}

func inUse(path string, pid int) error {
	by := "another process"
	if pid != 0 {
		by = fmt.Sprintf("process %d", pid)
	}
	return &Error{
		Code:    Locked,
		Message: fmt.Sprintf("%s is in use by %s", path, by),
		Hint:    "quotad status, to ask the daemon that runs; systemctl --user stop quotad, to stop it",
	}
}
