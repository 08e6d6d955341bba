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
)

// How many backups are kept: of those made daily, and of those made before a
// migration.
const (
	keepDaily  = 7
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
	for _, own := range []string{s.Path(), filepath.Join(s.dir, lockName), filepath.Join(s.dir, markerName)} {
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
		_, err = inspect(f, info.Size(), true, s.schema)
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
// younger than a day, and forgets those beyond the newest seven. It returns the
// path of the one that was made, or "".
func (s *Store) BackupDaily() (string, error) {
	dir := filepath.Join(s.dir, backupsName)
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
	if err := s.backupNamed(BackupName(now)); err != nil {
		return "", err
	}
	return filepath.Join(dir, BackupName(now)), thin(dir)
}

// thin removes the oldest backups of either sort.
func thin(dir string) error {
	list, err := listBackups(dir)
	if err != nil {
		return err
	}
	kept := map[bool]int{}
	for _, b := range list {
		kept[b.before]++
		if b.before && kept[true] > keepBefore || !b.before && kept[false] > keepDaily {
			if err := os.Remove(b.path); err != nil {
				return folderError(b.path, "cannot be removed", err)
			}
		}
	}
	return nil
}
