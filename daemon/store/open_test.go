package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"quotad/quota"
)

// stateDir is a folder with n events, and a backup that has backed of them
// (0: no backup). Nobody has it open.
func stateDir(t *testing.T, n, backed int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	s := openIn(t, dir)
	all := prompts(n)
	put(t, s, all[:backed]...)
	if backed > 0 {
		must(t, s.Backup(filepath.Join(dir, backupsName, BackupName(day0))))
	}
	for i := backed; i < n; i += 50 {
		put(t, s, all[i:min(i+50, n)]...)
	}
	must(t, s.Close())
	return dir
}

func overwrite(t tb, path string, off int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt(b, off)
	must(t, err)
	must(t, f.Close())
}

// pageOf finds a page of a sort that is in use, the last one in the file.
func pageOf(t tb, path string, is func(page) bool) int64 {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	m, _, err := readMetas(f)
	must(t, err)
	w := walker{f: f, m: m, seen: newBitmap(m.pages)}
	free, err := w.freelist()
	must(t, err)
	for id := m.pages - 1; id > 1; id-- {
		if slices.Contains(free, id) {
			continue
		}
		if p, err := readPage(f, m, id, nil); err == nil && is(p) {
			return int64(id * m.pageSize)
		}
	}
	t.Fatalf("no such page")
	return 0
}

func isBranch(p page) bool   { return p.flags() == flagBranch }
func isFreelist(p page) bool { return p.flags() == flagFreelist }

// isRecords tells a leaf of a table from the one that lists the tables.
func isRecords(p page) bool {
	flags, _, _, err := p.leaf(0)
	return p.flags() == flagLeaf && err == nil && flags&elementBucket == 0
}

func isTables(p page) bool { return p.flags() == flagLeaf && !isRecords(p) }

// inRecord is somewhere in the first record of a leaf page.
func inRecord(t *testing.T, path string) int64 {
	off := pageOf(t, path, isRecords)
	b, err := os.ReadFile(path)
	must(t, err)
	return off + pageHeader + elementSize*int64(page(b[off:]).count()) + 30
}

