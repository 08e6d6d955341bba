package hook

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

const refusal = `{"decision":"block","hookSpecificOutput":{"hookEventName":"UserPromptSubmit","suppressOriginalPrompt":true},` +
	`"reason":"GLM 5h: used up (the provider says so), full again at T (to send it anyway: quotad notify snooze 10m)"}`

// guarded is a guarded call on a stage, and what came of it: what the tool reads, and the kinds of
// events the daemon got.
type guarded struct {
	*stage
	out   bytes.Buffer
	kinds []string
	all   quota.Statuses // what the daemon answers
}

func newGuarded(t *testing.T, tool, input string) *guarded {
	g := &guarded{stage: newStage(t, strings.NewReader(input))}
	g.all = statusOf(windowAt(105, stopped))
	g.all.Now = time.Now()
	end := time.Now().Add(time.Hour)
	g.all.Accounts[0].BlockedUntil, g.all.Accounts[0].Windows[0].ResetsAt = &end, &end
	g.call.Tool, g.call.ReadFile = tool, around(nil).ReadFile
	g.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
		return api.Receipt{Delivery: g.take(t, line)}, nil
	}
	g.call.Sentry = Sentry{
		Guard:  GuardBlock,
		Status: func(string, time.Time) (quota.Statuses, error) { return g.all, nil },
		Warned: Warned{Dirs: []string{t.TempDir()}},
		Clock:  func(time.Time) string { return "at T" },
		Stdout: &g.out,
	}
	return g
}

func (g *guarded) take(t *testing.T, line []byte) api.Delivery {
	e, err := api.DecodeEvent(line, g.call.Start)
	if err != nil {
		t.Error(err)
	}
	if e.Kind == quota.KindVoid && e.Voids != g.posted[0] {
		t.Errorf("%s is taken out, and %s was told of", e.Voids, g.posted[0])
	}
	g.posted, g.kinds = append(g.posted, e.ID), append(g.kinds, string(e.Kind))
	return api.Delivered
}

func TestGuardedCalls(t *testing.T) {
	cursorPrompt := `{"conversation_id":"c","generation_id":"g","model":"glm-4.7","hook_event_name":"beforeSubmitPrompt","cursor_version":"1"}`
	low := func(g *guarded) { w := &g.all.Accounts[0].Windows[0]; *w = windowAt(92, nil) }
	for _, c := range []struct {
		what, tool, input string
		change            func(g *guarded)
		says, kinds       string
	}{
		{"a prompt that the provider would refuse", "claude-code", aPrompt, func(*guarded) {}, refusal, "prompt void"},
		{"to another tool, which has its own words", "cursor", cursorPrompt, func(*guarded) {},
			`{"continue":false,"user_message":"GLM 5h: used up (the provider says so), full again at T (to send it anyway: quotad notify snooze 10m)"}`, "prompt void"},
		{"to a tool that runs another's hook", "claude-code", cursorPrompt, func(*guarded) {},
			`{"continue":false,"user_message":"GLM 5h: used up (the provider says so), full again at T (to send it anyway: quotad notify snooze 10m)"}`, "prompt void"},
		{"to a tool that cannot be told", "goose", `{"event":"UserPromptSubmit","session_id":"s"}`, func(*guarded) {}, "", "prompt"},
		{"a warning", "claude-code", aPrompt, low, `{"systemMessage":"GLM 5h: about 92 % used, full again at T"}`, "prompt"},
		{"a warning to a tool that can only block", "cursor", cursorPrompt, low, "", "prompt"},
		{"without a guard", "claude-code", aPrompt, func(g *guarded) { g.call.Sentry = Sentry{} }, "", "prompt"},
		{"the guard is off for once", "claude-code", aPrompt, func(g *guarded) { g.call.Env = environ(map[string]string{"QUOTAD_NO_GUARD": "1"}) }, "", "prompt"},
		{"it is not off", "claude-code", aPrompt, func(g *guarded) { g.call.Env = environ(map[string]string{"QUOTAD_NO_GUARD": "0"}) }, refusal, "prompt void"},
		{"the end of a turn", "claude-code", `{"session_id":"s","hook_event_name":"Stop","transcript_path":"/t"}`, func(*guarded) {}, "", ""},
		{"a stop by the provider", "claude-code",
			`{"session_id":"s","hook_event_name":"StopFailure","error":"rate_limit","last_assistant_message":"Usage limit reached for 5 hour. Your limit will reset at 2000-01-01 12:29:10"}`,
			func(g *guarded) {}, "", "exhausted"},
		{"the daemon says nothing of it", "claude-code", aPrompt, func(g *guarded) {
			g.call.Sentry.Status = func(string, time.Time) (quota.Statuses, error) { return g.all, errors.New("no") }
		}, "", "prompt"},
		{"it panics", "claude-code", aPrompt, func(g *guarded) {
			g.call.Sentry.Status = func(string, time.Time) (quota.Statuses, error) { panic("broken") }
		}, "", "prompt"},
		{"the tool does not read", "claude-code", aPrompt, func(g *guarded) { g.call.Sentry.Stdout = closed{} }, "", "prompt"},
		{"nothing can be remembered", "claude-code", aPrompt, func(g *guarded) { low(g); g.call.Sentry.Warned = Warned{} }, "", "prompt"},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGuarded(t, c.tool, c.input)
				c.change(g)
				g.call.Run()
				if g.out.String() != c.says || strings.Join(g.kinds, " ") != c.kinds {
					t.Errorf("said %q, told of %q", g.out.String(), g.kinds)
				}
			})
		})
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

