package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// opened opens a folder whose database may be damaged.
func opened(t *testing.T, dir string) (*Store, Report) {
	t.Helper()
	s, report, err := Open(options(dir))
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s, report
}

func TestADatabaseBehindItsMarkIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		older  int // events in the copy that takes the database's place
		backup int // events in the newest backup
		want   int // of 120, afterwards
	}{
		"an older copy took its place":                            {older: 50, want: 50},
		"an older copy took its place, and a backup knows better": {older: 50, backup: 100, want: 100},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s := openIn(t, dir)
			put(t, s, prompts(c.older)...)
			must(t, s.Close())
			copyFile(t, s.Path(), filepath.Join(dir, "older"))
			s = openIn(t, dir)
			put(t, s, prompts(100)...)
			if c.backup > 0 {
				must(t, s.Backup(filepath.Join(dir, backupsName, BackupName(day0))))
			}
			put(t, s, prompts(120)...)
			must(t, s.Close())
			must(t, os.Rename(filepath.Join(dir, "older"), s.Path()))

			s, report := opened(t, dir)
			if !report.Lost() || !strings.Contains(report.Damage, "older than what was last written") {
				t.Errorf("%+v", report)
			}
			if newest := prompts(c.older)[c.older-1].At; !report.Lacks.Equal(newest) {
				t.Errorf("events may be missing since %v, want %v, when the newest of the older copy is", report.Lacks, newest)
			}
			if n := len(entries(t, s, "")); n != c.want {
				t.Errorf("%d events, want %d", n, c.want)
			}
			verify(t, s)
			must(t, s.Close())
			if _, report := opened(t, dir); report.Lost() {
				t.Errorf("told once more: %+v", report)
			}
		})
	}
}

// What the disk lost of the newest commit is still in the file's pages.
func TestACommitThatTheDiskLostIsTakenOver(t *testing.T) {
	dir := stateDir(t, 60, 0)
	s := openIn(t, dir)
	before, err := os.ReadFile(s.Path())
	must(t, err)
	put(t, s, prompts(61)...)
	must(t, s.Close())
	overwrite(t, s.Path(), 0, before[:2*pageSize]) // its meta page was never written
	s, report := opened(t, dir)
	if n := len(entries(t, s, "")); n != 61 || report.Salvaged != 1 || !strings.Contains(report.Damage, "by 1 transactions") {
		t.Errorf("%d events, %+v", n, report)
	}
	verify(t, s)
}

func TestAMarkThatSaysNothingIsNoFault(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"missing":    os.Remove,
		"empty":      func(p string) error { return os.Truncate(p, 0) },
		"zeros":      func(p string) error { return os.WriteFile(p, make([]byte, 60), 0o600) },
		"half of it": func(p string) error { return os.Truncate(p, 20) },
		"a wrong sum": func(p string) error {
			b, err := os.ReadFile(p)
			b[30] = '9'
			return firstError(err, os.WriteFile(p, b, 0o600))
		},
		"of another line": func(p string) error { return os.WriteFile(p, mark{"0123456789abcdef", 1 << 40}.seal(), 0o600) },
		"a link":          func(p string) error { os.Remove(p); return os.Symlink("/dev/zero", p) },
		"a folder":        func(p string) error { os.Remove(p); return os.Mkdir(p, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := stateDir(t, 20, 0)
			must(t, spoil(filepath.Join(dir, markName)))
			s, report := opened(t, dir)
			if report.Lost() {
				t.Errorf("%+v", report)
			}
			put(t, s, prompts(30)...)
			verify(t, s)
		})
	}
}

// Killed between a commit and its mark, or with all marks of a while unwritten.
func TestAMarkBehindTheDatabaseIsNoFault(t *testing.T) {
	dir := stateDir(t, 20, 0)
	old, err := os.ReadFile(filepath.Join(dir, markName))
	must(t, err)
	s := openIn(t, dir)
	put(t, s, prompts(30)...)
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(dir, markName), old, 0o600))
	if _, report := opened(t, dir); report.Lost() {
		t.Errorf("%+v", report)
	}
}

