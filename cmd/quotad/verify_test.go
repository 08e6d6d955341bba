package main

import (
	"os"
	"path/filepath"
	"testing"

	"quotad/config"
	"quotad/daemon"
)

// What to do about a database that is not well: what can be read is kept in the
// form that import takes, a backup is put back where there is one, and nothing is
// where that was done already.
func TestWhatMendsADatabase(t *testing.T) {
	bare, backed := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(backed, "backups"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(backed, "backups", "quotad-20261123T063000Z.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir string
		mended    bool
		hint      string
	}{
		{"no backup", bare, false, "quotad events --json >events.ndjson, to keep what can be read"},
		{"a backup", backed, false, "quotad restore --list, then: quotad restore FILE"},
		{"put back already", backed, true, "systemctl --user start quotad   (or quotad run), which looks for what may be missing"},
	} {
		found := daemon.Verification{Mended: c.mended, Problems: []string{"a problem"}}
		if f := failureOf((&app{}).notWell(config.Paths{StateDir: c.dir}, found)); f.hint != c.hint || f.code != exitFailed {
			t.Errorf("%s: %d, %q", c.name, f.code, f.hint)
		}
	}
}
