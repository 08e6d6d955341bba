package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"quotad/quota"
)

// Spool is a folder of events that were told while no daemon answered: one
// file each, written whole or not at all. Files *.json that somebody else put
// there are taken too, with one event or one a line. Dir is made where it is missing.
type Spool struct {
	Dir string
	Now func() time.Time // default time.Now
	// Quick leaves it to the system when a file reaches the disk: for a hook,
	// whose process could not end while it waits for a slow one.
	Quick bool
}

// Names in a spool. What begins with a dot is on its way and not to be read.
const (
	spoolStamp  = "20060102T150405.000Z"
	spoolSuffix = ".json"
	spoolTemp   = ".tmp-"
	spoolBad    = "bad" // the folder of what will never be taken
)

// maxSpooled is how many bytes one spooled event may have.
const maxSpooled = 1 << 20

// Write keeps one event, as EncodeEvent wrote it, and returns once it is on
// the disk, unless Quick. The file's name comes of the time and a digest of id, which may
// hold any bytes.
func (s Spool) Write(id string, line []byte) error {
	if len(line) > maxSpooled {
		return fmt.Errorf("an event of %d bytes cannot be spooled; at most %d are taken", len(line), maxSpooled)
	}
	if err := privateDir(s.Dir); err != nil {
		return err
	}
	temp, err := writeTemp(s.Dir, line, !s.Quick)
	if err != nil {
		return fmt.Errorf("cannot spool an event: %w", err)
	}
	if err := place(temp, filepath.Join(s.Dir, spoolName(s.now(), id))); err != nil {
		os.Remove(temp)
		return fmt.Errorf("cannot spool an event: %w", err)
	}
	if s.Quick {
		return nil
	}
	return syncDir(s.Dir)
}

// place gives a file its name, unless another has it: that is of the same id and
// the same millisecond, and of two with one id the first stands.
func place(temp, path string) error {
	switch err := unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE); {
	case err == nil:
		return nil
	case errors.Is(err, unix.EEXIST):
		return os.Remove(temp)
	}
	return os.Rename(temp, path) // not every file system can tell
}

// Make makes the folder where it is missing, and private where it is not.
func (s Spool) Make() error { return privateDir(s.Dir) }

func (s Spool) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// privateDir makes a folder of the spool, or makes sure that the one that is
// there is a folder, ours and private.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the spool: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("cannot look at the spool: %w", err)
	}
	switch {
	case !info.IsDir():
		return fmt.Errorf("the spool %s is no folder (a symbolic link is not followed)", dir)
	case owner(info) != os.Geteuid():
		return fmt.Errorf("the spool %s belongs to another user (uid %d)", dir, owner(info))
	case info.Mode().Perm() != 0o700:
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// spoolName sorts by time. The ID stands in it as a digest, since it may hold
// any bytes; so the same event of the same millisecond has the same name.
func spoolName(now time.Time, id string) string {
	sum := sha256.Sum256([]byte(id))
	return quota.Milli(now).Format(spoolStamp) + "-" + hex.EncodeToString(sum[:16]) + spoolSuffix
}

// longestForeign is how much of a foreign name is kept in a claimed one, so that
// an ID can be made of it.
const longestForeign = 100

// claimedName is the name that a file gets which had another one.
func claimedName(at time.Time, name string) string {
	if len(name) > longestForeign || !utf8.ValidString(name) {
		return spoolName(at, name)
	}
	return quota.Milli(at).Format(spoolStamp) + "-" + name
}

// spoolReason ends the name of the file that says why another was set aside.
const spoolReason = ".reason"

// asideName is the name that a file is set aside under: its own, where that
// leaves room for the name of the reason.
func asideName(name string) string {
	if len(name)+len(spoolReason) <= unix.NAME_MAX {
		return name
	}
	at, _ := spoolTime(name)
	return spoolName(at, name)
}

// spoolTime is the time in a spooled file's name; false of a name that is none.
func spoolTime(name string) (time.Time, bool) {
	stamp, rest, ok := strings.Cut(name, "-")
	if !ok || !strings.HasSuffix(rest, spoolSuffix) {
		return time.Time{}, false
	}
	t, err := time.Parse(spoolStamp, stamp)
	return t, err == nil
}

// writeTemp writes a new file, whole, under a name that is not read.
func writeTemp(dir string, data []byte, sync bool) (path string, err error) {
	f, err := os.CreateTemp(dir, spoolTemp+"*") // O_EXCL, 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
	}
	return f.Name(), err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
