package hook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTroublesKeepTheLatestOfEachTool(t *testing.T) {
	ts := Troubles{Dir: filepath.Join(t.TempDir(), "state[2]")}
	for i, run := range []struct {
		tool string
		out  Outcome
	}{
		{"claude-code", Outcome{Reason: Unreadable}},
		{"claude-code", Outcome{Counted, Lost}},
		{"cursor", Outcome{Counted, Refused}},
		{"../../elsewhere", Outcome{Reason: UnknownTool}},
		{"cursor", Outcome{Counted, Acked}},
		{"claude-code", Outcome{Counted, Spooled}},
		{"claude-code", Outcome{Reason: Background}},
	} {
		if err := ts.Note(run.tool, start.Add(time.Duration(i)*time.Second), run.out); err != nil {
			t.Fatal(err)
		}
	}
	list, err := ts.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range list {
		got = append(got, one.Tool+": "+one.Why)
	}
	const want = ": unknown tool|cursor: the event was refused|claude-code: the event was lost"
	if text := strings.Join(got, "|"); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	if list, _ = ts.Since(start.Add(3 * time.Second)); len(list) != 1 {
		t.Errorf("%d since the last, not 1", len(list))
	}
	files, err := os.ReadDir(ts.Dir)
	if err != nil || len(files) != 3 {
		t.Errorf("%d files in all, %v", len(files), err)
	}
}

func TestTroublesThatDoNotReadAreNone(t *testing.T) {
	ts := Troubles{Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(ts.Dir, "hook-cursor.trouble"), []byte(`{"tool":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := ts.Since(time.Time{}); err != nil || list != nil {
		t.Errorf("%v, %v", list, err)
	}
}
