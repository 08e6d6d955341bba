package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quotad/daemon/store"
)

// held is a Hold under a service manager, which hears what it is told.
type held struct {
	Hold
	manager *net.UnixConn
	reload  chan struct{}
	said    []string
}

// underManager gives a Hold whose folder and sockets have short paths.
func underManager(t *testing.T) *held {
	t.Helper()
	dir, err := os.MkdirTemp("", "h")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	notify := filepath.Join(dir, "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { manager.Close() })
	t.Setenv("NOTIFY_SOCKET", notify)
	h := &held{manager: manager, reload: make(chan struct{})}
	h.Hold = Hold{
		Mark: filepath.Join(dir, "quotad", "start-failed"), Config: filepath.Join(dir, "quotad.toml"),
		Reload: h.reload, Say: func(err error) { h.said = append(h.said, err.Error()) },
	}
	return h
}

var errBadConfig = errors.New("quotad.toml:3: no such plan")

func TestAStartThatFailsEndsAtOnce(t *testing.T) {
	fails := func(func()) error { return errBadConfig }
	h := underManager(t)
	if err := h.Serve(t.Context(), fails); err != errBadConfig || len(h.said) != 0 {
		t.Errorf("the first that fails: %v, said %q", err, h.said)
	}
	before := time.Now().Add(-2 * justNow)
	if err := os.Chtimes(h.Mark, before, before); err != nil {
		t.Fatal(err)
	}
	if err := h.Serve(t.Context(), fails); err != errBadConfig {
		t.Errorf("the first after a long time: %v", err)
	}
	t.Setenv("NOTIFY_SOCKET", "")
	if err := h.Serve(t.Context(), fails); err != errBadConfig {
		t.Errorf("nobody would start it again: %v", err)
	}
}

func TestADaemonThatServedEndsAsItEnds(t *testing.T) {
	h := underManager(t)
	for range 3 {
		err := h.Serve(t.Context(), func(ready func()) error { ready(); return errBadConfig })
		if err != errBadConfig || exists(h.Mark) {
			t.Fatalf("got %v", err)
		}
	}
	if err := h.Serve(t.Context(), func(func()) error { return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestTheNextStartThatFailsHolds(t *testing.T) {
	h := underManager(t)
	h.Serve(t.Context(), func(func()) error { return errBadConfig })

	// What start gives, one after the other, and what makes it try again.
	full := errors.New("the disk is full")
	tries := []error{errBadConfig, errBadConfig, full, nil}
	done := make(chan error, 1)
	go func() {
		done <- h.Serve(t.Context(), func(ready func()) error {
			err := tries[0]
			if tries = tries[1:]; err == nil {
				ready()
			}
			return err
		})
	}()
	for i, why := range []string{"no such plan", "no such plan", "the disk is full"} {
		if told := h.hears(t); !strings.Contains(told, "STATUS=Cannot start: ") || !strings.Contains(told, why) || !strings.Contains(told, "EXTEND_TIMEOUT_USEC=") {
			t.Errorf("try %d: the manager was told %q", i, told)
		}
		if i != 1 { // that one waits its time
			h.reload <- struct{}{}
		}
	}
	if err := <-done; err != nil || exists(h.Mark) {
		t.Errorf("it came up, and ended with %v", err)
	}
	if want := []string{errBadConfig.Error(), full.Error()}; !slices.Equal(h.said, want) {
		t.Errorf("said %q, want each once: %q", h.said, want)
	}
}

// hears reads what the manager was told next, but that it starts.
func (h *held) hears(t *testing.T) string {
	t.Helper()
	text := make([]byte, 4096)
	h.manager.SetReadDeadline(time.Now().Add(30 * time.Second))
	for {
		n, err := h.manager.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		if told := string(text[:n]); told != "STATUS=Starting" {
			return told
		}
	}
}

// What goes on in the process after it was given up would disturb the next try.
func TestADiskThatDoesNotAnswerEndsTheProcess(t *testing.T) {
	h := underManager(t)
	stuck := fmt.Errorf("opening: %w", store.ErrStuck)
	for range 2 {
		if err := h.Serve(t.Context(), func(func()) error { return stuck }); !errors.Is(err, store.ErrStuck) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAStopEndsTheHold(t *testing.T) {
	h := underManager(t)
	h.Serve(t.Context(), func(func()) error { return errBadConfig })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx, func(func()) error { return errBadConfig }) }()
	h.hears(t)
	stop()
	if err := <-done; err != nil || exists(h.Mark) {
		t.Errorf("got %v; the next start by hand has to fail at once", err)
	}
}

func TestFileChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "quotad.toml")
	changed, end := fileChanges(file)
	defer end()
	put := func(path string) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path+".new", nil, 0o600), os.Rename(path+".new", path)); err != nil {
			t.Fatal(err)
		}
	}
	put(file + ".other")
	select {
	case <-changed:
		t.Error("another file was changed")
	case <-time.After(50 * time.Millisecond):
	}
	put(file)
	select {
	case <-changed:
	case <-time.After(30 * time.Second):
		t.Error("a new file took its place, and nobody was told")
	}
	link := filepath.Join(t.TempDir(), "link.toml")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	linked, endLinked := fileChanges(link)
	defer endLinked()
	put(file)
	select {
	case <-linked:
	case <-time.After(30 * time.Second):
		t.Error("what it links to was changed, and nobody was told")
	}
	before := openFiles(t)
	for range 10 {
		_, end := fileChanges("")
		end()
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, %d were", after, before)
	}
	if none, end := fileChanges(filepath.Join(file, "missing", "x")); none != nil {
		t.Error("a folder that is not there is watched")
	} else {
		end()
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	return len(list)
}

func TestPauses(t *testing.T) {
	for tries, want := range map[int]time.Duration{0: 2 * time.Second, 3: 16 * time.Second, 8: 5 * time.Minute, 1000: 5 * time.Minute} {
		if got := pause(tries); got != want {
			t.Errorf("after %d tries: %v, want %v", tries, got, want)
		}
	}
}
