package transcript

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"quotad/quota"
)

const opencodeSchema = `
PRAGMA journal_mode=wal;
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL, title text NOT NULL);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, data text NOT NULL);
CREATE INDEX message_session ON message (session_id, time_created, id);
INSERT INTO session VALUES ('ses_1', 'global', NULL, '/home/ann/shop', 'Shop'), ('ses_2', 'global', 'ses_1', '/home/ann/shop', 'Sub'),
  ('ses_3', 'global', 'ses_2', '/home/ann/shop', 'Subsub'), ('ses_9', 'global', NULL, '/home/ann/else', 'Else');`

const crushSchema = `
PRAGMA journal_mode=wal;
CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL);
CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL default '[]', model TEXT,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER);
INSERT INTO sessions VALUES ('1', NULL, 'Shop'), ('2', '1', 'Sub');`

// noon is an instant of the tests in milliseconds.
const noon = 1_790_000_000_000

// toolBase is a database that a test writes as its tool would.
type toolBase struct {
	*reading
	conn *sqlite3.Conn
}

func baseOf(t *testing.T, tool, name, schema string) *toolBase {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	conn, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	b := &toolBase{reading: &reading{t: t, src: Source{Tool: tool, Path: path}}, conn: conn}
	b.do(schema)
	return b
}

func (b *toolBase) do(statement string) {
	b.t.Helper()
	if err := b.conn.Exec(statement); err != nil {
		b.t.Fatal(err)
	}
}

// message writes a message of OpenCode, or writes it anew.
func (b *toolBase) message(id, session string, second int, members string) {
	b.t.Helper()
	at := noon + int64(second)*1000
	b.do(fmt.Sprintf(`INSERT OR REPLACE INTO message VALUES ('%s', '%s', %d, %[3]d, '{%s}')`, id, session, at, members))
}

const opencodePrompt = `"role":"user","agent":"build","model":{"providerID":"zai-coding-plan","modelID":"glm-5.3"},"summary":{"diffs":[]}`

func opencodeAnswer(prompt string, second int) string {
	return fmt.Sprintf(`"parentID":"%s","role":"assistant","modelID":"glm-5.3","providerID":"zai-coding-plan","time":{"created":%d,"completed":%d},`+
		`"tokens":{"total":18,"input":10,"output":3,"reasoning":4,"cache":{"write":1,"read":5}}`, prompt, noon+int64(second)*1000-500, noon+int64(second)*1000)
}

const openAnswer = `"parentID":"msg_1","role":"assistant","modelID":"glm-5.3","providerID":"zai-coding-plan","tokens":{"input":0,"output":0}`

