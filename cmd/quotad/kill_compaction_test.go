package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// leastKept is how many days of events the daemon keeps in these tests: as few
// as can be asked for.
const leastKept = 35

// compacting is what a compaction writes into.
func (h *daemonHome) compacting() string { return h.database() + ".compact.part" }

// holed is a database most of which is free, for its oldest events were
// forgotten, and what is left of them.
func holed(t *testing.T) (file string, left []quota.Event) {
	t.Helper()
	h := newDaemonHome(t)
	h.configure(loadConfig + "[store]\nretention_days = 36500\n")
	p := h.start()
	name := strings.Repeat("old-", 45)  // makes them large
	for day := 63; day > 30; day -= 3 { // in this order: what is forgotten lies before a checkpoint
		var list []quota.Event
		for i := range 1000 {
			list = append(list, promptAt(fmt.Sprintf("%s%d-%d", name, day, i), time.Now().AddDate(0, 0, -day).Add(time.Duration(i)*time.Second)))
		}
		h.post(list...).accepted(t)
	}
	p.stop()
	s, _, err := store.Open(store.Options{Dir: h.state})
	h.must(err)
	for gone := 1; gone > 0; {
		h.must(s.Update(func(tx *store.Tx) (err error) {
			gone, err = tx.Prune(time.Now().AddDate(0, 0, -leastKept), time.Hour, 2000)
			return err
		}))
	}
	h.must(s.View(func(tx *store.Tx) error {
		for e, err := range tx.Events("", time.Time{}, time.Time{}, 0) {
			h.must(err)
			left = append(left, e.Event)
		}
		return nil
	}), s.Close())
	return h.database(), left
}

// holedHome is a daemon's home with such a database, whose day's housekeeping is
// due, and a load that knows what is in it.
func holedHome(t *testing.T, file string, left []quota.Event) (*daemonHome, *load) {
	t.Helper()
	h := newDaemonHome(t)
	h.configure(fmt.Sprintf("%s[store]\nretention_days = %d\n", loadConfig, leastKept))
	h.must(os.Mkdir(h.state, 0o700), copyFile(file, h.database()))
	l := newLoad(t, h)
	for _, e := range left {
		l.ids[e.ID] = &sent{event: e, acked: true}
		l.order = append(l.order, e.ID)
	}
	return h, l
}

// recovered starts the daemon anew after a kill: it has everything once, and
// nothing is left of what was being written.
func (l *load) recovered() {
	l.t.Helper()
	p := l.h.start()
	p.unharmed()
	l.check()
	for _, pattern := range []string{"*.part", "*.new", "*.damaged-*", filepath.Join("backups", "*.part")} {
		if there, _ := filepath.Glob(filepath.Join(l.h.state, pattern)); len(there) > 0 {
			l.t.Errorf("left behind: %q", there)
		}
	}
	l.h.verify()
	p.stop()
	l.h.verify()
}

// TestKillInTheMiddleOfACompaction kills the daemon at a random instant of a
// compaction, or just after it.
func TestKillInTheMiddleOfACompaction(t *testing.T) {
	t.Parallel()
	file, left := holed(t)
	early, rounds := 0, tortureRounds(t)
	for i := range rounds {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			h, l := holedHome(t, file, left)
			p := h.start()
			finish := l.run(2)
			before := h.sizeOfDatabase()
			eventually(t, startLimit, "a compaction begins", func() bool {
				_, err := os.Lstat(h.compacting())
				return err == nil || h.sizeOfDatabase() < before
			})
			time.Sleep(l.upTo(150 * time.Millisecond))
			l.dying.Store(true)
			p.kill()
			finish()
			if h.sizeOfDatabase() >= before {
				early++
			}
			l.recovered()
		})
	}
	t.Logf("figures: %d kills, %d of them before the compaction was done", rounds, early)
}

// TestKillAtEachStepOfACompaction kills the daemon just before a call on what it
// compacts into: before it is made, while records are copied, before it is
// synced, and before it takes the name of the database.
func TestKillAtEachStepOfACompaction(t *testing.T) {
	t.Parallel()
	file, left := holed(t)
	for _, inject := range []string{
		"openat:signal=KILL:when=1", "pwrite64:signal=KILL:when=1", "pwrite64:signal=KILL:when=9",
		"fdatasync:signal=KILL:when=1", "renameat:signal=KILL:when=1",
	} {
		t.Run(inject, func(t *testing.T) {
			h, l := holedHome(t, file, left)
			before := h.sizeOfDatabase()
			p := h.meddled(inject, h.compacting())
			h.ready(p)
			finish := l.run(2)
			l.dying.Store(true) // it may be, from now on
			p.end(startLimit)
			finish()
			if h.sizeOfDatabase() < before {
				t.Error("it was killed after the compaction, not in it")
			}
			l.recovered()
		})
	}
}

func (h *daemonHome) sizeOfDatabase() int64 {
	h.t.Helper()
	info, err := os.Stat(h.database())
	h.must(err)
	return info.Size()
}
