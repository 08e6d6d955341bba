package api

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A queue of those who wait to be let in may be full for a moment.
func TestAFullQueueIsTriedAgain(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
	must(t, unix.Listen(fd, 0))
	first, err := net.Dial("unix", path) // fills the queue
	must(t, err)
	defer first.Close()
	if _, err := dial([]string{path}, time.Now().Add(20*time.Millisecond)); err == nil {
		t.Fatal("the queue is not full: there is nothing to test")
	}
	go func() {
		time.Sleep(20 * time.Millisecond)
		if one, _, err := unix.Accept(fd); err == nil {
			unix.Close(one)
		}
	}()
	c, err := dial([]string{path}, time.Now().Add(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
