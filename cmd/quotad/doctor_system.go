package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"quotad/notify"
)

// firstYear is before any plan that quotad knows was in force: a clock that
// shows less is wrong.
const firstYear = 2026

// clock looks at the time, which decides when windows refresh.
func (x *examination) clock() {
	now := x.now()
	zone, offset := now.Zone()
	if now.Year() < firstYear {
		x.fault("timedatectl set-ntp true", "it shows %s, which cannot be", now.Format(time.DateTime))
		return
	}
	x.ok("%s, %s (UTC%s)", now.Format(time.DateTime), zone, time.Unix(0, 0).In(time.FixedZone("", offset)).Format("-07:00"))
	ctx, cancel := context.WithTimeout(x.ctx, askWithin)
	defer cancel()
	if _, err := exec.LookPath("timedatectl"); err != nil {
		return
	}
	out, err := output(ctx, append(os.Environ(), "LC_ALL=C"), "timedatectl", "show", "--property=NTPSynchronized", "--value")
	switch {
	case err != nil: // no systemd to ask
	case strings.TrimSpace(out) == "yes":
		x.ok("kept by network time")
	case strings.TrimSpace(out) == "no":
		x.warn("timedatectl set-ntp true", "it is not kept by network time: windows may refresh early or late")
	}
}

// notices looks at whether a notice would be seen.
func (x *examination) notices() {
	set := x.settings.Notify
	if !set.Desktop && len(set.Command) == 0 {
		x.warn("quotad config set notify.desktop true", "nobody is told anything: notify.desktop is false, and notify.command is not set")
		return
	}
	if set.Desktop {
		x.desktop()
	} else {
		x.ok("notify.desktop is false")
	}
	if len(set.Command) == 0 {
		return
	}
	if path, err := exec.LookPath(set.Command[0]); err != nil {
		x.fault("quotad config check", "notify.command: %v", err)
	} else {
		x.ok("notify.command runs %s", path)
	}
}

// desktop looks from here: the daemon may have another bus, or none.
func (x *examination) desktop() {
	ctx, cancel := context.WithTimeout(x.ctx, answerWithin)
	defer cancel()
	switch p := notify.Probe(ctx, x.env); p.Outcome {
	case notify.Delivered:
		x.ok("%s shows them (%s)", strings.TrimSpace(p.Name+" "+p.Version), p.Address)
	case notify.NoBus:
		x.warn("quotad notify test, on the desktop", "no session bus here: %v", p.Err)
	case notify.NoServer:
		x.warn("install a notification server, such as dunst or mako", "%v", p.Err)
	default:
		x.fault("restart the notification server of your desktop", "%v", p.Err)
	}
}
