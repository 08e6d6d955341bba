package api

import (
	"bufio"
	"context"
	"errors"
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

// pipes is a listener whose connections are made in memory, so that a test can
// run in virtual time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p pipes) dial() net.Conn {
	client, server := net.Pipe()
	p <- server
	return client
}

// virtually runs f against a server in a bubble of virtual time.
func virtually(t *testing.T, m *memory, f func(t *testing.T, s *Server, p pipes)) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(Config{Backend: m})
		s.peer = func(net.Conn) verdict { return admitted }
		p := make(pipes)
		done := make(chan error)
		go func() { done <- s.Serve(p) }()
		f(t, s, p)
		s.http.Close()
		<-done
	})
}

// until reads all that comes and tells how long that took.
func until(c net.Conn) (text string, took time.Duration) {
	start := time.Now()
	all, _ := io.ReadAll(c)
	return string(all), time.Since(start)
}

// lingers is how long net/http leaves a connection half open after its last answer.
const lingers = 500 * time.Millisecond

func TestSlowCallers(t *testing.T) {
	for _, c := range []struct {
		name, sends string
		answer      string
		after       time.Duration
	}{
		{"one who says nothing", "", "", headerTimeout},
		{"one who stops within the head", "POST /v1/events HTTP/1.1\r\nHost: q\r\nX-", "400 Bad Request", headerTimeout},
		{"one who stops within the body", "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 100\r\n\r\n{", "did not arrive within 10s", bodyTimeout},
		{"one who stops within a body that is refused", "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 9000000\r\n\r\n{", "413 Request Entity", restTimeout + lingers},
		{"one who stops within a body that nobody reads", "GET /healthz HTTP/1.1\r\nHost: q\r\nContent-Length: 100\r\n\r\n", `{"status":"ok"}`, headerTimeout + bodyTimeout},
		{"one who is idle after a request", "GET /healthz HTTP/1.1\r\nHost: q\r\n\r\n", `{"status":"ok"}`, idleTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory{}
			virtually(t, m, func(t *testing.T, _ *Server, p pipes) {
				conn := p.dial()
				if c.sends != "" {
					fmt.Fprint(conn, c.sends)
				}
				text, took := until(conn)
				if !strings.Contains(text, c.answer) || c.answer == "" && text != "" || took != c.after {
					t.Errorf("after %v: %q", took, text)
				}
				if len(m.events) > 0 {
					t.Error("half an event was recorded")
				}
			})
		})
	}
}

func TestADripFeedDoesNotProlongTheBody(t *testing.T) {
	virtually(t, &memory{}, func(t *testing.T, _ *Server, p pipes) {
		conn := p.dial()
		fmt.Fprint(conn, "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 100000\r\n\r\n")
		drip := make(chan struct{})
		go func() {
			defer close(drip)
			for {
				time.Sleep(time.Second)
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
			}
		}()
		text, took := until(conn)
		if !strings.Contains(text, " 400 ") || took < bodyTimeout || took > bodyTimeout+time.Second {
			t.Errorf("after %v: %q", took, text)
		}
		conn.Close()
		<-drip
	})
}

func TestAQuietWatchIsNeitherCutNorNoisy(t *testing.T) {
	m := &memory{}
	virtually(t, m, func(t *testing.T, _ *Server, p pipes) {
		conn := p.dial()
		fmt.Fprint(conn, "GET /v1/watch HTTP/1.1\r\nHost: q\r\n\r\n")
		type line struct {
			at   time.Duration
			text string
		}
		start := time.Now()
		lines := make(chan line, 100)
		go func() {
			defer close(lines)
			for scan := bufio.NewScanner(conn); scan.Scan(); {
				if text := scan.Text(); strings.HasPrefix(text, "event") || strings.HasPrefix(text, ":") {
					lines <- line{time.Since(start), text}
				}
			}
		}()
		time.Sleep(16 * time.Minute)
		m.tell(quota.Notice{Level: 90})
		synctest.Wait()
		conn.Close()
		var got []string
		for l := range lines {
			got = append(got, fmt.Sprint(l.at, " ", l.text))
		}
		want := []string{"0s event: status", "5m0s : still here", "10m0s : still here", "15m0s : still here", "16m0s event: notice"}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestASlowWatcherGetsTheNewest(t *testing.T) {
	m := &memory{}
	virtually(t, m, func(t *testing.T, _ *Server, p pipes) {
		conn := p.dial()
		fmt.Fprint(conn, "GET /v1/watch HTTP/1.1\r\nHost: q\r\n\r\n")
		for range 100 { // nobody reads: the pipe holds nothing
			time.Sleep(100 * time.Millisecond)
			m.mu.Lock()
			m.events = append(m.events, quota.Event{})
			m.mu.Unlock()
			m.change()
		}
		text := make(chan string)
		go func() {
			all, _ := until(conn)
			text <- all
		}()
		time.Sleep(time.Second)
		conn.Close()
		all := <-text
		if n := strings.Count(all, "event: status"); n != 2 || !strings.Contains(all, `"binding":"100"`) {
			t.Errorf("%d states, the last not the newest: %s", n, all)
		}
	})
}

func TestAWatcherWhoStandsStillIsLeft(t *testing.T) {
	m := &memory{}
	virtually(t, m, func(t *testing.T, _ *Server, p pipes) {
		conn := p.dial()
		defer conn.Close()
		fmt.Fprint(conn, "GET /v1/watch HTTP/1.1\r\nHost: q\r\n\r\n")
		time.Sleep(writeTimeout + time.Second)
		synctest.Wait()
		if n := m.watchers(); n != 0 {
			t.Errorf("%d feeds stand", n)
		}
	})
}

func TestASlowDiskDoesNotEndTheRequest(t *testing.T) {
	virtually(t, &memory{}, func(t *testing.T, s *Server, p pipes) {
		s.backend = slowDisk{&memory{}, 20 * time.Second}
		conn := p.dial()
		defer conn.Close()
		fmt.Fprint(conn, "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 2\r\n\r\n{}")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != 200 {
			t.Errorf("%v, %v", resp, err)
		}
	})
}

// A hook gives up early, and may have found no place for a spool.
func TestWhatArrivedIsRecordedWhereItsSenderIsGone(t *testing.T) {
	virtually(t, &memory{}, func(t *testing.T, s *Server, p pipes) {
		m := &memory{}
		s.backend = slowDisk{m, 20 * time.Second}
		conn := p.dial()
		fmt.Fprint(conn, "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 10\r\n\r\n{\"id\":\"a\"}")
		conn.Close()
		time.Sleep(30 * time.Second)
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.events) != 1 {
			t.Errorf("%d events are recorded, want 1", len(m.events))
		}
	})
}

type slowDisk struct {
	*memory
	takes time.Duration
}

func (d slowDisk) Submit(ctx context.Context, events []quota.Event) ([]Result, error) {
	select {
	case <-ctx.Done():
		return nil, errors.New("given up")
	case <-time.After(d.takes):
		return d.memory.Submit(ctx, events)
	}
}
