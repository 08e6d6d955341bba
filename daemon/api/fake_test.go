package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"quotad/quota"
)

// memory is a Backend that forgets.
type memory struct {
	mu      sync.Mutex
	events  []quota.Event
	seqs    map[string]uint64
	notices []Notice
	batches int
	fail    error // of Submit, Alive and, after what is there, Events
	feeds   []*memoryFeed
}

type memoryFeed struct {
	changes chan struct{}
	notices chan quota.Notice
}

func (m *memory) Submit(_ context.Context, events []quota.Event) ([]Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches++
	if m.fail != nil {
		return nil, m.fail
	}
	var out []Result
	for _, e := range events {
		out = append(out, m.put(e))
	}
	return out, nil
}

func (m *memory) put(e quota.Event) Result {
	if bad := e.CheckTime(testNow, 0); bad != nil {
		return Result{ID: e.ID, Status: quota.Rejected, Error: FromQuota(bad)}
	}
	if seq := m.seqs[e.ID]; seq > 0 {
		return Result{ID: e.ID, Status: quota.Duplicate, Seq: seq}
	}
	m.events = append(m.events, e)
	if m.seqs == nil {
		m.seqs = map[string]uint64{}
	}
	m.seqs[e.ID] = uint64(len(m.events))
	return Result{ID: e.ID, Status: quota.Recorded, Seq: uint64(len(m.events))}
}

func (m *memory) Status(account string, now time.Time) (quota.Statuses, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	doc := quota.Statuses{Schema: quota.Schema, Now: now, Accounts: []quota.Status{{Account: "default", Binding: fmt.Sprint(len(m.events))}}}
	return doc, account == "" || account == "default"
}

func (m *memory) Events(_ context.Context, q EventQuery) iter.Seq2[quota.Event, error] {
	return func(yield func(quota.Event, error) bool) {
		m.mu.Lock()
		events, fail := slices.Clone(m.events), m.fail
		m.mu.Unlock()
		for _, e := range events {
			in := quota.Span{From: q.Since, Until: q.Until}.Holds(e.At) && (q.Account == "" || q.Account == e.Account)
			if in && !yield(e, nil) {
				return
			}
		}
		if fail != nil {
			yield(quota.Event{}, fail)
		}
	}
}

func (m *memory) Notices(_ context.Context, since time.Time) iter.Seq2[Notice, error] {
	return func(yield func(Notice, error) bool) {
		for _, n := range m.notices {
			if !n.At.Before(since) && !yield(n, nil) {
				return
			}
		}
	}
}

func (m *memory) Subscribe() Feed {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := &memoryFeed{make(chan struct{}, 1), make(chan quota.Notice, 16)}
	m.feeds = append(m.feeds, f)
	return Feed{Changes: f.changes, Notices: f.notices, Cancel: func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.feeds = slices.DeleteFunc(m.feeds, func(o *memoryFeed) bool { return o == f })
	}}
}

func (m *memory) Alive(context.Context) error { return m.fail }

func (m *memory) Metrics(w io.Writer) { fmt.Fprintf(w, "quotad_events_total %d\n", len(m.events)) }

func (m *memory) watchers() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.feeds)
}

func (m *memory) change() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.feeds {
		select {
		case f.changes <- struct{}{}:
		default:
		}
	}
}

func (m *memory) tell(n quota.Notice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.feeds {
		f.notices <- n
	}
}

var errDiskFull = errors.New("no space left on device")

// shortDir is a folder whose path leaves room for a socket's name.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "q")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// serve puts a server for b on a socket of its own, until the test ends.
func serve(t testing.TB, b Backend, change ...func(*Server)) (socket string) {
	t.Helper()
	s := NewServer(Config{Backend: b, Now: func() time.Time { return testNow }, Extra: map[string]http.Handler{
		"POST /v1/echo": http.HandlerFunc(echo),
		"POST /v1/panic": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic("on purpose")
		}),
	}})
	for _, f := range change {
		f(s)
	}
	socket = filepath.Join(shortDir(t), "s.sock")
	ln, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return socket
}

func echo(w http.ResponseWriter, r *http.Request) {
	var v map[string]any
	if err := ReadJSON(w, r, MaxBody, &v); err != nil {
		WriteError(w, err)
		return
	}
	out := NewStream(w, ndjson)
	out.JSON(v)
	out.JSON(v)
	out.Close()
}

// httpClient is a plain client of a socket, as curl would be.
func httpClient(t testing.TB, socket string) *http.Client {
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}, MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// ask sends one request and gives status, head and body.
func ask(t testing.TB, socket, method, target, mediaType string, body io.Reader) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://quotad"+target, body)
	if err != nil {
		t.Fatal(err)
	}
	if mediaType != "" {
		req.Header.Set(contentType, mediaType)
	}
	resp, err := httpClient(t, socket).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}
