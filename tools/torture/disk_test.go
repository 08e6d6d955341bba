package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// traced writes a trace as strace -xx does: texts in quotes become hexadecimal.
func traced(t *testing.T, root string, lines ...string) *disk {
	t.Helper()
	var b strings.Builder
	for _, line := range lines {
		parts := strings.Split(strings.ReplaceAll(line, "ROOT", root), `"`)
		for i := 1; i < len(parts); i += 2 {
			var hexed strings.Builder
			for _, c := range []byte(parts[i]) {
				hexed.WriteString(`\x` + hex.EncodeToString([]byte{c}))
			}
			parts[i] = hexed.String()
		}
		fmt.Fprintln(&b, strings.Join(parts, `"`))
	}
	path := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := newDisk(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.take(path); err != nil {
		t.Fatal(err)
	}
	return d
}

// possible are the contents that a file may have after a cut at a line, each
// subset of the pending changes tried.
func possible(d *disk, line int, journal bool, name string) map[string]bool {
	all := map[string]bool{}
	c := cut{line: line, journal: journal, exact: true}
	for mask := range uint64(1) << d.count(&c) {
		c := c
		c.mask, c.rand = mask, rand.New(rand.NewPCG(mask, 0))
		content, there := d.image(&c)[name]
		if !there {
			all["(none)"] = true
		} else {
			all[string(content)] = true
		}
	}
	return all
}

func TestWhatACutMayLeave(t *testing.T) {
	write := []string{
		`7 openat(AT_FDCWD, "ROOT/f.part", O_RDWR|O_CREAT|O_TRUNC, 0600) = 3`,
		`7 write(3, "one", 3) = 3`,
		`7 pwrite64(3, "two", 3, 3 <unfinished ...>`,
		`8 close(9) = 0`,
		`7 <... pwrite64 resumed>) = 3`,
	}
	sync, injected := `7 fsync(3) = 0`, `7 fsync(3) = 0 (INJECTED)`
	rename := `7 renameat(AT_FDCWD, "ROOT/f.part", AT_FDCWD, "ROOT/f") = 0`
	folder := []string{`7 openat(AT_FDCWD, "ROOT", O_RDONLY) = 4`, `7 fsync(4) = 0`}
	for _, c := range []struct {
		name    string
		journal bool
		lines   [][]string
		want    string
	}{
		{"all is synced: there is one way", false, [][]string{write, {sync, rename}, folder}, "onetwo"},
		{"the folder is not: the name may be missing", false, [][]string{write, {sync, rename}}, "(none) onetwo"},
		{"the file is not: it may be empty, or hold a part", false, [][]string{write, {rename}, folder}, " \x00\x00\x00two one onetwo"},
		{"with a journal the folder's sync is enough for no content either", true, [][]string{write, {rename}, folder}, " \x00\x00\x00two one onetwo"},
		{"a sync that did nothing covers nothing", false, [][]string{write, {injected, rename}, folder}, " \x00\x00\x00two one onetwo"},
	} {
		var lines []string
		for _, l := range c.lines {
			lines = append(lines, l...)
		}
		d := traced(t, t.TempDir(), lines...)
		got := possible(d, d.lines, c.journal, "f")
		for _, want := range strings.Split(c.want, " ") {
			if !got[want] {
				t.Errorf("%s: %q is not tried", c.name, want)
			}
		}
		if n := len(strings.Split(c.want, " ")); len(got) != n {
			t.Errorf("%s: %v, want %d", c.name, got, n)
		}
	}
}

// A sync covers what it covers when it has ended, not when it begins.
func TestASyncThatHasNotEnded(t *testing.T) {
	d := traced(t, t.TempDir(),
		`7 openat(AT_FDCWD, "ROOT/f", O_RDWR|O_CREAT, 0600) = 3`,
		`7 pwrite64(3, "one", 3, 0) = 3`,
		`7 fdatasync(3 <unfinished ...>`,
		`8 close(9) = 0`,
		`7 <... fdatasync resumed>) = 0`)
	if all := possible(d, 3, true, "f"); !all[""] || !all["one"] {
		t.Errorf("while it is synced it may be %v", all)
	}
	if all := possible(d, 4, true, "f"); len(all) != 1 || !all["one"] {
		t.Errorf("after that it may be %v", all)
	}
}

// A number that one thread closes is given out again before the line of that
// open ends. A process may be gone before strace has the end of its last call.
func TestANumberThatIsGivenOutAgain(t *testing.T) {
	d := traced(t, t.TempDir(),
		`7 openat(AT_FDCWD, "ROOT/other", O_RDWR|O_CREAT, 0600) = 3`,
		`7 openat(AT_FDCWD, "ROOT/f", O_RDWR|O_CREAT, 0600 <unfinished ...>`,
		`8 close(3) = 0`,
		`7 <... openat resumed>) = 3`,
		`7 write(3, "one", 3) = 3`,
		`7 exit_group(0 <detached ...>`)
	if got := string(d.names["f"].content(whole)); got != "one" {
		t.Errorf("the file holds %q", got)
	}
	if got := string(d.names["other"].content(whole)); got != "" {
		t.Errorf("the other one holds %q", got)
	}
}
