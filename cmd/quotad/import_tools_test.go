package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"quotad/daemon/api"
	"quotad/daemon/backfill"
	"quotad/quota"
)

// keep writes what Claude Code would keep of a session: turns that were asked
// and answered at these instants.
func (h *daemonHome) keep(session string, asked ...time.Time) {
	h.t.Helper()
	var lines strings.Builder
	for i, at := range asked {
		fmt.Fprintf(&lines, `{"isSidechain":false,"promptId":"p-%d","promptSource":"typed","type":"user","message":{"role":"user","content":"my-words"},`+
			`"uuid":"%s-u-%[1]d","timestamp":%[3]q,"cwd":"/home/ada/src","sessionId":%[2]q}`+"\n", i+1, session, stamp(at))
		fmt.Fprintf(&lines, `{"isSidechain":false,"type":"assistant","message":{"id":"%s-m-%d","role":"assistant","model":"glm-5.3","content":[],"stop_reason":"end_turn",`+
			`"usage":{"input_tokens":9,"output_tokens":3}},"uuid":"%[1]s-a-%[2]d","timestamp":%[3]q,"sessionId":%[1]q}`+"\n", session, i+1, stamp(at.Add(time.Second)))
	}
	dir := filepath.Join(h.root, ".claude", "projects", "-home-ada-src")
	h.must(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, session+".jsonl"), []byte(lines.String()), 0o600))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// imports runs an import, and expects an exit code and what it says.
func (h *daemonHome) imports(code int, says string, args ...string) {
	h.t.Helper()
	c := h.command(append([]string{"import", "--from"}, args...)...)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != code || !strings.Contains(string(out), says) {
		h.t.Errorf("%v: %v; %q and code %d were expected:\n%s", args, err, says, code, out)
	}
	if bytes.Contains(out, []byte("my-words")) {
		h.t.Errorf("it tells what was asked:\n%s", out)
	}
}

// prompts counts those of the record.
func (h *daemonHome) prompts() (n int) {
	h.t.Helper()
	for _, e := range h.events() {
		if e.Kind == quota.KindPrompt {
			n += e.Count
		}
	}
	return n
}

// What the hook told of is found again in what Claude Code has kept, and only
// what it missed is added.
func TestImportBesideTheHook(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	for _, id := range []string{"p-2", "p-3"} {
		c := h.command("hook", "claude-code")
		c.Stdin = strings.NewReader(`{"session_id":"s-1","cwd":"/home/ada/src","prompt_id":"` + id + `","hook_event_name":"UserPromptSubmit","prompt":"my-words"}`)
		c.Env = append(c.Env, "ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic")
		h.must(c.Run())
	}
	eventually(t, startLimit, "two prompts of the hook", func() bool { return h.prompts() == 2 })
	now := time.Now()
	h.keep("s-1", now.Add(-time.Hour), now, now, now)
	h.keep("s-2", now.Add(-2*time.Hour))

	h.imports(0, "5 prompts in 2 sessions (3 to record, 2 known already), 5 answers (5 to record", "claude-code", "--dry-run")
	h.imports(0, "5 prompts in 2 sessions (3 recorded, 2 known already), 5 answers (5 recorded", "claude-code")
	if n := h.prompts(); n != 5 {
		t.Errorf("%d prompts, 5 were sent", n)
	}
	h.imports(0, "(0 recorded, 5 known already)", "claude-code")
	for _, e := range h.events() {
		if e.Session == "s-1" && e.Endpoint != "https://api.z.ai/api/anthropic" {
			t.Errorf("%s of %q: the hook saw where that session went", e.ID, e.Endpoint)
		}
	}
	p.stop()
	h.imports(0, "(0 recorded, 5 known already)", "claude-code")
	h.verify()
}

const opencodeTables = `
CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text NOT NULL);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, data text NOT NULL);
INSERT INTO session VALUES ('ses_1', NULL, '/home/ada/src'), ('ses_2', 'ses_1', '/home/ada/src');`

// opencodeTurn writes a prompt to a provider, and its answer.
func opencodeTurn(n int, session, provider string, at time.Time) string {
	from := at.UnixMilli()
	row := `INSERT INTO message VALUES ('msg_%d%s', '%s', %d, %d, '{%s}');`
	return fmt.Sprintf(row, n, "u", session, from, from, fmt.Sprintf(`"role":"user","model":{"providerID":%q,"modelID":"glm-5.3"}`, provider)) +
		fmt.Sprintf(row, n, "a", session, from+1, from+900, fmt.Sprintf(`"role":"assistant","parentID":"msg_%du","modelID":"glm-5.3","providerID":%q,`+
			`"time":{"created":%d,"completed":%d},"tokens":{"input":10,"output":3,"reasoning":1,"cache":{"read":5,"write":0}}`, n, provider, from+1, from+900))
}

