package daemon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNoClockWatch is returned where the kernel has no timer that tells of
// clock steps; the heartbeat then notices them.
var ErrNoClockWatch = errors.New("clock steps are not told by this system")

// watchClock calls poke whenever the wall clock was set, and on resume from
// suspend, until ctx ends. A wall-clock timer far in the future costs no
// wake-up; the kernel cancels it when the clock jumps.
func watchClock(ctx context.Context, poke func()) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrNoClockWatch, err)
	}
	timer := os.NewFile(uintptr(fd), "wall clock") // non-blocking: reads wait in the poller
	stop := context.AfterFunc(ctx, func() { timer.Close() })
	defer stop()
	defer timer.Close()
	for {
		// Cancelled while arming: armed all the same, and another step to tell of.
		if err := armNever(fd); errors.Is(err, unix.ECANCELED) {
			poke()
		} else if err != nil {
			return fmt.Errorf("%w: %v", ErrNoClockWatch, err)
		}
		_, err := timer.Read(make([]byte, 8))
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, unix.ECANCELED) {
			return fmt.Errorf("wall clock: %w", err)
		}
		poke()
	}
}

// armNever sets the timer to an instant that does not come, to be cancelled by
// any step of the clock.
func armNever(fd int) error {
	never := unix.ItimerSpec{Value: unix.Timespec{Sec: math.MaxInt32 * 64}}
	return unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &never, nil)
}
