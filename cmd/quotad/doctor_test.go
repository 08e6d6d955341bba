package main

import (
	"os"
	"testing"
)

func TestUnsafe(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]string{0o700: "", 0o600: "", 0o750: "is open to others (mode 750)", 0o701: "is open to others (mode 701)"} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&examination{}).unsafe(info); got != want {
			t.Errorf("mode %o: %q, want %q", mode, got, want)
		}
	}
	os.Chmod(dir, 0o700)
}
