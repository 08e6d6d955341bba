package main

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quotad/daemon"
	"quotad/notify"
	"quotad/systemd"
)

// socketFile looks at where a daemon listens.
func (x *examination) socketFile() {
	found := false
	for _, path := range x.paths.Sockets {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		found = true
		switch {
		case err != nil:
			x.warn("ls -ld "+filepath.Dir(path), "%v", err)
		case info.Mode().Type() != fs.ModeSocket:
			x.fault("quotad run --socket PATH", "%s is no socket: name another path, or move it away", path)
		case x.unsafe(info) != "":
			x.warn("systemctl --user restart quotad", "%s %s", path, x.unsafe(info))
		default:
			x.ok("%s", path)
		}
	}
	if !found {
		x.ok("none yet; a daemon makes %s", x.paths.Socket)
	}
}

// daemon says who answers.
func (x *examination) daemon() {
	switch {
	case x.away != nil:
		x.fault(failureOf(x.away).hint, "%v", x.away)
	case x.about == nil:
		x.fault("systemctl --user restart quotad", "the daemon that answers is of another version than this program, %s", versionName())
	case x.about.Version != versionName():
		x.warn("systemctl --user restart quotad", "process %d, version %s; this program is %s", x.about.PID, x.about.Version, versionName())
	default:
		x.ok("process %d, version %s", x.about.PID, x.about.Version)
	}
	if x.about != nil && x.about.SnoozedUntil != nil {
		x.warn("quotad notify snooze off", "notices are held back until %s", x.told(*x.about.SnoozedUntil))
	}
}

func (x *examination) told(t time.Time) string {
	now := x.now()
	return notify.Clock(t, now, now.Location())
}

// longUnverified is how long a database may go without a check of the counters.
const longUnverified = 90 * 24 * time.Hour

// database looks at the file, and has the daemon say what is in it.
func (x *examination) database() {
	info, err := os.Lstat(x.paths.Database)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Join(x.paths.StateDir, "created")); err == nil {
			x.fault("quotad restore --list", "%s was there once, and is gone", x.paths.Database)
		} else {
			x.ok("%s is not there yet; the first run makes it", x.paths.Database)
		}
		return
	case err != nil:
		x.fault("ls -l "+x.paths.StateDir, "%v", err)
		return
	case !info.Mode().IsRegular():
		x.fault("quotad restore --list", "%s is not a plain file", x.paths.Database)
		return
	}
	if why := x.unsafe(info); why != "" {
		x.fault("chmod 600 "+x.paths.Database, "%s %s", x.paths.Database, why)
	}
	x.ok("%s, %s", x.paths.Database, bytesOf(info.Size()))
	if x.about != nil {
		x.contents()
	}
}

// contents says what the daemon's database holds.
func (x *examination) contents() {
	if x.about.Database != x.paths.Database {
		x.warn("quotad doctor --state-dir "+filepath.Dir(x.about.Database), "the daemon has another database, %s", x.about.Database)
	}
	for _, a := range x.about.Accounts {
		if a.Last == nil {
			continue
		}
		x.ok("account %s: %s, the newest %s", a.Account, counted(int(a.Events), "event"), x.told(*a.Last))
	}
	var heard []string
	for _, tool := range slices.Sorted(maps.Keys(x.about.Tools)) {
		heard = append(heard, cmp.Or(tool, "unnamed")+" "+x.told(x.about.Tools[tool].Last))
	}
	if len(heard) > 0 {
		x.ok("newest events of the last 30 days: %s", strings.Join(heard, ", "))
	}
	if f := x.about.Follow; f.FaultAt != nil {
		x.warn(journalHint, "what a tool keeps of its turns could not be read %s: %s", x.told(*f.FaultAt), f.LastFault)
	}
	switch at := x.about.VerifiedAt; {
	case at == nil:
		x.ok("never checked; quotad verify does")
	case x.now().Sub(*at) > longUnverified:
		x.warn("quotad verify", "last checked %s ago", notify.Duration(x.now().Sub(*at)))
	default:
		x.ok("checked %s ago", notify.Duration(x.now().Sub(*at)))
	}
}

// service looks at what systemd knows. Where there is none, a daemon may run
// all the same.
func (x *examination) service() {
	u, err := x.userService()
	if err != nil {
		x.warn(failureOf(err).hint, "%v", err)
		return
	}
	if err := u.reach(x.ctx); err != nil {
		if x.away == nil {
			x.ok("no systemd user manager answers; the daemon was started another way")
		} else {
			x.warn("quotad run", "no systemd user manager answers; nothing starts the daemon by itself")
		}
		return
	}
	s, err := u.state(x.ctx)
	if err != nil {
		x.warn("systemctl --user status quotad", "%v", err)
		return
	}
	x.unit(s)
	if s.Installed {
		x.lingers(s.Linger)
	}
}

// unit judges the state of the service. One that fails at its start is never
// failed for systemd: it tries again by itself, without an end.
func (x *examination) unit(s serviceState) {
	switch {
	case !s.Installed:
		x.warn("quotad service install", "%s is not installed: nothing starts the daemon by itself", systemd.Service)
	case s.State == "failed":
		x.fault(journalHint, "%s failed (%s)", systemd.Service, s.Result)
	case s.State == "activating" && strings.HasPrefix(s.Says, daemon.CannotStart):
		x.fault(journalHint, "%s does not start: %s", systemd.Service, strings.TrimPrefix(s.Says, daemon.CannotStart))
	case s.State == "activating" && (s.SubState == "auto-restart" || s.Restarts > 0):
		x.fault(journalHint, "%s does not start (%s); it is tried again and again", systemd.Service, s.Result)
	case s.State != "active":
		x.fault("systemctl --user start quotad", "%s is %s", systemd.Service, s.State)
	case !s.Enabled:
		x.warn("systemctl --user enable quotad.socket quotad", "%s runs, and does not start at login", systemd.Service)
	default:
		x.ok("%s runs since %s", systemd.Service, x.since(s.Since))
	}
}

func (x *examination) since(t *time.Time) string {
	if t == nil {
		return "an instant that is not known"
	}
	return x.told(*t)
}

func (x *examination) lingers(l *bool) {
	switch {
	case l == nil:
	case *l:
		x.ok("it goes on after you log out")
	default:
		x.ok("it ends when you log out; loginctl enable-linger keeps it")
	}
}
