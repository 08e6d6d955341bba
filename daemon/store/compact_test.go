package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"quotad/quota"
)

// holed is a store of which more than a third is free: of n events, so far
// apart that they fill some months, the first nine tenths were forgotten.
func holed(t *testing.T, dir string, n int) *Store {
	t.Helper()
	s := openIn(t, dir)
	var list []quota.Event
	for i := range n {
		e := prompt(ulid(i), day0.Add(time.Duration(i)*5*time.Minute))
		e.Transcript = fmt.Sprintf("/home/u/.claude/projects/x/%040d.jsonl", i/40)
		list = append(list, e)
	}
	put(t, s, list...)
	before := list[n*9/10].At
	must(t, s.Update(func(tx *Tx) error {
		must(t, tx.PutState("default", []byte("state")))
		return tx.PutCheckpoint("default", quota.Checkpoint{At: before, State: []byte("x")})
	}))
	for gone := 2000; gone == 2000; {
		must(t, s.Update(func(tx *Tx) (err error) {
			gone, err = tx.Prune(before, 0, 2000)
			return err
		}))
	}
	return s
}

// content is all that a store has that matters.
func content(t tb, s *Store) (c struct {
	events []quota.Entry
	sums   hours
	next   uint64
	state  string
}) {
	t.Helper()
	c.events = entries(t, s, "")
	must(t, s.View(func(tx *Tx) error {
		c.sums = sumsOf(t, tx, "default")
		c.next = max(tx.layer.seq, tx.bucket(tabEvents).Sequence())
		state, _, err := tx.State("default")
		c.state = string(state)
		return err
	}))
	return c
}

func TestACompactionIsDueWhereAThirdIsFree(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		free, size int64
		want       bool
	}{
		{0, 0, false}, {0, 90 * mib, false}, {30*mib - 1, 90 * mib, false}, {30 * mib, 90 * mib, true}, {80 * mib, 90 * mib, true},
		{4*mib - 1, 5 * mib, false}, {4 * mib, 5 * mib, true}, // of a small file not much is won
	} {
		if got := compactionDue(c.free, c.size); got != c.want {
			t.Errorf("%d of %d bytes are free: due %t", c.free, c.size, got)
		}
	}
}

