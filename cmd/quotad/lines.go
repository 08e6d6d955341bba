package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
)

// longestLine is far above any event; what is longer is no event.
const longestLine = 1 << 20

// eventFile is a file of events, one a line, or standard input as "-".
type eventFile struct {
	name string // as complaints name it
	size int64  // in bytes; 0: not known
	read int64  // so far
	in   io.ReadCloser
}

// openEvents opens FILE, or standard input for "-". The hint is for where it cannot.
func (a *app) openEvents(name, hint string) (*eventFile, error) {
	if name == "-" {
		return &eventFile{name: "standard input", in: io.NopCloser(a.stdin)}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, failed(hint, "cannot read the events: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, failed(hint, "cannot read the events: %w", err)
	}
	if info.IsDir() {
		return nil, failed(hint, "cannot read the events: %s is a folder", clean(name))
	}
	return &eventFile{name: clean(name), size: info.Size(), in: f}, nil
}

var errLongLine = errors.New("the line is longer than 1 MiB, and no event is")

// line is one line of a file that is not blank.
type line struct {
	number int
	text   []byte // until the next line
	err    error  // the line cannot be taken
}

// lines yields those that are not blank. An error ends it; a line that is too
// long does not.
func (f *eventFile) lines() iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		in := bufio.NewReaderSize(f.in, 256<<10)
		for n := 1; ; n++ {
			text, size, err := readBounded(in)
			f.read += int64(size)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(line{}, err)
				return
			}
			l := line{number: n, text: bytes.TrimSpace(text)}
			if n == 1 {
				l.text = bytes.TrimPrefix(l.text, []byte("\xef\xbb\xbf"))
			}
			if size > longestLine {
				l.err = errLongLine
			}
			if (len(l.text) > 0 || l.err != nil) && !yield(l, nil) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// readBounded reads a line; of one that is too long it keeps nothing.
func readBounded(in *bufio.Reader) (text []byte, size int, err error) {
	text, err = in.ReadSlice('\n')
	size = len(text)
	if !errors.Is(err, bufio.ErrBufferFull) {
		return text, size, err
	}
	text = bytes.Clone(text)
	for errors.Is(err, bufio.ErrBufferFull) {
		var more []byte
		more, err = in.ReadSlice('\n')
		if size += len(more); size > longestLine {
			text = nil
		} else {
			text = append(text, more...)
		}
	}
	return text, size, err
}
