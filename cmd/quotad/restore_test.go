package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"quotad/config"
	"quotad/daemon/store"
)

func (p *person) backedUp(t *testing.T) config.Paths {
	t.Helper()
	paths, err := p.paths()
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := store.Open(store.Options{Dir: paths.StateDir, Now: p.now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.BackupDaily(); err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestRestoreAsks(t *testing.T) {
	for _, c := range []struct {
		answer   string
		restored bool
	}{{"y", true}, {"n", false}, {"", false}} {
		t.Run("answered "+c.answer, func(t *testing.T) {
			p := atTerminal(t, c.answer)
			paths := p.backedUp(t)
			err := p.restore("latest", false)
			kept, _ := filepath.Glob(paths.Database + ".replaced-*")
			if (err == nil) != c.restored || (len(kept) == 1) != c.restored {
				t.Errorf("%v, kept %v", err, kept)
			}
			if got := p.screenText(); !strings.Contains(got, "in the place of the database?\n") {
				t.Errorf("asked %q", got)
			}
		})
	}
}

func TestRestoreLeavesADatabaseInUseAlone(t *testing.T) {
	p := atTerminal(t, "y")
	paths := p.backedUp(t)
	s, _, err := store.Open(store.Options{Dir: paths.StateDir, Now: p.now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = p.restore("latest", false)
	var f *failure
	if !errors.As(err, &f) || !strings.Contains(f.hint, "systemctl --user stop quotad") {
		t.Errorf("got %v", err)
	}
	if got := p.screenText(); strings.Contains(got, "?") {
		t.Errorf("asked all the same: %q", got)
	}
}
