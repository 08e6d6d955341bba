package daemon

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// rest keeps the daemon small while it has nothing to do. What the start, an
// import or a long answer needed once would stay with it for ever: the heap at
// its largest, and each page of the program that ever ran.
type rest struct {
	mu   sync.Mutex
	left int64 // bytes that were left the last time
}

// restSlack is by how much the memory must have grown to be worth the work,
// and restAfter is when that is done for what the start alone needed.
const (
	restSlack = 2 << 20
	restAfter = time.Second
)

// settle gives back to the kernel what is not needed now, where there is much
// of it. Pages of files that are needed after all come back from the kernel's
// cache.
func (r *rest) settle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if resident() < r.left+restSlack {
		return
	}
	debug.FreeOSMemory()
	maps, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(maps)) {
		if from, length, ok := readOnlyFile(line); ok {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, length, unix.MADV_DONTNEED) // else they stay
		}
	}
	r.left = resident()
}

// readOnlyFile is where a file is mapped that is only read, by a line of
// /proc/self/maps: the program itself, and the database. Nothing is lost where
// such a page is dropped.
func readOnlyFile(line string) (from, length uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 || strings.Contains(fields[1], "w") || !strings.HasPrefix(fields[5], "/") {
		return 0, 0, false
	}
	first, past, _ := strings.Cut(fields[0], "-")
	begin, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		return 0, 0, false
	}
	end, err := strconv.ParseUint(past, 16, 64)
	return uintptr(begin), uintptr(end - begin), err == nil && end > begin
}

// resident is how much memory the process has, in bytes; 0 where that cannot
// be told.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}
