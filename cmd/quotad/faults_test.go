package main

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"quotad/daemon/api"
	"quotad/quota"
)

// A daemon that cannot start ends at once with an error that says why, and what
// was there stays as it was.
func TestDaemonThatCannotStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(h *daemonHome) (args []string)
		says []string
	}{
		{"the socket's path is too long", func(h *daemonHome) []string {
			return []string{"--socket", filepath.Join(h.root, strings.Repeat("s", 100))}
		}, []string{"at most 107", "--socket"}},
		{"something else is at the socket's path", func(h *daemonHome) []string {
			return []string{"--socket", h.config}
		}, []string{"is no socket"}},
		{"the socket's folder is a symbolic link", func(h *daemonHome) []string {
			h.must(os.Symlink(h.root, filepath.Join(h.runtime, "quotad")))
			return nil
		}, []string{"symbolic link"}},
		{"others may write to the socket's folder", func(h *daemonHome) []string {
			dir := filepath.Join(h.runtime, "sockets")
			h.must(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777))
			return []string{"--socket", filepath.Join(dir, "q.sock")}
		}, []string{"others may write", "chmod 700"}},
		{"the state folder is a file", func(h *daemonHome) []string {
			h.must(os.WriteFile(h.state, nil, 0o600))
			return nil
		}, []string{"/state", "not a directory"}},
		{"the state folder cannot be made", func(h *daemonHome) []string {
			return []string{"--state-dir", "/proc/quotad"}
		}, []string{"/proc/quotad", "--state-dir"}},
		{"the state folder is a symbolic link to nothing", func(h *daemonHome) []string {
			h.must(os.Symlink(filepath.Join(h.root, "nothing"), h.state))
			return nil
		}, []string{"/state"}},
		{"the state folder cannot be written", func(h *daemonHome) []string {
			h.must(os.Mkdir(h.state, 0o500))
			h.readOnly(h.state)
			return nil
		}, []string{"/state", "--state-dir"}},
		{"the state folder is another user's", func(h *daemonHome) []string {
			h.asRoot()
			h.must(os.Mkdir(h.state, 0o700), os.Chown(h.state, 65534, 65534))
			return nil
		}, []string{"belongs to the user 65534", "--state-dir"}},
		{"others may write to the state folder", func(h *daemonHome) []string {
			h.must(os.Mkdir(h.state, 0o700), os.Chmod(h.state, 0o777))
			return nil
		}, []string{"others may write", "chmod 700"}},
		{"the database is a symbolic link", func(h *daemonHome) []string {
			h.must(os.Mkdir(h.state, 0o700), os.Symlink(h.config, h.database()))
			return nil
		}, []string{"quotad.db is not a plain file"}},
		{"the database is of a newer quotad", func(h *daemonHome) []string {
			h.start().stop()
			h.must(newerSchema(h.database()))
			return nil
		}, []string{"newer", "schema 99", "restore"}},
		{"the configuration is wrong", func(h *daemonHome) []string {
			h.configure("[notify]\n  thresholds = [75, \"x\"]\n")
			return nil
		}, []string{"config.toml:2:", "thresholds", "quotad config check"}},
		{"the configuration that was named is not there", func(h *daemonHome) []string {
			return []string{"--config", filepath.Join(h.root, "none.toml")}
		}, []string{"none.toml", "--config"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newDaemonHome(t)
			args := c.set(h)
			before, _ := os.ReadFile(h.database())
			p := h.launch(args...)
			if code := p.end(stopLimit); code != 1 {
				t.Errorf("it ended with %d", code)
			}
			said := p.said.String()
			for _, want := range append(c.says, "quotad: error: ") {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q:\n%s", want, said)
				}
			}
			if strings.Contains(said, "ready") {
				t.Errorf("it was ready:\n%s", said)
			}
			if after, _ := os.ReadFile(h.database()); before != nil && string(after) != string(before) {
				t.Error("the database was changed")
			}
		})
	}
}

func (h *daemonHome) must(errs ...error) {
	h.t.Helper()
	if err := firstOf(errs...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *daemonHome) asRoot() {
	h.t.Helper()
	if os.Getuid() != 0 {
		h.t.Skip("only root can give files to others")
	}
}

// readOnly keeps even root from writing to a folder.
func (h *daemonHome) readOnly(dir string) {
	h.t.Helper()
	if os.Getuid() == 0 {
		mountSmall(h.t, dir, unix.MS_RDONLY, 1<<20)
	}
}

// newerSchema makes a database claim that it is of a quotad to come.
func newerSchema(path string) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	key, body := []byte("schema"), binary.AppendUvarint(nil, 99)
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(crc32.Update(1, castagnoli, key), castagnoli, body) // 1: the table's number
	return db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put(key, binary.LittleEndian.AppendUint32(body, sum))
	})
}

// A state folder that is a link to one of ours is used as if it were that.
func TestStateFolderIsALink(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	real := filepath.Join(h.root, "elsewhere")
	h.must(os.Mkdir(real, 0o700), os.Symlink(real, h.state))
	h.start()
	h.post(prompts("a", 1)...).accepted(t)
	if _, err := os.Stat(filepath.Join(real, "quotad.db")); err != nil {
		t.Error(err)
	}
}

func TestSecondDaemon(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	h.start()
	for _, c := range []struct {
		name, says string
		args       []string
	}{
		{"of the same home", "is in use by process ", nil},
		{"with a socket of its own", "is in use by process ", []string{"--socket", filepath.Join(h.root, "2.sock")}},
		{"with a state folder of its own", "answers at " + h.socket + " already", []string{"--state-dir", filepath.Join(h.root, "2")}},
	} {
		second := h.launch(c.args...)
		if code := second.end(stopLimit); code != 1 || !strings.Contains(second.said.String(), c.says) {
			t.Errorf("a second daemon %s ended with %d:\n%s", c.name, code, second.said)
		}
		h.post(prompts(c.name, 1)...).accepted(t)
	}
}

// What a daemon that was killed left of its socket is no hindrance, and neither
// is a pid in a lock that nobody holds.
func TestStaleSocket(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	h.start().kill()
	if _, err := os.Lstat(h.socket); err != nil {
		t.Fatal("killing took the socket away: there is nothing to test")
	}
	p := h.start()
	if info, err := os.Lstat(h.socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", info.Mode(), err)
	}
	p.stop()
	if _, err := os.Lstat(h.socket); err == nil {
		t.Error("a good end leaves the socket behind")
	}
}

// A socket that is taken away, as logind does at the last logout, or is
// another's by now, is not touched at the end.
func TestSocketOfAnotherStays(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	h.must(os.Remove(h.socket))
	other, err := net.Listen("unix", h.socket)
	h.must(err)
	defer other.Close()
	p.stop()
	if _, err := os.Lstat(h.socket); err != nil {
		t.Errorf("the other's socket is gone: %v", err)
	}
}

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
	left := []string{"README", "20260101T000000.004Z-folder.json", "20260101T000000.005Z-link.json"}
	h.must(os.WriteFile(filepath.Join(dir, left[0]), nil, 0o600), os.Mkdir(filepath.Join(dir, left[1]), 0o700),
		os.Symlink(h.config, filepath.Join(dir, left[2])))

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
	for field, text := range map[string]string{
		"at":    `{"at":"2100-01-01T00:00:00Z"}`,
		"id":    `{"id":"` + strings.Repeat("i", 201) + `"}`,
		"count": `{"count":0}`,
		"kind":  `{"kind":"what"}`,
	} {
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