func TestWhatPutsAnOlderFileInPlaceBeginsTheMarkAnew(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"restored": func(dir string) error {
			_, err := Restore(options(dir), filepath.Join(dir, backupsName, BackupName(day0)))
			return err
		},
		"damaged, and the backup took its place": func(dir string) error {
			s, report, err := Open(func() Options { os.Truncate(filepath.Join(dir, fileName), 0); return options(dir) }())
			if err == nil && report.Restored == "" {
				err = errors.New("no backup was taken")
			}
			return firstError(err, s.Close())
		},
		"deleted while in use, and put back": func(dir string) error {
			s, _, err := Open(options(dir))
			return firstError(err, os.Remove(s.Path()), s.Rescue(), s.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := stateDir(t, 200, 100)
			must(t, change(dir))
			s, report := opened(t, dir)
			if report.Lost() {
				t.Errorf("%+v", report)
			}
			verify(t, s)
		})
	}
}

func TestACompactedDatabaseIsNotBehindItsMark(t *testing.T) {
	s := holed(t, filepath.Join(t.TempDir(), "state"), 40_000)
	done, err := s.Compact(t.Context())
	if err != nil || done.Outcome != CompactDone {
		t.Fatalf("%+v, %v", done, err)
	}
	must(t, s.Close())
	if _, report := opened(t, s.dir); report.Lost() {
		t.Errorf("%+v", report)
	}
}

func TestADatabaseFromBeforeThereWereMarksGetsOne(t *testing.T) {
	dir := stateDir(t, 20, 0)
	s := openIn(t, dir)
	must(t, s.Update(func(tx *Tx) error { return tx.delete(tabMeta, metaLine) }))
	must(t, s.Close())
	must(t, os.Remove(filepath.Join(dir, markName)))
	s, report := opened(t, dir)
	put(t, s, prompts(21)...)
	if got := readMark(filepath.Join(dir, markName)); got != s.mark.get() || got.line == "" || report.Lost() {
		t.Errorf("the mark is %v, %+v", got, report)
	}
}

func BenchmarkMark(b *testing.B) {
	k := openMarker(filepath.Join(b.TempDir(), markName), mark{line: "0123456789abcdef"})
	defer k.close()
	for n := uint64(1); b.Loop(); n++ {
		k.acknowledge(n)
	}
}

func TestDistrustHasEverythingLookedAtOnce(t *testing.T) {
	dir := stateDir(t, 20, 0)
	s := openIn(t, dir)
	if !s.Distrust(damaged("page 7 is odd")) {
		t.Error("no word is left")
	}
	must(t, s.Close())
	if b, err := os.ReadFile(filepath.Join(dir, distrustName)); err != nil || !strings.Contains(string(b), "page 7 is odd") {
		t.Errorf("%q, %v", b, err)
	}
	s, report := opened(t, dir)
	if report.Lost() || exists(filepath.Join(dir, distrustName)) || !s.Proven() {
		t.Errorf("%+v", report)
	}
	if s.Distrust(errors.New("again")) {
		t.Error("what was looked at and is well is to be looked at again, and so on for ever")
	}
}

func TestPatienceGrowsWithTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), fileName)
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, os.Truncate(path, 1<<30))
	if got := patience(path); got < 5*time.Minute {
		t.Errorf("%v for 1 GiB", got)
	}
}

func TestAMarkIsNotWrittenThroughALink(t *testing.T) {
	dir := stateDir(t, 5, 5)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	must(t, os.WriteFile(elsewhere, []byte("x"), 0o644))
	must(t, os.RemoveAll(filepath.Join(dir, markName)))
	must(t, os.Symlink(elsewhere, filepath.Join(dir, markName)))
	s := openIn(t, dir)
	put(t, s, prompts(10)...)
	must(t, s.Close())
	info, err := os.Stat(elsewhere)
	must(t, err)
	if text, err := os.ReadFile(elsewhere); err != nil || string(text) != "x" || info.Mode().Perm() != 0o644 {
		t.Errorf("it holds %q, %v, %v", text, info.Mode(), err)
	}
}
