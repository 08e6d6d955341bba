package main

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// After 10,000 requests and 1,000 reloads a daemon has as many goroutines and
// open files as after a few.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	fresh, tired := work(t, 20, 1), work(t, 10*manyReloads, manyReloads)
	if fresh.files != tired.files {
		t.Errorf("%d files are open after much work, and %d after a little", tired.files, fresh.files)
	}
	if len(tired.routines) > len(fresh.routines) {
		t.Errorf("%d goroutines are there after much work, and %d after a little:\n%s", len(tired.routines), len(fresh.routines),
			strings.Join(added(fresh.routines, tired.routines), "\n"))
	}
	t.Logf("%d goroutines, %d files, %d and %d threads", len(tired.routines), tired.files, fresh.threads, tired.threads)
}

// remains are what a daemon has of things that can leak.
type remains struct {
	files, threads int
	routines       []string // where each goroutine was started
}

// work has a daemon of its own do so much, and then looks at it.
func work(t *testing.T, requests, reloads int) remains {
	t.Helper()
	h := newDaemonHome(t)
	p := h.start()
	h.requests(0, requests/10)
	for i := range reloads {
		h.configure(strings.Replace(loadConfig, "off_peak = 2.0", fmt.Sprintf("off_peak = 2.%d", i/10+1), 1) + fmt.Sprintf("# %d\n", i))
		p.reload("took the configuration", i+1)
	}
	h.requests(requests/10, requests)
	h.client.CloseIdleConnections()
	var r remains
	for settled := 0; settled < 20; settled++ {
		time.Sleep(20 * time.Millisecond)
		if n := p.descriptors(); n != r.files {
			r.files, settled = n, 0
		}
	}
	r.threads = p.threads()
	r.routines = p.routines()
	return r
}

// requests are those from one number to another, several at a time.
func (h *daemonHome) requests(from, to int) {
	h.t.Helper()
	var next atomic.Int64
	next.Store(int64(from))
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for i := int(next.Add(1) - 1); i < to; i = int(next.Add(1) - 1) {
				h.request(i, to)
			}
		})
	}
	clients.Wait()
}

// request is one of all sorts, and now and then a client who leaves early.
func (h *daemonHome) request(i, of int) {
	h.t.Helper()
	switch i % 10 {
	case 0:
		h.get("/v1/status")
	case 1:
		h.get("/v1/notices")
	case 2:
		h.get("/v1/events?limit=5")
	case 3:
		c := h.dial()
		fmt.Fprint(c, "GET /v1/watch HTTP/1.1\r\nHost: quotad\r\n\r\n")
		c.Read(make([]byte, 1))
		c.Close()
	case 4:
		c := h.dial()
		fmt.Fprintf(c, "%sContent-Length: 1000\r\n\r\n{", eventsHead)
		c.Close()
	case 5:
		a, err := callDaemon(h.client, http.MethodPost, "/v1/events", object, strings.NewReader("{"))
		h.must(err)
		a.complaint(h.t, http.StatusBadRequest)
	case 6:
		h.spool(prompts(fmt.Sprintf("spool-%d-%d", i, of), 1)...)
	default:
		h.post(prompts(fmt.Sprintf("request-%d-%d", i, of), 1)...).accepted(h.t)
	}
}

func (p *process) threads() int {
	p.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(list)
}

// routines ends the process by SIGQUIT, at which Go tells of every goroutine,
// and gives who started each.
func (p *process) routines() (list []string) {
	p.t.Helper()
	p.Process.Signal(syscall.SIGQUIT)
	p.end(startLimit)
	for _, m := range regexp.MustCompile(`(?m)^created by (\S+)`).FindAllStringSubmatch(p.said.String(), -1) {
		if !strings.HasPrefix(m[1], "runtime") {
			list = append(list, m[1])
		}
	}
	if len(list) == 0 {
		p.t.Fatalf("no goroutines are told:\n%s", p.said)
	}
	slices.Sort(list)
	return list
}

// added is what the second sorted list has more than the first.
func added(first, second []string) (more []string) {
	for _, s := range second {
		if i, ok := slices.BinarySearch(first, s); ok {
			first = slices.Delete(slices.Clone(first), i, i+1)
			continue
		}
		more = append(more, s)
	}
	return more
}
