package notify

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// fileMade tells each time the file is made anew, or moved to its place, until
// ctx ends. Where that cannot be seen it tells nothing. It asks the kernel for
// these two alone: a watcher of all that happens would be woken for each write
// to a file beside it, and the folder is not ours.
func fileMade(ctx context.Context, file string) <-chan struct{} {
	made := make(chan struct{}, 1)
	if file == "" {
		return made
	}
	changes, err := watchFolder(filepath.Dir(file))
	if err != nil {
		return made
	}
	context.AfterFunc(ctx, func() { changes.Close() })
	go tellMade(changes, filepath.Base(file), made)
	return made
}

// watchFolder gives a stream of what is made in a folder, as inotify(7) has it.
func watchFolder(dir string) (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "inotify")
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// tellMade tells each time a stream has the name, until that is closed.
func tellMade(changes *os.File, name string, made chan<- struct{}) {
	buffer := make([]byte, 4<<10)
	for {
		n, err := changes.Read(buffer)
		if err != nil {
			return
		}
		if !hasName(buffer[:n], name) {
			continue
		}
		select {
		case made <- struct{}{}:
		default:
		}
	}
}

// hasName reports whether one of the events, as inotify writes them, is about
// the name; where the kernel could not keep them all, it may have been.
func hasName(events []byte, name string) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		mask := binary.NativeEndian.Uint32(events[4:])
		length := int(binary.NativeEndian.Uint32(events[12:]))
		events = events[unix.SizeofInotifyEvent:]
		length = min(length, len(events))
		if mask&unix.IN_Q_OVERFLOW != 0 || string(bytes.TrimRight(events[:length], "\x00")) == name {
			return true
		}
		events = events[length:]
	}
	return false
}
