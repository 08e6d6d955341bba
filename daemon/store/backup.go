package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How many backups are kept: the newest one of each of so many days, all that
// are younger than a day, and of those made before a migration.
const (
	keepDays   = 7
	keepYoung  = 24 * time.Hour
	keepBefore = 3
)

var backupNames = sync.OnceValue(func() *regexp.Regexp { // compiled when needed: a hook starts without
	return regexp.MustCompile(`^quotad-(\d{8}T\d{6}Z)(-schema\d+)?\.db$`)
})

// backupFile is one of the backups in the state folder.
type backupFile struct {
	path   string
	at     time.Time
	before bool // made before a migration
}

func backupStem(now time.Time) string { return "quotad-" + now.UTC().Format(stamp) }

// BackupName is the file name of a backup made at an instant.
func BackupName(now time.Time) string { return backupStem(now) + ".db" }

// listBackups are the backups in a folder, newest first.
func listBackups(dir string) ([]backupFile, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, folderError(dir, "cannot be read", err)
	}
	var list []backupFile
	for _, e := range entries {
		m := backupNames().FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		if at, err := time.Parse(stamp, m[1]); err == nil {
			list = append(list, backupFile{filepath.Join(dir, e.Name()), at, m[2] != ""})
		}
	}
	slices.SortFunc(list, func(a, b backupFile) int {
		if c := b.at.Compare(a.at); c != 0 {
			return c
		}
		return strings.Compare(b.path, a.path)
	})
	return list, nil
}

// Backup is one backup in the state folder.
type Backup struct {
	Path string
	At   time.Time
	Size int64
}

// Backups lists the backups in a state folder, newest first.
func Backups(dir string) ([]Backup, error) {
	files, err := listBackups(filepath.Join(dir, backupsName))
	if err != nil {
		return nil, err
	}
	var list []Backup
	for _, f := range files {
		if info, err := os.Stat(f.path); err == nil {
			list = append(list, Backup{f.path, f.at, info.Size()})
		}
	}
	return list, nil
}

// Backup writes a copy as of now to path, while the store is in use; a file
// that is there is replaced. The copy is whole, looked over and on the disk
// when Backup returns nil; else path is as it was.
func (s *Store) Backup(path string) error {
	for _, own := range []string{s.Path(), s.inDir(lockName), s.inDir(markerName), s.inDir(markName)} {
		if same(path, own) {
			return fmt.Errorf("a backup cannot take the place of %s, which is in use", own)
		}
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("a backup cannot take the place of %s, which is not a plain file", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return folderError(filepath.Dir(path), "cannot be made", err)
	}
	s.backups.Lock()
	defer s.backups.Unlock()
	err := writeWhole(path, path+".part", func(f *os.File) error {
		if err := s.View(func(t *Tx) error {
			_, err := t.tx.WriteTo(f)
			return err
		}); err != nil {
			return err
		}
		info, err := f.Stat()
		if err != nil {
			return err
		}
		_, err = inspect(f, info.Size(), whole, s.schema)
		return err
	})
	return diskError("writing the backup "+path, err)
}

func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

func (s *Store) backupNamed(name string) error {
	dir := filepath.Join(s.dir, backupsName)
	if err := shut(dir); err != nil {
		return err
	}
	if err := s.Backup(filepath.Join(dir, name)); err != nil {
		return err
	}
	return diskError("syncing "+s.dir, syncDir(s.dir)) // the folder may be new
}

// BackupDaily makes a backup in the state folder unless the newest daily one is
// younger than a day, and forgets old ones. It returns the path of the one that
// was made, or "". Where it would take too much of the disk none is made: see
// [BackupRoom].
func (s *Store) BackupDaily() (string, error) {
	dir := s.inDir(backupsName)
	if err := thin(dir, s.now()); err != nil {
		return "", err
	}
	list, err := listBackups(dir)
	if err != nil {
		return "", err
	}
	now := s.now()
	for _, b := range list {
		// One from the future was made by a clock that was wrong.
		if !b.before && b.at.Add(24*time.Hour).After(now) && !b.at.After(now) {
			return "", nil
		}
	}
	size, err := s.Size()
	if err != nil {
		return "", err
	}
	if err := BackupRoom(s.dir, size); err != nil {
		return "", err
	}
	if err := s.backupNamed(BackupName(now)); err != nil {
		return "", err
	}
	return filepath.Join(dir, BackupName(now)), thin(dir, now)
}

// BackupRoom tells whether there is room beside the database for a backup of so
// many bytes, and for as much again: a backup must not fill the disk. The error
// is of the code NoSpace.
func BackupRoom(dir string, size int64) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return diskError("looking for room in "+dir, err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < 2*size {
		return &Error{
			Code:    NoSpace,
			Message: fmt.Sprintf("no daily backup is made: it takes %s, and %s has %s left; twice as much has to be free", megabytes(size), dir, megabytes(free)),
			Hint:    "free some disk space, or move old backups away: " + filepath.Join(dir, backupsName),
		}
	}
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// thin removes old backups.
func thin(dir string, now time.Time) error {
	list, err := listBackups(dir)
	if err != nil {
		return err
	}
	for _, b := range surplus(list, now) {
		if err := os.Remove(b.path); err != nil {
			return folderError(b.path, "cannot be removed", err)
		}
	}
	return nil
}

// surplus are those of a list, newest first, that are not kept. However many
// were made by hand in one day, each day before keeps its own.
func surplus(list []backupFile, now time.Time) (old []backupFile) {
	before, days := 0, map[string]bool{}
	for _, b := range list {
		day := b.at.Format(time.DateOnly)
		young := !b.at.After(now) && now.Sub(b.at) < keepYoung
		keep := !days[day] && len(days) < keepDays || days[day] && young
		if b.before {
			before++
			keep = before <= keepBefore
		} else if keep {
			days[day] = true
		}
		if !keep {
			old = append(old, b)
		}
	}
	return old
}
