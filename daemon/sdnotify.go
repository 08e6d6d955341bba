package daemon

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"

	"quotad/notify"
	"quotad/quota"
)

// supervisor tells systemd how the service is; without systemd it says nothing.
type supervisor struct {
	there bool          // systemd listens
	line  string        // the last status line told
	told  time.Time     // when it last heard of the windows
	again bool          // later was asked for since then
	watch time.Duration // how often systemd wants to hear; zero: not at all
}

func newSupervisor() *supervisor {
	watch, err := sd.SdWatchdogEnabled(false)
	if err != nil {
		watch = 0
	}
	return &supervisor{watch: watch, there: os.Getenv("NOTIFY_SOCKET") != ""}
}

// tellEvery is how often systemd is told at most: each commit shows a new state,
// and of these there are thousands a second at times.
const tellEvery = time.Second

// due reports whether systemd is to hear now how the windows are. Where it is too
// soon, later is called once the time is up, so that the last of many states is
// told as well.
func (s *supervisor) due(now time.Time, later func()) bool {
	if !s.there {
		return false
	}
	if since := now.Sub(s.told); since < 0 || since >= tellEvery {
		s.told, s.again = now, false
		return true
	}
	if !s.again {
		s.again = true
		time.AfterFunc(tellEvery, later)
	}
	return false
}

// beat is how often the engine has to look so that systemd hears in time.
func (s *supervisor) beat() time.Duration {
	if s.watch > 0 && s.watch/2 < Heartbeat {
		return s.watch / 2
	}
	return Heartbeat
}

// longStart is how often systemd is asked to wait while a database is mended or
// folded anew: by itself it waits a minute and a half.
const longStart = 10 * time.Second

// starting keeps systemd patient until it is told to end that.
func (s *supervisor) starting() (started func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		ticker := time.NewTicker(longStart)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				more := 3 * longStart
				_, _ = sd.SdNotify(false, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d\nSTATUS=Going through the database", more.Microseconds()))
			}
		}
	}()
	return cancel
}

// Nothing can be done where telling fails: systemd finds out by itself.

func (s *supervisor) ready()    { _, _ = sd.SdNotify(false, sd.SdNotifyReady) }
func (s *supervisor) stopping() { _, _ = sd.SdNotify(false, sd.SdNotifyStopping) }

// reloading is answered by ready.
func (s *supervisor) reloading() {
	_, _ = sd.SdNotify(false, sd.SdNotifyReloading+"\n"+sd.SdNotifyMonotonicUsec())
}

// alive keeps the watchdog quiet.
func (s *supervisor) alive() {
	if s.watch > 0 {
		_, _ = sd.SdNotify(false, sd.SdNotifyWatchdog)
	}
}

// status shows the windows in `systemctl status`, where they changed.
func (s *supervisor) status(all quota.Statuses, now time.Time, zone *time.Location) {
	line := statusLine(all, now, zone)
	if line == s.line {
		return
	}
	s.line = line
	_, _ = sd.SdNotify(false, "STATUS="+line)
}

// statusLine is the windows in a few words: "5h 62 %, full 14:20; week 41 %".
func statusLine(all quota.Statuses, now time.Time, zone *time.Location) string {
	var parts []string
	for _, a := range all.Accounts {
		for _, w := range a.Windows {
			if w.Counts != quota.CountPrompts {
				continue
			}
			text := fmt.Sprintf("%s %d %%", w.Window, int(w.Percent))
			if len(all.Accounts) > 1 {
				text = a.Account + " " + text
			}
			if w.ResetsAt != nil && w.Used > 0 {
				text += ", full " + notify.Clock(*w.ResetsAt, now, zone)
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}
