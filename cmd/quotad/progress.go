package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// progress is a line on a terminal that says how far long work has come. Where
// standard error is none it is silent. Nothing of it is left when it ends.
type progress struct {
	w     io.Writer // nil: silent
	what  string
	now   func() time.Time
	drawn time.Time
}

// redraw is how long a drawing stands at least.
const redraw = 100 * time.Millisecond

// progress begins a line: "Checking the database".
func (a *app) progress(what string) *progress {
	p := &progress{what: what, now: a.now}
	if isTerminal(a.stderr) {
		p.w = a.stderr
	}
	return p
}

// set says how much is done; a total of 0 is not known.
func (p *progress) set(done, total uint64) {
	if p.w == nil || p.now().Sub(p.drawn) < redraw {
		return
	}
	p.drawn = p.now()
	fmt.Fprintf(p.w, "\r\x1b[K%s: %s", p.what, share(done, total))
}

// end wipes the line; it may be called more than once.
func (p *progress) end() {
	if p.w != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = time.Time{}
	}
}

func share(done, total uint64) string {
	if total == 0 {
		return strconv.FormatUint(done, 10)
	}
	done = min(done, total)
	return fmt.Sprintf("%d %% (%d of %d)", uint64(float64(done)/float64(total)*100), done, total)
}
