package daemon

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestFilePages(t *testing.T) {
	block := func(head, anonymous, swap string) string {
		return head + "\nSize: 4 kB\nAnonymous: " + anonymous + " kB\nAnonHugePages: 8 kB\nSwap: " + swap + " kB\nSwapPss: 9 kB\nVmFlags: rd ex\n"
	}
	const code = "00400000-00de5000 r-xp 00000000 fe:00 1038 /usr/bin/quotad"
	for _, c := range []struct {
		what, smaps string
		want        int
	}{
		{"the program's code", block(code, "0", "0"), 1},
		{"its constants", block("00de6000-01819000 r--p 009e6000 fe:00 1038 /usr/bin/quotad (deleted)", "0", "0"), 1},
		{"the database", block("7f8631600000-7f8631608000 r--s 00000000 fe:00 7 /home/u/quotad.db", "0", "0"), 1},
		{"constants that a loader has moved", block(code, "12", "0"), 0},
		{"the same, swapped out", block(code, "0", "12"), 0},
		{"variables", block("01819000-0187c000 rw-p 01419000 fe:00 1038 /usr/bin/quotad", "0", "0"), 0},
		{"the heap", block("c000000000-c000400000 rw-p 00000000 00:00 0", "0", "0"), 0},
		{"what the kernel shows", block("7fff1ed3f000-7fff1ed41000 r-xp 00000000 00:00 0 [vdso]", "0", "0"), 0},
		{"a range that ends before it begins", block("2000-1000 r--p 0 0 0 /x", "0", "0"), 0},
		{"two in a row", block("c000000000-c000400000 rw-p 00000000 00:00 0", "8", "0") + block(code, "0", "0"), 1},
		{"one whose end is missing", code + "\nSize: 4 kB\n", 0},
		{"nothing", "", 0},
	} {
		if got := filePages(c.smaps); len(got) != c.want {
			t.Errorf("%s: %+v", c.what, got)
		}
	}
	if got := filePages(block(code, "0", "0")); got[0] != (mapping{0x400000, 0x9e5000}) {
		t.Errorf("%+v", got)
	}
}

// These change how garbage is collected, for as long as they take.
func TestRestGivesBackAndEndsWithTheNextCollection(t *testing.T) {
	percent := debug.SetGCPercent(100)
	defer debug.SetGCPercent(percent)
	present := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	limit := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(limit)
	var r rest
	r.start()
	if got := present(); got != -1 || !r.asleep {
		t.Fatalf("not at rest: GOGC %d", got)
	}
	if got := debug.SetMemoryLimit(-1); got > inUse()+restRoom {
		t.Errorf("at rest up to %d bytes may come together", got)
	}
	for awake := false; !awake; runtime.Gosched() { // as work would: the limit collects
		sink = make([]byte, 1<<20)
		r.mu.Lock()
		awake = !r.asleep
		r.mu.Unlock()
	}
	if got := present(); got != 100 {
		t.Errorf("at work: GOGC %d", got)
	}
	if got := debug.SetMemoryLimit(-1); got != limit {
		t.Errorf("at work: a limit of %d, want %d", got, limit)
	}
}

var sink []byte

func TestRestComesWhenItIsCalm(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer debug.SetGCPercent(percent)
	defer debug.SetMemoryLimit(limit)
	r := rest{cycles: collections()}
	for range calmCycles + 1 {
		runtime.GC()
	}
	if r.beat(); r.asleep {
		t.Error("at rest in the middle of work")
	}
	if r.beat(); !r.asleep {
		t.Error("at work though it is calm")
	}
	r.wake()
}
