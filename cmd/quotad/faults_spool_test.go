package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"quotad/daemon/api"
	"quotad/quota"
)

// torture says that there is time for the whole measure of a test: make torture.
func torture() bool { return os.Getenv("QUOTAD_TORTURE") != "" }

// What many hooks left is taken in once while the daemon already serves.
func TestAFullSpool(t *testing.T) {
	n := 3000
	if torture() {
		n = 100_000
	}
	t.Parallel()
	h := newDaemonHome(t)
	dir := filepath.Join(h.state, "spool")
	h.must(os.MkdirAll(dir, 0o700))
	begun := time.Now().Add(-time.Hour)
	name := func(i int) string {
		return begun.Add(time.Duration(i)*time.Millisecond).UTC().Format("20060102T150405.000Z") + fmt.Sprintf("-%d.json", i)
	}
	for i := range n {
		e := promptAt(fmt.Sprint("spooled-", i), begun.Add(time.Duration(i)*time.Millisecond))
		h.must(os.WriteFile(filepath.Join(dir, name(i)), api.EncodeEvent(e), 0o600))
	}
	bad := map[string]func(path string) error{
		"half.json":       func(path string) error { return os.WriteFile(path, []byte(`{"id":"ha`), 0o600) },
		"passwd.json":     func(path string) error { return os.Symlink("/etc/passwd", path) },
		"zero.json":       func(path string) error { return os.Symlink("/dev/zero", path) },
		"dangling.json":   func(path string) error { return os.Symlink("/nothing", path) },
		"fifo.json":       func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder.json":     func(path string) error { return os.Mkdir(path, 0o700) },
		"\x1b[2Jred.json": func(path string) error { return os.WriteFile(path, []byte("\x1b]0;x\a"), 0o600) },
		"linked.json":     func(path string) error { return os.Link(h.config, path) },
		"-rf $(id).json":  func(path string) error { return os.WriteFile(path, []byte("rm"), 0o600) },
	}
	if os.Getuid() == 0 {
		bad["theirs.json"] = func(path string) error {
			return firstOf(os.WriteFile(path, []byte(`{"id":"theirs"}`), 0o666), os.Chown(path, 65534, 65534))
		}
	}
	for file, make := range bad {
		path := filepath.Join(dir, file)
		h.must(make(path))
		old := unix.NsecToTimespec(begun.UnixNano())
		h.must(unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{old, old}, unix.AT_SYMLINK_NOFOLLOW))
	}
	h.must(os.Chmod(dir, 0o770))

	last := filepath.Join(dir, name(n-1)) // they are taken in the order of time
	left := func() bool { _, err := os.Lstat(last); return err == nil }

	start := time.Now()
	p := h.start()
	ready, before := time.Since(start), p.memory()
	peak, slowest, live := before, time.Duration(0), 0
	for left() && time.Since(start) < 10*time.Minute {
		begin := time.Now()
		got := h.post(promptAt(fmt.Sprint("live-", live), time.Now())).accepted(t)
		slowest, live = max(slowest, time.Since(begin)), live+1
		if got[0].Status != quota.Recorded {
			t.Fatalf("an event that came meanwhile: %+v", got)
		}
		peak = max(peak, p.memory())
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%d files: ready after %v, drained after %v; memory %d MiB, %d at most; %d events meanwhile, each within %v",
		n, ready, time.Since(start), before>>20, peak>>20, live, slowest)
	if grown := peak - before; grown > 256<<20 {
		t.Errorf("it grew by %d MiB", grown>>20)
	}
	eventually(t, startLimit, "the log says so", func() bool { return strings.Contains(p.said.String(), "took in what was spooled") })
	said := p.said.String()
	if took := strings.Index(said, "took in what was spooled"); took < 0 || strings.Index(said, "ready") > took {
		t.Errorf("the start waited for the spool:\n%s", said)
	}
	ids := h.ids()
	for i := range n {
		if ids[fmt.Sprint("spooled-", i)] != 1 {
			t.Fatalf("spooled-%d was recorded %d times", i, ids[fmt.Sprint("spooled-", i)])
		}
	}
	if len(ids) != n+live {
		t.Errorf("%d events were recorded; %d were expected", len(ids), n+live)
	}
	reasons, _ := filepath.Glob(filepath.Join(dir, "bad", "*.reason"))
	if len(reasons) != len(bad) {
		t.Errorf("%d are set aside with a reason; %d were expected: %q", len(reasons), len(bad), reasons)
	}
	if text, err := os.ReadFile(h.config); err != nil || string(text) != loadConfig {
		t.Error("the file that a link led to was touched")
	}
	if strings.ContainsRune(said, '\x1b') {
		t.Errorf("the log has an escape: %q", said)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("others may still write to the spool: %v", info.Mode())
	}
	h.checkCounters()
}
