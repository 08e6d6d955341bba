package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// passedOver is a backup that could not take the place of the database.
type passedOver struct {
	path string
	why  error
}

// unknown reports whether nothing was found wrong with the backup itself: it could
// not be read, which another try or another user may.
func (b passedOver) unknown() bool {
	bad := errors.Is(b.why, ErrDamaged) || errors.Is(b.why, ErrNewer) || errors.Is(b.why, ErrFolder)
	return !bad || unreadable(b.why) || errors.Is(b.why, fs.ErrPermission)
}

// refusal is why no empty database may take the place of the one that is damaged
// or gone (damage is nil): what is there may yet be read, at another time or
// elsewhere. It is nil where no try would give more than what can be taken over
// now.
func (op *opening) refusal(damage error, passed []passedOver) error {
	path := op.path(fileName)
	for _, b := range passed {
		if b.unknown() {
			return nothingChanged(b.why, b.trouble(path, damage))
		}
	}
	if damage != nil && unreadable(damage) && !readsAnywhere(path) {
		return nothingChanged(damage, fmt.Sprintf("the disk cannot read %s, wherever in it, and there is no good backup", path))
	}
	return nil
}

// trouble says how it is with a database and this backup of it.
func (b passedOver) trouble(path string, damage error) string {
	state := path + " is damaged"
	if damage == nil {
		state = path + " is not there any more"
	}
	switch {
	case !unreadable(b.why):
		return fmt.Sprintf("%s, and the backup %s cannot be looked at", state, b.path)
	case damage != nil && unreadable(damage):
		return fmt.Sprintf("the disk can read neither all of %s nor the backup %s", path, b.path)
	default:
		return fmt.Sprintf("%s, and the disk cannot read the backup %s", state, b.path)
	}
}

// nothingChanged is the error of a start that leaves all as it was.
func nothingChanged(why error, what string) error {
	e := &Error{
		Code:    Unavailable,
		Message: what + "; nothing was changed",
		Hint:    "see to it that it can be read and start again; to begin anew, move it away",
		Err:     why,
	}
	var cause syscall.Errno
	if unreadable(why) && errors.As(why, &cause) {
		e.Err, e.Hint = cause, "look at the disk (dmesg) and start again; to begin anew, move what cannot be read away"
	}
	return e
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
	op.report.Notes = append(op.report.Notes, fmt.Sprintf("the backup %s was passed over: %v", filepath.Base(b.path), why))
	return passedOver{b.path, why}
}
