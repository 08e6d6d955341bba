package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestABackupIsWholeWhileEventsCome(t *testing.T) {
	s := newStore(t)
	all := prompts(2000)
	put(t, s, all[:200]...)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 200; i < len(all); i += 20 {
			put(t, s, all[i:i+20]...)
		}
	})
	for i := range 5 {
		path := filepath.Join(t.TempDir(), fmt.Sprint("copy", i), fileName)
		must(t, s.Backup(path))
		c := openIn(t, filepath.Dir(path))
		verify(t, c)
		if n := len(entries(t, c, "")); n < 200 || n%20 != 0 {
			t.Errorf("the copy has %d events: no transaction ended there", n)
		}
		must(t, c.Close())
	}
	wg.Wait()
}

func TestABackupReplacesOnlyWhatItMay(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(10)...)
	dir := t.TempDir()
	old := filepath.Join(dir, "old.db")
	must(t, os.WriteFile(old, []byte("x"), 0o644))
	must(t, s.Backup(old))
	if info, err := os.Stat(old); err != nil || info.Mode().Perm() != 0o600 || info.Size() < pageSize {
		t.Errorf("%v %v", info, err)
	}
	link := filepath.Join(dir, "link")
	must(t, os.Symlink(old, link))
	for _, path := range []string{s.Path(), filepath.Join(s.Dir(), lockName), dir, link} {
		if err := s.Backup(path); err == nil {
			t.Errorf("%s was overwritten", path)
		}
	}
	if left := glob(t, filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	must(t, s.StillThere())
}

// In a folder that others write to too, such as /tmp.
func TestABackupWritesIntoNothingThatWasPutThere(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(10)...)
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	must(t, os.WriteFile(precious, []byte("x"), 0o644))
	for name, place := range map[string]func(from, to string) error{
		"a link": os.Symlink, "another name of a file": os.Link,
		"a pipe": func(_, to string) error { return syscall.Mkfifo(to, 0o666) },
	} {
		path := filepath.Join(dir, name)
		must(t, place(precious, path+".part"))
		if err := s.Backup(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	info, err := os.Stat(precious)
	if text, _ := os.ReadFile(precious); err != nil || string(text) != "x" || info.Mode().Perm() != 0o644 {
		t.Errorf("it holds %d bytes, %v %v", len(text), info, err)
	}
}

func TestDailyBackupsAreMadeDailyAndThinned(t *testing.T) {
	now := day0
	dir := filepath.Join(t.TempDir(), "state")
	s, _, err := Open(Options{Dir: dir, Now: func() time.Time { return now }})
	must(t, err)
	defer s.Close()
	for i := range 5 {
		must(t, s.backupNamed(fmt.Sprintf("quotad-2026010%dT000000Z-schema%d.db", i+1, i+1)))
	}
	must(t, s.backupNamed("quotad-20991231T000000Z.db")) // of a clock that was wrong
	made := 0
	for range 12 * 4 {
		path, err := s.BackupDaily()
		must(t, err)
		if path != "" {
			made++
		}
		now = now.Add(6 * time.Hour)
	}
	if made != 12 {
		t.Errorf("%d backups in 12 days", made)
	}
	if got := glob(t, filepath.Join(dir, backupsName, "*-schema*.db")); len(got) != keepBefore || filepath.Base(got[0]) != "quotad-20260103T000000Z-schema3.db" {
		t.Errorf("from before migrations: %q", got)
	}
	list, err := Backups(dir)
	must(t, err)
	if len(list) != keepDays+keepBefore || !list[1].At.Equal(day0.Add(11*24*time.Hour)) || list[1].Size == 0 {
		t.Errorf("%d are left: %+v", len(list), list)
	}
}

// Those made by hand push out none of the days before.
func TestBackupsMadeByHandPushOutNoDay(t *testing.T) {
	now := day0
	s, _, err := Open(Options{Dir: filepath.Join(t.TempDir(), "state"), Now: func() time.Time { return now }})
	must(t, err)
	defer s.Close()
	for range 7 {
		_, err := s.BackupDaily()
		must(t, err)
		now = now.Add(24 * time.Hour)
	}
	for range 9 {
		must(t, s.backupNamed(BackupName(now)))
		now = now.Add(time.Minute)
	}
	days := func() (n int, seen map[string]int) {
		_, err := s.BackupDaily()
		must(t, err)
		list, err := Backups(s.Dir())
		must(t, err)
		seen = map[string]int{}
		for _, b := range list {
			seen[b.At.Format(time.DateOnly)]++
		}
		return len(list), seen
	}
	if n, seen := days(); n != 9+6 || len(seen) != 7 {
		t.Errorf("on the day itself: %v", seen)
	}
	now = now.Add(24 * time.Hour)
	if n, seen := days(); n != 7 || len(seen) != 7 {
		t.Errorf("a day later: %v", seen)
	}
}

func TestABackupThatWouldFillTheDiskIsNotMade(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small disk cannot be mounted here, which needs root: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	s := openIn(t, filepath.Join(disk, "state"))
	defer s.Close()
	for n := 0; ; n += 500 { // more than a third of it
		if size, err := s.Size(); err != nil || size > 400<<10 {
			must(t, err)
			break
		}
		fillUpTo(t, s, n, n+500)
	}
	ballast := filepath.Join(disk, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 64<<10), 0o600))
	_, err := s.BackupDaily()
	if !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "twice as much has to be free") {
		t.Errorf("got %v", err)
	}
	if left := glob(t, filepath.Join(s.Dir(), backupsName, "*")); len(left) > 0 {
		t.Errorf("made: %q", left)
	}
}

