package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAnErrorIsMarkedForTheJournalAlone(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	for _, tt := range []struct{ name, stream, want string }{
		{"stderr is the journal's", fmt.Sprintf("%d:%d", st.Dev, st.Ino), "<3>"},
		{"it was sent elsewhere", fmt.Sprintf("%d:%d", st.Dev, st.Ino+1), ""},
		{"there is no journal", "", ""},
	} {
		env := func(name string) string {
			if name == "JOURNAL_STREAM" {
				return tt.stream
			}
			return ""
		}
		if got := ErrorMark(f, env); got != tt.want {
			t.Errorf("%s: the mark is %q, want %q", tt.name, got, tt.want)
		}
	}
}
