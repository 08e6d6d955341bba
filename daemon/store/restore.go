package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Restored tells what Restore did.
type Restored struct {
	From     string // the backup
	Replaced string // where the database that was there is kept; "": there was none
}

// Restore puts a backup in the place of the database of a state folder, which
// is kept under another name. It checks the backup first, and changes nothing
// where that is bad, or where the folder is in use ([ErrLocked]).
func Restore(o Options, backup string) (Restored, error) { return restoreWith(o, backup, migrations()) }

func restoreWith(o Options, backup string, steps []migration) (Restored, error) {
	if err := ensureFolder(o.Dir); err != nil {
		return Restored{}, err
	}
	lock, err := takeLock(o.Dir, o.LockTimeout)
	if err != nil {
		return Restored{}, err
	}
	defer lock.Close()
	op := opening{dir: o.Dir, now: clock(o.Now), steps: steps}
	var done Restored
	err = within(openLimit, "restoring the database", func() (err error) {
		done, err = op.restore(backup)
		return err
	})
	return done, err
}

func (op *opening) restore(backup string) (Restored, error) {
	if same(backup, op.path(fileName)) {
		return Restored{}, fmt.Errorf("%s is the database itself, not a backup of it", backup)
	}
	if err := op.checkBackup(backup); err != nil {
		return Restored{}, err
	}
	fresh := op.path(newName)
	if err := writeWhole(fresh, fresh+".part", copyInto(backup)); err != nil {
		return Restored{}, diskError("copying "+backup, err)
	}
	done := Restored{From: backup}
	replaced, err := op.makeWay()
	if err != nil {
		os.Remove(fresh)
		return Restored{}, err
	}
	done.Replaced = replaced
	return done, inOrder(op.install, op.mark)
}

// checkBackup tells what is wrong with a backup, which stays as it is.
func (op *opening) checkBackup(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no backup %s", path)
	}
	if err != nil {
		return folderError(path, "cannot be read", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return diskError("reading "+path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("the backup %s is not a plain file", path)
	}
	if _, err := inspect(f, info.Size(), whole, op.known()); err != nil {
		return fmt.Errorf("the backup %s cannot be used: %w", filepath.Base(path), err)
	}
	return nil
}

// makeWay keeps the present database under another name.
func (op *opening) makeWay() (string, error) {
	path := op.path(fileName)
	f, err := openPlain(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := flock(f, 0); err != nil {
		return "", inUse(path, 0)
	}
	aside, err := setAside(path, "replaced", op.now())
	if err != nil {
		return "", folderError(path, "cannot be moved aside", err)
	}
	return aside, nil
}
