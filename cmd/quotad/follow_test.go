package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"quotad/quota"
)

// session is what Claude Code does in one: it runs the hooks, and keeps a
// transcript.
type session struct {
	*daemonHome
	path string
	n    int
}

func (h *daemonHome) session() *session {
	dir := filepath.Join(h.root, ".claude", "projects", "-p")
	h.must(os.MkdirAll(dir, 0o700))
	return &session{daemonHome: h, path: filepath.Join(dir, "s.jsonl")}
}

// hook runs the hook for one of Claude Code's events.
func (s *session) hook(event string) {
	s.t.Helper()
	c := s.command("hook", "claude-code")
	c.Env = append(c.Env, "ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic")
	c.Stdin = strings.NewReader(fmt.Sprintf(`{"hook_event_name":%q,"session_id":"s","prompt_id":"turn-%d","transcript_path":%q,"cwd":"/p","prompt":"words %d"}`, event, s.n, s.path, s.n))
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		s.t.Errorf("the hook: %v\n%s", err, out)
	}
}

// turn is a prompt, its answer by a model, and the end of the turn.
func (s *session) turn(model string) {
	s.t.Helper()
	s.n++
	s.hook("UserPromptSubmit")
	now := time.Now().UTC().Format(time.RFC3339Nano)
	s.write(
		fmt.Sprintf(`{"type":"user","promptId":"turn-%d","promptSource":"typed","uuid":"u%d","sessionId":"s","cwd":"/p","timestamp":%q,"message":{"role":"user","content":"words"}}`, s.n, s.n, now),
		fmt.Sprintf(`{"type":"assistant","uuid":"a%d","requestId":"r%d","sessionId":"s","cwd":"/p","timestamp":%q,"message":{"id":"m%d","model":%q,"content":[{"type":"text","text":"words"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}}`, s.n, s.n, now, s.n, model))
	s.hook("Stop")
}

func (s *session) write(lines ...string) {
	s.t.Helper()
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	s.must(err)
	defer f.Close()
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	s.must(err)
}

// answered waits until the daemon knows who answered so many turns.
func (s *session) answered(n int) {
	s.t.Helper()
	eventually(s.t, startLimit, fmt.Sprintf("%d answers are read", n), func() bool {
		usage := 0
		for _, e := range s.events() {
			if e.Kind == quota.KindUsage {
				usage++
			}
		}
		return usage >= n
	})
}

// uses tells whether the status shows so much.
func (h *daemonHome) uses(n int) func() bool {
	return func() bool { return strings.Contains(h.get("/v1/status"), fmt.Sprintf(`"used":%d,`, n)) }
}

// The daemon reads what Claude Code writes, whatever becomes of the file, and
// charges each prompt by who answered it.
func TestTranscriptIsRead(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	s := h.session()
	s.turn("glm-4.7")
	s.answered(1)
	eventually(t, startLimit, "the prompt is charged at the cheaper model", h.uses(1))
	h.must(os.Truncate(s.path, 150))
	s.write("")
	s.turn("glm-4.7")
	s.answered(2)
	h.must(os.Rename(s.path, s.path+".old"))
	s.turn("glm-4.7")
	s.answered(3)
	s.turn("glm-4.7") // and before the daemon looks
	p.kill()
	s.write(`{"type":"assistant","half a li`)
	p = h.start()
	s.answered(4)
	eventually(t, startLimit, "so are all four", h.uses(4))
	if n := len(h.events()); n != 8 {
		t.Errorf("%d events, want 4 prompts and 4 answers", n)
	}
	h.checkCounters()
	h.verify()
	p.stop()
	h.verify()
	if said := p.said.String(); strings.Contains(said, "words") {
		t.Errorf("words of the session are logged:\n%s", said)
	}
}

