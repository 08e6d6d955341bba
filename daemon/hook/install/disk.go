package install

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"quotad/config"
)

// most is far above any settings file.
const most = 16 << 20

// read is the text of a file that may be edited; nil where there is none.
func read(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.Mode().Type() == fs.ModeSymlink:
		to, _ := os.Readlink(path)
		return nil, &FileError{path, fmt.Sprintf("it is a link to %s, which another program may manage", to), "add it there by hand"}
	case !info.Mode().IsRegular():
		return nil, &FileError{path, "it is not a regular file", "move it away"}
	case info.Mode().Perm()&0o200 == 0:
		return nil, &FileError{path, "it is read-only", "chmod u+w it, if nothing else manages it"}
	case info.Size() > most:
		return nil, &FileError{path, "it is larger than 16 MiB", "move it away"}
	}
	return readRegular(path)
}

// readRegular opens nothing that was put in the place of the file meanwhile.
func readRegular(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if text == nil {
		text = []byte{}
	}
	return text, err
}

// FileError is why a file is left as it is, and what to do about it.
type FileError struct{ Path, Why, Mend string }

func (e *FileError) Error() string { return e.Path + ": " + e.Why + "; " + e.Mend }

// unchanged complains where a file is no longer what was read.
func unchanged(path string, text []byte) func() error {
	return func() error {
		now, err := read(path)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, text) || (now == nil) != (text == nil) {
			return &FileError{path, "it was changed in between", "run it again"}
		}
		return nil
	}
}

// write puts a text in the place of one that was read.
func write(path string, was, text []byte, mode fs.FileMode) error {
	if info, err := os.Lstat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return config.Replace(path, text, mode, unchanged(path, was))
}

// remove takes a file away, and the folders that bear our name where they are
// empty then.
func removeFile(path string, was []byte, mark string) error {
	if err := unchanged(path, was)(); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	for dir := filepath.Dir(path); strings.Contains(filepath.ToSlash(dir)+"/", "/"+mark+"/"); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil { // not empty
			break
		}
	}
	return nil
}

const backupSuffix = ".quotad-backup"

// backups are the texts that the user had, the latest first.
func backups(path string) []string {
	dir, name := filepath.Split(path)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), name+backupSuffix) && e.Type().IsRegular() {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(found)
	slices.Reverse(found)
	return found
}

// original is what the user had before anything was installed, and where it is
// kept; nil where it is not known.
func original(path string) (text []byte, backup string) {
	for _, b := range backups(path) {
		if text, err := readRegular(b); err == nil {
			return text, b
		}
	}
	return nil, ""
}

// keep writes what the user has beside their file, for them alone: a key may
// stand in it. What was kept before stays: it is older, and may be all that is left
// of it.
func keep(path string, text []byte, now time.Time) error {
	if kept, _ := original(path); kept != nil && bytes.Equal(kept, text) {
		return nil
	}
	to := path + backupSuffix
	if _, err := os.Lstat(to); err == nil {
		to += now.UTC().Format("-20060102T150405.000Z")
	}
	return config.Replace(to, text, 0o600, nil)
}

// readAny is the text of a file that is only looked at, which may be a link.
func readAny(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > most:
		return nil, errors.New("it is no settings file")
	}
	return os.ReadFile(path)
}
