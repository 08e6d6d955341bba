package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/fsnotify/fsnotify"

	"quotad/daemon/store"
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

// saysMost is how many different failures it says: some name what differs each
// time.
const saysMost = 5

// Serve calls start, which calls ready once it serves, and again as long as it
// cannot. It returns what start does once that was ready or ctx has ended, and at
// once where nobody would start it again, or a new process would do better.
func (h Hold) Serve(ctx context.Context, start func(ready func()) error) error {
	wasReady := false
	ready := func() {
		wasReady = true
		_ = os.Remove(h.Mark) // else one more start is tried before it holds
	}
	fails := func() (error, bool) {
		err := start(ready)
		return err, err != nil && !wasReady && ctx.Err() == nil
	}
	err, failed := fails()
	if !failed || !h.begins() {
		return err
	}
	changed, end := fileChanges(h.Config)
	defer end()
	var said []string
	for try := 0; failed; try++ {
		if errors.Is(err, store.ErrStuck) || replaced() {
			return err
		}
		if !slices.Contains(said, err.Error()) && len(said) < saysMost {
			h.Say(err)
			said = append(said, err.Error())
		}
		if !h.wait(ctx, err, pause(try), changed) {
			_ = os.Remove(h.Mark)
			return nil
		}
		err, failed = fails()
	}
	return err
}

// replaced reports whether the program was: then the new one is to try.
func replaced() bool {
	path, err := os.Readlink("/proc/self/exe")
	return err == nil && strings.HasSuffix(path, " (deleted)")
}

// begins reports whether it holds from now on, where a start has failed. Where no
// word of that can be left it does at once: whoever asked for the start waits then.
func (h Hold) begins() bool {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return false
	}
	before, err := os.Lstat(h.Mark)
	if err == nil && time.Since(before.ModTime()).Abs() < justNow {
		return true
	}
	_ = os.Remove(h.Mark)
	_ = os.Mkdir(filepath.Dir(h.Mark), 0o700)
	f, err := os.OpenFile(h.Mark, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return true
	}
	f.Close()
	return false
}

// pause is how long it waits after so many tries that failed before.
func pause(tries int) time.Duration {
	const first, longest = 2 * time.Second, 5 * time.Minute
	if tries > 10 {
		return longest
	}
	return min(first<<tries, longest)
}

// written is how long a file is left alone after it was changed: in the middle of
// being saved it is empty, or not there, and would be taken as it is.
const written = 500 * time.Millisecond

// wait waits until another try is due, or worth it; it reports false where ctx
// has ended.
func (h Hold) wait(ctx context.Context, why error, length time.Duration, changed <-chan struct{}) bool {
	patience := length + 2*time.Minute
	line, _, _ := strings.Cut(why.Error(), "\n")
	_, _ = sd.SdNotify(false, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d\nSTATUS=%s%.300s (next try at %s)",
		patience.Microseconds(), CannotStart, line, time.Now().Add(length).Format(time.TimeOnly)))
	defer func() { _, _ = sd.SdNotify(false, "STATUS=Starting") }()
	timer := time.NewTimer(length)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-changed:
			timer.Reset(written)
		case <-timer.C:
			return true
		case <-h.Reload:
			return true
		}
	}
}

// fileChanges tells of changes of a file, or of what it links to, be it by another
// of the same name, until end is called.
func fileChanges(path string) (changed <-chan struct{}, end func()) {
	if path == "" {
		return nil, func() {}
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, func() {}
	}
	names := []string{path}
	if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
		names = append(names, target)
	}
	for _, name := range names {
		err = errors.Join(err, watcher.Add(filepath.Dir(name)))
	}
	if err != nil && len(watcher.WatchList()) == 0 {
		watcher.Close()
		return nil, func() {}
	}
	tell := make(chan struct{}, 1)
	go func() {
		for ev := range watcher.Events {
			if slices.Contains(names, ev.Name) && !ev.Has(fsnotify.Chmod) {
				select {
				case tell <- struct{}{}:
				default:
				}
			}
		}
	}()
	return tell, func() { watcher.Close() }
}
