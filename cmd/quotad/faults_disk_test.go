package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"quotad/daemon/api"
	"quotad/quota"
)

// sessionName stands in each of the prompts.
const sessionName = "a-session-of-prompts"

// prompts are n prompts of the last hour, named after what they are.
func prompts(name string, n int) []quota.Event {
	var list []quota.Event
	for i := range n {
		e := promptAt(fmt.Sprintf("%s-%d", name, i), time.Now().Add(-time.Duration(i)*time.Second))
		e.Session = sessionName
		list = append(list, e)
	}
	return list
}

// lost says which of these are not listed exactly once.
func (h *daemonHome) lost(events []quota.Event) (missing []string) {
	h.t.Helper()
	ids := h.ids()
	for _, e := range events {
		if ids[e.ID] != 1 {
			missing = append(missing, fmt.Sprintf("%s is there %d times", e.ID, ids[e.ID]))
		}
	}
	return missing
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	t.Run("a file system without room", func(t *testing.T) {
		h := newDaemonHome(t)
		mountSmall(t, h.state, 0, 4<<20)
		filler := filepath.Join(h.state, "filler")
		h.refusesWhileFull(h.start(), func() { fillUp(t, filler) }, func() { os.Remove(filler) })
	})
	t.Run("a limit on the size of files", func(t *testing.T) {
		h := newDaemonHome(t)
		p := h.start()
		h.refusesWhileFull(p, func() { limitFiles(t, p, 1<<20) }, func() { limitFiles(t, p, unix.RLIM_INFINITY) })
	})
}

// refusesWhileFull fills the disk, and expects of the daemon that it refuses what it
// cannot store and nothing else, and is well again when there is room.
func (h *daemonHome) refusesWhileFull(p *process, fill, free func()) {
	t := h.t
	t.Helper()
	acked := prompts("before", 100)
	h.post(acked...).accepted(t)
	fill()
	refused := h.postUntilRefused(&acked)
	for _, path := range []string{"/v1/status", "/healthz", "/metrics", "/v1/notices"} {
		h.get(path)
	}
	if e := h.post(refused...).complaint(t, http.StatusServiceUnavailable); e.Code != api.Unavailable || !strings.Contains(e.Message, "no space") {
		t.Errorf("refused with %+v", e)
	}
	if lost := h.lost(acked); len(lost) > 0 {
		t.Errorf("while it is full: %v", lost)
	}
	free()
	eventually(t, 2*time.Second, "an event is acknowledged again", func() bool { return h.post(refused...).status == http.StatusOK })
	acked = append(acked, refused...)
	for range 2 {
		if lost := h.lost(acked); len(lost) > 0 {
			t.Errorf("afterwards: %v", lost)
		}
		h.checkCounters()
		h.verify()
		p.kill()
		p = h.start()
	}
}

// postUntilRefused gives what was refused, and adds to acked what was not.
func (h *daemonHome) postUntilRefused(acked *[]quota.Event) []quota.Event {
	h.t.Helper()
	for i := range 500 {
		batch := prompts(fmt.Sprintf("full-%d", i), 200)
		a := h.post(batch...)
		if a.status == http.StatusOK {
			a.accepted(h.t)
			*acked = append(*acked, batch...)
			continue
		}
		a.complaint(h.t, http.StatusServiceUnavailable)
		if a.header.Get("Retry-After") == "" {
			h.t.Error("503 without Retry-After")
		}
		return batch
	}
	h.t.Fatal("the disk is never full")
	return nil
}

// mountSmall puts a file system of so many bytes at dir.
func mountSmall(t *testing.T, dir string, flags uintptr, bytes int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
}

// fillUp writes a file until no byte is left.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}

func limitFiles(t *testing.T, p *process, bytes uint64) {
	t.Helper()
	limit := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(p.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Skipf("the size of another process's files cannot be limited here: %v", err)
	}
}

// What the disk refuses, once and again, is not acknowledged; when it works
// again, so does the daemon.
func TestADiskThatFails(t *testing.T) {
	t.Parallel()
	for name, inject := range map[string]string{
		"syncing fails":                 "fdatasync:error=EIO:when=10..15",
		"writing fails":                 "pwrite64:error=EIO:when=40..45",
		"the quota is reached":          "pwrite64:error=EDQUOT:when=40..45",
		"the file system is read-only":  "pwrite64:error=EROFS:when=40..45",
		"a sync finds the disk is full": "fdatasync:error=ENOSPC:when=10..15",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newDaemonHome(t)
			p := h.traced(inject)
			h.ready(p)
			var events []quota.Event
			refused := 0
			for i := range 100 { // strace counts the calls of each thread
				batch := prompts(fmt.Sprintf("b%d", i), 20)
				events = append(events, batch...)
				refused += h.postStubbornly(batch)
				if refused > 0 && i > 3 {
					break
				}
			}
			if refused == 0 {
				t.Errorf("nothing was refused:\n%s", p.said)
			}
			p.kill()
			h.start()
			if lost := h.lost(events); len(lost) > 0 {
				t.Error(lost)
			}
			h.checkCounters()
			h.verify()
		})
	}
}

