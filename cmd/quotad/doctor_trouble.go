package main

import (
	"cmp"
	"time"

	"quotad/daemon/hook"
	"quotad/notify"
)

// troubleFor is how long a call of a hook that came to nothing is told of.
const troubleFor = 7 * 24 * time.Hour

// hookTroubles tells of calls of hooks that came to nothing: no hook says so
// itself.
func (x *examination) hookTroubles() {
	list, err := hook.Troubles{Dir: x.paths.StateDir}.Since(x.now().Add(-troubleFor))
	if err != nil {
		x.warn("ls -l "+x.paths.StateDir, "%v", err)
		return
	}
	if len(list) == 0 {
		x.ok("no call of a hook came to nothing in the last week")
		return
	}
	for _, t := range list {
		x.warn("quotad hooks check", "a call of quotad hook %s came to nothing %s ago: %s",
			cmp.Or(t.Tool, "with an unknown name"), notify.Duration(x.now().Sub(t.At)), t.Why)
	}
}
