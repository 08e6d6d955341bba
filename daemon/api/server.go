package api

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of the server.
const (
	MaxBody  = 8 << 20 // bytes of a request's body
	MaxLines = 10_000  // events in an NDJSON body
	MaxConns = 512     // open connections

	maxHeader     = 16 << 10
	headerTimeout = 5 * time.Second
	bodyTimeout   = 10 * time.Second
	maxRest       = 32 << 20         // bytes of a refused body that are still read
	restTimeout   = time.Second      // for them
	writeTimeout  = 30 * time.Second // for an answer, or one piece of a stream
	idleTimeout   = 5 * time.Minute  // of a connection between requests
	aliveTimeout  = 2 * time.Second
	silentGrace   = 200 * time.Millisecond // for a request on its way when the server stops
)

// Config is what a Server is made of. Only Backend is needed.
type Config struct {
	Backend  Backend
	Now      func() time.Time        // default time.Now
	Random   io.Reader               // for the IDs of events that have none; default crypto/rand
	Extra    map[string]http.Handler // more calls, by "METHOD /path"
	ErrorLog *log.Logger             // panics and broken connections; default: nowhere
}

// Server answers the local API.
type Server struct {
	backend Backend
	now     func() time.Time
	random  io.Reader
	routes  map[string]map[string]http.Handler // path, method
	conns   *connTable
	buffers sync.Pool     // of small *bytes.Buffer, for bodies
	large   chan struct{} // a place for each large body
	peer    func(net.Conn) verdict
	http    *http.Server
	stop    chan struct{}
	stopped sync.Once
}

// NewServer makes a Server. It panics where a key of Extra is no "METHOD /path"
// or one that is taken.
func NewServer(c Config) *Server {
	s := &Server{
		backend: c.Backend, now: c.Now, random: c.Random,
		conns: newConnTable(MaxConns), peer: sameUser(), stop: make(chan struct{}),
		large: make(chan struct{}, maxLarge),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if c.ErrorLog == nil {
		c.ErrorLog = log.New(io.Discard, "", 0)
	}
	s.route(c.Extra)
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout + bodyTimeout, // of a body that no handler reads
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          c.ErrorLog,
		ConnState:         s.conns.state,
		ConnContext:       s.connContext,
		// Else net/http would answer OPTIONS * itself, whoever asks.
		DisableGeneralOptionsHandler: true,
	}
	return s
}

func (s *Server) route(extra map[string]http.Handler) {
	s.routes = map[string]map[string]http.Handler{}
	s.add("POST /v1/events", http.HandlerFunc(s.postEvents))
	s.add("GET /v1/events", http.HandlerFunc(s.getEvents))
	s.add("GET /v1/status", http.HandlerFunc(s.getStatus))
	s.add("GET /v1/watch", http.HandlerFunc(s.watch))
	s.add("GET /v1/notices", http.HandlerFunc(s.getNotices))
	s.add("GET /healthz", http.HandlerFunc(s.healthz))
	s.add("GET /metrics", http.HandlerFunc(s.metrics))
	for key, h := range extra {
		s.add(key, h)
	}
}

func (s *Server) add(key string, h http.Handler) {
	method, path, ok := strings.Cut(key, " ")
	if !ok || !strings.HasPrefix(path, "/") || s.routes[path][method] != nil {
		panic("api: not a free METHOD /path: " + key)
	}
	if s.routes[path] == nil {
		s.routes[path] = map[string]http.Handler{}
	}
	s.routes[path][method] = h
	if method == http.MethodGet {
		s.routes[path][http.MethodHead] = h
	}
}

// Serve answers on ln until Shutdown, and then returns nil. It may be called
// for several listeners.
func (s *Server) Serve(ln net.Listener) error {
	err := s.http.Serve(&tableListener{Listener: ln, table: s.conns})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown closes the listeners, ends the watchers, lets what was asked be
// answered, and closes the rest when ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopped.Do(func() { close(s.stop) })
	silent := time.AfterFunc(silentGrace, s.conns.closeIdle)
	defer silent.Stop()
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	return err
}

func (s *Server) connContext(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tracked); ok {
		t.verdict = s.peer(t.Conn)
		return context.WithValue(ctx, connKey{}, t)
	}
	return ctx
}

// connOf is the connection that a request came on.
func connOf(r *http.Request) *tracked {
	c, _ := r.Context().Value(connKey{}).(*tracked)
	return c
}

// ServeHTTP answers one request: the caller is looked at first, then who made it
// ask, then the path, then the method. A handler that panics breaks its connection, so that nobody
// takes silence for an acknowledgement.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := connOf(r)
	if c == nil || !c.begin() {
		panic(http.ErrAbortHandler) // closed for a new one just now
	}
	if c.verdict != admitted {
		w.Header().Set("Connection", "close")
		WriteError(w, Errorf(Forbidden, "%s", c.verdict))
		return
	}
	if by := senderOf(r); by != program {
		w.Header().Set("Connection", "close")
		WriteError(w, Errorf(Forbidden, "%s", by))
		return
	}
	methods := s.routes[r.URL.Path]
	if methods == nil {
		WriteError(w, Errorf(NotFound, "no such call: %s", clip(r.URL.Path)))
		return
	}
	h := methods[r.Method]
	if h == nil {
		w.Header().Set("Allow", allowed(methods))
		WriteError(w, Errorf(MethodNotAllowed, "%s cannot be called with %s; it takes %s", r.URL.Path, clip(r.Method), allowed(methods)))
		return
	}
	h.ServeHTTP(w, r)
}

func allowed(methods map[string]http.Handler) string {
	var names []string
	for m := range methods {
		names = append(names, m)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