// What was not stored, or is not on the plan, is nobody's to guard.
func TestGuardedCallsByTheFate(t *testing.T) {
	for answer, says := range map[api.Delivery]string{api.Delivered: refusal, api.Apart: "", api.Refused: "", api.Undelivered: ""} {
		synctest.Test(t, func(t *testing.T) {
			g := newGuarded(t, "claude-code", aPrompt)
			g.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
				g.take(t, line)
				return api.Receipt{Delivery: answer}, nil
			}
			g.call.Run()
			if g.out.String() != says {
				t.Errorf("%v: said %q", answer, g.out.String())
			}
		})
	}
}

func TestGuardedCallsWarnOnce(t *testing.T) {
	dir := t.TempDir()
	for i, says := range []string{`{"systemMessage":"GLM 5h: about 92 % used, full again at T"}`, "", ""} {
		synctest.Test(t, func(t *testing.T) {
			g := newGuarded(t, "claude-code", aPrompt)
			g.all.Accounts[0].Windows[0] = windowAt(92, nil)
			g.call.Sentry.Guard, g.call.Sentry.Warned = GuardWarn, Warned{Dirs: []string{dir}}
			g.call.Run()
			if g.out.String() != says {
				t.Errorf("prompt %d: said %q", i, g.out.String())
			}
		})
	}
}

// A daemon that is late about the status lets the prompt pass; a call that was
// late itself waits for it no longer.
func TestGuardedCallsThatAreLate(t *testing.T) {
	for _, c := range []struct {
		what             string
		stored, answered time.Duration
		says             string
		took             time.Duration
	}{
		{"just in time", 0, guardBy, refusal, guardBy},
		{"a moment later", 0, guardBy + 1, "", guardBy + 1},
		{"never, but for the deadline", 0, time.Hour, "", guardBy + 1},
		{"after an event that was stored late", 60 * time.Millisecond, 60 * time.Millisecond, refusal, 120 * time.Millisecond},
		{"after one that was stored too late", ackBy - 1, time.Hour, "", ackBy - 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGuarded(t, "claude-code", aPrompt)
				g.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
					if len(g.posted) == 0 {
						time.Sleep(c.stored)
					}
					return api.Receipt{Delivery: g.take(t, line)}, nil
				}
				g.call.Sentry.Status = func(_ string, deadline time.Time) (quota.Statuses, error) {
					time.Sleep(min(c.answered, max(time.Until(deadline)+1, 0)))
					g.all.Now = time.Now()
					return g.all, nil
				}
				g.call.Run()
				if took := time.Since(g.call.Start); g.out.String() != c.says || took != c.took || took > Limit {
					t.Errorf("said %q after %v", g.out.String(), took)
				}
			})
		})
	}
}

// A prompt that is held back and cannot be taken out at once is taken out later.
func TestWhatTheGuardTakesOutIsSpooledToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(t, "claude-code", aPrompt)
		g.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
			if g.take(t, line); len(g.posted) > 1 {
				return api.Receipt{}, nil
			}
			return api.Receipt{Delivery: api.Delivered}, nil
		}
		g.call.Run()
		if len(g.spooled) != 1 || g.spooled[0] != "void:"+g.posted[0] {
			t.Errorf("posted %q, spooled %q", g.posted, g.spooled)
		}
	})
}
