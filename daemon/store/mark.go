package store

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"sync"
	"syscall"
)

// A mark beside the database holds how many commits were acknowledged, so that
// a file that lacks some is seen: bbolt goes back by one without a word where a
// disk lost its newest meta page, and an older copy looks as good as the
// newest.
//
// Commits are counted by the sequence of the meta table, which a compaction
// copies, and not by bbolt's transactions, which it begins anew. It counts
// along a line: the files that were copied from each other, named by a random
// record of the meta table. Whatever puts an older file of the line in place on
// purpose has to remove the mark first.
//
// It is written after the commit is on the disk, and never synced: it may be
// behind the database, after a kill or a power cut, and then hides what it
// would have shown; ahead it is only of a database that lost what a sync had
// said to be there. A mark that is missing or cannot be read says nothing.
type mark struct {
	line    string
	commits uint64
}

const markFormat = "quotad %16s %020d"

func (m mark) String() string { return fmt.Sprintf(markFormat, m.line, m.commits) }

// seal is the mark as the file has it: always of one length, in one write.
func (m mark) seal() []byte {
	text := m.String()
	return fmt.Appendf(nil, "%s %08x\n", text, crc32.ChecksumIEEE([]byte(text)))
}

// readMark reads a mark; one that cannot be read is the zero mark.
func readMark(path string) (m mark) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return mark{}
	}
	defer f.Close()
	b := make([]byte, len(mark{}.seal())+1)
	n, _ := f.ReadAt(b, 0)
	if _, err := fmt.Sscanf(string(b[:n]), "quotad %s %d", &m.line, &m.commits); err != nil || string(m.seal()) != string(b[:n]) {
		return mark{}
	}
	return m
}

// ahead is by how many commits of one line a mark is ahead of a database.
func (m mark) ahead(found inspection) uint64 {
	if m.line == "" || m.line != found.line || m.commits <= found.commits {
		return 0
	}
	return m.commits - found.commits
}

// marker writes the mark of an open database. One that cannot be written is no
// error: the database is whole without. The nil marker writes nothing.
type marker struct {
	mu   sync.Mutex
	file *os.File
	mark mark
}

// openMarker begins the mark of a database anew.
func openMarker(path string, m mark) *marker {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil
	}
	if f.Chmod(0o600) != nil || f.Truncate(int64(len(m.seal()))) != nil {
		f.Close()
		return nil
	}
	k := &marker{file: f, mark: m}
	k.write()
	return k
}

// acknowledge is called once a commit is on the disk.
func (k *marker) acknowledge(commits uint64) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if commits > k.mark.commits {
		k.mark.commits = commits
		k.write()
	}
}

func (k *marker) write() { _, _ = k.file.WriteAt(k.mark.seal(), 0) }

// get is the mark as it was last written.
func (k *marker) get() mark {
	if k == nil {
		return mark{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.mark
}

func (k *marker) close() {
	if k != nil {
		k.file.Close()
	}
}

// newLine names a new line of files.
func newLine() []byte {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.AppendEncode(nil, b)
}

// count counts a commit. It goes into a page that each commit writes anyway.
func (t *Tx) count() (err error) {
	t.commit, err = t.next(tabMeta)
	return err
}

// marked is what the database says of itself.
func (t *Tx) marked() (mark, error) {
	line, _, err := t.get(tabMeta, metaLine)
	return mark{string(line), t.bucket(tabMeta).Sequence()}, err
}
