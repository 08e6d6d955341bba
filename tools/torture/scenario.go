package main

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// stage is a home, what was sent to it, and what it did while it was traced.
type stage struct {
	*home
	traces   string // a folder for them
	model    *disk  // from the moment on at which tracing began
	meddle   []string
	mu       sync.Mutex
	sent     map[string]quota.Event
	promised []string // acknowledged before that
	lacked   []string // what a backup lacks, which the sessions of a tool have
	rand     *rand.Rand
	count    int
}

// scenario is a history whose every moment is to be survived.
type scenario struct {
	name string
	// prepare leaves a state folder that is taken for durable.
	prepare func(*stage) error
	// run is what is traced.
	run func(*stage) error
	// damaged: damage was there from the start, and may be told.
	damaged bool
	// schema is the older one that a database is migrated from; 0: none is.
	schema int
}

func scenarios() []scenario {
	return []scenario{
		{name: "first-start", prepare: nothingYet, run: load},
		{name: "load", prepare: someDays, run: load},
		{name: "killed", prepare: used, run: killedAndAgain},
		{name: "killed-first", prepare: nothingYet, run: killedAtFirst},
		{name: "spool", prepare: spooled, run: brief},
		{name: "schema-1", prepare: schema(1), run: brief, schema: 1},
		{name: "schema-2", prepare: schema(2), run: brief, schema: 2},
		{name: "schema-3", prepare: schema(3), run: brief, schema: 3},
		{name: "restore", prepare: backedUp, run: restored},
		{name: "refill", prepare: lackingBackup, run: refilled, damaged: true},
		{name: "damaged", prepare: damagedPage, run: brief, damaged: true},
		{name: "compaction", prepare: holed, run: compacted},
	}
}

func nothingYet(*stage) error { return nil }

// event is a new prompt, or now and then another kind.
func (s *stage) event(name string, at time.Time) quota.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	e := quota.Event{ID: fmt.Sprintf("%s-%d", name, s.count), Kind: quota.KindPrompt, At: quota.Milli(at), Session: "session-" + strconv.Itoa(s.count%7)}
	switch s.rand.IntN(8) {
	case 0:
		e.Kind, e.Turn, e.Model = quota.KindUsage, strconv.Itoa(s.count%5), "glm-4.7"
		e.Tokens = quota.Tokens{Input: 10, Output: 5}
	case 1:
		e.Turn = strconv.Itoa(s.count % 5)
	case 2:
		e.Kind, e.Voids = quota.KindVoid, fmt.Sprintf("%s-%d", name, s.count-1)
	}
	s.sent[e.ID] = e
	return e
}

func (s *stage) events(name string, n int, at time.Time) (list []quota.Event) {
	for range n {
		list = append(list, s.event(name, at))
		at = at.Add(time.Second)
	}
	return list
}

// live runs the daemon for as long as while takes, traced or not.
func (s *stage) live(traced bool, while func() error) error {
	trace := ""
	if traced {
		trace = s.trace()
	}
	p, err := s.start(trace, s.meddle...)
	if err != nil {
		return err
	}
	if err := errors.Join(while(), p.stop()); err != nil || !traced {
		return err
	}
	return s.model.take(trace)
}

func (s *stage) trace() string {
	s.count++
	return filepath.Join(s.traces, strconv.Itoa(s.count))
}

var errRefused = errors.New("the daemon refused events")

