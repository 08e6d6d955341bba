package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// passedOver is a backup that could not take the place of the database.
type passedOver struct {
	name string
	why  error
}

// failing is the error of a disk that fails: an empty database would take the
// place of the one that is damaged or gone (damage is nil), though what is there
// may yet be read, at another time or elsewhere. It is nil where no try would
// give more than what can be taken over now.
func (op *opening) failing(damage error, passed []passedOver) error {
	path := op.path(fileName)
	if damage != nil && !unreadable(damage) {
		return nil
	}
	for _, b := range passed {
		switch {
		case !unreadable(b.why):
		case damage == nil:
			return diskFails(b.why, "%s is not there any more, and the disk cannot read the backup %s", path, b.name)
		default:
			return diskFails(b.why, "the disk can read neither all of %s nor the backup %s", path, b.name)
		}
	}
	if damage != nil && len(passed) == 0 && !readsAnywhere(path) {
		return diskFails(damage, "the disk cannot read %s, wherever in it, and there is no backup", path)
	}
	return nil
}

func diskFails(err error, format string, args ...any) error {
	var cause syscall.Errno
	errors.As(err, &cause) // it is one, by unreadable
	return &Error{
		Code:    Unavailable,
		Message: fmt.Sprintf(format, args...) + "; nothing was changed",
		Hint:    "look at the disk (dmesg) and start again; to begin anew, move what cannot be read away",
		Err:     cause,
	}
}

// readsAnywhere reports whether the disk can read a file in any of some places.
func readsAnywhere(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	const places = 32
	b := make([]byte, minPageSize)
	for i := range int64(places) {
		if _, err := f.ReadAt(b, info.Size()/places*i); err == nil {
			return true
		}
	}
	return false
}

// passOver notes a backup that cannot take the place of the database.
func (op *opening) passOver(b backupFile, why error) passedOver {
	name := filepath.Base(b.path)
	op.report.Notes = append(op.report.Notes, fmt.Sprintf("the backup %s was passed over: %v", name, why))
	return passedOver{name, why}
}
