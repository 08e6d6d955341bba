package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// localtime is the file, most often a link, that says which zone a machine is in.
const localtime = "/etc/localtime"

// wallZone is the zone of the clock on the user's wall. Go reads it once in the
// life of a process, but a daemon lives through journeys: a file that was
// exchanged is read anew. Its methods are safe for concurrent use.
type wallZone struct {
	file string // "": the zone does not change

	mu   sync.Mutex
	seen os.FileInfo // what the zone was read from
	zone *time.Location
}

// newWallZone is the zone that the environment says by TZ, and without one that
// of the machine, by a file as Go has them. TZ may name a file itself: some set
// it to :/etc/localtime, which means that of the machine.
func newWallZone(env func(string) (string, bool), file string) *wallZone {
	if tz, said := env("TZ"); said {
		file = ""
		if path := strings.TrimPrefix(tz, ":"); filepath.IsAbs(path) {
			file = path
		}
	}
	return &wallZone{file: file, zone: time.Local}
}

// now is the present zone. A file that is missing or cannot be read, as in the
// middle of being exchanged, leaves the one before.
func (z *wallZone) now() *time.Location {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.file == "" {
		return z.zone
	}
	found, err := os.Stat(z.file)
	if err != nil || z.seen != nil && sameZone(z.seen, found) {
		return z.zone
	}
	data, err := os.ReadFile(z.file)
	if err != nil {
		return z.zone
	}
	if zone, err := time.LoadLocationFromTZData(time.Local.String(), data); err == nil {
		z.seen, z.zone = found, zone
	}
	return z.zone
}

// sameZone reports whether a file is the one that was read, as it was then.
func sameZone(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
