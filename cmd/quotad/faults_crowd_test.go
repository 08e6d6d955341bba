package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// crowd is everybody who uses a daemon's socket badly, for as long as it lasts.
type crowd struct {
	h      *daemonHome
	stop   chan struct{}
	opened atomic.Int64
	all    sync.WaitGroup
}

// worst is the work of all sorts of bad clients at once.
func (h *daemonHome) worst() *crowd {
	c := &crowd{h: h, stop: make(chan struct{})}
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 1<<16, strings.Repeat(" ", 1<<16))
	c.all.Go(c.idle)
	for range 4 {
		c.repeat(func(w io.Writer) { // a line without end, in one body without end
			io.WriteString(w, eventsHead+"Transfer-Encoding: chunked\r\n\r\n")
			endlessly(w, chunk, 2*time.Millisecond) // or the test takes the processor, not the daemon
		})
		c.repeat(func(w io.Writer) { endlessly(w, "P", 20*time.Millisecond) })
		c.repeat(func(w io.Writer) {
			io.WriteString(w, eventsHead+"Content-Length: 8000000\r\n\r\n")
			endlessly(w, strings.Repeat(" ", 1<<10), 20*time.Millisecond)
		})
		c.repeat(func(w io.Writer) {
			io.WriteString(w, eventsHead)
			endlessly(w, strings.Repeat("x", 1<<10), 0)
		})
	}
	return c
}

// idle opens so many connections and keeps them, or as many as this process may.
func (c *crowd) idle() {
	var limit unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	kept := make([]net.Conn, min(crowdSize, max(int(limit.Cur)-2000, 200)))
	defer func() {
		for _, conn := range kept {
			if conn != nil {
				conn.Close()
			}
		}
	}()
	for i := 0; c.opened.Load() < crowdSize; i++ {
		place := &kept[i%len(kept)]
		if *place != nil {
			(*place).Close()
			*place = nil
		}
		if i%100 == 0 {
			time.Sleep(20 * time.Millisecond) // they are many, and in no hurry
		}
		conn, err := net.Dial("unix", c.h.socket)
		if err != nil {
			continue
		}
		*place = conn
		c.opened.Add(1)
	}
	<-c.stop
}

// repeat has one client do this over and over, each time anew.
func (c *crowd) repeat(send func(w io.Writer)) {
	c.all.Go(func() {
		for {
			select {
			case <-c.stop:
				return
			case <-time.After(50 * time.Millisecond): // a crowd, no race for the processor
			}
			conn, err := net.Dial("unix", c.h.socket)
			if err != nil {
				continue
			}
			gone := make(chan struct{})
			go func() {
				select {
				case <-c.stop:
				case <-gone:
				}
				conn.Close()
			}()
			send(conn)
			close(gone)
		}
	})
}

func (c *crowd) end() {
	close(c.stop)
	c.all.Wait()
}

// latencies are how long good clients wait for the status, each on a connection
// of its own, sorted.
func (h *daemonHome) latencies(n int) (took []time.Duration) {
	h.t.Helper()
	for range n {
		client := h.newClient()
		begin := time.Now()
		a, err := callDaemon(client, "GET", "/v1/status", "", nil)
		took = append(took, time.Since(begin))
		client.CloseIdleConnections()
		if err != nil || a.status != 200 {
			h.t.Fatalf("a good client: %d %s %v", a.status, a.text, err)
		}
	}
	slices.Sort(took)
	return took
}

// memory is how many bytes of a process are its own in memory.
func (p *process) memory() int {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "RssAnon:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return kib << 10
}

// Ten thousand who say nothing, and others who never end, neither keep a good
// client waiting nor fill the memory.
func TestACrowdKeepsNobodyWaiting(t *testing.T) {
	h := newDaemonHome(t)
	p := h.start()
	h.post(prompts("before", 10)...).accepted(t)
	const n = 300
	alone, before := h.latencies(n), p.memory()
	c := h.worst()
	var crowded []time.Duration
	peak := before
	for c.opened.Load() < crowdSize || len(crowded) < 2*n {
		crowded = append(crowded, h.latencies(20)...)
		peak = max(peak, p.memory())
	}
	files := p.descriptors()
	c.end()
	slices.Sort(crowded)
	p99 := func(took []time.Duration) time.Duration { return took[len(took)*99/100] }
	t.Logf("%d answers in the crowd: p50 %v, p99 %v; alone p50 %v, p99 %v; memory %d MiB, alone %d MiB",
		len(crowded), crowded[len(crowded)/2], p99(crowded), alone[n/2], p99(alone), peak>>20, before>>20)
	most := max(patience, 10*p99(alone))
	if torture() {
		most = max(50*time.Millisecond, 5*p99(alone))
	}
	if p99(crowded) > most {
		t.Errorf("p99 is %v in the crowd, and %v alone", p99(crowded), p99(alone))
	}
	if grown := peak - before; !slowed && grown > 400<<20 { // the race detector keeps several bytes for each
		t.Errorf("the daemon grew by %d MiB", grown>>20)
	}
	if files > 560 {
		t.Errorf("%d descriptors are open; at most 512 connections were expected", files)
	}
	if got := h.post(promptAt("after", time.Now())).accepted(t); len(got) != 1 {
		t.Errorf("after it: %+v", got)
	}
}
