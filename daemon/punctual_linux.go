package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// punctual wakes the process at the instant at which a timer of Go is due.
//
// By itself that timer would ring late and dearly: the kernel lets the wait of
// the poller go on for a thousandth longer than was asked for, up to 100 ms, and
// until it ends the runtime's monitor looks some seventy times for the work that
// is due. A timer of the kernel has no such slack. It may well be left out.
type punctual struct{ timer *os.File }

// rousedAfter is how long after the instant it rings, so that Go's own timer is
// due when the process looks.
const rousedAfter = 50 * time.Microsecond

func newPunctual() (*punctual, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("timer of the kernel: %w", err)
	}
	return &punctual{os.NewFile(uintptr(fd), "timer of the kernel")}, nil // non-blocking: reads wait in the poller
}

// at sets it to an instant; the zero time is never.
func (p *punctual) at(due time.Time) error {
	var spec unix.ItimerSpec
	if !due.IsZero() {
		spec.Value = unix.NsecToTimespec(max(int64(time.Until(due)+rousedAfter), 1))
	}
	raw, err := p.timer.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.TimerfdSettime(int(fd), 0, &spec, nil) })
	return errors.Join(err, failed)
}

// run takes notice whenever it rings, until ctx ends.
func (p *punctual) run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { p.timer.Close() })()
	defer p.timer.Close()
	for {
		if _, err := p.timer.Read(make([]byte, 8)); err != nil {
			return
		}
	}
}