func TestTheDatabaseOfOpencode(t *testing.T) {
	b := baseOf(t, opencode, "opencode.db", opencodeSchema)
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"nothing yet", func() {}, nil},
		{"a prompt, and an answer that is on its way", func() {
			b.message("msg_1", "ses_1", 1, opencodePrompt)
			b.message("msg_2", "ses_1", 2, openAnswer)
		}, []string{"prompt in msg_1"}},
		{"the answer is complete", func() { b.message("msg_2", "ses_1", 9, opencodeAnswer("msg_1", 9)) }, []string{"usage glm-5.3 11+5+7 in msg_1"}},
		{"nothing new", func() {}, nil},
		{"one more change of it", func() { b.message("msg_2", "ses_1", 10, opencodeAnswer("msg_1", 9)) }, nil},
		{"a refused one", func() {
			b.message("msg_3", "ses_1", 11, strings.Replace(openAnswer, `"tokens"`, `"time":{"completed":1790000011000},"error":{"name":"APIError"},"tokens"`, 1))
		}, nil},
		{"one that broke off after some tokens", func() {
			b.message("msg_4", "ses_1", 12, opencodeAnswer("msg_1", 12)+`,"error":{"name":"MessageAbortedError"}`)
		},
			[]string{"usage glm-5.3 11+5+7 in msg_1"}},
		{"a subagent of a subagent works for the prompt", func() {
			b.message("msg_5", "ses_3", 13, opencodePrompt)
			b.message("msg_6", "ses_3", 14, opencodeAnswer("msg_5", 14))
		}, []string{"usage glm-5.3 11+5+7 in msg_1"}},
		{"a message that is no JSON", func() {
			b.do(`INSERT INTO message VALUES ('msg_7', 'ses_1', 1790000015000, 1790000015000, '{"role":')`)
		}, nil},
		{"a compaction, and how it goes on by itself", func() {
			b.message("msg_80", "ses_1", 16, opencodePrompt)
			b.message("msg_81", "ses_1", 17, opencodePrompt)
			b.do(`INSERT INTO part VALUES ('p1', 'msg_80', 'ses_1', '{"type":"compaction","auto":true}'), ('p2', 'msg_81', 'ses_1', '{"type":"text","text":"Go on","synthetic":true}')`)
		}, nil},
		{"a prompt with a file that is read out", func() {
			b.message("msg_82", "ses_1", 18, opencodePrompt)
			b.do(`INSERT INTO part VALUES ('p3', 'msg_82', 'ses_1', '{"type":"text","text":"look"}'), ('p4', 'msg_82', 'ses_1', '{"type":"text","text":"...","synthetic":true}')`)
		}, []string{"prompt in msg_82"}},
		{"one that was written before, late", func() { b.message("msg_83", "ses_9", 15, opencodePrompt) }, []string{"prompt in msg_83"}},
	} {
		step.do()
		if got := b.more(false); !slices.Equal(got, step.want) {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
	i := b.got[1]
	if i.Provider != "zai-coding-plan" || i.Event.Session != "ses_1" || i.Event.Project != "/home/ann/shop" || i.Event.At.UnixMilli() != noon+8500 {
		t.Errorf("%+v", i)
	}
}

// A prompt has the id that the tool's hook gives it too: see ownID in daemon/hook.
func TestAPromptIsNamedAsByItsHook(t *testing.T) {
	for _, tool := range []string{opencode, kilo} {
		b := baseOf(t, tool, tool+".db", opencodeSchema)
		b.message("msg_1", "ses_1", 1, opencodePrompt)
		b.more(false)
		if e := b.got[0].Event; e.ID != tool+":msg_1" || e.Tool != tool {
			t.Errorf("%s of %s", e.ID, e.Tool)
		}
	}
	c := readingOf(t, codex, append([]string{codexMeta("")}, codexTurn("turn-1", "turn-1")...)...)
	c.more(true)
	if len(c.got) != 1 || c.got[0].Event.ID != "codex:turn-1" {
		t.Errorf("%+v", c.got)
	}
}

func TestTheFirstAnswerOfATurnIsNotASubagents(t *testing.T) {
	answer := func(prompt, model string, from, to int) string {
		return fmt.Sprintf(`"parentID":"%s","role":"assistant","modelID":"%s","providerID":"zai-coding-plan",`+
			`"time":{"created":%d,"completed":%d},"tokens":{"input":10,"output":3}`, prompt, model, noon+from*1000, noon+to*1000)
	}
	b := baseOf(t, opencode, "opencode.db", opencodeSchema)
	b.message("msg_1", "ses_1", 1, opencodePrompt)
	b.message("msg_3", "ses_2", 3, opencodePrompt)
	b.message("msg_4", "ses_2", 8, answer("msg_3", "glm-4.5-air", 4, 8))
	b.message("msg_2", "ses_1", 9, answer("msg_1", "glm-5.3", 2, 9)) // which had the subagent work for it
	b.more(false)
	book := quota.NewMemBook()
	for _, i := range b.got {
		e := i.Event.Normalize(i.Event.At)
		if _, err := book.Put(e); err != nil {
			t.Fatal(err)
		}
	}
	for e := range book.Entries(quota.DefaultAccount, time.Time{}) {
		if e.Kind == quota.KindPrompt && e.TurnModel != "glm-5.3" {
			t.Errorf("the prompt goes by %q", e.TurnModel)
		}
	}
	if len(b.got) != 3 {
		t.Errorf("%+v", b.got)
	}
}

func TestOneSessionOfADatabase(t *testing.T) {
	b := baseOf(t, opencode, "opencode.db", opencodeSchema)
	b.message("msg_1", "ses_1", 1, opencodePrompt)
	b.message("msg_2", "ses_9", 2, opencodePrompt)
	b.message("msg_3", "ses_2", 3, opencodeAnswer("msg_0", 3))
	for session, want := range map[string][]string{
		"ses_1": {"prompt in msg_1", "usage glm-5.3 11+5+7 in msg_1"}, "ses_9": {"prompt in msg_2"}, "ses_none": nil,
		"": {"prompt in msg_1", "prompt in msg_2", "usage glm-5.3 11+5+7 in msg_1"},
	} {
		b.src.Session, b.mark = session, Mark{}
		if got := b.more(false); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", session, got, want)
		}
	}
}