func rubbish(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

const pageSize = 4096

func TestADamagedDatabaseIsReplacedAndNothingLost(t *testing.T) {
	page := func(is func(page) bool) func(t *testing.T, path string) int64 {
		return func(t *testing.T, path string) int64 { return pageOf(t, path, is) }
	}
	at := func(off int64) func(*testing.T, string) int64 {
		return func(*testing.T, string) int64 { return off }
	}
	for _, c := range []struct {
		name   string
		where  func(t *testing.T, path string) int64
		with   []byte
		least  int // of 600 events that are there afterwards, with a backup of 300
		alone  int // and without
		intact bool
	}{
		{"both meta pages are zeros", at(0), make([]byte, 2*pageSize), 600, 600, false},
		{"both meta pages are rubbish", at(0), rubbish(2 * pageSize), 600, 600, false},
		{"the first meta page is rubbish", at(0), rubbish(pageSize), 600, 600, true},
		{"the second meta page is rubbish", at(pageSize), rubbish(pageSize), 600, 600, true},
		{"the list of free pages is zeros", page(isFreelist), make([]byte, pageSize), 600, 600, false},
		{"the list of free pages is rubbish", page(isFreelist), rubbish(pageSize), 600, 600, false},
		{"a page in use is said to be free", func(t *testing.T, p string) int64 { return pageOf(t, p, isFreelist) + pageHeader }, []byte{3}, 600, 600, false},
		{"a branch page is zeros", page(isBranch), make([]byte, pageSize), 600, 600, false},
		{"a branch page is rubbish behind its header", func(t *testing.T, p string) int64 { return pageOf(t, p, isBranch) + 16 }, rubbish(64), 600, 600, false},
		{"a leaf page is zeros", page(isRecords), make([]byte, pageSize), 450, 450, false},
		{"a leaf page is rubbish", page(isRecords), rubbish(pageSize), 450, 450, false},
		{"the list of tables is zeros", func(t *testing.T, p string) int64 { return pageOf(t, p, isTables) }, make([]byte, pageSize), 600, 550, false},
		{"one byte of a record is wrong", inRecord, []byte{0xA5}, 590, 590, false},
	} {
		for _, backed := range []int{300, 0} {
			t.Run(fmt.Sprintf("%s, %d in the backup", c.name, backed), func(t *testing.T) {
				dir := stateDir(t, 600, backed)
				path := filepath.Join(dir, fileName)
				overwrite(t, path, c.where(t, path), c.with)
				s, report, err := Open(options(dir))
				must(t, err)
				defer s.Close()
				least := c.least
				if backed == 0 {
					least = c.alone
				}
				if n := len(entries(t, s, "")); n < least {
					t.Errorf("%d events are left, of 600; at least %d can be", n, least)
				}
				if report.Damage == "" || !report.Lost() {
					t.Errorf("the damage is not reported: %+v", report)
				}
				if aside := glob(t, path+".damaged-*"); (len(aside) == 0) != c.intact || len(aside) == 1 && aside[0] != report.Aside {
					t.Errorf("moved aside: %q, reported %q", aside, report.Aside)
				}
				if restored := report.Restored != ""; restored != (backed > 0 && !c.intact) {
					t.Errorf("restored from %q", report.Restored)
				}
				verify(t, s)
				must(t, s.Close())
				must(t, openIn(t, dir).Close()) // and all is well the next time
			})
		}
	}
}

func TestAFileThatIsNoDatabaseIsMovedAside(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"an empty file":            func(p string) error { return os.Truncate(p, 0) },
		"a file cut off":           func(p string) error { return os.Truncate(p, 5*pageSize+17) },
		"a file of one page":       func(p string) error { return os.Truncate(p, pageSize) },
		"a file of a few bytes":    func(p string) error { return os.Truncate(p, 10) },
		"a text file":              func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("hello\n", 5000)), 0o600) },
		"another program's bbolt":  foreign,
		"a file that is not there": os.Remove,
	} {
		for _, backed := range []int{200, 0} {
			t.Run(fmt.Sprintf("%s, %d in the backup", name, backed), func(t *testing.T) {
				dir := stateDir(t, 300, backed)
				path := filepath.Join(dir, fileName)
				must(t, spoil(path))
				s, report, err := Open(options(dir))
				must(t, err)
				defer s.Close()
				if n := len(entries(t, s, "")); n < backed {
					t.Errorf("%d events, and the backup has %d", n, backed)
				}
				if !report.Lost() || report.Fresh || len(report.Lines()) < 2 {
					t.Errorf("%+v: %q", report, report.Lines())
				}
				if (report.Restored != "") != (backed > 0) {
					t.Errorf("restored from %q", report.Restored)
				}
				put(t, s, prompt("new", day0))
				verify(t, s)
			})
		}
	}
}

func foreign(path string) error {
	os.Remove(path)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("things"))
		if err != nil {
			return err
		}
		return b.Put([]byte("k"), []byte("v"))
	})
	return firstError(err, db.Close())
}

func TestABadBackupIsPassedOver(t *testing.T) {
	dir := stateDir(t, 100, 100)
	bad := filepath.Join(dir, backupsName, BackupName(day0.Add(time.Hour)))
	must(t, os.WriteFile(bad, rubbish(30000), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, fileName), nil, 0o600))
	s, report, err := Open(options(dir))
	must(t, err)
	defer s.Close()
	if report.Restored != BackupName(day0) || len(report.Notes) != 1 || len(entries(t, s, "")) != 100 {
		t.Errorf("%+v", report)
	}
}

