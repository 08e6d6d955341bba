package daemon

import (
	"runtime"
	"sync"
)

// crew decides how many threads run Go's work at once: as many as there are
// processors, and twice as many while a crowd writes.
//
// A thread of Go's looks at the connections when it has nothing else to run.
// While a crowd is answered none of as many as there are processors has, and the
// question of a status bar in between waits for the whole crowd. With more of
// them the kernel shares out the time, and lets the question in. A lone event
// takes a tenth longer that way: more threads are woken to look for work.
type crew struct {
	size   int // as it was begun; 0: it is as the user has said
	mu     sync.Mutex
	double bool
	crowds bool // since the last beat
}

// crowd is how many requests at once are one.
const crowd = 16

func newCrew(env func(string) string) *crew {
	if env("GOMAXPROCS") != "" {
		return &crew{}
	}
	return &crew{size: runtime.GOMAXPROCS(0)}
}

// serves hears of requests that are answered at once.
func (c *crew) serves(requests int) {
	if requests < crowd || c.size == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.crowds = true
	c.set(true)
}

// beat ends it where there was no crowd since the beat before.
func (c *crew) beat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(c.crowds)
	c.crowds = false
}

func (c *crew) set(double bool) {
	if c.double == double {
		return
	}
	if c.double = double; double {
		runtime.GOMAXPROCS(2 * c.size)
	} else {
		runtime.SetDefaultGOMAXPROCS() // and go on following what the machine gives
	}
}
