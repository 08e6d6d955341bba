package main

import (
	"os"
	"strings"
	"time"
)

// localtime is the link by which most systems say which zone they are in.
const localtime = "/etc/localtime"

// localZone is the zone of this machine by its name, so that a daemon whose
// environment says another one can be told of it. Where the name cannot be
// found it is here as it was.
func (a *app) localZone(here *time.Location) *time.Location {
	if here != time.Local {
		return here
	}
	name := strings.TrimPrefix(a.env("TZ"), ":")
	if name == "" {
		name, _ = os.Readlink(localtime)
	}
	if _, after, ok := strings.Cut(name, "/zoneinfo/"); ok {
		name = after
	}
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		return zone
	}
	return here
}
