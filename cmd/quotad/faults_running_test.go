package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

func TestReload(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	acked := prompts("a", 50)
	h.post(acked...).accepted(t)
	p.reload("took the configuration", 1)

	h.configure(strings.NewReplacer(`"lab/load"`, `"lab/other"`, "off_peak = 2.0", "off_peak = 7.0", "peak = 3.0", "peak = 5.0").Replace(loadConfig))
	p.reload("took the configuration", 2)
	if got := h.get("/v1/status"); !strings.Contains(got, `"id":"lab/other"`) {
		t.Errorf("the plan is the old one: %.300s", got)
	}
	h.checkCounters() // 50 prompts at the new weight

	good := loadConfig
	for _, c := range []struct{ text, says string }{
		{"[account.default]\nplan = \"v9/none\"\n", "config.toml:2:8: "},
		{"[account.default]\nplan = \"v2/pro\"\nplam = 1\n", "config.toml:3:1: "},
		{"[notify]\nthresholds = 75\n", "config.toml:2:14: "},
		{"what = [", "config.toml:1:"},
	} {
		h.configure(c.text)
		before := strings.Count(p.said.String(), "the old one goes on")
		p.reload("the old one goes on", before+1)
		if !strings.Contains(p.said.String(), c.says) {
			t.Errorf("%q: it does not say %s:\n%s", c.text, c.says, p.said)
		}
		if got := h.get("/v1/status"); !strings.Contains(got, `"id":"lab/other"`) {
			t.Errorf("the plan is not the old one any more: %.300s", got)
		}
	}
	h.must(os.Remove(h.config))
	p.reload("the old one goes on", 5)
	h.configure(good)
	p.reload("took the configuration", 3)
	if lost := h.lost(acked); len(lost) > 0 {
		t.Error(lost)
	}
	h.checkCounters()
	h.verify()
}

// Where notices go, and whether the provider is asked, is as the configuration
// has it now.
func TestReloadTakesUpNoticesAndTheProvider(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	var asked atomic.Int32
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer provider.Close()
	key := filepath.Join(h.root, "key")
	h.must(os.WriteFile(key, []byte(scriptKey), 0o600))
	p := h.start()
	stop := func(window string) {
		h.post(quota.Event{ID: "stop-" + window, Kind: quota.KindExhausted, Window: window}.Fill(time.Now())).accepted(t)
	}
	told := filepath.Join(h.root, "told")
	h.configure(strings.Replace(loadConfig, "desktop = false", fmt.Sprintf("desktop = false\ncommand = [\"/bin/sh\", \"-c\", \"cat >>%s\"]", told), 1) +
		fmt.Sprintf("[account.default.provider]\nenabled = true\nbase_url = %q\nkey_file = %q\n", provider.URL, key))
	p.reload("took the configuration", 1)
	stop("5h")
	heard := func() string { text, _ := os.ReadFile(told); return string(text) }
	eventually(t, startLimit, "the new command is told", func() bool { return strings.Contains(heard(), `"notice":"exhausted"`) })
	eventually(t, startLimit, "the provider is asked", func() bool { return asked.Load() > 0 })

	h.configure(loadConfig)
	p.reload("took the configuration", 2)
	before := heard()
	stop("week")
	eventually(t, startLimit, "the second stop is a notice", func() bool {
		list := h.get("/v1/notices")
		return strings.Count(list, `"notice":"exhausted"`) == 2 && !strings.Contains(list, `"pending"`)
	})
	if now := heard(); now != before {
		t.Errorf("the old command was told: %s", now[len(before):])
	}
}

