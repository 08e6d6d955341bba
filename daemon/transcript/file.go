package transcript

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// headSize is how much of a file's beginning tells it from another.
const headSize = 1 << 10

// openFile opens a regular file. Nothing is waited for: a pipe that somebody
// put in its place is refused, not read.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("%s: %w", path, ErrGone)
	}
	if errors.Is(err, syscall.ENXIO) { // a socket
		return nil, fmt.Errorf("%s: %w", path, ErrNotFile)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", path, ErrNotFile)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// resume is the mark to go on from in the file as it is now: the beginning,
// where the file was cut or replaced since.
func resume(f *os.File, from Mark) (Mark, error) {
	if from.Offset == 0 {
		return Mark{}, nil
	}
	info, err := f.Stat()
	if err != nil {
		return from, err
	}
	if info.Size() < from.Offset {
		return Mark{}, nil
	}
	head, err := headOf(f, from.Offset)
	if err != nil {
		return from, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, from.Offset-1); err != nil {
		return from, err
	}
	if head != from.Head || last[0] != '\n' {
		return Mark{}, nil
	}
	return from, nil
}

// headOf is a digest of the beginning of a file, as far as it was read.
func headOf(f *os.File, offset int64) (string, error) {
	head := make([]byte, min(offset, headSize))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return "", err
	}
	sum := sha256.Sum256(head)
	return hex.EncodeToString(sum[:8]), nil
}