// A backup that cannot be looked at may be a good one: nothing empty takes the
// place of what it has.
func TestABackupThatCannotBeLookedAtIsWaitedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := openIn(t, dir)
	put(t, s, prompts(10)...)
	backup := filepath.Join(dir, backupsName, BackupName(day0))
	must(t, s.Backup(backup))
	must(t, s.Close())
	for name, harm := range map[string]func() error{
		"damaged": func() error { return os.WriteFile(s.Path(), []byte("nothing of a database"), 0o600) },
		"gone":    func() error { return os.Remove(s.Path()) },
	} {
		must(t, harm())
		before := glob(t, filepath.Join(dir, "quotad.db*"))
		other, err := os.Open(backup)
		must(t, err)
		must(t, flock(other, 0))
		_, report, err := Open(options(dir))
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), backup) || !strings.Contains(err.Error(), "nothing was changed") || report.Aside != "" {
			t.Errorf("%s: %v, %+v", name, err, report)
		}
		if after := glob(t, filepath.Join(dir, "quotad.db*")); !slices.Equal(after, before) {
			t.Errorf("%s: there was %q and is %q", name, before, after)
		}
		must(t, other.Close())
		s, report, err := Open(options(dir))
		must(t, err)
		if got := len(entries(t, s, "")); got != 10 || report.Restored == "" {
			t.Errorf("%s: %d events, %+v", name, got, report)
		}
		must(t, s.Close())
	}
}

func TestSalvageKeepsLinksNoticesAndWhatWasPruned(t *testing.T) {
	dir := stateDir(t, 200, 100)
	s := openIn(t, dir)
	put(t, s,
		quota.Event{ID: "late", Kind: quota.KindVoid, At: day0.Add(time.Hour), Account: "default", Count: 1, Voids: ulid(150)},
		quota.Event{ID: "other", Kind: quota.KindPrompt, At: day0, Account: "work", Count: 3, Turn: "t"},
		quota.Event{ID: "usage", Kind: quota.KindUsage, At: day0, Account: "work", Count: 1, Turn: "t", Model: "glm-4.7"})
	must(t, s.Update(func(tx *Tx) error {
		must(t, tx.PutState("default", []byte("state")))
		must(t, tx.PutSettingsHash("hash"))
		must(t, tx.PutCheckpoint("default", quota.Checkpoint{At: day0.Add(50 * time.Second), State: []byte("x")}))
		if n, err := tx.Prune(day0.Add(time.Minute), 0, 1000); n != 50 || err != nil {
			t.Errorf("pruned %d, %v", n, err)
		}
		_, err := tx.PutNotice(NoticeRecord{Key: "k", Notice: quota.Notice{Title: "told"}, Final: true, UpdatedAt: day0})
		return err
	}))
	want := entries(t, s, "")
	must(t, s.Close())

	overwrite(t, filepath.Join(dir, fileName), 0, make([]byte, 2*pageSize))
	must(t, os.RemoveAll(filepath.Join(dir, backupsName)))
	s, report, err := Open(options(dir))
	must(t, err)
	defer s.Close()
	if report.Salvaged != len(want) {
		t.Errorf("%+v, want %d salvaged", report, len(want))
	}
	got := entries(t, s, "")
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %d, want %d: %.2000v", len(got), len(want), got)
	}
	must(t, s.View(func(tx *Tx) error {
		if ok, err := tx.HasNotice("k"); !ok || err != nil {
			t.Errorf("the notice is not known: %v", err)
		}
		if hash, err := tx.SettingsHash(); hash != "" || err != nil {
			t.Errorf("the settings hash is %q: the fold would be taken for right", hash)
		}
		return nil
	}))
	verify(t, s)
}