// A spool holds what hooks told while nobody answered. What is good is taken
// once, the rest is set aside with the reason, and what is not ours stays.
func TestSpool(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	known := prompts("known", 3)
	h.post(known...).accepted(t)
	p.stop()

	dir := filepath.Join(h.state, "spool")
	fresh := prompts("fresh", 20)
	h.spool(append(fresh, known...)...)
	bad := map[string]string{
		"20260101T000000.000Z-notjson.json": "{",
		"20260101T000000.001Z-future.json":  string(api.EncodeEvent(promptAt("future", time.Now().Add(time.Hour)))),
		"20260101T000000.002Z-large.json":   strings.Repeat("x", 1<<20+1),
		"20260101T000000.003Z-empty.json":   "",
	}
	for name, text := range bad {
		h.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	folder, link := "20260101T000000.004Z-folder.json", "20260101T000000.005Z-link.json"
	h.must(os.Mkdir(filepath.Join(dir, folder), 0o700), os.Symlink(h.config, filepath.Join(dir, link)))
	bad[folder], bad[link] = "", ""
	left := []string{"README"}
	h.must(os.WriteFile(filepath.Join(dir, left[0]), nil, 0o600))

	h.start()
	settled := func() bool {
		entries, _ := os.ReadDir(dir)
		return len(entries) == len(left)+1 // and the folder bad
	}
	eventually(t, 5*time.Second, "the spool of the time it was down is drained", settled)
	for name := range bad {
		if reason, err := os.ReadFile(filepath.Join(dir, "bad", name+".reason")); err != nil || len(reason) < 5 {
			t.Errorf("%s is not set aside with a reason: %q %v", name, reason, err)
		}
	}
	more := prompts("more", 20)
	h.spool(append(more, fresh...)...)
	eventually(t, 5*time.Second, "what comes while it runs is drained", settled)
	h.must(os.RemoveAll(dir))
	last := prompts("last", 2)
	h.spool(last...)
	eventually(t, 5*time.Second, "what comes to a spool made anew is drained", func() bool { return len(h.spooled()) == 0 })
	if lost := h.lost(slices.Concat(known, fresh, more, last)); len(lost) > 0 || len(h.events()) != 45 {
		t.Errorf("of %d events: %v", len(h.events()), lost)
	}
	h.checkCounters()
}

// What cannot be stored stays in the spool, and is taken in soon after there is
// room again.
func TestSpoolOnAFullDisk(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	limitFiles(t, p, 1<<16)
	acked := []quota.Event{}
	h.postUntilRefused(&acked)
	events := prompts("spooled", 200)
	h.spool(events...)
	time.Sleep(200 * time.Millisecond) // it has seen them
	if n := len(h.spooled()); n == 0 {
		t.Fatal("they were taken: there is nothing to test")
	}
	limitFiles(t, p, 1<<40)
	eventually(t, 5*time.Second, "the spool is drained", func() bool { return len(h.spooled()) == 0 })
	if lost := h.lost(append(acked, events...)); len(lost) > 0 {
		t.Error(lost)
	}
	if n := strings.Count(p.said.String(), "the spool is not drained"); n > 10 {
		t.Errorf("it complained of that %d times", n)
	}
}

// spool leaves events as hooks do.
func (h *daemonHome) spool(events ...quota.Event) {
	h.t.Helper()
	for _, e := range events {
		h.must((api.Spool{Dir: filepath.Join(h.state, "spool")}).Write(e.ID, api.EncodeEvent(e)))
	}
}

func (h *daemonHome) spooled() []string {
	files, _ := filepath.Glob(filepath.Join(h.state, "spool", "*.json"))
	return files
}

// What a single bad event is told, and that it leaves no trace.
func TestBadEventLeavesNoTrace(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	h.start()
	bad := map[string]string{
		"at":    `{"at":"2100-01-01T00:00:00Z"}`,
		"id":    `{"id":"` + strings.Repeat("i", 201) + `"}`,
		"count": `{"count":0}`,
		"kind":  `{"kind":"what"}`,
	}
	for _, name := range []string{"tool", "session", "project", "model", "turn", "name", "endpoint", "transcript"} {
		bad[name] = fmt.Sprintf(`{"kind":"tool",%q:%q}`, name, strings.Repeat("n", 1<<20))
	}
	for field, text := range bad {
		a, err := callDaemon(h.client, http.MethodPost, "/v1/events", object, strings.NewReader(text))
		h.must(err)
		if e := a.complaint(t, http.StatusBadRequest); e.Field != field || e.Code != api.Invalid {
			t.Errorf("%.50s: %+v", text, e)
		}
	}
	if list := h.events(); len(list) != 0 {
		t.Errorf("recorded: %v", list)
	}
}
