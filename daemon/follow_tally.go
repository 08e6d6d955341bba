package daemon

import (
	"errors"
	"sync"
	"time"

	"quotad/daemon/transcript"
)

// AboutFollow is what became of reading the tools' own records since the
// daemon was started.
type AboutFollow struct {
	Records   int        `json:"records"` // that are followed now
	Bytes     int64      `json:"bytes"`   // read
	Events    int64      `json:"events"`  // found, those recorded before included
	Faults    int64      `json:"faults"`
	LastFault string     `json:"last_fault"` // "" where there was none
	FaultAt   *time.Time `json:"fault_at"`
}

// followTally counts what a follower does. The zero value has done nothing.
type followTally struct {
	mu    sync.Mutex
	about AboutFollow
	told  map[string]string // complaints, by path
}

func (t *followTally) following(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.about.Records = n
}

func (t *followTally) read(bytes int64, events int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.about.Bytes += max(bytes, 0)
	t.about.Events += int64(events)
}

func (t *followTally) get() AboutFollow {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.about
}

// maxTold is how many complaints are kept in mind.
const maxTold = 1000

// fault counts one, and reports whether it is new of this record.
func (t *followTally) fault(path, why string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.about.Faults++
	t.about.LastFault, t.about.FaultAt = why, &now
	return t.tell(path, why)
}

// gone reports whether it is new that a record is not there.
func (t *followTally) gone(path, why string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tell(path, why)
}

// tell reports whether a complaint is new of this record. The lock is held.
func (t *followTally) tell(path, why string) bool {
	if t.told[path] == why {
		return false
	}
	if t.told == nil || len(t.told) >= maxTold {
		t.told = map[string]string{}
	}
	t.told[path] = why
	return true
}

// well forgets what was wrong with a record.
func (t *followTally) well(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.told, path)
}

// complain tells once of each record what is wrong with it. One that is not
// there is no fault: tools make it when they have something to write, and
// delete old ones.
func (f *follower) complain(path string, err error) {
	if errors.Is(err, transcript.ErrGone) {
		if f.tally.gone(path, err.Error()) {
			f.log.Debug().Err(err).Msg("a tool's record is not there")
		}
		return
	}
	if f.tally.fault(path, err.Error(), f.engine.now().UTC()) {
		f.log.Warn().Err(err).Str("record", path).Msg("a tool's record is not read; its prompts count all the same")
	}
}