// use has clients post side by side, each batches of various size.
func (s *stage) use(name string, clients, batches int) error {
	var all sync.WaitGroup
	errs := make([]error, clients)
	for c := range clients {
		all.Go(func() {
			for i := range batches {
				if !s.post(s.events(fmt.Sprintf("%s-%d", name, c), 1+(i*i+c)%9, time.Now().Add(-time.Minute))...) {
					errs[c] = errRefused
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// load posts much while the daemon does its first housekeeping.
func load(s *stage) error {
	return s.live(true, func() error {
		if err := s.use("load", 3, 8); err != nil {
			return err
		}
		if !s.post(s.events("late", 5, time.Now().Add(-50*time.Hour))...) {
			return errRefused
		}
		return nil
	})
}

// brief posts a little.
func brief(s *stage) error {
	return s.live(true, func() error {
		if err := s.awaitDrained(); err != nil {
			return err
		}
		return s.use("brief", 1, 3)
	})
}

func (s *stage) awaitDrained() error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if left, _ := filepath.Glob(filepath.Join(s.state, "spool", "*.json")); len(left) == 0 {
			return nil
		}
	}
	return errors.New("the spool is not drained within a minute")
}

// used leaves a database with some events, and with the day's backup.
func used(s *stage) error {
	return s.live(false, func() error {
		if err := s.use("used", 2, 6); err != nil {
			return err
		}
		s.promise(time.Now().AddDate(0, 0, -leastRetention))
		return nil
	})
}

// promise takes all that was sent for acknowledged before the trace begins, but
// what is so old that it may be forgotten.
func (s *stage) promise(since time.Time) {
	for id, e := range s.sent {
		if e.At.After(since) {
			s.promised = append(s.promised, id)
		}
	}
}

// someDays leaves a database whose backup is old and whose oldest events are
// older than the retention.
func someDays(s *stage) error {
	return errors.Join(s.days(4), used(s), s.ageBackups(), s.configure(leastRetention))
}

// days has many events of one day after the other, the first of them older than
// the retention. In this order: what is forgotten lies before a checkpoint.
func (s *stage) days(each int) error {
	name := strings.Repeat("old-", 45) // makes them large
	return s.live(false, func() error {
		for days := 60; days > 30; days -= 3 {
			if !s.post(s.events(name, each, time.Now().AddDate(0, 0, -days))...) {
				return errRefused
			}
		}
		return nil
	})
}

// ageBackups makes the backups two days older.
func (s *stage) ageBackups() error {
	files, err := filepath.Glob(filepath.Join(s.state, "backups", "*.db"))
	for i, path := range files {
		at := time.Now().Add(-48*time.Hour - time.Duration(i)*time.Hour).UTC()
		err = errors.Join(err, os.Rename(path, filepath.Join(filepath.Dir(path), "quotad-"+at.Format("20060102T150405Z")+".db")))
	}
	return err
}

// killedAndAgain kills the daemon where it has written what it has not synced,
// sends the same again to the next one, which sees it, and more.
func killedAndAgain(s *stage) error {
	killed := 0
	for round, nth := range []int{5, 6, 8} { // of the calls of one thread
		trace := s.trace()
		p, err := s.start(trace, append([]string{fmt.Sprintf("fdatasync:signal=KILL:when=%d", nth)}, s.meddle...)...)
		if err != nil && p == nil {
			return err
		}
		var unsure []quota.Event
		for i := range 60 {
			e := s.event(fmt.Sprintf("round-%d", round), time.Now().Add(-time.Minute+time.Duration(i)*time.Millisecond))
			if !s.post(e) {
				unsure = append(unsure, e)
				break
			}
		}
		if killed += len(unsure); len(unsure) == 0 {
			p.Process.Kill()
		}
		<-p.ended
		if err := s.model.take(trace); err != nil {
			return err
		}
		again := s.live(true, func() error {
			if len(unsure) > 0 && !s.post(unsure...) {
				return errRefused
			}
			time.Sleep(20 * time.Millisecond) // for cuts after this answer and before the next write
			return s.use(fmt.Sprintf("again-%d", round), 1, 2)
		})
		if again != nil {
			return again
		}
	}
	if killed == 0 {
		return errors.New("the daemon was never killed where it had to be")
	}
	return nil
}

// killedAtFirst kills the daemon before each of the first syncs that it ever
// does, one start after the other: what the last one left unsynced is found by
// the next one, and the last of all goes on.
func killedAtFirst(s *stage) error {
	for nth := range 7 {
		trace := s.trace()
		c := s.command(trace, append([]string{fmt.Sprintf("fsync:signal=KILL:when=%d", nth+1)}, s.meddle...), "run")
		c.Stderr = new(bytes.Buffer) // so that Wait waits for strace too
		if err := c.Start(); err != nil {
			return err
		}
		over := time.AfterFunc(3*time.Second, func() { c.Process.Kill() })
		c.Wait() // it was killed
		over.Stop()
		if err := s.model.take(trace); err != nil {
			return err
		}
	}
	return brief(s)
}

// spooled leaves events as hooks do while no daemon answers.
func spooled(s *stage) error {
	if err := used(s); err != nil {
		return err
	}
	for _, e := range s.events("spooled", 40, time.Now().Add(-2*time.Minute)) {
		if err := (api.Spool{Dir: filepath.Join(s.state, "spool")}).Write(e.ID, api.EncodeEvent(e)); err != nil {
			return err
		}
		s.promised = append(s.promised, e.ID)
	}
	return nil
}

// older are databases that programs of those schemas wrote.
//
//go:embed testdata/schema*.db.gz
var older embed.FS

// schema leaves a database of an older schema, all events of which are promised.
func schema(n int) func(*stage) error {
	return func(s *stage) error {
		in, err := older.Open(fmt.Sprintf("testdata/schema%d.db.gz", n))
		if err != nil {
			return err
		}
		defer in.Close()
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(z)
		if err != nil {
			return err
		}
		if err := s.promiseAllOf(b); err != nil {
			return err
		}
		return errors.Join(os.Mkdir(s.state, 0o700), os.WriteFile(s.database(), b, 0o600))
	}
}

// promiseAllOf promises the events of a database, as they are.
func (s *stage) promiseAllOf(database []byte) error {
	dir := filepath.Join(s.traces, "copy")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "quotad.db"), database, 0o600)); err != nil {
		return err
	}
	db, _, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.View(func(t *store.Tx) error {
		for e, err := range t.Events("", time.Time{}, time.Time{}, 0) {
			if err != nil {
				return err
			}
			s.sent[e.ID] = e.Event
		}
		return nil
	})
	s.promise(time.Time{})
	return err
}

// backedUp leaves a backup, and more events than it has.
func backedUp(s *stage) error {
	if err := used(s); err != nil {
		return err
	}
	if err := s.backup(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	return s.live(false, func() error { return s.use("since", 1, 4) })
}

// backup makes one that bears the name of an instant.
func (s *stage) backup(at time.Time) error {
	path := filepath.Join(s.state, "backups", "quotad-"+at.UTC().Format("20060102T150405Z")+".db")
	out, err := s.command("", nil, "backup", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("backup: %w\n%s", err, out)
	}
	return nil
}

// restored puts the backup in place of the database, and goes on.
func restored(s *stage) error {
	trace := s.trace()
	out, err := s.command(trace, s.meddle, "restore", "latest", "--yes").CombinedOutput()
	if err != nil {
		return fmt.Errorf("restore: %w\n%s", err, out)
	}
	if err := s.model.take(trace); err != nil {
		return err
	}
	return brief(s)
}

// damagedPage leaves a database one page of which is zeros, and a backup that
// has all of it.
func damagedPage(s *stage) error {
	if err := used(s); err != nil {
		return err
	}
	if err := s.backup(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	f, err := os.OpenFile(s.database(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for page := int64(2); page < 12; page++ {
		if _, err := f.WriteAt(make([]byte, 4096), page*4096); err != nil {
			return err
		}
	}
	return nil
}

// holed leaves a database most of which is free, for its oldest events were
// forgotten, and a day's housekeeping that is due.
func holed(s *stage) error {
	return errors.Join(s.days(700), used(s), s.forget(), s.ageBackups(), s.configure(leastRetention))
}

// forget takes out of the database what the retention does.
func (s *stage) forget() error {
	db, _, err := store.Open(store.Options{Dir: s.state})
	if err != nil {
		return err
	}
	before, gone := time.Now().AddDate(0, 0, -leastRetention), 1
	for err == nil && gone > 0 {
		err = db.Update(func(t *store.Tx) (err error) {
			gone, err = t.Prune(before, time.Hour, 2000)
			return err
		})
	}
	return errors.Join(err, db.Close())
}

// compacted posts all the while that the database is compacted, and some after.
func compacted(s *stage) error {
	size := func() int64 {
		info, err := os.Stat(s.database())
		if err != nil {
			return 0
		}
		return info.Size()
	}
	before := size()
	return s.live(true, func() error {
		for end := time.Now().Add(time.Minute); size() > before/2; {
			if err := s.use("meanwhile", 2, 2); err != nil {
				return err
			}
			if time.Now().After(end) {
				return fmt.Errorf("the database is not compacted within a minute: it has %d bytes", before)
			}
		}
		return s.use("after", 2, 4)
	})
}
