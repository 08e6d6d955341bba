package main

import (
	"context"
	"path/filepath"
	"strconv"
)

// sandbox says whether the service is shut off from what it does not need, and
// else whether it could be. Without a service there is nothing to say.
func (x *examination) sandbox() {
	u, err := x.userService()
	if err != nil || u.reach(x.ctx) != nil {
		return
	}
	s, err := u.state(x.ctx)
	switch {
	case err != nil || !s.Installed:
	case s.Sandbox && s.PID > 0 && sharesUsers(s.PID):
		x.warn("systemctl --user restart quotad", "on, but not for process %d, which runs without it", s.PID)
	case s.Sandbox:
		x.ok("on: the service writes nothing but its own folders")
	default:
		x.sandboxPossible(u)
	}
}

// sandboxPossible tries it. That there is none is no fault.
func (x *examination) sandboxPossible(u *userService) {
	if missing(u.paths.StateDir) {
		return // the trial would make it
	}
	ctx, cancel := context.WithTimeout(x.ctx, lookWithin)
	defer cancel()
	if err := u.trySandbox(ctx); err != nil {
		x.ok("off, and not possible here: %v", err)
		return
	}
	x.note(sound, "quotad service install --sandbox", "off; it is possible here")
}

// sharesUsers reports whether a process is in the user namespace of this one.
func sharesUsers(pid int) bool {
	return sameFile(filepath.Join("/proc", strconv.Itoa(pid), "ns", "user"), "/proc/self/ns/user")
}
