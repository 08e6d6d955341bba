package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The socket comes back where it was taken away while the daemon runs, but
// through no link that somebody put in its folder's place.
func TestSocketTakenAwayWhileRunning(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	run := h.command("run")
	run.Env = append(run.Env, "WATCHDOG_USEC=500000") // it looks at each beat
	p := h.launched(run)
	h.ready(p)
	dir, trap := filepath.Dir(h.socket), filepath.Join(h.root, "trap")
	answers := func() bool {
		h.client.CloseIdleConnections()
		a, err := callDaemon(h.client, "GET", "/healthz", "", nil)
		return err == nil && a.status == 200
	}

	h.must(os.Remove(h.socket))
	eventually(t, startLimit, "the socket is there again", answers)
	h.must(os.RemoveAll(dir))
	eventually(t, startLimit, "the folder is there again", answers)

	h.must(os.Mkdir(trap, 0o700), os.RemoveAll(dir), os.Symlink(trap, dir))
	eventually(t, startLimit, "it says why there is no socket", func() bool { return strings.Contains(p.said.String(), "symbolic link") })
	if list, _ := os.ReadDir(trap); len(list) > 0 {
		t.Errorf("it listens where a link led it: %v", list)
	}
	time.Sleep(time.Second) // and more beats
	h.must(os.Remove(dir))
	eventually(t, startLimit, "the socket is there again after the link", answers)
	h.post(prompts("after", 1)...).accepted(t)
	if n := strings.Count(p.said.String(), "cannot be made again"); n > 1 {
		t.Errorf("it complained %d times of one fault", n)
	}
	p.stop()
}
