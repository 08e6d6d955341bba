package store

import (
	"errors"
	"os"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// mapSize is how much address space a database gets at first, which takes no
// memory: growing beyond it means to wait for all readers.
const mapSize = 64 << 20

// growBy is by how much the file grows at a time.
const growBy = 1 << 20

// openFile opens a database that is there. bbolt would make one.
func openFile(path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := &bbolt.Options{
		Timeout:         time.Millisecond, // our own lock is held already
		ReadOnly:        readOnly,
		InitialMmapSize: mapSize,
		NoStatistics:    true,
		OpenFile: func(name string, flag int, _ os.FileMode) (*os.File, error) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE|syscall.O_NOFOLLOW, 0)
			return file, err
		},
	}
	if info, err := os.Stat(path); err == nil {
		options.InitialMmapSize = max(mapSize, 2*int(info.Size()))
	}
	err = guarded(func() error {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, nil, inUse(path, 0)
	case err != nil:
		if file != nil {
			file.Close() // after a panic; else it is closed already
		}
		return nil, nil, openError(path, err)
	}
	db.AllocSize = growBy
	return db, file, nil
}

// openError gives what bbolt says of a file its code.
func openError(path string, err error) error {
	for _, bad := range []error{berrors.ErrInvalid, berrors.ErrChecksum, berrors.ErrVersionMismatch} {
		if errors.Is(err, bad) {
			return damaged("%s is damaged: %v", path, err)
		}
	}
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return folderError(path, "cannot be opened", err)
	}
	return diskError("opening "+path, err)
}