func TestImportFromTheDatabaseOfOpencode(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	path := filepath.Join(h.root, ".local", "share", "opencode", "opencode.db")
	h.must(os.MkdirAll(filepath.Dir(path), 0o700))
	db, err := sqlite3.Open(path)
	h.must(err)
	now := time.Now()
	h.must(db.Exec(opencodeTables+
		opencodeTurn(1, "ses_1", "zai-coding-plan", now.Add(-3*time.Hour))+
		opencodeTurn(2, "ses_2", "zai-coding-plan", now.Add(-2*time.Hour))+
		opencodeTurn(3, "ses_1", "zai", now.Add(-time.Hour))+
		opencodeTurn(4, "ses_1", "openrouter", now.Add(-time.Hour))), db.Close())
	h.imports(0, "left out: 1 prompt, 1 answer from openrouter", "opencode", "--dry-run")
	h.imports(0, "2 prompts in 1 session (2 recorded, 0 known already), 3 answers (3 recorded, 0 known already); paid by the token and kept apart: 1 prompt", "opencode")
	h.imports(0, "2 prompts in 1 session (0 recorded, 2 known already)", "opencode")

	h.keep("s-1", now)
	h.must(os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600))
	h.imports(1, "1 prompt in 1 session (1 recorded, 0 known already)", "all")
	h.imports(1, path, "all")
}

// heldRecord is a record that is taken away after so many calls.
type heldRecord struct {
	kept   []quota.Event
	calls  int
	failed error
	cancel func()
}

func (r *heldRecord) Events(context.Context, api.EventQuery) iter.Seq2[quota.Event, error] {
	return func(yield func(quota.Event, error) bool) {
		for _, e := range r.kept {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (r *heldRecord) Submit(ctx context.Context, events []quota.Event) ([]api.Result, error) {
	if r.calls--; r.calls < 0 {
		return nil, r.failed
	}
	if r.calls == 0 && r.cancel != nil {
		r.cancel()
	}
	results := make([]api.Result, len(events))
	for i, e := range events {
		results[i] = api.Result{ID: e.ID, Status: quota.Recorded}
	}
	return results, nil
}

// keptAnswers is a tool that has kept n answers, one a second.
func keptAnswers(n int) []*toolKept {
	k := &toolKept{name: "claude-code", title: "Claude Code", sources: 1, harvest: backfill.New("claude-code", backfill.Rules{Account: "default"})}
	for i := range n {
		k.harvest.Take(quota.Event{
			ID: fmt.Sprint("claude-code:usage:", i), Kind: quota.KindUsage, At: time.Unix(int64(1e9+i), 0), Tool: "claude-code",
			Model: "glm-5.3", Tokens: quota.Tokens{Output: 1}, Count: 1,
		}, "")
	}
	return []*toolKept{k}
}

// homeAt is an environment with nothing but a home.
func homeAt(dir string) func(string) string {
	return func(name string) string { return map[string]string{"HOME": dir}[name] }
}

// An import that breaks off says how far it came.
func TestImportThatBreaksOff(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(r *heldRecord, cancel func())
		says string
	}{
		{"by a key", func(r *heldRecord, cancel func()) { r.cancel = cancel }, "the import broke off after 1,000 of 2,500 events: it was interrupted"},
		{"with the record", func(r *heldRecord, _ func()) { r.failed = errors.New("no room") }, "the import broke off after 1,000 of 2,500 events: no room"},
		{"before it begins", func(_ *heldRecord, cancel func()) { cancel() }, "the import broke off after 0 events: it was interrupted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a := &app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, env: homeAt(t.TempDir()), now: time.Now}
			r := &heldRecord{calls: 1, kept: []quota.Event{{ID: "01A", Kind: quota.KindPrompt, Count: 1}}}
			c.set(r, cancel)
			imp := &toolsImport{app: a, tools: keptAnswers(2500)}
			err := imp.record(ctx, r)
			if err == nil || err.Error() != c.says {
				t.Errorf("%v", err)
			}
			if f := failureOf(err); f.code != exitFailed || !strings.Contains(f.hint, "run it again") {
				t.Errorf("code %d, hint %q", f.code, f.hint)
			}
		})
	}
}

// What is not taken is named, and spoils nothing else.
func TestImportOfWhatIsNotTaken(t *testing.T) {
	said := &bytes.Buffer{}
	a := &app{stdout: &bytes.Buffer{}, stderr: said, env: homeAt(t.TempDir()), now: func() time.Time { return time.Unix(2e9, 0).UTC() }}
	imp := &toolsImport{app: a, tools: keptAnswers(2)}
	if err := imp.record(t.Context(), &pickyRecord{}); err != nil {
		t.Fatal(err)
	}
	if want := "Claude Code, usage of 2001-09-09 01:46:41: too odd\n"; said.String() != want {
		t.Errorf("%q", said)
	}
	if err := imp.sum(); err == nil || !strings.Contains(err.Error(), "not all was taken: 1 event rejected") {
		t.Errorf("%v", err)
	}
}

// pickyRecord rejects every second event.
type pickyRecord struct{ heldRecord }

func (r *pickyRecord) Submit(_ context.Context, events []quota.Event) ([]api.Result, error) {
	results := make([]api.Result, len(events))
	for i, e := range events {
		results[i] = api.Result{ID: e.ID, Status: quota.Recorded}
		if i%2 == 1 {
			results[i].Status, results[i].Error = quota.Rejected, &api.Error{Message: "too odd"}
		}
	}
	return results, nil
}
