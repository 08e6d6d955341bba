package transcript

import (
	"errors"
	"io"
	"os"
	"time"
)

// ErrBusy is a database that its tool was changing whenever it was read. It can
// be read later.
var ErrBusy = errors.New("it is being changed")

// footing is what a reading of a database without locks rests on. As long as it
// holds, the file and what was committed to its log before the reading stay as
// they are: a tool that commits adds to the log. Only what it moves from the log
// into the file, or a log begun anew, changes them, and the footing with them.
type footing struct {
	size     int64
	modified time.Time
	log      [32]byte // the head of the log, with its salts; zero without a log
	journal  bool     // a change of the old sort is on its way
}

// How old the last change of a file has to be, so that the next one shows in its
// time: there are file systems that keep that in steps of up to two seconds.
const (
	stillFor       = 50 * time.Millisecond
	stillForCoarse = 2100 * time.Millisecond
)

// footingOf looks at a database; steady is false where a reading cannot begin.
func footingOf(path string) (f footing, steady bool) {
	info, err := os.Stat(path)
	if err != nil {
		return f, false
	}
	f.size, f.modified = info.Size(), info.ModTime()
	if journal, err := os.Stat(path + "-journal"); err == nil {
		f.journal = journal.Size() > 0
	}
	if log, err := openFile(path + "-wal"); err == nil {
		_, _ = io.ReadFull(log, f.log[:]) // a shorter one is as good as none
		log.Close()
	}
	return f, !f.journal && still(time.Since(f.modified), f.modified)
}

// still reports whether the next change of a file will show, so long after the
// last one.
func still(since time.Duration, modified time.Time) bool {
	if modified.Nanosecond() == 0 {
		return since.Abs() > stillForCoarse
	}
	return since.Abs() > stillFor
}

// logged reports whether there is a log to be read too.
func (f footing) logged() bool { return f.log != [32]byte{} }