func TestAfterSalvageAllIsFoldedAnew(t *testing.T) {
	dir := stateDir(t, 100, 0)
	s := openIn(t, dir)
	must(t, s.Update(func(tx *Tx) error {
		return inOrder(
			func() error { return tx.PutState("default", []byte("of 100")) },
			func() error { return tx.PutCheckpoint("default", quota.Checkpoint{At: day0, State: []byte("x")}) },
			func() error { return tx.PutSettingsHash("hash") })
	}))
	must(t, s.Backup(filepath.Join(dir, backupsName, BackupName(day0))))
	put(t, s, prompts(120)...)
	must(t, s.Close())
	overwrite(t, s.Path(), 0, make([]byte, 2*pageSize))
	s, report, err := Open(options(dir))
	must(t, err)
	defer s.Close()
	if report.Salvaged != 20 {
		t.Errorf("%+v", report)
	}
	must(t, s.View(func(tx *Tx) error {
		_, kept, err := tx.State("default")
		must(t, err)
		points, err := tx.Checkpoints("default", time.Time{})
		must(t, err)
		hash, err := tx.SettingsHash()
		if kept || len(points) > 0 || hash != "" {
			t.Errorf("state %v, %d checkpoints, hash %q are left of before", kept, len(points), hash)
		}
		return err
	}))
}

func TestANewerSchemaIsRefusedAndLeftAlone(t *testing.T) {
	dir := stateDir(t, 10, 5)
	s := openIn(t, dir)
	must(t, s.Update(func(tx *Tx) error { return tx.putSchema(99) }))
	must(t, s.Close())
	before, err := os.ReadFile(filepath.Join(dir, fileName))
	must(t, err)
	_, _, err = Open(options(dir))
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Errorf("got %v", err)
	}
	after, _ := os.ReadFile(filepath.Join(dir, fileName))
	if string(before) != string(after) {
		t.Error("the file was changed")
	}
}

func TestADowngradeIsToldTheBackupOfBefore(t *testing.T) {
	dir := stateDir(t, 10, 0)
	s, report, err := openWith(options(dir), append(migrations(), func(*Tx) error { return nil }))
	must(t, err)
	put(t, s, prompts(12)...)
	must(t, s.Close())
	_, _, err = Open(options(dir))
	var told *Error
	if !errors.As(err, &told) || told.Code != Newer || !strings.HasSuffix(told.Message, "can read is "+report.Backup) ||
		!strings.Contains(told.Hint, "quotad restore "+report.Backup) {
		t.Fatalf("%v, %+v", err, told)
	}
	_, err = Restore(options(dir), filepath.Join(dir, backupsName, report.Backup))
	must(t, err)
	s = openIn(t, dir)
	defer s.Close()
	if n := len(entries(t, s, "")); n != 10 {
		t.Errorf("the way back leads to %d events, want 10", n)
	}
}

func TestALockedFolderIsRefused(t *testing.T) {
	dir := stateDir(t, 10, 0)
	s := openIn(t, dir)
	for name, try := range map[string]func() error{
		"open":    func() error { _, _, err := Open(options(dir)); return err },
		"restore": func() error { _, err := Restore(options(dir), filepath.Join(dir, fileName)); return err },
	} {
		if err := try(); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
			t.Errorf("%s: %v", name, err)
		}
	}
	put(t, s, prompt("x", day0))
	must(t, s.Close())

	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	must(t, err)
	if _, _, err := Open(options(dir)); !errors.Is(err, ErrLocked) {
		t.Errorf("held by another program: %v", err)
	}
	must(t, db.Close())
	must(t, openIn(t, dir).Close())
}

func TestWaitingForTheLockEndsWithIt(t *testing.T) {
	dir := stateDir(t, 1, 0)
	s := openIn(t, dir)
	go func() {
		time.Sleep(50 * time.Millisecond)
		s.Close()
	}()
	o := options(dir)
	o.LockTimeout = time.Minute
	s, _, err := Open(o)
	must(t, err)
	must(t, s.Close())
}

func TestAStateFolderThatCannotBeUsedIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		make func(dir string) error
		want string
	}{
		"a file in its place":           {func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, "not a"},
		"others may write to it":        {func(dir string) error { os.Mkdir(dir, 0o777); return os.Chmod(dir, 0o777) }, "mode 0777"},
		"the database is a symlink":     {link(fileName), "not a plain file"},
		"the database is a folder":      {func(dir string) error { return os.MkdirAll(filepath.Join(dir, fileName), 0o700) }, "not a plain file"},
		"the lock is a symlink":         {link(lockName), "cannot be opened"},
		"a file where the folder hangs": {func(dir string) error { return os.Symlink("/dev/null/x", dir) }, "cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			must(t, c.make(dir))
			_, _, err := Open(options(dir))
			var known *Error
			if !errors.As(err, &known) || known.Code != Folder || known.Hint == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want the code %q and %q", err, Folder, c.want)
			}
		})
	}
}

// The rights of a folder do not help where its file system cannot be written.
func TestWhoCannotWriteIsToldWhatHelps(t *testing.T) {
	for err, want := range map[syscall.Errno]string{
		syscall.EROFS:  "findmnt -T /state/lock",
		syscall.EACCES: "the right to write",
		syscall.EPERM:  "the right to write",
		syscall.ELOOP:  "choose another folder",
	} {
		var known *Error
		got := folderError("/state/lock", "cannot be opened", &fs.PathError{Op: "open", Path: "/state/lock", Err: err})
		if !errors.As(got, &known) || !strings.Contains(known.Hint, want) || !strings.Contains(known.Hint, "--state-dir") {
			t.Errorf("%v: %v, want a hint with %q", err, got, want)
		}
	}
}

func link(name string) func(dir string) error {
	return func(dir string) error {
		os.Mkdir(dir, 0o700)
		return os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, name))
	}
}

func TestFilesAreShutToOthers(t *testing.T) {
	dir := stateDir(t, 5, 5)
	must(t, os.Chmod(filepath.Join(dir, fileName), 0o644))
	must(t, openIn(t, dir).Close())
	for path, want := range map[string]os.FileMode{
		"": 0o700, fileName: 0o600, markerName: 0o600, lockName: 0o600, backupsName: 0o700,
		filepath.Join(backupsName, BackupName(day0)): 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%q has the mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
}

func TestAFirstRunSaysSoAndLeavesAMark(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "state")
	s, report, err := Open(options(dir))
	must(t, err)
	must(t, s.Close())
	if !report.Fresh || report.Lost() || report.Lines() != nil {
		t.Errorf("%+v", report)
	}
	must(t, os.Remove(filepath.Join(dir, markerName)))
	s, report, err = Open(options(dir))
	must(t, err)
	must(t, s.Close())
	if report.Fresh || !exists(filepath.Join(dir, markerName)) {
		t.Errorf("%+v; the mark is to be made again", report)
	}
}

func TestAFileLostWhileOpenIsNoticed(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"deleted":  os.Remove,
		"replaced": func(p string) error { os.Remove(p); return os.WriteFile(p, rubbish(1<<20), 0o600) },
		"cut off":  func(p string) error { return os.Truncate(p, 3*pageSize) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			put(t, s, prompts(300)...)
			must(t, s.StillThere())
			must(t, spoil(s.Path()))
			if err := s.StillThere(); !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestADeletedFileIsPutBack(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(300)...)
	must(t, s.Rescue()) // it is there: nothing to do
	must(t, os.Remove(s.Path()))
	put(t, s, prompts(310)...) // acknowledged before anybody looked
	must(t, s.Rescue())
	must(t, s.StillThere())
	put(t, s, prompts(320)...)
	verify(t, s)
	must(t, s.Close())
	s = openIn(t, s.Dir())
	defer s.Close()
	if n := len(entries(t, s, "")); n != 320 {
		t.Errorf("%d events, want 320", n)
	}
}

func TestWhatReplacedTheFileIsLeftAlone(t *testing.T) {
	s := newStore(t)
	must(t, os.Remove(s.Path()))
	must(t, os.WriteFile(s.Path(), []byte("mine"), 0o600))
	if err := s.Rescue(); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
	must(t, os.RemoveAll(s.Dir()))
	if err := s.Rescue(); !errors.Is(err, ErrGone) || exists(s.Dir()) {
		t.Errorf("the folder is gone: %v", err)
	}
}

func TestTrimmingKeepsTheStoreInUse(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(10)...)
	s.Trim()
	put(t, s, prompts(20)...)
	if n := len(entries(t, s, "")); n != 20 {
		t.Errorf("%d events", n)
	}
}

