package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Write puts data in the place of a configuration file, whole or not at all,
// durably. A file that is there keeps its mode, a new one is for its user
// alone (0600, its folder 0700); a symlink stays, and its target is written.
func Write(path string, data []byte) error {
	path, err := resolve(path)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		mode = info.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return Replace(path, data, mode, nil)
}

// Replace puts data in the place of a regular file or of nothing, whole or not
// at all, durably. A file that is there keeps its owner. Where still is given
// it is asked last of all; its error leaves everything as it is.
func Replace(path string, data []byte, mode fs.FileMode, still func() error) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = errors.Join(fill(tmp, data, mode), keepOwner(tmp, path), tmp.Close())
	if err == nil && still != nil {
		err = still()
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(dir)
}

func fill(f *os.File, data []byte, mode fs.FileMode) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	return f.Sync()
}

// keepOwner gives the file the owner of the one that it will replace.
func keepOwner(f *os.File, path string) error {
	was, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	is, err := f.Stat()
	if err != nil {
		return err
	}
	old, young := was.Sys().(*syscall.Stat_t), is.Sys().(*syscall.Stat_t)
	if old.Uid == young.Uid && old.Gid == young.Gid {
		return nil
	}
	return f.Chown(int(old.Uid), int(old.Gid))
}

// syncDir makes a rename durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// resolve follows symlinks to the file that is to be written, which need not
// be there yet.
func resolve(path string) (string, error) {
	const most = 40 // as the kernel has it
	for range most {
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", fmt.Errorf("%s: too many levels of symbolic links", path)
}
