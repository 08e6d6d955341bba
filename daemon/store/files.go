package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The names in the state folder.
const (
	fileName     = "quotad.db"
	newName      = "quotad.db.new" // on its way to being the database
	markerName   = "created"
	markName     = "mark"
	distrustName = "distrust"
	lackingName  = "lacking"
	lockName     = "lock"
	backupsName  = "backups"
	ownName      = "quotad" // of the folder itself, where the user names no other
)

// stamp is how an instant stands in a file name.
const stamp = "20060102T150405Z"

// ensureFolder makes the state folder, or sees that it can be trusted.
func ensureFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return folderError(dir, "cannot be made", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return folderError(dir, "cannot be read", err)
	}
	if !info.IsDir() {
		return &Error{Code: Folder, Message: fmt.Sprintf("the state folder %s is not a folder", dir), Hint: "choose another with --state-dir"}
	}
	if uid := owner(info); uid != os.Geteuid() {
		return &Error{
			Code:    Folder,
			Message: fmt.Sprintf("the state folder %s belongs to the user %d, and this is the user %d", dir, uid, os.Geteuid()),
			Hint:    "run quotad as that user, or choose another folder with --state-dir",
		}
	}
	if info.Mode().Perm()&0o022 != 0 {
		return &Error{
			Code:    Folder,
			Message: fmt.Sprintf("others may write to the state folder %s (mode %04o)", dir, info.Mode().Perm()),
			Hint:    "chmod 700 " + dir,
		}
	}
	if filepath.Base(dir) == ownName {
		if err := shut(dir); err != nil {
			return err
		}
	}
	return shut(filepath.Join(dir, backupsName))
}

// shut keeps others out of a folder of ours, if it is there. A folder that the
// user named otherwise may have other uses.
func shut(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || owner(info) != os.Geteuid() || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return folderError(dir, "cannot be shut to others", err)
	}
	return nil
}

func folderError(path, what string, err error) error {
	if noSpace(err) {
		return diskError(path+" "+what, err)
	}
	hint := "choose another folder with --state-dir"
	switch {
	case errors.Is(err, syscall.EROFS):
		hint = "have it mounted so that it can be written (findmnt -T " + path + "), or " + hint
	case errors.Is(err, fs.ErrPermission):
		hint = "give its owner the right to write there, or " + hint
	case unreadable(err):
		hint = "look at the disk (dmesg), or " + hint
	}
	return &Error{Code: Folder, Message: path + " " + what, Hint: hint, Err: rootCause(err)}
}

// rootCause leaves out the path, which the sentence names already.
func rootCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func owner(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// openPlain opens a file that has to be a plain one of ours, and shuts others
// out of it. A file that is not there is fs.ErrNotExist.
func openPlain(path string, flag int) (*os.File, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, folderError(path, "cannot be looked at", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{
			Code:    Folder,
			Message: fmt.Sprintf("%s is not a plain file (%s)", path, info.Mode().Type()),
			Hint:    "move it away",
		}
	}
	f, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, folderError(path, "cannot be opened", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			f.Close()
			return nil, folderError(path, "cannot be shut to others", err)
		}
	}
	return f, nil
}

// syncDir makes a rename in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// syncAbove makes the names of a folder and of those above it durable. One that
// may not be read was not made by us, nor can one be on a file system that
// takes no sync of folders.
func syncAbove(dir string) error {
	for dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		err := syncDir(dir)
		if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EROFS) {
			return err
		}
	}
	return nil
}

// writeWhole puts a file in place whole or not at all: it is written beside,
// synced and renamed. Where write fails nothing is left behind. What somebody
// has put beside, as another name of a file that is dear, is not written to.
func writeWhole(path, beside string, write func(*os.File) error) error {
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(beside, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = inOrder(func() error { return f.Chmod(0o600) }, func() error { return write(f) }, f.Sync)
	err = firstError(err, f.Close())
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		os.Remove(beside)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// copyInto copies a file's whole content.
func copyInto(from string) func(*os.File) error {
	return func(to *os.File) error {
		src, err := os.Open(from)
		if err != nil {
			return err
		}
		defer src.Close()
		_, err = io.Copy(to, src)
		return err
	}
}

// setAside gives the database at path a second name that says why, so that
// another may take its place: from-T. It returns the new name.
func setAside(path, why string, now time.Time) (string, error) {
	name := fmt.Sprintf("%s.%s-%s", path, why, now.UTC().Format(stamp))
	for i := 2; ; i++ {
		err := os.Link(path, name)
		switch {
		case err == nil:
			return name, nil
		case errors.Is(err, fs.ErrExist):
			name = fmt.Sprintf("%s.%s-%s.%d", path, why, now.UTC().Format(stamp), i)
		default: // a file system without hard links
			return name, os.Rename(path, name)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
