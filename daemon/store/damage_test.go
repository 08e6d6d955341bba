package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// However a file is spoilt: Open gives a store that holds together, and of the
// events those that the backup has.
func TestAnyDamageIsSurvived(t *testing.T) {
	dir := stateDir(t, 400, 150)
	whole, err := os.ReadFile(filepath.Join(dir, fileName))
	must(t, err)
	backup := filepath.Join(backupsName, BackupName(day0))
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		b := spoilt(t, bytes.Clone(whole))
		to, err := os.MkdirTemp(root, "state")
		must(t, err)
		defer os.RemoveAll(to)
		must(t, os.WriteFile(filepath.Join(to, fileName), b, 0o600))
		must(t, os.WriteFile(filepath.Join(to, markerName), nil, 0o600))
		copyFile(t, filepath.Join(dir, backup), filepath.Join(to, backup))
		s, report, err := Open(options(to))
		must(t, err)
		defer s.Close()
		n := len(entries(t, s, ""))
		if n < 150 || n < 400 && !report.Lost() {
			t.Fatalf("%d events: %+v", n, report)
		}
		verify(t, s)
		put(t, s, prompts(401)...)
	})
}

// spoilt does to a file what disks and people do.
func spoilt(t *rapid.T, b []byte) []byte {
	for range rapid.IntRange(1, 3).Draw(t, "times") {
		pages := len(b) / pageSize
		if pages == 0 {
			return b
		}
		at := rapid.IntRange(0, pages-1).Draw(t, "page") * pageSize
		switch rapid.IntRange(0, 5).Draw(t, "how") {
		case 0:
			b = b[:at+rapid.IntRange(0, pageSize).Draw(t, "cut")]
		case 1:
			copy(b[at:], make([]byte, pageSize))
		case 2:
			copy(b[at:at+pageSize], b[rapid.IntRange(0, pages-1).Draw(t, "of")*pageSize:])
		case 3:
			copy(b[at:], rubbish(pageSize))
		case 4: // the header and the first elements, where it hurts
			copy(b[at+rapid.IntRange(0, 100).Draw(t, "off"):], rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "bytes"))
		case 5:
			copy(b[at+rapid.IntRange(0, pageSize-8).Draw(t, "off"):], rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "bytes"))
		}
	}
	return b
}

func FuzzInspect(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "state")
	s := openIn(f, dir)
	put(f, s, prompts(20)...)
	must(f, s.Close())
	b, err := os.ReadFile(filepath.Join(dir, fileName))
	must(f, err)
	f.Add(b[:min(len(b), 10*pageSize)])
	f.Fuzz(func(t *testing.T, b []byte) {
		for deep := glance; deep <= whole; deep++ {
			inspect(bytes.NewReader(b), int64(len(b)), deep, 1)
		}
	})
}

// badDisk is a file of which the disk cannot read some bytes.
type badDisk struct {
	*os.File
	from, to int64
}

func (d badDisk) ReadAt(b []byte, off int64) (int, error) {
	if off < d.to && off+int64(len(b)) > d.from {
		return 0, &fs.PathError{Op: "read", Path: d.Name(), Err: syscall.EIO}
	}
	return d.File.ReadAt(b, off)
}

// A sector that cannot be read is damage, wherever it lies, and takes no more
// with it than its page.
func TestASectorThatCannotBeRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := openIn(t, dir)
	put(t, s, prompts(3000)...)
	must(t, s.Close())
	f, err := os.Open(filepath.Join(dir, fileName))
	must(t, err)
	defer f.Close()
	info, err := f.Stat()
	must(t, err)
	m, _, err := readMetas(f)
	must(t, err)
	named := 0
	for at := int64(0); at < int64(m.pages)*pageSize; at += pageSize {
		bad := badDisk{f, at + 512, at + 1024}
		if at < 2*pageSize {
			bad.from, bad.to = at, at+512 // where the meta page lies
		}
		found, err := inspect(bad, info.Size(), whole, s.schema)
		switch {
		case err == nil && (found.lone || at >= 2*pageSize): // a meta page, or one that is free
		case errors.Is(err, ErrDamaged) && strings.Contains(err.Error(), "cannot be read: input/output error"):
			named++
		default:
			t.Fatalf("page %d: %+v, %v", at/pageSize, found, err)
		}
	}
	if named < int(m.pages)/2 {
		t.Errorf("of %d pages %d matter", m.pages, named)
	}
	to := newStore(t)
	bad := badDisk{f, int64(m.pages/2) * pageSize, int64(m.pages/2)*pageSize + 1}
	if n, err := to.salvage(bad, 1000); err != nil || n < 2900 || n == 3000 {
		t.Errorf("%d of 3000 events were salvaged: %v", n, err)
	}
	verify(t, to)
}