// Damage that shows while the daemon runs ends it with words, and is mended by
// the next start: after a failed sync the file is looked over before anything
// is acknowledged.
func TestDamageSeenWhileRunning(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.traced("fdatasync:error=EIO:when=10..12")
	h.ready(p)
	kept := prompts("kept", 200)
	h.post(kept...).accepted(t)
	h.backup()
	h.garble()
	var acked []quota.Event
	for i := range 200 { // until the sync fails, on whatever thread
		e := prompts(fmt.Sprintf("more-%d", i), 1)
		a, err := sendEvents(h.client, e)
		if err != nil {
			break
		}
		if a.status == http.StatusOK {
			acked = append(acked, e...)
		}
	}
	h.mendsDamage(p, append(kept, acked...))
}

// So does damage that nobody but a reader comes upon.
func TestDamageSeenByAReader(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	kept := prompts("kept", 3000)
	h.post(kept...).accepted(t)
	h.backup()
	h.garble()
	callDaemon(h.client, http.MethodGet, "/v1/events", "", nil) // whatever that gives
	h.mendsDamage(p, kept)
}

// garble spoils the database in place: it is mapped.
func (h *daemonHome) garble() {
	h.t.Helper()
	data, err := os.ReadFile(h.database())
	h.must(err)
	f, err := os.OpenFile(h.database(), os.O_RDWR, 0)
	h.must(err)
	_, err = f.WriteAt(garbledPages(data), 0)
	h.must(err, f.Close())
}

// mendsDamage expects that a daemon ends, and that the next one has all events.
func (h *daemonHome) mendsDamage(p *process, events []quota.Event) {
	t := h.t
	t.Helper()
	if code := p.end(startLimit); code != 1 || !strings.Contains(p.said.String(), "damaged") {
		t.Errorf("it ended with %d:\n%s", code, p.said)
	}
	p = h.start()
	for _, text := range []string{"the database was damaged", "the backup", "kept as"} {
		if !strings.Contains(p.said.String(), text) {
			t.Errorf("it does not say %q:\n%s", text, p.said)
		}
	}
	if lost := h.lost(events); len(lost) > 0 {
		t.Error(lost)
	}
	h.checkCounters()
	h.verify()
}

// Killed just before a call that writes, the daemon has all that it acknowledged.
func TestKillAtASystemCall(t *testing.T) {
	t.Parallel()
	for _, inject := range []string{
		"fdatasync:signal=KILL:when=9", "fdatasync:signal=KILL:when=10", "ftruncate:signal=KILL:when=1",
		"pwrite64:signal=KILL:when=31", "pwrite64:signal=KILL:when=32", "pwrite64:signal=KILL:when=33",
	} {
		t.Run(inject, func(t *testing.T) {
			t.Parallel()
			h := newDaemonHome(t)
			p := h.traced(inject)
			h.ready(p)
			acked := h.postUntilDead()
			p.end(stopLimit)
			h.start().unharmed()
			if lost := h.lost(acked); len(lost) > 0 {
				t.Error(lost)
			}
			h.checkCounters()
			h.verify()
		})
	}
}

// postUntilDead posts until nobody answers, and gives what was acknowledged.
func (h *daemonHome) postUntilDead() (acked []quota.Event) {
	h.t.Helper()
	for i := range 500 {
		batch := prompts(fmt.Sprintf("b%d", i), 20)
		a, err := sendEvents(h.client, batch)
		if err != nil {
			return acked
		}
		a.accepted(h.t)
		acked = append(acked, batch...)
	}
	h.t.Fatal("it was not killed")
	return nil
}

// traced starts a daemon in whose calls on the database strace meddles.
func (h *daemonHome) traced(inject string) *process {
	h.t.Helper()
	return h.meddled(inject, h.database())
}

// meddled starts a daemon in whose calls on some files strace meddles.
func (h *daemonHome) meddled(inject string, files ...string) *process {
	h.t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		h.t.Skip("no strace here, which makes a disk fail")
	}
	call, _, _ := strings.Cut(inject, ":")
	run := h.command("run")
	// -D: the daemon is our child, as without strace.
	run.Path, run.Args = strace, []string{"strace", "-D", "-f", "-o", h.calls(), "-e", "trace=" + call, "-e", "inject=" + inject}
	for _, file := range files {
		run.Args = append(run.Args, "-P", file)
	}
	run.Args = append(run.Args, h.program("quotad"), "run")
	return h.launched(run)
}

