package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"quotad/quota"
)

func connect(t testing.TB, socket string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// answers reports whether a request on c, after what was sent before, is
// answered with 200.
func answers(c net.Conn, rest string) bool {
	fmt.Fprint(c, rest)
	c.SetDeadline(time.Now().Add(10 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return false
	}
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == 200
}

const healthRequest = "GET /healthz HTTP/1.1\r\nHost: q\r\n\r\n"

func TestAFloodOfSilentOnesKeepsNobodyOut(t *testing.T) {
	socket := serve(t, &memory{})
	kept := connect(t, socket) // opened before the flood, and used
	if !answers(kept, healthRequest) {
		t.Fatal("no answer before the flood")
	}
	begun := connect(t, socket) // its request is on the way
	fmt.Fprint(begun, "GET /healthz HTTP/1.1\r\n")
	for i := range 3 * MaxConns {
		connect(t, socket)
		if i%100 == 0 && !answers(connect(t, socket), healthRequest) {
			t.Fatalf("no answer after %d silent ones", i)
		}
	}
	if !answers(begun, "Host: q\r\n\r\n") {
		t.Error("one that had begun to speak was closed for silent ones")
	}
	if answers(kept, healthRequest) {
		t.Error("the one idle longest was kept")
	}
	_, _, text := ask(t, socket, "GET", "/metrics", "", nil)
	var open int
	_, after, _ := strings.Cut(text, "gauge\nquotad_connections ")
	fmt.Sscan(after, &open)
	if open < 2 || open > MaxConns {
		t.Errorf("%d connections are open", open)
	}
}

// table is a table of at most n connections with, one after another, the given
// phases, a second apart.
func table(n int, phases ...phase) (*connTable, []*tracked) {
	t := newConnTable(n)
	var conns []*tracked
	for _, p := range phases {
		near, _ := net.Pipe()
		c := t.add(near)
		c.phase.Store(int32(p))
		conns = append(conns, c)
		time.Sleep(time.Second)
	}
	return t, conns
}

func TestWhoGoesForANewOne(t *testing.T) {
	for _, c := range []struct {
		name   string
		phases []phase
		goes   int // index, or -1: the new one
	}{
		{"the silent one that came first", []phase{phaseBusy, phaseSilent, phaseSilent}, 1},
		{"a silent one before one whose request is on the way", []phase{phaseHeader, phaseHeader, phaseSilent}, 2},
		{"one whose request is on the way, where none is silent", []phase{phaseBusy, phaseHeader, phaseHeader}, 1},
		{"one whose body is on the way, where it came first", []phase{phaseBusy, phaseBody, phaseHeader}, 1},
		{"one whose head is on the way, where it came first", []phase{phaseHeader, phaseBody, phaseBody}, 0},
		{"the new one, where all are busy", []phase{phaseBusy, phaseBusy, phaseBusy}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tab, conns := table(3, c.phases...)
				near, far := net.Pipe()
				admitted := tab.add(near) != nil
				if admitted != (c.goes >= 0) {
					t.Fatalf("admitted: %v", admitted)
				}
				if !admitted {
					far.SetDeadline(time.Now().Add(time.Second))
					if _, err := far.Read(make([]byte, 1)); err != io.EOF {
						t.Error("the new one was left open")
					}
				}
				for i, conn := range conns {
					if closed := phase(conn.phase.Load()) == phaseClosed; closed != (i == c.goes) {
						t.Errorf("%d closed: %v", i, closed)
					}
				}
				if len(tab.open) != 3 {
					t.Errorf("%d in the table", len(tab.open))
				}
			})
		})
	}
}

func TestOneWhoseWordsNobodyHasReadYetIsNotSilent(t *testing.T) {
	ln, err := net.Listen("unix", shortDir(t)+"/s")
	must(t, err)
	defer ln.Close()
	tab := newConnTable(2)
	accept := func() (*tracked, net.Conn) {
		far := connect(t, ln.Addr().String())
		near, err := ln.Accept()
		must(t, err)
		return tab.add(near), far
	}
	first, far := accept()
	second, _ := accept()
	fmt.Fprint(far, "GET ")
	accept()
	if phase(first.phase.Load()) == phaseClosed || phase(second.phase.Load()) != phaseClosed {
		t.Error("the one that had spoken was closed for the one that had not")
	}
}

func TestOneThatAnsweredLastIsIdleShortest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tab, conns := table(2, phaseBusy, phaseSilent)
		tab.state(conns[0], http.StateIdle) // the first came first, but has just answered
		near, _ := net.Pipe()
		tab.add(near)
		if phase(conns[0].phase.Load()) != phaseSilent || phase(conns[1].phase.Load()) != phaseClosed {
			t.Error("time since the answer does not count")
		}
	})
}

func TestAFloodOfBodiesThatNeverComeKeepsNobodyOut(t *testing.T) {
	socket := serve(t, &memory{})
	for range 2 * MaxConns {
		fmt.Fprint(connect(t, socket), "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 10\r\n\r\n{")
	}
	for range 10 {
		if !answers(connect(t, socket), "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 2\r\n\r\n{}") {
			t.Fatal("no answer")
		}
	}
}

func TestAConnectionChosenToCloseTakesNoRequest(t *testing.T) {
	c := &tracked{}
	if !c.claim(phaseSilent) || c.begin() {
		t.Error("a request began on it")
	}
	if c.claim(phaseSilent) {
		t.Error("it was chosen twice")
	}
}

func TestWatchersAndRequestsInWorkAreNotIdle(t *testing.T) {
	block, begun := make(chan struct{}), make(chan struct{})
	m := &memory{}
	socket := serve(t, m, func(s *Server) {
		s.conns.most = 3
		s.add("POST /v1/slow", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { close(begun); <-block; WriteJSON(w, nil) }))
	})
	updates, _ := follow(t, &Client{Sockets: []string{socket}}, "")
	next(t, updates)
	slow := connect(t, socket)
	done := make(chan bool)
	go func() { done <- answers(slow, "POST /v1/slow HTTP/1.1\r\nHost: q\r\nContent-Length: 0\r\n\r\n") }()
	<-begun
	for range 20 {
		connect(t, socket)
	}
	if !answers(connect(t, socket), healthRequest) {
		t.Error("a new one was not answered")
	}
	close(block)
	if !<-done {
		t.Error("a request in work was closed")
	}
	m.tell(quota.Notice{Level: 90})
	if u := next(t, updates); u.Notice == nil {
		t.Error("a watcher was closed")
	}
}

func TestShutdownWaitsForWhatWasAsked(t *testing.T) {
	var server *Server
	block, begun := make(chan struct{}), make(chan struct{})
	socket := serve(t, &memory{}, func(s *Server) {
		server = s
		s.add("POST /v1/slow", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { close(begun); <-block; WriteJSON(w, nil) }))
	})
	slow, silent := connect(t, socket), connect(t, socket)
	done := make(chan bool)
	go func() { done <- answers(slow, "POST /v1/slow HTTP/1.1\r\nHost: q\r\nContent-Length: 0\r\n\r\n") }()
	<-begun
	stopped := make(chan error)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	go func() { stopped <- server.Shutdown(ctx) }()
	silent.SetReadDeadline(time.Now().Add(3 * time.Second)) // net/http alone would take 5 s
	if _, err := silent.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a silent connection: %v", err)
	}
	close(block)
	if !<-done {
		t.Error("a request in work was not answered")
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("unix", socket); err == nil {
		t.Error("it still listens")
	}
}
