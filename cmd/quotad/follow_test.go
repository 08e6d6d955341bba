package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// The daemon reads what Claude Code writes, whatever becomes of the file, and
// charges each prompt by who answered it.
func TestTranscriptIsRead(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	s := h.session()
	s.turn("glm-4.7")
	s.answered(1)
	if got := h.get("/v1/status"); !strings.Contains(got, `"used":1,`) {
		t.Errorf("a prompt of the cheaper model: %s", got)
	}
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
	if got := h.get("/v1/status"); !strings.Contains(got, `"used":4,`) {
		t.Errorf("four of them: %s", got)
	}
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
