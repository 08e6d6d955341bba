package store

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"
)

// Code sorts the errors of a store by what a caller does about them.
type Code string

// The codes.
const (
	Locked      Code = "locked"      // another process has the folder
	Newer       Code = "newer"       // written by a newer quotad
	Folder      Code = "folder"      // the state folder cannot be used as it is
	NoSpace     Code = "no space"    // nothing can be written; heals by itself once there is room
	Unavailable Code = "unavailable" // the disk failed; trying again may work
	Stuck       Code = "stuck"       // the disk does not answer; what was begun goes on in this process
	Damaged     Code = "damaged"     // what was read is not what was written
	Gone        Code = "gone"        // the file was deleted or replaced under a running store
)

// Error is what a store complains of. Message is one sentence, Hint what to
// run or do; both are for a person.
type Error struct {
	Code    Code
	Message string
	Hint    string
	Err     error // what lies beneath, or nil
}

// For errors.Is: an error of the code, whatever its words.
var (
	ErrLocked      = &Error{Code: Locked}
	ErrNewer       = &Error{Code: Newer}
	ErrFolder      = &Error{Code: Folder}
	ErrNoSpace     = &Error{Code: NoSpace}
	ErrUnavailable = &Error{Code: Unavailable}
	ErrStuck       = &Error{Code: Stuck}
	ErrDamaged     = &Error{Code: Damaged}
	ErrGone        = &Error{Code: Gone}
)

func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Message
	case e.Message == "":
		return e.Err.Error()
	}
	return e.Message + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is ask for the code alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Message == "" && t.Err == nil
}

func damaged(format string, args ...any) *Error {
	return &Error{Code: Damaged, Message: fmt.Sprintf(format, args...), Hint: "quotad verify"}
}

// diskError gives an error of the disk or of bbolt its code.
func diskError(doing string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	switch {
	case errors.As(err, &known):
		return err
	case noSpace(err):
		return &Error{Code: NoSpace, Message: doing + ": no space left", Hint: "free some disk space", Err: err}
	}
	return &Error{Code: Unavailable, Message: doing, Hint: "look at the disk (dmesg), and try again", Err: err}
}

// noSpace also reads the words: bbolt does not wrap what growing the file
// ended in.
func noSpace(err error) bool {
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, e) || strings.HasSuffix(err.Error(), e.Error()) {
			return true
		}
	}
	return errors.Is(err, berrors.ErrMaxSizeReached)
}

// unreadable reports of the error of a read whether the disk has lost what was
// there, as with a bad sector: another try gives no more.
func unreadable(err error) bool {
	for _, e := range []syscall.Errno{syscall.EIO, syscall.EUCLEAN, syscall.EBADMSG, syscall.ENODATA} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// cannotRead is damage by a disk that is unable to read what is there.
func cannotRead(what string, err error) *Error {
	return &Error{Code: Damaged, Message: what + " cannot be read", Hint: "quotad verify", Err: rootCause(err)}
}

// resizeRefused reads bbolt's words of a file that cannot grow; the same of a
// sync it words otherwise.
func resizeRefused(err error) bool {
	return strings.HasPrefix(err.Error(), "file resize error") && noSpace(err)
}

// firstError is the first of them that is not nil. All have happened.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder takes one step after the other, up to the first that fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