// Reading a file that was cut off under us is a fault, not an error.
func TestAFaultWhileReadingIsAnError(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(1000)...)
	err := s.View(func(tx *Tx) error {
		must(t, os.Truncate(s.Path(), 3*pageSize))
		for _, err := range tx.Entries("default", time.Time{}) {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

// A fault while a transaction begins or ends leaves bbolt with its locks held.
func TestACutOffFileStopsNobody(t *testing.T) {
	nothing := func(*Tx) error { return nil }
	for name, cut := range map[string]func(s *Store) error{
		"before a transaction": func(s *Store) error { return os.Truncate(s.Path(), 0) },
		"while it is written": func(s *Store) error {
			s.Update(func(tx *Tx) error {
				_, err := tx.Put(prompt("x", day0))
				return firstError(err, os.Truncate(s.Path(), 0))
			})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			put(t, s, prompts(300)...)
			must(t, cut(s))
			if err := s.View(nothing); !errors.Is(err, ErrGone) {
				t.Errorf("a reader got %v", err)
			}
			if err := s.Update(nothing); !errors.Is(err, ErrGone) {
				t.Errorf("a writer got %v", err)
			}
			s.Close()
			again, _, err := Open(options(s.Dir()))
			must(t, err)
			must(t, again.Close())
		})
	}
}

func TestAPanicOfTheCallerGoesOn(t *testing.T) {
	s := newStore(t)
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
		put(t, s, prompt("x", day0)) // and the store is usable
	}()
	s.Update(func(*Tx) error { panic("mine") })
}

func TestMigrationsRunOnceAfterABackup(t *testing.T) {
	dir := stateDir(t, 20, 0)
	ran := 0
	step := func(tx *Tx) error {
		ran++
		return tx.PutValue(fmt.Sprintf("step%d", ran), []byte("x"))
	}
	steps := append(migrations(), step, step)
	now, later := int(schemaOf(migrations())), int(schemaOf(steps))
	s, report, err := openWith(options(dir), steps)
	must(t, err)
	if ran != 2 || report.From != now || report.To != later || len(report.Lines()) != 1 {
		t.Errorf("%d ran, %+v", ran, report)
	}
	verify(t, s)
	size, err := os.Stat(s.Path())
	must(t, err)
	must(t, s.Close())
	s, report, err = openWith(options(dir), steps)
	must(t, err)
	must(t, s.Close())
	after, _ := os.Stat(filepath.Join(dir, fileName))
	if ran != 2 || len(report.Lines()) != 0 || !after.ModTime().Equal(size.ModTime()) {
		t.Errorf("opened again: %d ran, %q, or something was written", ran, report.Lines())
	}

	done, err := Restore(options(dir), filepath.Join(dir, backupsName, fmt.Sprintf("quotad-20261123T063000Z-schema%d.db", now)))
	must(t, err)
	s = openIn(t, dir)
	defer s.Close()
	if len(entries(t, s, "")) != 20 || done.Replaced == "" {
		t.Errorf("the backup from before: %+v", done)
	}
}

func TestAFailedMigrationChangesNothing(t *testing.T) {
	dir := stateDir(t, 20, 0)
	steps := append(migrations(),
		func(tx *Tx) error { return tx.PutValue("half", []byte("x")) },
		func(tx *Tx) error { return errors.New("no") })
	_, _, err := openWith(options(dir), steps)
	if last := int(schemaOf(steps)); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("from schema %d to %d: no", last-1, last)) {
		t.Errorf("got %v", err)
	}
	s := openIn(t, dir)
	defer s.Close()
	must(t, s.View(func(tx *Tx) error {
		if _, ok, _ := tx.Value("half"); ok {
			t.Error("half a migration was kept")
		}
		return nil
	}))
}

