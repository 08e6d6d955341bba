package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// many puts so many prompts, of different sessions, in large transactions.
func many(t *testing.T, s *Store, n int) {
	t.Helper()
	for from := 0; from < n; from += 5000 {
		must(t, s.Update(func(tx *Tx) error {
			for i := from; i < min(from+5000, n); i++ {
				if _, err := tx.Put(usual(i)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func TestAScrubLooksAtEveryPage(t *testing.T) {
	page := func(is func(page) bool) func(t *testing.T, path string) int64 {
		return func(t *testing.T, path string) int64 { return pageOf(t, path, is) }
	}
	for name, c := range map[string]struct {
		where func(t *testing.T, path string) int64
		with  []byte
	}{
		"one byte of a record":                  {inRecord, []byte{0xA5}},
		"a leaf page is zeros":                  {page(isRecords), make([]byte, pageSize)},
		"a branch page is zeros":                {page(isBranch), make([]byte, pageSize)},
		"the list of free pages is rubbish":     {page(isFreelist), rubbish(pageSize)},
		"a page in use is said to be free":      {func(t *testing.T, p string) int64 { return pageOf(t, p, isFreelist) + pageHeader }, nil},
		"a branch is rubbish behind its header": {func(t *testing.T, p string) int64 { return pageOf(t, p, isBranch) + pageHeader }, rubbish(64)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			many(t, s, 3000)
			must(t, s.Scrub(t.Context(), 0))
			if c.with == nil {
				c.with = make([]byte, 8)
				order.PutUint64(c.with, uint64(pageOf(t, s.Path(), isRecords)/pageSize))
			}
			overwrite(t, s.Path(), c.where(t, s.Path()), c.with)
			if err := s.Scrub(t.Context(), 0); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A scrub finds nothing wrong with what is written and forgotten while it runs.
func TestAScrubBearsCommits(t *testing.T) {
	s := newStore(t)
	many(t, s, 8000)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		var err error
		for n := 0; err == nil && ctx.Err() == nil; n++ {
			err = s.Scrub(ctx, 0)
		}
		done <- err
	}()
	for i := range 150 {
		must(t, s.Update(func(tx *Tx) error {
			for j := range 40 {
				if _, err := tx.Put(usual(8000 + 40*i + j)); err != nil {
					return err
				}
			}
			_, err := tx.Prune(usual(40*i).At, 0, 50)
			return err
		}))
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	verify(t, s)
}

// The time it takes is what the rate says, and it ends when it is told to.
func TestAScrubIsSlowAndCanBeStopped(t *testing.T) {
	s := newStore(t)
	many(t, s, 3000)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Scrub(ctx, 1) }() // a byte a second
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("it is through at once: %v", err)
		default:
		}
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// large makes a database that is only glanced at when it is opened.
func large(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	s := openIn(t, dir)
	many(t, s, 1500)
	must(t, s.Close())
	must(t, os.Truncate(s.Path(), smallFile+pageSize)) // as bbolt leaves room
	return dir
}

func TestALargeDatabaseIsGlancedAt(t *testing.T) {
	for name, c := range map[string]struct {
		where func(t *testing.T, path string) int64
		with  []byte
		sees  bool
	}{
		"well":                           {nil, nil, false},
		"the tables are zeros":           {func(t *testing.T, p string) int64 { return pageOf(t, p, isTables) }, make([]byte, pageSize), true},
		"the free pages are rubbish":     {func(t *testing.T, p string) int64 { return pageOf(t, p, isFreelist) }, rubbish(pageSize), true},
		"both meta pages are zeros":      {func(*testing.T, string) int64 { return 0 }, make([]byte, 2*pageSize), true},
		"a record, which the scrub sees": {inRecord, []byte{0xA5}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := large(t)
			path := filepath.Join(dir, fileName)
			if c.where != nil {
				overwrite(t, path, c.where(t, path), c.with)
			}
			s, report := opened(t, dir)
			if report.Lost() != c.sees {
				t.Fatalf("%+v", report)
			}
			if c.sees {
				verify(t, s)
				return
			}
			if s.Proven() {
				t.Error("it says that all was looked at")
			}
			err := s.Scrub(t.Context(), 0)
			if damage := errors.Is(err, ErrDamaged); damage != (c.where != nil) || s.Proven() == damage {
				t.Fatalf("the scrub says %v", err)
			}
			if c.where == nil {
				return
			}
			if !s.Distrust(err) {
				t.Error("no word is left")
			}
			must(t, s.Close())
			s, report = opened(t, dir)
			if !report.Lost() || report.Aside == "" || len(entries(t, s, "")) < 1400 {
				t.Errorf("afterwards: %+v", report)
			}
			verify(t, s)
		})
	}
}

// bigEndian turns the numbers of a file's meta pages round.
func bigEndian(path string) error {
	b, err := os.ReadFile(path)
	for _, at := range []int{pageHeader, pageSize + pageHeader} {
		for _, n := range []int{4, 4, 4, 4, 8, 8, 8, 8, 8, 8} {
			for i := range n / 2 {
				b[at+i], b[at+n-1-i] = b[at+n-1-i], b[at+i]
			}
			at += n
		}
	}
	return firstError(err, os.WriteFile(path, b, 0o600))
}

func TestAFileOfTheOtherByteOrderIsRefusedAndLeftAlone(t *testing.T) {
	dir := stateDir(t, 20, 10)
	path := filepath.Join(dir, fileName)
	must(t, bigEndian(path))
	before, err := os.ReadFile(path)
	must(t, err)
	_, _, err = Open(options(dir))
	var known *Error
	if !errors.As(err, &known) || known.Code != Folder || !strings.Contains(err.Error(), "other byte order") || !strings.Contains(known.Hint, "import") {
		t.Errorf("got %v", err)
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if string(before) != string(after) {
		t.Error("the file was changed")
	}
	backup := filepath.Join(dir, backupsName, BackupName(day0))
	must(t, bigEndian(backup))
	if _, err := Restore(options(dir), backup); err == nil || !strings.Contains(err.Error(), "other byte order") {
		t.Errorf("as a backup: %v", err)
	}
}
