package transcript

import (
	"bufio"
	"fmt"
	"io"
)

// lineBuffer is how long a line is looked at as it is. Those of a prompt with
// images or of a large file that was read are longer.
const lineBuffer = 256 << 10

// longestLine is how much is read in search of the end of a line. No tool writes
// one so long, but a file may be made by a hole: as large as its file system
// takes, and without any end.
const longestLine = 64 << 20

var errLongLine = fmt.Errorf("a line of it is longer than %d MiB", longestLine>>20)

// lines gives the lines of a file one by one. One that is longer than the
// buffer comes with its long strings cut.
type lines struct {
	in   *bufio.Reader
	long squeezer
}

// newLines reads lines of which about that much is there.
func newLines(r io.Reader, there int64) *lines {
	return &lines{in: bufio.NewReaderSize(r, int(min(there, lineBuffer)))}
}

// next is the next whole line without its end, good until the next call, and
// how many bytes it took in the file. At the end, also where a line is begun
// but not ended, the error is io.EOF. A line is nil where even squeezed it is
// too long; one without end in sight is the error errLongLine.
func (l *lines) next() (line []byte, size int64, err error) {
	piece, err := l.in.ReadSlice('\n')
	if err == nil {
		return piece[:len(piece)-1], int64(len(piece)), nil
	}
	l.long.reset()
	for err == bufio.ErrBufferFull {
		l.long.write(piece)
		if size += int64(len(piece)); size > longestLine {
			return nil, 0, errLongLine
		}
		piece, err = l.in.ReadSlice('\n')
	}
	if err != nil {
		return nil, 0, err
	}
	l.long.write(piece[:len(piece)-1])
	return l.long.bytes(), size + int64(len(piece)), nil
}
