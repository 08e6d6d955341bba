package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"quotad/daemon/hook"
	"quotad/notify"
	"quotad/quota"
)

// refusing is a status by which the provider serves no prompt until an instant.
func refusing(t *testing.T, now, until time.Time) string {
	t.Helper()
	text, err := json.Marshal(quota.Statuses{Schema: quota.Schema, Now: now, Accounts: []quota.Status{{
		Account: quota.DefaultAccount, State: quota.StateExhausted, BlockedUntil: &until,
		Windows: []quota.WindowStatus{{
			Window: quota.WindowFive, Kind: quota.Fixed, Counts: quota.CountPrompts, State: quota.PhaseExhausted,
			ResetsAt: &until, Stopped: true, Crossed: 100,
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHookHoldsAPromptBack(t *testing.T) {
	now := time.Now()
	until := now.Add(48 * time.Hour) // the words for it are those of another day, whatever the time is
	want := fmt.Sprintf(`{"decision":"block","hookSpecificOutput":{"hookEventName":"UserPromptSubmit","suppressOriginalPrompt":true},`+
		`"reason":"GLM 5h: used up (the provider says so), full again on %s (to send it anyway: quotad notify snooze 10m)"}`,
		notify.Clock(until, now, time.UTC))
	patiently(t, func() bool {
		h := newHookHome(t)
		d := h.serve(t, http.StatusOK, atOnce())
		d.status = refusing(t, time.Now(), until)
		c := h.command(t, "claude-code", "--guard=block")
		c.Env = append(c.Env, "TZ=UTC")
		said := runSaying(t, c)
		if said != "" && said != want {
			t.Errorf("got %s\nwant %s", said, want)
		}
		h.holdsNo(t, "my-words", "my-key")
		got := d.got()
		return said == want && len(got) == 2 && got[0]["kind"] == "prompt" &&
			got[1]["kind"] == "void" && got[1]["voids"] == got[0]["id"] && len(h.spooled(t)) == 0
	})
}

// A tool that does not read holds up what the guard writes for it, as a disk
// that hangs holds up what goes there: the hook ends all the same.
func TestHookEndsThoughItsToolDoesNotRead(t *testing.T) {
	h := newHookHome(t)
	h.serve(t, http.StatusOK, atOnce()).status = refusing(t, time.Now(), time.Now().Add(48*time.Hour))
	c := h.command(t, "claude-code", "--guard=block")
	c.Stdout = fullPipe(t)
	begin := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(10*time.Second, func() { c.Process.Kill() })
	defer hung.Stop()
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > hook.Limit+hookMargin {
		t.Errorf("it took %v", took)
	}
}

// fullPipe is a pipe that takes no more, and that nobody reads.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	size, err := unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		t.Skipf("the size of a pipe cannot be told here: %v", err)
	}
	if _, err := w.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	return w
}

// Whatever is wrong with the daemon's word, the prompt passes in silence, and
// counts.
func TestHookLetsAPromptPass(t *testing.T) {
	until := time.Now().Add(48 * time.Hour)
	for what, status := range map[string]string{
		"it is old":              refusing(t, time.Now().Add(-time.Minute), until),
		"it is over":             refusing(t, time.Now(), time.Now().Add(-time.Minute)),
		"it is none":             "",
		"it is no JSON":          "<html>",
		"it breaks off":          refusing(t, time.Now(), until)[:200],
		"it is of another shape": `{"now":"soon","accounts":7}`,
		"it is endless":          fmt.Sprintf(`{"pad":"%0100000d"}`, 0),
	} {
		t.Run(what, func(t *testing.T) {
			h := newHookHome(t)
			d := h.serve(t, http.StatusOK, atOnce())
			d.status = status
			runQuietlyWarned(t, h, what == "it is over")
			for _, e := range d.got() {
				if e["kind"] != "prompt" {
					t.Errorf("told of %v", e)
				}
			}
		})
	}
	t.Run("it does not come", func(t *testing.T) {
		h := newHookHome(t)
		hung := make(chan struct{})
		t.Cleanup(func() { close(hung) })
		h.serve(t, http.StatusOK, hung)
		runQuietly(t, h.command(t, "claude-code", "--guard=block"))
	})
	t.Run("nobody is there", func(t *testing.T) {
		runQuietly(t, newHookHome(t).command(t, "claude-code", "--guard=block"))
	})
}

// runQuietlyWarned runs a guarded hook that may warn, or may say nothing.
func runQuietlyWarned(t *testing.T, h hookHome, warns bool) {
	t.Helper()
	said := runSaying(t, h.command(t, "claude-code", "--guard=block"))
	if want := `{"systemMessage":"GLM 5h: used up (the provider says so)"}`; said != "" && (!warns || said != want) {
		t.Errorf("said %q", said)
	}
}
