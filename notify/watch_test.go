package notify

import (
	"testing"
	"testing/synctest"

	"github.com/fsnotify/fsnotify"
)

func TestTheBusIsSeenAfterAWatcherFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fsnotify.Watcher{Events: make(chan fsnotify.Event), Errors: make(chan error)}
		made := make(chan struct{}, 1)
		go tellMade(w, "/run/bus", made)
		w.Errors <- fsnotify.ErrEventOverflow
		w.Events <- fsnotify.Event{Name: "/run/other", Op: fsnotify.Create}
		w.Events <- fsnotify.Event{Name: "/run/bus", Op: fsnotify.Remove}
		synctest.Wait()
		if len(made) != 0 {
			t.Error("told of what is not the bus")
		}
		w.Events <- fsnotify.Event{Name: "/run/bus", Op: fsnotify.Create}
		w.Events <- fsnotify.Event{Name: "/run/bus", Op: fsnotify.Create} // nobody listens, and nobody waits
		synctest.Wait()
		if len(made) != 1 {
			t.Error("not told of the bus")
		}
		close(w.Events)
		close(w.Errors)
	})
}