// calls is the file where strace writes down the calls that it meddles in.
func (h *daemonHome) calls() string { return filepath.Join(h.root, "calls") }

// program is this program under a name by which it is quotad, for those who
// cannot start it under another name than the file's.
func (h *daemonHome) program(name string) string {
	h.t.Helper()
	self, err := os.Executable()
	path := filepath.Join(h.root, name)
	if err := firstOf(err, os.Symlink(self, path)); err != nil && !errors.Is(err, fs.ErrExist) {
		h.t.Fatal(err)
	}
	return path
}

// postStubbornly posts events one by one, each until it is acknowledged, and
// counts the refusals. What was refused may have been stored all the same: then
// it is counted as well.
func (h *daemonHome) postStubbornly(events []quota.Event) (refused int) {
	h.t.Helper()
	for _, e := range events {
		for h.t.Context().Err() == nil {
			a := h.post(e)
			if a.status == http.StatusOK {
				if a.accepted(h.t)[0].Status == quota.Duplicate {
					h.checkCounters()
				}
				break
			}
			a.complaint(h.t, http.StatusServiceUnavailable)
			if a.header.Get("Retry-After") == "" {
				h.t.Error("503 without Retry-After")
			}
			if refused++; refused > 500 {
				h.t.Fatal("it never heals")
			}
		}
	}
	return refused
}

// checkEvery is how often the daemon looks whether its database still is where
// it was, and what a busy machine may add.
const checkEvery = 3 * time.Second

// A database that is taken away takes nothing into the void for longer than
// the time between two looks at it; one that was merely deleted, nothing at all.
func TestDatabaseTakenAwayWhileRunning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		loses      bool // what was acknowledged before the daemon saw it
		fresh      bool // the next start finds nothing
		harm       func(db string) error
	}{
		{"it is deleted", "was deleted while it was in use", false, false, os.Remove},
		{"it is replaced by a copy", "was replaced while it was in use", true, false, func(db string) error {
			return firstOf(copyFile(db, db+".copy"), os.Rename(db+".copy", db))
		}},
		{"it is cut off", "was cut off while it was in use", false, false, func(db string) error { return os.Truncate(db, 4096) }},
		{"it is emptied", "was cut off while it was in use", false, false, func(db string) error { return os.Truncate(db, 0) }},
		{"its folder is moved", "was deleted while it was in use", true, true, func(db string) error {
			return os.Rename(filepath.Dir(db), filepath.Dir(db)+".moved")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newDaemonHome(t)
			p := h.start()
			kept := prompts("kept", 50)
			h.post(kept...).accepted(t)
			h.backup()
			if err := c.harm(h.database()); err != nil {
				t.Fatal(err)
			}
			void, safe := h.postAfterHarm()
			if !strings.Contains(p.said.String(), c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, p.said)
			}
			p.endsOrGoesOn()
			h.start()
			if !c.fresh {
				safe = append(safe, kept...)
			}
			if !c.loses {
				safe = append(safe, void...)
			}
			if lost := h.lost(safe); len(lost) > 0 {
				t.Error(lost)
			}
			h.post(prompts("more", 10)...).accepted(t)
			h.checkCounters()
			h.verify()
		})
	}
}

// postAfterHarm goes on until the daemon must have seen what happened. It gives
// what was acknowledged before and after that.
func (h *daemonHome) postAfterHarm() (void, safe []quota.Event) {
	h.t.Helper()
	callDaemon(h.client, http.MethodGet, "/v1/events", "", nil) // whatever that gives, it may not hang
	begin := time.Now()
	for i := 0; time.Since(begin) < checkEvery+time.Second; i++ {
		sent := time.Since(begin)
		batch := prompts(fmt.Sprintf("after-%d", i), 1)
		a, err := sendEvents(h.client, batch)
		switch {
		case err != nil || a.status != http.StatusOK:
		case sent > checkEvery:
			safe = append(safe, batch...)
		default:
			void = append(void, batch...)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return void, safe
}

// endsOrGoesOn expects that a daemon either ends with an error, or still serves
// and can be stopped.
func (p *process) endsOrGoesOn() {
	p.t.Helper()
	select {
	case <-p.ended:
		if code := p.end(stopLimit); code != 1 {
			p.t.Errorf("it ended with %d", code)
		}
	case <-time.After(time.Second):
		p.stop()
	}
	if strings.Contains(p.said.String(), "goroutine ") {
		p.t.Error("it ended by a crash")
	}
}

func (h *daemonHome) database() string { return filepath.Join(h.state, "quotad.db") }

// backup has the running daemon make one.
func (h *daemonHome) backup() {
	h.t.Helper()
	if out, err := h.command("backup").CombinedOutput(); err != nil {
		h.t.Fatalf("backup: %v\n%s", err, out)
	}
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	return firstOf(err, os.WriteFile(to, data, 0o600))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
