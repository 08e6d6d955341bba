package transcript

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// FuzzMessage holds that whatever a message's file has in it, what is told of
// it can be stored.
func FuzzMessage(f *testing.F) {
	for _, members := range []string{opencodePrompt, opencodeAnswer("msg_1", 9), openAnswer, `"role":"user","time":{"created":1e300}`, `"role":"assistant","tokens":{"input":"9"}`, `"path":{"cwd":7},"role":null`} {
		f.Add([]byte(`{"id":"msg_1","sessionID":"ses_1",` + members + `}`))
	}
	f.Add([]byte(`{"id":"` + "\u202e\x00" + `","sessionID":"../..","role":"user"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var m message
		for v := object(text); v.next(); {
			m.set(string(v.key), v.value)
		}
		var state databaseState
		var told []Item
		for range 2 { // the second time nothing is new
			if err := state.hand(opencode, m, func(i Item) error { told = append(told, i); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if len(told) > 1 {
			t.Fatalf("told %d times", len(told))
		}
		inWords(t, told)
	})
}

// FuzzDatabase holds that a tool's database with any bytes changed is read or
// refused, soon, and that what is told of it can be stored.
func FuzzDatabase(f *testing.F) {
	image := imageOf(f)
	f.Add(uint32(0), []byte("SQLite format 4"))
	f.Add(uint32(18), []byte{9, 9})
	f.Add(uint32(28), []byte{0xff, 0xff, 0xff, 0xff})
	f.Add(uint32(100), []byte{0x05, 0xff})
	f.Add(uint32(len(image)-300), []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80})
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		text := append([]byte{}, image...)
		copy(text[int(at)%len(text):], change)
		path := filepath.Join(t.TempDir(), "opencode.db")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		var told []Item
		mark, err := Read(ctx, Source{Tool: opencode, Path: path}, Mark{}, true, func(i Item) error {
			told = append(told, i)
			return nil
		})
		if ctx.Err() != nil {
			t.Fatal("the reading does not end")
		}
		inWords(t, told)
		if state, bad := json.Marshal(mark); bad != nil || len(state) > 16<<10 {
			t.Errorf("a mark of %d bytes, %v (the reading said %v)", len(state), bad, err)
		}
	})
}

// imageOf is a small database of OpenCode, as bytes.
func imageOf(f *testing.F) []byte {
	f.Helper()
	path := filepath.Join(f.TempDir(), "opencode.db")
	conn, err := sqlite3.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, statement := range []string{
		"PRAGMA page_size=1024", "PRAGMA journal_mode=delete", opencodeSchema[len("\nPRAGMA journal_mode=wal;"):],
		`INSERT INTO message VALUES ('msg_1', 'ses_1', 1790000001000, 1790000001000, '{` + opencodePrompt + `}')`,
		`INSERT INTO message VALUES ('msg_2', 'ses_1', 1790000009000, 1790000009000, '{` + opencodeAnswer("msg_1", 9) + `}')`,
	} {
		if err := conn.Exec(statement); err != nil {
			f.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		f.Fatal(err)
	}
	image, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return image
}
