package transcript

import (
	"os"
	"sync"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// loneVFS reads a database that nobody has open, with the log that was left
// beside it. SQLite's own way would make a FILE-shm for that, in the folder of a
// tool that may start any moment. This one opens what is there, for reading, and
// takes no locks; SQLite then keeps in memory what it would share.
const loneVFS = "quotad-lone"

var registerLone = sync.OnceFunc(func() { vfs.Register(loneVFS, loneFiles{vfs.Find("os")}) })

type loneFiles struct{ vfs.VFS }

// Open opens a file that is there.
func (loneFiles) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, sqlite3.CANTOPEN
	}
	const change = vfs.OPEN_READWRITE | vfs.OPEN_CREATE
	return loneFile{f}, flags&^change | vfs.OPEN_READONLY, nil
}

// Delete deletes nothing.
func (loneFiles) Delete(string, bool) error { return sqlite3.READONLY }

type loneFile struct{ *os.File }

func (loneFile) WriteAt([]byte, int64) (int, error) { return 0, sqlite3.READONLY }
func (loneFile) Truncate(int64) error               { return sqlite3.READONLY }
func (loneFile) Sync(vfs.SyncFlag) error            { return nil }
func (loneFile) Lock(vfs.LockLevel) error           { return nil }
func (loneFile) Unlock(vfs.LockLevel) error         { return nil }
func (loneFile) CheckReservedLock() (bool, error)   { return false, nil }
func (loneFile) SectorSize() int                    { return 0 }

func (loneFile) DeviceCharacteristics() vfs.DeviceCharacteristic { return 0 }

// Size is how long the file is now.
func (f loneFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
