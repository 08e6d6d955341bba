package daemon

import (
	"os"
	"testing"
)

func TestReadOnlyFile(t *testing.T) {
	for _, c := range []struct {
		what, line string
		ok         bool
	}{
		{"the program's code", "00400000-00de5000 r-xp 00000000 fe:00 1038 /usr/bin/quotad", true},
		{"its constants", "00de6000-01819000 r--p 009e6000 fe:00 1038 /usr/bin/quotad (deleted)", true},
		{"the database", "7f8631600000-7f8631608000 r--s 00000000 fe:00 7 /home/u/.local/state/quotad/quotad.db", true},
		{"variables, which would be as at the start", "01819000-0187c000 rw-p 01419000 fe:00 1038 /usr/bin/quotad", false},
		{"the heap", "c000000000-c000400000 rw-p 00000000 00:00 0", false},
		{"what the kernel has mapped", "7fff1ed3f000-7fff1ed41000 r-xp 00000000 00:00 0 [vdso]", false},
		{"no line of the kernel's", "x-y r--p 0 0 0 /x", false},
		{"a range that ends before it begins", "2000-1000 r--p 0 0 0 /x", false},
		{"nothing", "", false},
	} {
		if _, _, ok := readOnlyFile(c.line); ok != c.ok {
			t.Errorf("%s: %v", c.what, ok)
		}
	}
	from, length, _ := readOnlyFile("00400000-00de5000 r-xp 00000000 fe:00 1038 /usr/bin/quotad")
	if from != 0x400000 || length != 0x9e5000 {
		t.Errorf("from %x, %x long", from, length)
	}
}

func TestRestGivesBackWhatIsNotNeeded(t *testing.T) {
	if resident() == 0 {
		t.Skip("no /proc here")
	}
	grown := make([]byte, 64<<20)
	for i := 0; i < len(grown); i += os.Getpagesize() {
		grown[i] = 1
	}
	before := resident()
	grown = nil
	var r rest
	r.settle()
	if now := resident(); now > before-(32<<20) {
		t.Errorf("%d bytes before, %d after", before, now)
	}
	left := r.left
	if r.settle(); r.left != left {
		t.Error("given back again where nothing had come")
	}
}
