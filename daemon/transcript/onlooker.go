package transcript

import (
	"os"
	"sync"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// onlookerVFS reads a database with the log beside it, whoever has it open. In
// SQLite's own way a reader takes locks that the tool waits for, which a daemon
// that is stopped or slow would keep, and makes a FILE-shm where there is none.
// This one opens what is there, for reading, and takes no locks; SQLite then
// keeps in memory what it would share. That nothing was changed in between is
// for a [footing] to tell.
const onlookerVFS = "quotad-onlooker"

// onlooker is registered with SQLite when it is first of use.
var onlooker sync.Once

func registerOnlooker() {
	onlooker.Do(func() { vfs.Register(onlookerVFS, onlookerFiles{vfs.Find("os")}) })
}

type onlookerFiles struct{ vfs.VFS }

// Open opens a file that is there.
func (onlookerFiles) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, sqlite3.CANTOPEN
	}
	const change = vfs.OPEN_READWRITE | vfs.OPEN_CREATE
	return onlookerFile{f}, flags&^change | vfs.OPEN_READONLY, nil
}

// Delete deletes nothing.
func (onlookerFiles) Delete(string, bool) error { return sqlite3.READONLY }

type onlookerFile struct{ *os.File }

func (onlookerFile) WriteAt([]byte, int64) (int, error) { return 0, sqlite3.READONLY }
func (onlookerFile) Truncate(int64) error               { return sqlite3.READONLY }
func (onlookerFile) Sync(vfs.SyncFlag) error            { return nil }
func (onlookerFile) Lock(vfs.LockLevel) error           { return nil }
func (onlookerFile) Unlock(vfs.LockLevel) error         { return nil }
func (onlookerFile) CheckReservedLock() (bool, error)   { return false, nil }
func (onlookerFile) SectorSize() int                    { return 0 }

func (onlookerFile) DeviceCharacteristics() vfs.DeviceCharacteristic { return 0 }

// Size is how long the file is now.
func (f onlookerFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