func TestACompactionGivesBackWhatIsFree(t *testing.T) {
	s := holed(t, filepath.Join(t.TempDir(), "state"), 40_000)
	defer s.Close()
	want := content(t, s)
	done, err := s.Compact(t.Context())
	if err != nil || done.Outcome != CompactDone || done.After*2 > done.Before {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := content(t, s); !reflect.DeepEqual(got, want) {
		t.Error("it has another content")
	}
	put(t, s, prompt("more", day0.Add(9000*time.Hour)))
	verify(t, s)
	if again, err := s.Compact(t.Context()); err != nil || again.Outcome != CompactNotDue {
		t.Errorf("once more: %+v, %v", again, err)
	}
	must(t, s.Close())
	s = openIn(t, s.dir)
	if got := content(t, s); len(got.events) != len(want.events)+1 || got.next != want.next+1 {
		t.Errorf("opened anew: %d events, number %d", len(got.events), got.next)
	}
	if left := glob(t, filepath.Join(s.dir, "*.part")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// At each step of a compaction others write, and the folder is copied as a
// crash would leave it.
func TestACompactionLosesNothingWhereverItEnds(t *testing.T) {
	root := t.TempDir()
	s := holed(t, filepath.Join(root, "state"), 40_000)
	defer s.Close()
	var steps []string
	c := &compaction{s: s, ctx: t.Context(), room: roomFor}
	var copies []int // events that each copy has to have
	c.step = func(name string) error {
		if name != "rename" { // nobody writes then
			n := len(steps)
			at := day0.Add(time.Duration(20_000+n) * time.Hour)
			put(t, s, prompt(fmt.Sprint("meanwhile ", n), at), prompt(fmt.Sprint("undone ", n), at))
			must(t, s.Update(func(tx *Tx) error {
				_, err := tx.Put(quota.Event{ID: fmt.Sprint("void ", n), Kind: quota.KindVoid, Voids: fmt.Sprint("undone ", n), At: at, Account: "default"})
				must(t, err)
				if err := tx.PutValue("gone", []byte("x")); n%2 == 0 {
					return err
				}
				return tx.PutValue("gone", nil)
			}))
		}
		steps = append(steps, name)
		dir := filepath.Join(root, fmt.Sprint("crash", len(steps)))
		for _, name := range glob(t, filepath.Join(s.dir, "*")) {
			if base := filepath.Base(name); base != backupsName && base != lockName {
				copyFile(t, name, filepath.Join(dir, base))
			}
		}
		copies = append(copies, 4000+3*len(steps))
		if name == "rename" {
			copies[len(copies)-1] -= 3
		}
		return nil
	}
	done, err := c.run()
	if err != nil || done.Outcome != CompactDone || len(steps) < 10 {
		t.Fatalf("%+v, %v, %q", done, err, steps)
	}
	if got := len(entries(t, s, "")); got != copies[len(copies)-1] {
		t.Errorf("%d events, want %d", got, copies[len(copies)-1])
	}
	verify(t, s)
	for i, want := range copies {
		crashed := openIn(t, filepath.Join(root, fmt.Sprint("crash", i+1)))
		if got := len(entries(t, crashed, "")); got != want {
			t.Errorf("a crash at %s: %d events, want %d", steps[i], got, want)
		}
		if left := glob(t, filepath.Join(crashed.dir, "*.part")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
		must(t, crashed.Close())
	}
}

func TestACompactionThatFailsLeavesTheDatabase(t *testing.T) {
	s := holed(t, filepath.Join(t.TempDir(), "state"), 40_000)
	defer s.Close()
	want := content(t, s)
	full := diskError("writing", syscall.ENOSPC)
	broken := errors.New("broken")
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name    string
		c       compaction
		outcome Compacted
		err     error
	}{
		{"no room is there for it", compaction{room: func(string, int64) bool { return false }}, CompactNoRoom, nil},
		{"the disk is full at the first byte", compaction{step: failing("create", full)}, CompactNoRoom, nil},
		{"the disk is full in the middle", compaction{step: failing("copy texts", full)}, CompactNoRoom, nil},
		{"the disk is full at the end", compaction{step: failing("sync", full)}, CompactNoRoom, nil},
		{"it cannot be renamed", compaction{step: failing("rename", broken)}, CompactNotDue, broken},
		{"the daemon ends", compaction{ctx: ended}, CompactNotDue, context.Canceled},
		{"too much is written", compaction{step: func(name string) error {
			if name == "sync" {
				s.changes.Load().many = true
			}
			return nil
		}}, CompactTooBusy, nil},
	} {
		c.c.s = s
		if c.c.ctx == nil {
			c.c.ctx = t.Context()
		}
		if c.c.room == nil {
			c.c.room = roomFor
		}
		if c.c.step == nil {
			c.c.step = failing("", nil)
		}
		done, err := c.c.run()
		if done.Outcome != c.outcome || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v", c.name, done, err)
		}
		if got := content(t, s); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: it has another content", c.name)
		}
		if left := glob(t, filepath.Join(s.dir, "*.part")); len(left) > 0 || s.changes.Load() != nil {
			t.Errorf("%s: left behind: %q", c.name, left)
		}
	}
	verify(t, s)
}

// failing fails at a step.
func failing(at string, err error) func(string) error {
	return func(name string) error {
		if name == at {
			return err
		}
		return nil
	}
}

func TestACompactionOnAFullDiskLeavesTheDatabase(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small disk cannot be mounted here, which needs root: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	s := holed(t, filepath.Join(disk, "state"), 40_000)
	defer s.Close()
	want := content(t, s)
	ballast, err := os.Create(filepath.Join(disk, "ballast"))
	must(t, err)
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	must(t, ballast.Close())
	if done, err := s.Compact(t.Context()); err != nil || done.Outcome != CompactNoRoom {
		t.Errorf("before it begins: %+v, %v", done, err)
	}
	for _, room := range []int64{0, 100 << 10, 200 << 10} { // which it trusts to be enough
		info, err := os.Stat(ballast.Name())
		must(t, err)
		must(t, os.Truncate(ballast.Name(), info.Size()-room))
		c := &compaction{s: s, ctx: t.Context(), room: func(string, int64) bool { return true }, step: failing("", nil)}
		if done, err := c.run(); err != nil || done.Outcome != CompactNoRoom {
			t.Errorf("with %d bytes of room: %+v, %v", room, done, err)
		}
		if left := glob(t, filepath.Join(s.dir, "*.part*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
	if got := content(t, s); !reflect.DeepEqual(got, want) {
		t.Error("it has another content")
	}
	must(t, os.Remove(ballast.Name()))
	if done, err := s.Compact(t.Context()); err != nil || done.Outcome != CompactDone {
		t.Errorf("with room again: %+v, %v", done, err)
	}
	verify(t, s)
}
