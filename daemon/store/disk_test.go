package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fillUp puts batches until the disk is full, and returns how many events were
// acknowledged.
func fillUp(t *testing.T, s *Store, from int) int {
	t.Helper()
	for n := from; n < from+200_000; n += 100 {
		err := s.Update(func(tx *Tx) error {
			for i := range 100 {
				if _, err := tx.Put(usual(n + i)); err != nil {
					return err
				}
			}
			return nil
		})
		if errors.Is(err, ErrNoSpace) {
			return n
		}
		must(t, err)
	}
	t.Fatal("the disk is never full")
	return 0
}

func TestAFullDatabaseRefusesAndHeals(t *testing.T) {
	s := newStore(t)
	s.db.MaxSize = 4 << 20
	n := fillUp(t, s, 0)
	s.db.MaxSize = 0
	if got := fillUpTo(t, s, n, n+500); got != n+500 {
		t.Errorf("%d events, want %d", got, n+500)
	}
	verify(t, s)
}

// fillUpTo puts what comes next, and counts all.
func fillUpTo(t *testing.T, s *Store, from, to int) int {
	t.Helper()
	must(t, s.Update(func(tx *Tx) error {
		for n := from; n < to; n++ {
			if _, err := tx.Put(usual(n)); err != nil {
				return err
			}
		}
		return nil
	}))
	return len(entries(t, s, ""))
}

func TestAFullDiskRefusesAndHeals(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("a small disk cannot be mounted here, which needs root: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	ballast := filepath.Join(disk, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 512<<10), 0o600))
	dir := filepath.Join(disk, "state")
	s := openIn(t, dir)
	n := fillUp(t, s, 0)

	if err := s.Backup(filepath.Join(dir, backupsName, BackupName(day0))); !errors.Is(err, ErrNoSpace) {
		t.Errorf("backup: %v", err)
	}
	if left := glob(t, filepath.Join(dir, backupsName, "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	must(t, s.View(func(tx *Tx) error {
		counts, err := tx.Counts()
		if err == nil && int(counts[0].Events) != n {
			t.Errorf("%d events are there, %d were acknowledged", counts[0].Events, n)
		}
		return err
	}))
	must(t, os.Remove(ballast))
	if got := fillUpTo(t, s, n, n+500); got != n+500 {
		t.Errorf("%d events, want %d", got, n+500)
	}
	verify(t, s)

	// A daemon that starts on a full disk has all it had.
	n = fillUp(t, s, n+500)
	must(t, s.Close())
	s = openIn(t, dir)
	defer s.Close()
	if got := len(entries(t, s, "")); got != n {
		t.Errorf("%d events, want %d", got, n)
	}
	if err := s.Update(func(tx *Tx) error { _, err := tx.Prune(day0.Add(time.Hour), 0, 10); return err }); err != nil && !errors.Is(err, ErrNoSpace) {
		t.Error(err)
	}
}

func TestAFirstRunOnAFullDiskSaysSo(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small disk cannot be mounted here, which needs root: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	ballast := filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
	must(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	dir := filepath.Join(disk, "state")
	_, _, err = Open(options(dir))
	if !errors.Is(err, ErrNoSpace) {
		t.Errorf("got %v", err)
	}
	must(t, os.Remove(ballast))
	s, report, err := Open(options(dir))
	must(t, err)
	defer s.Close()
	if !report.Fresh {
		t.Errorf("%+v", report)
	}
}

// A commit that failed on the disk has the file opened anew before the next.
func TestAFailedCommitHasTheFileOpenedAnew(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(10)...)
	old := s.file
	if err := s.failed(syscall.EIO); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	put(t, s, prompts(20)...)
	if s.file == old || s.suspect.Load() {
		t.Error("the file was not opened anew")
	}
	if n := len(entries(t, s, "")); n != 20 {
		t.Errorf("%d events", n)
	}
	s.failed(syscall.EIO)
	must(t, os.Rename(s.Path(), s.Path()+".moved"))
	if err := s.Update(func(*Tx) error { return nil }); !errors.Is(err, ErrGone) {
		t.Errorf("the file is gone: %v", err)
	}
	must(t, os.Rename(s.Path()+".moved", s.Path()))
	put(t, s, prompts(30)...)
	verify(t, s)
}

// After a failed sync the page cache shows what the disk may not have: nothing
// is acknowledged before the file was looked over.
func TestAfterAFailedSyncTheFileIsLookedOver(t *testing.T) {
	lost := func(t *testing.T, s *Store, before []byte) { overwrite(t, s.Path(), 0, before[:2*pageSize]) }
	for name, c := range map[string]struct {
		harm func(t *testing.T, s *Store, before []byte)
		want error
		says string
	}{
		"all is there":                    {func(*testing.T, *Store, []byte) {}, nil, ""},
		"a page is not":                   {func(t *testing.T, s *Store, _ []byte) { overwrite(t, s.Path(), inRecord(t, s.Path()), []byte{0xA5}) }, ErrDamaged, "checksum"},
		"what was acknowledged is not":    {lost, ErrDamaged, "lost what it had acknowledged: 1"},
		"the file is the other way round": {func(t *testing.T, s *Store, _ []byte) { must(t, bigEndian(s.Path())) }, nil, "byte order"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			put(t, s, prompts(200)...)
			before, err := os.ReadFile(s.Path())
			must(t, err)
			put(t, s, prompts(201)...)
			s.failed(syscall.EIO)
			c.harm(t, s, before)
			err = s.Update(func(tx *Tx) error { _, err := tx.Put(prompt("after", day0)); return err })
			if c.want != nil && !errors.Is(err, c.want) || c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v", err)
			}
			if again := s.Update(func(*Tx) error { return nil }); (again == nil) != (err == nil) {
				t.Errorf("the next got %v", again)
			}
		})
	}
}

// A write for which there was no room says nothing of what is there; a sync
// that ends so does.
func TestWhatLeavesTheFileInDoubt(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		doubt bool
		code  Code
	}{
		{"no room to write", &fs.PathError{Op: "write", Err: syscall.ENOSPC}, false, NoSpace},
		{"the quota is reached", &fs.PathError{Op: "write", Err: syscall.EDQUOT}, false, NoSpace},
		{"no room to grow", errors.New("file resize error: truncate x: no space left on device"), false, NoSpace},
		{"no room found by a sync", syscall.ENOSPC, true, NoSpace},
		{"no room found by the sync of a file that grew", errors.New("file sync error: sync x: no space left on device"), true, NoSpace},
		{"a write failed", &fs.PathError{Op: "write", Err: syscall.EIO}, true, Unavailable},
		{"the file system is read-only", &fs.PathError{Op: "write", Err: syscall.EROFS}, true, Unavailable},
		{"a sync failed", syscall.EIO, true, Unavailable},
	} {
		s := newStore(t)
		var known *Error
		if err := s.failed(c.err); !errors.As(err, &known) || known.Code != c.code || s.suspect.Load() != c.doubt {
			t.Errorf("%s: %v, in doubt: %t", c.name, err, s.suspect.Load())
		}
	}
}