func TestADatabaseIsReadWithoutATrace(t *testing.T) {
	b := baseOf(t, opencode, "with space & 100%.db", opencodeSchema)
	dir := filepath.Dir(b.src.Path)
	b.message("msg_1", "ses_1", 1, opencodePrompt)
	want := []string{"prompt in msg_1"}
	read := func(when string, logged bool) {
		t.Helper()
		before := listing(t, dir)
		b.mark = Mark{}
		if got := b.more(false); !slices.Equal(got, want) {
			t.Errorf("%s: %q", when, got)
		}
		if after := listing(t, dir); after != before {
			t.Errorf("%s: the folder had %s, and now %s", when, before, after)
		}
		if f, _ := footingOf(b.src.Path); f.logged() != logged {
			t.Errorf("%s: read with a log: %t", when, f.logged())
		}
	}
	read("the tool has it open", true)
	b.do("BEGIN IMMEDIATE; INSERT INTO message VALUES ('msg_2', 'ses_1', 1, 1, '{}')")
	read("the tool is writing", true)
	b.do("ROLLBACK")
	b.do("PRAGMA locking_mode=exclusive; BEGIN IMMEDIATE; COMMIT")
	read("the tool lets nobody in", true)
	b.do("PRAGMA locking_mode=normal; SELECT count(*) FROM message")

	left := filepath.Join(t.TempDir(), "left")
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	b.conn.Close()
	read("the tool has ended", false)
	dir, b.src.Path = left, filepath.Join(left, filepath.Base(b.src.Path))
	if err := os.Remove(b.src.Path + "-shm"); err != nil {
		t.Fatal(err)
	}
	read("the tool was killed", true)
	if err := os.Symlink(b.src.Path, filepath.Join(left, "link.db")); err != nil {
		t.Fatal(err)
	}
	b.src.Path = filepath.Join(left, "link.db")
	read("by a link", false)
}

// sizeOf is how long a file is, where there is one.
func sizeOf(path string) (size int64, there bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	return info.Size(), true
}

func TestAReadingThatTheToolCutsAcrossIsMadeAnew(t *testing.T) {
	for what, change := range map[string]string{
		"the log goes into the file":  "PRAGMA wal_checkpoint(PASSIVE)",
		"and is begun anew":           "PRAGMA wal_checkpoint(RESTART); DELETE FROM message WHERE id = 'msg_none'; INSERT INTO part VALUES ('p', 'msg_1', 'ses_1', '{}')",
		"and is cut":                  "PRAGMA wal_checkpoint(TRUNCATE)",
		"the tool does without a log": "PRAGMA journal_mode=delete",
	} {
		b := baseOf(t, opencode, "opencode.db", opencodeSchema)
		b.message("msg_1", "ses_1", 1, opencodePrompt)
		opened, told := 0, 0
		cross := func(db *database) (messages, error) {
			if opened++; opened == 1 {
				b.do(change)
			}
			return openOpencode(db)
		}
		_, err := readDatabase(t.Context(), b.src, Mark{}, cross, func(Item) error { told++; return nil })
		if err != nil || opened != 2 || told != 1 {
			t.Errorf("%s: %v; opened %d times, told %d", what, err, opened, told)
		}
	}
}

func TestAReadingBesideCommitsNeedsNoOther(t *testing.T) {
	b := baseOf(t, opencode, "opencode.db", opencodeSchema)
	b.message("msg_1", "ses_1", 1, opencodePrompt)
	opened := 0
	beside := func(db *database) (messages, error) {
		opened++
		all, err := openOpencode(db)
		b.message("msg_2", "ses_1", 2, opencodePrompt)
		return all, err
	}
	if _, err := readDatabase(t.Context(), b.src, Mark{}, beside, func(Item) error { return nil }); err != nil || opened != 1 {
		t.Errorf("%v; opened %d times", err, opened)
	}
}

func TestADatabaseThatIsNeverAtRest(t *testing.T) {
	b := baseOf(t, opencode, "opencode.db", opencodeSchema)
	restless := func(db *database) (messages, error) {
		b.message("msg_1", "ses_1", 1, opencodePrompt)
		b.do("PRAGMA wal_checkpoint(TRUNCATE)")
		return openOpencode(db)
	}
	_, err := readDatabase(t.Context(), b.src, Mark{}, restless, func(Item) error { return errors.New("told") })
	if !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

func listing(t *testing.T, dir string) (all string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		size, _ := sizeOf(filepath.Join(dir, e.Name()))
		all += fmt.Sprintf("%s:%d ", e.Name(), size)
	}
	return all
}

func TestADatabaseThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	none := func(Item) error { return errors.New("told") }
	from := Mark{State: []byte(`{"updated":7}`)}
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"garbage.db": {strings.Repeat("no database ", 400), "not a database"},
		"short.db":   {"SQLite format 3\x00", "short.db"},
		"empty.db":   {"", "not one that opencode is known to have"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		mark, err := Read(context.Background(), Source{Tool: opencode, Path: path}, from, true, none)
		if err == nil || !strings.Contains(err.Error(), c.want) || string(mark.State) != string(from.State) {
			t.Errorf("%s: %v, %s", name, err, mark.State)
		}
	}
	if _, err := Read(context.Background(), Source{Tool: crush, Path: filepath.Join(dir, "missing.db")}, from, true, none); !errors.Is(err, ErrGone) {
		t.Errorf("missing: %v", err)
	}

	b := baseOf(t, opencode, "opencode.db", opencodeSchema)
	b.message("msg_1", "ses_1", 1, opencodePrompt)
	if mark, err := Read(context.Background(), b.src, from, true, none); err == nil || err.Error() != "told" || string(mark.State) != string(from.State) {
		t.Errorf("%v, %s", err, mark.State)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Read(ctx, b.src, Mark{}, true, none); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

func TestADatabaseThatLooksTheSameIsNotOpened(t *testing.T) {
	b := baseOf(t, opencode, "opencode.db", opencodeSchema)
	b.message("msg_1", "ses_1", 1, opencodePrompt)
	b.conn.Close()
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(b.src.Path, old, old); err != nil {
		t.Fatal(err)
	}
	b.more(false)
	if !strings.Contains(string(b.mark.State), `"seen"`) {
		t.Fatalf("%s", b.mark.State)
	}
	if err := os.WriteFile(b.src.Path, make([]byte, sizeAt(t, b.src.Path)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(b.src.Path, old, old); err != nil {
		t.Fatal(err)
	}
	if got := b.more(false); got != nil {
		t.Errorf("%q", got)
	}
}

func sizeAt(t *testing.T, path string) int64 {
	t.Helper()
	size, there := sizeOf(path)
	if !there {
		t.Fatal(path)
	}
	return size
}

func TestTheDatabaseOfCrush(t *testing.T) {
	b := baseOf(t, crush, filepath.Join("shop", ".crush", "crush.db"), crushSchema)
	for _, step := range []struct {
		name string
		do   string
		want []string
	}{
		{"a prompt, and an answer that is on its way",
			`INSERT INTO messages VALUES ('m1', '1', 'user', '[]', '', 1790000001, 1790000001, NULL), ('m2', '1', 'assistant', '[]', 'glm-5.3', 1790000001, 1790000001, NULL)`,
			[]string{"prompt in m1"}},
		{"the answer is complete", `UPDATE messages SET finished_at = 1790000003, updated_at = 1790000003 WHERE id = 'm2'`,
			[]string{"usage glm-5.3 0+0+0 in m1"}},
		{"what a tool gave", `INSERT INTO messages VALUES ('m3', '1', 'tool', '[]', '', 1790000004, 1790000004, NULL)`, nil},
		{"a subagent", `INSERT INTO messages VALUES ('m4', '2', 'user', '[]', '', 1790000005, 1790000005, NULL), ('m5', '2', 'assistant', '[]', 'glm-5.3-flash', 1790000005, 1790000006, 1790000006)`,
			[]string{"usage glm-5.3-flash 0+0+0 in m1"}},
		{"with providers, and in milliseconds", `ALTER TABLE messages ADD COLUMN provider TEXT;
			INSERT INTO messages VALUES ('m6', '1', 'user', '[]', '', 1790000020500, 1790000020500, NULL, NULL), ('m7', '1', 'assistant', '[]', 'glm-5.3', 1790000020600, 1790000021000, 1790000021000, 'zai')`,
			[]string{"prompt in m6", "usage glm-5.3 0+0+0 in m6"}},
	} {
		b.do(step.do)
		if got := b.more(false); !slices.Equal(got, step.want) {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
	last := b.got[len(b.got)-1]
	if last.Provider != "zai" || last.Event.Session != "1" || filepath.Base(last.Event.Project) != "shop" || last.Event.At.UnixMilli() != noon+20_600 {
		t.Errorf("%+v", last)
	}
	if asked := b.got[len(b.got)-2]; asked.Event.Kind != quota.KindPrompt || asked.Provider != "zai" || asked.Event.Model != "glm-5.3" {
		t.Errorf("the last prompt says %q and %q of who answers it", asked.Provider, asked.Event.Model)
	}
	if first := b.got[0].Event.At.UnixMilli(); first != noon+1000 {
		t.Errorf("%d", first)
	}
}
