package daemon

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// rest keeps the daemon small and asleep while it has little to do.
//
// What the start, an import or a long answer needed once would stay with it
// for ever: the heap at its largest, and each page of the program that ever
// ran. And Go collects garbage every two minutes though there is none, which
// wakes more threads than all else that an idle daemon does. So once it is
// calm all that is given back, and garbage is collected again when as much as
// restRoom has come together, from when on all is as usual.
type rest struct {
	mu      sync.Mutex
	asleep  bool
	cycles  int64 // of garbage collection, at the last beat
	percent int   // GOGC and GOMEMLIMIT, as they are while it works
	limit   int64
}

const (
	// restAfter is when the start is over.
	restAfter = time.Second
	// restRoom is how much may come together before garbage is collected.
	restRoom = 8 << 20
	// calmCycles are as many collections between two heartbeats as come of
	// themselves, or nearly so.
	calmCycles = 4
)

// workPercent is how much garbage may come together at work, in percent of
// what is held. With Go's own 100 a tenth of the time under full load goes into
// collecting, for the sake of 3 MB.
const workPercent = 200

// begin sets how garbage is collected at work, unless the user has.
func (r *rest) begin(env func(string) string) {
	if env("GOGC") == "" {
		debug.SetGCPercent(workPercent)
	}
}

// beat goes to rest where little was done since the last one.
func (r *rest) beat() {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.cycles
	r.cycles = collections()
	if !r.asleep && r.cycles-before <= calmCycles {
		r.settle()
	}
}

// start goes to rest after all that the start did.
func (r *rest) start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asleep {
		r.settle()
	}
}

func (r *rest) settle() {
	debug.FreeOSMemory()
	dropFilePages()
	r.asleep = true
	r.limit = debug.SetMemoryLimit(min(inUse()+restRoom, debug.SetMemoryLimit(-1)))
	r.percent = debug.SetGCPercent(-1)
	// The next collection takes the guard away, and with it the rest.
	runtime.AddCleanup(new(guard), (*rest).wake, r)
}

// guard is something that nobody holds.
type guard struct{ _ *guard }

// wake makes all as usual.
func (r *rest) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asleep {
		return
	}
	r.asleep = false
	debug.SetGCPercent(r.percent)
	debug.SetMemoryLimit(r.limit)
}

// collections are how often garbage was collected.
func collections() int64 {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	return stats.NumGC
}

// inUse is how much memory Go counts against its limit, in bytes.
func inUse() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

// dropFilePages gives back the pages of files that are only read: the program
// itself, and the database. Those that are needed come back from the kernel's
// cache.
func dropFilePages() {
	text, _ := os.ReadFile("/proc/self/smaps")
	for _, m := range filePages(string(text)) {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.from, m.length, unix.MADV_DONTNEED) // else they stay
	}
}

// mapping is a part of the memory that shows a file.
type mapping struct{ from, length uintptr }

// filePages are the mappings of files, by /proc/self/smaps, in which nothing can
// be written and nothing ever was. A loader may have written to what now can
// only be read; that is not in the file, and would be lost.
func filePages(smaps string) []mapping {
	var list []mapping
	var present mapping
	candidate := false
	for line := range strings.Lines(smaps) {
		fields := strings.Fields(line)
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"):
			present, candidate = readOnlyFile(fields)
		case len(fields) < 2:
		case (fields[0] == "Anonymous:" || fields[0] == "Swap:") && fields[1] != "0":
			candidate = false
		case fields[0] == "VmFlags:" && candidate: // the last of a mapping
			list = append(list, present)
		}
	}
	return list
}

// readOnlyFile is the mapping of a file that cannot be written, by the fields of
// its first line.
func readOnlyFile(fields []string) (m mapping, ok bool) {
	if len(fields) < 6 || strings.Contains(fields[1], "w") || !strings.HasPrefix(fields[5], "/") {
		return m, false
	}
	first, past, _ := strings.Cut(fields[0], "-")
	from, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		return m, false
	}
	end, err := strconv.ParseUint(past, 16, 64)
	return mapping{uintptr(from), uintptr(end - from)}, err == nil && end > from
}