// crushBase is the database of Crush in a project of the home.
func (h *daemonHome) crushBase(project string) *sqlite3.Conn {
	h.t.Helper()
	data, folder := filepath.Join(h.root, ".local", "share", "crush"), filepath.Join(h.root, project, ".crush")
	h.must(os.MkdirAll(data, 0o700), os.MkdirAll(folder, 0o700),
		os.WriteFile(filepath.Join(data, "projects.json"), fmt.Appendf(nil, `{"projects":[{"path":%q}]}`, filepath.Join(h.root, project)), 0o600))
	conn, err := sqlite3.Open(filepath.Join(folder, "crush.db"))
	h.must(err)
	h.t.Cleanup(func() { conn.Close() })
	h.must(conn.Exec(`PRAGMA journal_mode=wal;
		CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL);
		CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL default '[]', model TEXT,
			created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER, provider TEXT);
		INSERT INTO sessions VALUES ('1', NULL, 'words');`))
	return conn
}

// asks adds a prompt and its answer.
func (h *daemonHome) asks(conn *sqlite3.Conn, id string, at time.Time) {
	h.t.Helper()
	h.must(conn.Exec(fmt.Sprintf(`INSERT INTO messages VALUES ('p%[1]s', '1', 'user', '["words"]', '', %[2]d, %[2]d, NULL, ''),
		('a%[1]s', '1', 'assistant', '["words"]', 'glm-4.7', %[2]d, %[2]d, %[2]d, 'zai')`, id, at.Unix())))
}

// Crush has no hooks: what its databases hold counts, from when the daemon first
// saw them, where the user says that it is on the plan.
func TestCrushIsCountedByItsDatabase(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	conn := h.crushBase("shop")
	h.asks(conn, "before", time.Now().Add(-time.Hour))
	p := h.start()
	time.Sleep(20 * time.Millisecond)
	h.asks(conn, "unheard", time.Now().Add(-time.Minute))
	h.configure(loadConfig + "[tool.crush]\nplan = true\n")
	p.reload("took the configuration", 1)
	h.asks(conn, "one", time.Now())
	eventually(t, startLimit, "the first prompt counts", h.uses(1))
	time.Sleep(100 * time.Millisecond)
	h.asks(conn, "two", time.Now())
	eventually(t, startLimit, "the second does", h.uses(2))
	p.kill()
	h.asks(conn, "three", time.Now())
	h.start()
	eventually(t, startLimit, "the one while it was away does", h.uses(3))
	prompts, usage := 0, 0
	for _, e := range h.events() {
		switch {
		case e.Tool != "crush" || filepath.Base(e.Project) != "shop":
			t.Errorf("%+v", e)
		case e.Kind == quota.KindPrompt:
			prompts++
		case e.Kind == quota.KindUsage:
			usage++
		}
	}
	if prompts != 3 || usage != 3 {
		t.Errorf("%d prompts and %d answers, want 3 of each", prompts, usage)
	}
	h.checkCounters()
	h.verify()
}

// A backup that took the place of a damaged database lacks what came after it.
// What the spool and the sessions of the tools still have of that is recorded anew.
func TestWhatABackupLacksIsReadAgain(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	s := h.session()
	s.turn("glm-4.7")
	s.answered(1)
	h.backup()
	time.Sleep(time.Second) // the name of a backup says the second
	s.turn("glm-4.7")
	s.turn("glm-4.7")
	s.answered(3)
	p.stop()
	s.turn("glm-4.7") // its hooks wait in the spool
	h.must(os.WriteFile(h.database(), []byte(strings.Repeat("nothing of a database\n", 1000)), 0o600))
	p = h.start()
	s.answered(4)
	eventually(t, startLimit, "all four prompts are charged", h.uses(4))
	eventually(t, startLimit, "it says so", func() bool {
		return strings.Contains(p.said.String(), "what the database lacks was looked for in the sessions of the tools")
	})
	if n := len(h.events()); n != 8 {
		t.Errorf("%d events, want 4 prompts and 4 answers", n)
	}
	h.checkCounters()
	h.verify()
	p.stop()
	if said := p.said.String(); !strings.Contains(said, "took its place") || strings.Contains(said, "words") {
		t.Errorf("it said:\n%s", said)
	}
}

