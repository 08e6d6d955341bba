package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"quotad/daemon/api"
	"quotad/quota"
)

// However many open a connection and say nothing, whoever has something to say
// is heard at once.
func TestFloodKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	begun := []string{"", "POST /v1/events HT", eventsHead + "Content-Length: 10\r\n\r\n{"} // and nothing more
	silent := make([]net.Conn, 600)
	for i := range silent {
		silent[i] = h.dial()
		defer silent[i].Close()
		fmt.Fprint(silent[i], begun[i%len(begun)])
	}
	stop := make(chan struct{})
	var flood sync.WaitGroup
	flood.Go(func() { h.keepFlooding(silent, begun, stop) })
	var took []time.Duration
	for i := range 100 {
		begin := time.Now()
		client := h.newClient()
		a, err := sendEvents(client, prompts(fmt.Sprintf("good-%d", i), 1))
		h.must(err)
		a.accepted(t)
		client.CloseIdleConnections()
		took = append(took, time.Since(begin))
	}
	close(stop)
	flood.Wait()
	slices.Sort(took)
	slow := took[95*len(took)/100] // one sync of a busy disk is no flood
	t.Logf("19 of 20 were answered within %v, the slowest after %v", slow, took[len(took)-1])
	if slow > patience {
		t.Errorf("one of 20 good clients waited for %v", slow)
	}
	if n := p.descriptors(); n > 560 {
		t.Errorf("%d descriptors are open; at most 512 connections were expected", n)
	}
	h.get("/v1/status")
}

// keepFlooding opens again what the daemon closes.
func (h *daemonHome) keepFlooding(silent []net.Conn, begun []string, stop <-chan struct{}) {
	for i := 0; ; i = (i + 1) % len(silent) {
		select {
		case <-stop:
			return
		default:
		}
		silent[i].Close()
		c, err := net.Dial("unix", h.socket)
		if err != nil {
			h.t.Error(err)
			return
		}
		silent[i] = c
		fmt.Fprint(c, begun[i%len(begun)])
		time.Sleep(time.Millisecond)
	}
}

// descriptors counts what the process has open.
func (p *process) descriptors() int {
	p.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(list)
}

const eventsHead = "POST /v1/events HTTP/1.1\r\nHost: quotad\r\n"

// exchange sends a request piece by piece, and gives the answer, or its error.
func (h *daemonHome) exchange(pieces func(w io.Writer) error) (reply, error) {
	c, err := net.Dial("unix", h.socket)
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	go pieces(c) // until the daemon has enough of it
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text)}, err
}

// endlessly writes the same for as long as it is taken.
func endlessly(w io.Writer, text string, pause time.Duration) error {
	for {
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		time.Sleep(pause)
	}
}

// Requests without end or measure are refused, and those that come too slowly
// are left, while others are served.
func TestRequestsWithoutMeasure(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	h.start()
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 1<<16, strings.Repeat(" ", 1<<16))
	lines := func(n int) string {
		return strings.Repeat(`{"id":"same"}`+"\n", n)
	}
	for _, c := range []struct {
		name   string
		status int
		pieces func(w io.Writer) error
	}{
		{"a body of 9 MiB", http.StatusRequestEntityTooLarge, func(w io.Writer) error {
			fmt.Fprintf(w, "%sContent-Length: %d\r\n\r\n", eventsHead, 9<<20)
			_, err := w.Write(bytes.Repeat([]byte(" "), 9<<20))
			return err
		}},
		{"a body of 9 MiB that waits for a nod", http.StatusRequestEntityTooLarge, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%sExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", eventsHead, 9<<20)
			return err
		}},
		{"a body without end", http.StatusRequestEntityTooLarge, func(w io.Writer) error {
			fmt.Fprintf(w, "%sTransfer-Encoding: chunked\r\n\r\n", eventsHead)
			return endlessly(w, chunk, 0)
		}},
		{"10,001 lines", http.StatusRequestEntityTooLarge, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%sContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s", eventsHead, 14*10_001, lines(10_001))
			return err
		}},
		{"10,000 lines", http.StatusOK, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%sContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s", eventsHead, 14*10_000, lines(10_000))
			return err
		}},
		{"headers without end", http.StatusRequestHeaderFieldsTooLarge, func(w io.Writer) error {
			io.WriteString(w, eventsHead)
			return endlessly(w, "X-More: "+strings.Repeat("x", 1000)+"\r\n", 0)
		}},
		{"a body that comes too slowly", http.StatusBadRequest, func(w io.Writer) error {
			fmt.Fprintf(w, "%sContent-Length: 100000\r\n\r\n", eventsHead)
			return endlessly(w, " ", 50*time.Millisecond)
		}},
		{"headers that come too slowly", http.StatusBadRequest, func(w io.Writer) error {
			return endlessly(w, "P", 50*time.Millisecond)
		}},
		{"not HTTP at all", http.StatusBadRequest, func(w io.Writer) error {
			_, err := io.WriteString(w, "\x16\x03\x01 hello?\r\n\r\n")
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := h.exchange(c.pieces)
			if err != nil || a.status != c.status {
				t.Errorf("%d %.200s %v; %d was expected", a.status, a.text, err, c.status)
			}
			if c.status == http.StatusRequestEntityTooLarge {
				if e := a.complaint(t, c.status); e.Code != api.TooLarge {
					t.Errorf("%+v", e)
				}
			}
			if got := h.post(promptAt("after "+c.name, time.Now())).accepted(t); got[0].Status != quota.Recorded {
				t.Errorf("the next event: %+v", got)
			}
		})
	}
}

// Other users are kept out, by the folder's mode, and where that is open, by
// what the kernel says of them.
func TestAnotherUserIsKeptOut(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	h.asRoot()
	h.start()
	if c, err := dialAs(65534, h.socket); err == nil {
		c.Close()
		t.Error("another user can connect")
	} else if !strings.Contains(err.Error(), "permission denied") {
		t.Error(err)
	}
	for _, path := range []string{h.root, h.runtime, filepath.Dir(h.socket), h.socket} {
		h.must(os.Chmod(path, 0o777))
	}
	for _, words := range []string{
		"GET /v1/status HTTP/1.1\r\nHost: quotad\r\n\r\n",
		eventsHead + "Content-Length: 2\r\n\r\n{}",
		"GET /metrics HTTP/1.1\r\nHost: quotad\r\n\r\n",
		"GET /nothing HTTP/1.1\r\nHost: quotad\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: quotad\r\n\r\n",
	} {
		c, err := dialAs(65534, h.socket)
		h.must(err)
		defer c.Close()
		io.WriteString(c, words)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		h.must(err)
		text, _ := io.ReadAll(resp.Body)
		if e := (reply{resp.StatusCode, resp.Header, string(text)}).complaint(t, http.StatusForbidden); e.Code != api.Forbidden {
			t.Errorf("%+v", e)
		}
	}
	if list := h.events(); len(list) != 0 {
		t.Errorf("recorded: %v", list)
	}
}

// dialAs connects as another user: the kernel remembers who did. The thread
// that became that user ends with the goroutine.
func dialAs(uid uintptr, socket string) (c net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if _, _, no := syscall.RawSyscall(unix.SYS_SETRESUID, uid, uid, uid); no != 0 {
			err = no
			return
		}
		c, err = net.Dial("unix", socket)
	}()
	<-done
	return c, err
}
