package main

import (
	"bytes"
	"context"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

// roomBackend is a daemon whose one window is full or not.
type roomBackend struct {
	full    atomic.Bool
	resets  *time.Time    // then it is full no more; nil: never
	watched chan struct{} // a value for each watcher that came
	changes chan struct{}
	notices chan quota.Notice
}

func newRoomBackend(full bool) *roomBackend {
	b := &roomBackend{watched: make(chan struct{}, 8), changes: make(chan struct{}, 1), notices: make(chan quota.Notice, 1)}
	b.full.Store(full)
	return b
}

func (b *roomBackend) Status(string, time.Time) (quota.Statuses, bool) {
	st := pro(window("5h", quota.Fixed, 0, 400, nil))
	if b.full.Load() && (b.resets == nil || time.Now().Before(*b.resets)) {
		st = blocked(pro(window("5h", quota.Fixed, 400, 400, b.resets)), b.resets)
	}
	return quota.Statuses{Schema: 1, Now: boardNow, Accounts: []quota.Status{st}}, true
}

func (b *roomBackend) Subscribe() api.Feed {
	b.watched <- struct{}{}
	return api.Feed{Changes: b.changes, Notices: b.notices, Cancel: func() {}}
}

func (*roomBackend) Submit(context.Context, []quota.Event) ([]api.Result, error) { return nil, nil }
func (*roomBackend) Alive(context.Context) error                                 { return nil }
func (*roomBackend) Metrics(io.Writer)                                           {}

func (*roomBackend) Events(context.Context, api.EventQuery) iter.Seq2[quota.Event, error] {
	return func(func(quota.Event, error) bool) {}
}

func (*roomBackend) Notices(context.Context, time.Time) iter.Seq2[api.Notice, error] {
	return func(func(api.Notice, error) bool) {}
}

// serveRoom puts a backend on a socket, and gives what takes it off.
func serveRoom(t *testing.T, socket string, b *roomBackend) (stop func()) {
	t.Helper()
	ln, err := api.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	server := api.NewServer(api.Config{Backend: b})
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	return func() {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		<-served
	}
}

// beginWait starts a wait, and gives what came of it.
func beginWait(t *testing.T, socket string) <-chan string {
	var out bytes.Buffer
	a := &app{stdin: &out, stdout: &out, stderr: &out, env: envOf("HOME", t.TempDir()), now: time.Now, socket: socket}
	done := make(chan string, 1)
	go func() {
		err := a.wait(t.Context(), need{account: quota.DefaultAccount}, nil)
		if err != nil {
			out.WriteString(err.Error())
		}
		done <- out.String()
	}()
	return done
}

func shortSocket(t *testing.T) string {
	dir, err := os.MkdirTemp("/tmp", "q")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

const someRoom = "Room: 5h has about 400 of 400 prompts left\n"

func TestWaitHearsOfAChange(t *testing.T) {
	socket, b := shortSocket(t), newRoomBackend(true)
	defer serveRoom(t, socket, b)()
	done := beginWait(t, socket)
	<-b.watched
	select {
	case got := <-done:
		t.Fatalf("it did not wait: %q", got)
	case <-time.After(50 * time.Millisecond):
	}
	b.full.Store(false)
	b.changes <- struct{}{}
	if got := <-done; got != someRoom {
		t.Errorf("%q, want %q", got, someRoom)
	}
}

func TestWaitOutlivesTheDaemon(t *testing.T) {
	socket, b := shortSocket(t), newRoomBackend(true)
	stop := serveRoom(t, socket, b)
	done := beginWait(t, socket)
	<-b.watched
	stop()
	select {
	case got := <-done:
		t.Fatalf("it ended with the daemon: %q", got)
	case <-time.After(50 * time.Millisecond):
	}
	defer serveRoom(t, socket, newRoomBackend(false))()
	if got := <-done; got != someRoom {
		t.Errorf("%q, want %q", got, someRoom)
	}
}

func TestWaitAsksAtTheReset(t *testing.T) {
	socket, b := shortSocket(t), newRoomBackend(true)
	soon := time.Now().Add(300 * time.Millisecond)
	b.resets = &soon
	defer serveRoom(t, socket, b)()
	if got := <-beginWait(t, socket); got != someRoom || time.Now().Before(soon) {
		t.Errorf("%q, want %q", got, someRoom)
	}
}
