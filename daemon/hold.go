package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/fsnotify/fsnotify"
)

// Hold keeps a service that cannot start from being started each second, with
// eight lines in the journal each time. The first start that fails ends the
// process, so that whoever asked for it is told. The one that systemd makes
// after that stays: it says once what is wrong, and tries again by itself. Who
// calls meanwhile waits at systemd's socket, as at any start.
type Hold struct {
	// Mark is a file in the folder of the runtime that says when a start failed.
	Mark   string
	Config string              // a change of this file is worth a try at once; "": there is none
	Reload <-chan struct{}     // and so is a value of this
	Say    func(failure error) // tells the journal
}

// CannotStart begins what systemd is told of a service that holds; what is wrong
// follows.
const CannotStart = "Cannot start: "

// justNow is how long after a start that failed the next is one that systemd
// makes by itself, which comes after a second.
const justNow = time.Minute

// Serve calls start, which calls ready once it serves, and again as long as it
// cannot. It returns what start does once that was ready or ctx has ended, and
// at once where nobody would start it again.
func (h Hold) Serve(ctx context.Context, start func(ready func()) error) error {
	wasReady, holding, said := false, false, ""
	ready := func() {
		wasReady = true
		_ = os.Remove(h.Mark) // else one more start is tried before it holds
	}
	for try := 0; ; try++ {
		err := start(ready)
		if err == nil || wasReady || ctx.Err() != nil {
			return err
		}
		if holding = holding || h.begins(); !holding {
			return err
		}
		if err.Error() != said {
			h.Say(err)
			said = err.Error()
		}
		if !h.wait(ctx, err, pause(try)) {
			_ = os.Remove(h.Mark)
			return nil
		}
	}
}

// begins reports whether it holds from now on, where a start has failed. Where no
// word of that can be left it does at once.
func (h Hold) begins() bool {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return false
	}
	before, err := os.Stat(h.Mark)
	if err == nil && time.Since(before.ModTime()).Abs() < justNow {
		return true
	}
	_ = os.Remove(h.Mark)
	_ = os.Mkdir(filepath.Dir(h.Mark), 0o700)
	return os.WriteFile(h.Mark, nil, 0o600) != nil
}

// pause is how long it waits after so many tries that failed before.
func pause(tries int) time.Duration {
	const first, longest = 2 * time.Second, 5 * time.Minute
	if tries > 10 {
		return longest
	}
	return min(first<<tries, longest)
}

// wait waits until another try is due, or worth it; it reports false where ctx
// has ended.
func (h Hold) wait(ctx context.Context, why error, length time.Duration) bool {
	patience := length + 2*time.Minute
	line, _, _ := strings.Cut(why.Error(), "\n")
	_, _ = sd.SdNotify(false, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d\nSTATUS=%s%.300s (next try at %s)",
		patience.Microseconds(), CannotStart, line, time.Now().Add(length).Format(time.TimeOnly)))
	changed, end := fileChanges(h.Config)
	defer end()
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-changed:
	case <-h.Reload:
	}
	return true
}

// fileChanges tells of changes of a file, be it by another of the same name,
// until end is called.
func fileChanges(path string) (changed <-chan struct{}, end func()) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil || path == "" {
		return nil, func() {}
	}
	if err := watcher.Add(filepath.Dir(path)); err != nil {
		watcher.Close()
		return nil, func() {}
	}
	tell := make(chan struct{}, 1)
	go func() {
		for ev := range watcher.Events {
			if filepath.Base(ev.Name) == filepath.Base(path) && !ev.Has(fsnotify.Chmod) {
				select {
				case tell <- struct{}{}:
				default:
				}
			}
		}
	}()
	return tell, func() { watcher.Close() }
}
