package store

import (
	"bytes"
	"os"
	"path/filepath"
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