func TestATransactionThatBrokeIsNotCommitted(t *testing.T) {
	s := newStore(t)
	broke := errors.New("broke")
	err := s.Update(func(tx *Tx) error {
		put := func() error { _, err := tx.Put(prompt("half", day0)); return err }
		must(t, put())
		tx.spoil(broke)
		return nil // the caller took no notice
	})
	if !errors.Is(err, broke) || len(entries(t, s, "")) != 0 {
		t.Errorf("got %v, and %d events", err, len(entries(t, s, "")))
	}
}

func TestWhatWasBeingWrittenIsSweptUp(t *testing.T) {
	dir := stateDir(t, 5, 5)
	left := []string{newName, newName + ".part", markerName + ".part", filepath.Join(backupsName, BackupName(day0)+".part")}
	for _, name := range left {
		must(t, os.WriteFile(filepath.Join(dir, name), rubbish(100), 0o600))
	}
	must(t, openIn(t, dir).Close())
	for _, name := range left {
		if exists(filepath.Join(dir, name)) {
			t.Errorf("%s is still there", name)
		}
	}
}

// The name of the folder is no pattern.
func TestNothingIsSweptUpElsewhere(t *testing.T) {
	above := t.TempDir()
	other := filepath.Join(above, "state2")
	must(t, os.Mkdir(other, 0o700))
	theirs := filepath.Join(other, "film.part")
	must(t, os.WriteFile(theirs, rubbish(100), 0o600))
	dir := filepath.Join(above, "state[2]")
	must(t, os.Mkdir(dir, 0o700))
	left := filepath.Join(dir, markerName+".part")
	must(t, os.WriteFile(left, rubbish(100), 0o600))
	must(t, openIn(t, dir).Close())
	if !exists(theirs) || exists(left) {
		t.Errorf("swept up: theirs %v, ours %v", !exists(theirs), !exists(left))
	}
}

// Word that a backup lacks something stays until that was looked for, and is of
// the earliest of several.
func TestWordOfWhatABackupLacks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	now := day0
	at := func() Options { o := options(dir); o.Now = func() time.Time { return now }; return o }
	open := func(what string, want time.Time) *Store {
		t.Helper()
		s, report, err := Open(at())
		must(t, err)
		if !report.Lacks.Equal(want) {
			t.Errorf("%s: events are missing since %v, want %v", what, report.Lacks, want)
		}
		return s
	}
	s := open("a first run", time.Time{})
	put(t, s, prompts(10)...)
	first := filepath.Join(dir, backupsName, BackupName(day0))
	must(t, s.Backup(first))
	must(t, s.Close())
	must(t, open("all is well", time.Time{}).Close())

	must(t, os.WriteFile(s.Path(), []byte("nothing of a database"), 0o600))
	must(t, open("a backup took its place", day0).Close())
	s = open("the next start", day0)
	now = day0.Add(24 * time.Hour)
	must(t, s.Backup(filepath.Join(dir, backupsName, BackupName(now))))
	must(t, s.Close())
	must(t, os.WriteFile(s.Path(), []byte("nothing of a database"), 0o600))
	s = open("and a later one", day0)
	must(t, s.Refilled())
	must(t, s.Refilled())
	must(t, s.Close())
	must(t, open("it was looked for", time.Time{}).Close())

	must(t, os.Remove(s.Path()))
	must(t, open("the database was gone", now).Close())
	must(t, os.WriteFile(filepath.Join(dir, lackingName), []byte("no instant"), 0o600))
	must(t, open("no word", time.Time{}).Close())
}
