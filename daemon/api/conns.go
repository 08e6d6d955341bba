package api

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// connTable knows the open connections and keeps their number bounded: for a
// new one beyond the bound the one that has been idle longest is closed, and
// the new one itself where none is idle.
type connTable struct {
	most    int
	epoch   time.Time // what the phases are timed from
	mu      sync.Mutex
	open    map[*tracked]struct{}
	evicted atomic.Uint64 // idle ones closed for a new one
	refused atomic.Uint64 // new ones closed, all others being busy
}

func newConnTable(most int) *connTable {
	return &connTable{most: most, epoch: time.Now(), open: map[*tracked]struct{}{}}
}

// phase is what a connection is doing.
type phase int32

// The phases. A silent connection goes before one that has begun a request.
const (
	phaseSilent phase = iota // nothing came since it was opened or last answered
	phaseHeader              // a request has begun to arrive
	phaseBody                // its body is being read
	phaseBusy                // it is being answered
	phaseClosed              // closed, or chosen to be
)

// tracked is a connection in the table.
type tracked struct {
	net.Conn
	table   *connTable
	phase   atomic.Int32
	since   atomic.Int64 // when it last became idle; nanoseconds from the table's epoch
	verdict verdict      // on the peer; set before the first request is read
	once    sync.Once
}

type connKey struct{}

// Read notes that a request has begun.
func (c *tracked) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.turn(phaseSilent, phaseHeader)
	}
	return n, err
}

// CloseWrite ends our side alone, so that a last answer is read before the
// client's unread words break the connection.
func (c *tracked) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close takes the connection out of the table.
func (c *tracked) Close() error {
	c.phase.Store(int32(phaseClosed))
	c.once.Do(func() { c.table.drop(c) })
	return c.Conn.Close()
}

// begin notes that a request is being answered; false where the connection has
// been chosen to be closed.
func (c *tracked) begin() bool {
	for {
		now := c.phase.Load()
		if phase(now) == phaseClosed {
			return false
		}
		if c.phase.CompareAndSwap(now, int32(phaseBusy)) {
			return true
		}
	}
}

// turn notes that the connection has gone from one phase to another; false
// where it has been chosen to be closed. A request that came on none, as a call
// of a handler by itself, is never closed.
func (c *tracked) turn(from, to phase) bool {
	return c == nil || c.phase.CompareAndSwap(int32(from), int32(to))
}

// rest notes that the answer was sent.
func (c *tracked) rest() {
	c.since.Store(int64(time.Since(c.table.epoch)))
	c.turn(phaseBusy, phaseSilent)
}

// claim takes the connection for closing, if it still is in the phase.
func (c *tracked) claim(p phase) bool {
	return c.turn(p, phaseClosed)
}

// waiting reports whether bytes are there that nobody has read yet.
func (c *tracked) waiting() bool {
	raw, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	control.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	return n > 0
}

// state is the server's hook on connections: they are silent again once the
// answer has been sent.
func (t *connTable) state(c net.Conn, s http.ConnState) {
	if tc, ok := c.(*tracked); ok && s == http.StateIdle {
		tc.rest()
	}
}

// add takes a new connection in, and makes room for it; nil where there is none.
func (t *connTable) add(raw net.Conn) *tracked {
	c := &tracked{Conn: raw, table: t}
	c.since.Store(int64(time.Since(t.epoch)))
	for t.full() {
		victim := t.idlest()
		if victim == nil {
			t.refused.Add(1)
			raw.Close()
			return nil
		}
		t.evicted.Add(1)
		victim.Close()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[c] = struct{}{}
	return c
}

func (t *connTable) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open) >= t.most
}

func (t *connTable) drop(c *tracked) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, c)
}

// idlest claims the connection that has been idle longest: a silent one, or
// where there is none, one whose request has not wholly arrived.
func (t *connTable) idlest() *tracked {
	for _, idle := range [][]phase{{phaseSilent}, {phaseHeader, phaseBody}} {
		for {
			c, p := t.longest(idle)
			if c == nil {
				break
			}
			if p == phaseSilent && c.waiting() {
				c.turn(phaseSilent, phaseHeader)
				continue
			}
			if c.claim(p) {
				return c
			}
		}
	}
	return nil
}

// longest is the connection that has been longest in one of the phases, and in
// which it is.
func (t *connTable) longest(idle []phase) (found *tracked, in phase) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.open {
		p := phase(c.phase.Load())
		if slices.Contains(idle, p) && (found == nil || c.since.Load() < found.since.Load()) {
			found, in = c, p
		}
	}
	return found, in
}

// closeIdle closes all on which no request is being answered.
func (t *connTable) closeIdle() {
	for c := t.idlest(); c != nil; c = t.idlest() {
		c.Close()
	}
}

func (t *connTable) metrics(w io.Writer) {
	t.mu.Lock()
	open := len(t.open)
	t.mu.Unlock()
	fmt.Fprintf(w, "# HELP quotad_connections Connections to the local API that are open.\n# TYPE quotad_connections gauge\nquotad_connections %d\n", open)
	fmt.Fprintf(w, "# HELP quotad_connections_closed_total Connections closed to keep their number bounded: idle ones for a new one, or the new one where all were busy.\n")
	fmt.Fprintf(w, "# TYPE quotad_connections_closed_total counter\n")
	fmt.Fprintf(w, "quotad_connections_closed_total{reason=\"idle\"} %d\n", t.evicted.Load())
	fmt.Fprintf(w, "quotad_connections_closed_total{reason=\"full\"} %d\n", t.refused.Load())
}

// tableListener puts what it accepts into the table.
type tableListener struct {
	net.Listener
	table *connTable
}

func (l *tableListener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.table.add(raw); c != nil {
			return c, nil
		}
	}
}
