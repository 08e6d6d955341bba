package daemon

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"quotad/daemon/api"
)

// drainerOf is a drainer over a store and a spool of their own.
func drainerOf(t *testing.T) (d *drainer, used func() int) {
	t.Helper()
	r := start(t, t.TempDir(), settings(t, labConfig), time.Now)
	dir := filepath.Join(t.TempDir(), "spool")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return newDrainer(dir, r.engine, zerolog.Nop()), func() int { return int(r.window("5h").Used.Float()) }
}

func drop(t *testing.T, d *drainer, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(d.spool.Dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDrainTellsOfFilesThatAreToBeLookedAtAgain(t *testing.T) {
	d, used := drainerOf(t)
	path := drop(t, d, "mine.json", "{}\n{}\n")
	if end := d.drain(t.Context()); end != notYet || used() != 0 {
		t.Errorf("just written: %v, used %d", end, used())
	}
	before := time.Now().Add(-2 * time.Second)
	if err := os.Chtimes(path, before, before); err != nil {
		t.Fatal(err)
	}
	if end := d.drain(t.Context()); end != drained || used() != 2 {
		t.Errorf("two seconds later: %v, used %d", end, used())
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := (api.Spool{Dir: d.spool.Dir}).Write("x", []byte(`{"id":"x"}`)); err != nil {
		t.Fatal(err)
	}
	if end := d.drain(stopped); end != notStored || used() != 2 {
		t.Errorf("where nothing is stored: %v, used %d", end, used())
	}
}

func TestAFileOfAnyNameIsTakenWithinFiveSeconds(t *testing.T) {
	d, used := drainerOf(t)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { d.run(ctx) })
	defer running.Wait()
	defer stop()
	drop(t, d, "mine.json", "{}")
	for end := time.Now().Add(5 * time.Second); used() == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is still there")
		}
	}
}