func TestRestorePutsABackupInPlace(t *testing.T) {
	dir := stateDir(t, 300, 100)
	backup := filepath.Join(dir, backupsName, BackupName(day0))
	done, err := Restore(options(dir), backup)
	must(t, err)
	s := openIn(t, dir)
	if n := len(entries(t, s, "")); n != 100 {
		t.Errorf("%d events, want those of the backup", n)
	}
	must(t, s.Close())
	if len(glob(t, done.Replaced)) != 1 {
		t.Errorf("%+v", done)
	}
	done, err = Restore(options(dir), done.Replaced) // and back again, at the same second
	must(t, err)
	s = openIn(t, dir)
	if n := len(entries(t, s, "")); n != 300 || len(glob(t, filepath.Join(dir, fileName+".replaced-*"))) != 2 {
		t.Errorf("%d events, %+v", n, done)
	}
	must(t, s.Close())

	must(t, os.Remove(filepath.Join(dir, fileName)))
	done, err = Restore(options(dir), backup)
	must(t, err)
	if done.Replaced != "" {
		t.Errorf("there was nothing to replace: %+v", done)
	}
	must(t, openIn(t, dir).Close())
}

func TestRestoreRefusesABadBackupAndChangesNothing(t *testing.T) {
	dir := stateDir(t, 50, 20)
	good := filepath.Join(dir, backupsName, BackupName(day0))
	newer := filepath.Join(t.TempDir(), "newer.db")
	copyFile(t, good, filepath.Join(filepath.Dir(newer), fileName))
	s := openIn(t, filepath.Dir(newer))
	must(t, s.Update(func(tx *Tx) error { return tx.putSchema(7) }))
	must(t, s.Close())
	bad := filepath.Join(t.TempDir(), "bad.db")
	copyFile(t, good, bad)
	overwrite(t, bad, inRecord(t, bad), []byte{0xA5})
	before, _ := os.ReadFile(filepath.Join(dir, fileName))
	for path, want := range map[string]error{
		bad: ErrDamaged,
		filepath.Join(filepath.Dir(newer), fileName): ErrNewer,
		filepath.Join(dir, "none"):                   nil,
		dir:                                          nil,
		filepath.Join(dir, fileName):                 nil,
	} {
		if _, err := Restore(options(dir), path); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	after, _ := os.ReadFile(filepath.Join(dir, fileName))
	if string(before) != string(after) || len(glob(t, filepath.Join(dir, fileName+".*"))) > 0 {
		t.Error("something was changed")
	}
}

func TestFoldersOfOurNamesAreShutToOthers(t *testing.T) {
	mode := func(path string) os.FileMode {
		info, err := os.Stat(path)
		must(t, err)
		return info.Mode().Perm()
	}
	for _, c := range []struct {
		what, dir string
		want      os.FileMode
	}{
		{"a state folder of the usual name", "quotad", 0o700},
		{"one that the user named", "mine", 0o755},
	} {
		dir := filepath.Join(t.TempDir(), c.dir)
		backups := filepath.Join(dir, backupsName)
		must(t, os.MkdirAll(backups, 0o755))
		for _, folder := range []string{dir, backups} { // whatever the umask says
			must(t, os.Chmod(folder, 0o755))
		}
		s := openIn(t, dir)
		if mode(dir) != c.want || mode(backups) != 0o700 {
			t.Errorf("%s: %o, want %o; its backups: %o", c.what, mode(dir), c.want, mode(backups))
		}
		must(t, os.Chmod(backups, 0o755))
		if _, err := s.BackupDaily(); err != nil || mode(backups) != 0o700 {
			t.Errorf("%s: after a backup the backups are %o, %v", c.what, mode(backups), err)
		}
		must(t, s.Close())
	}
	linked := filepath.Join(t.TempDir(), "quotad")
	other := t.TempDir()
	must(t, os.Chmod(other, 0o755))
	must(t, os.Symlink(other, linked))
	must(t, openIn(t, linked).Close())
	if mode(other) != 0o755 {
		t.Error("a folder behind a link was changed")
	}
}

func TestBackupsToOnePathDoNotSpoilEachOther(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(500)...)
	path := filepath.Join(t.TempDir(), "copy.db")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				if err := s.Backup(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if left := glob(t, filepath.Join(filepath.Dir(path), "*.part")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