// So is what an older copy lacks, which took the place of the database.
func TestWhatAnOlderCopyLacksIsReadAgain(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	s := h.session()
	s.turn("glm-4.7")
	s.answered(1)
	p.stop()
	older, err := os.ReadFile(h.database())
	h.must(err)
	p = h.start()
	for range 3 {
		s.turn("glm-4.7")
	}
	s.answered(4)
	p.stop()
	h.must(os.RemoveAll(filepath.Join(h.state, "backups")), os.WriteFile(h.database(), older, 0o600))
	p = h.start()
	eventually(t, startLimit, "all four prompts are charged", h.uses(4))
	if said := p.said.String(); !strings.Contains(said, "older than what was last written") {
		t.Errorf("it said:\n%s", said)
	}
	eventually(t, startLimit, "it says so", func() bool {
		return strings.Contains(p.said.String(), "what the database lacks was looked for in the sessions of the tools")
	})
	h.checkCounters()
	h.verify()
	p.stop()
	p = h.start()
	p.stop()
	if said := p.said.String(); strings.Contains(said, "lacks") {
		t.Errorf("it is done once more:\n%s", said)
	}
}

// A daemon that is killed while it reads what a backup lacks reads it at the next
// start.
func TestReadingWhatABackupLacksGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	const turns = 3000
	const done = "what the database lacks was looked for in the sessions of the tools"
	h := newDaemonHome(t)
	p := h.start()
	h.session().turn("glm-4.7")
	h.backup()
	p.stop()
	time.Sleep(time.Second) // the name of a backup says the second
	h.lostSession(turns)
	recorded := func() (prompts int) {
		for _, e := range h.events() {
			if e.Kind == quota.KindPrompt && e.Session == "lost" {
				prompts++
			}
		}
		return prompts
	}
	for try := 0; ; try++ {
		h.must(os.WriteFile(h.database(), []byte(strings.Repeat("nothing of a database\n", 1000)), 0o600))
		p = h.start()
		some := 0
		eventually(t, startLimit, "some are read", func() bool { some = recorded(); return some > 0 })
		p.kill()
		if some < turns {
			break
		}
		if try == 10 {
			t.Fatal("all are read before it is killed")
		}
	}
	p = h.start()
	eventually(t, startLimit, "it says that it was done", func() bool { return strings.Contains(p.said.String(), done) })
	if got := recorded(); got != turns {
		t.Errorf("%d of %d prompts", got, turns)
	}
	p.stop()
	p = h.start()
	p.stop() // it waits for what is being read
	if said := p.said.String(); strings.Contains(said, done) {
		t.Errorf("it is done once more:\n%s", said)
	}
	h.verify()
}

// lostSession writes a session that no hook told of.
func (h *daemonHome) lostSession(turns int) {
	h.t.Helper()
	lost := h.session()
	lost.path = filepath.Join(filepath.Dir(lost.path), "lost.jsonl")
	lines := make([]string, 0, 2*turns)
	now := time.Now()
	for i := range turns {
		at := now.Add(time.Duration(i-turns) * time.Microsecond * 100).UTC().Format(time.RFC3339Nano)
		lines = append(lines,
			fmt.Sprintf(`{"type":"user","promptId":"lost-%d","promptSource":"typed","uuid":"lu%d","sessionId":"lost","cwd":"/p","timestamp":%q,"message":{"role":"user","content":"words"}}`, i, i, at),
			fmt.Sprintf(`{"type":"assistant","uuid":"la%d","requestId":"lr%d","sessionId":"lost","cwd":"/p","timestamp":%q,"message":{"id":"lm%d","model":"glm-4.7","content":[{"type":"text","text":"words"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}}`, i, i, at, i))
	}
	lost.write(lines...)
}
