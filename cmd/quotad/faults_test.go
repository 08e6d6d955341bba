package main

import (
	"encoding/binary"
	"hash/crc32"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
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

// Of many daemons that start at once one serves, and the others end.
func TestManyDaemonsAtOnce(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	var all []*process
	for range 8 {
		all = append(all, h.launch())
	}
	running := func() (n int) {
		for _, p := range all {
			select {
			case <-p.ended:
			default:
				n++
			}
		}
		return n
	}
	eventually(t, startLimit, "all but one end", func() bool { return running() <= 1 })
	h.post(prompts("one", 1)...).accepted(t)
	for _, p := range all {
		if said := p.said.String(); strings.Contains(said, "ready") == strings.Contains(said, "is in use by process ") {
			t.Errorf("one says:\n%s", said)
		}
	}
	if running() != 1 {
		t.Errorf("%d are running", running())
	}
}

// However open the user's umask is: folders are 0700, files and the socket 0600.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	run := h.command("run")
	run.Path, run.Args = "/bin/sh", []string{"sh", "-c", `umask 0; exec "$0" run`, h.program("quotad")}
	p := h.launched(run)
	h.ready(p)
	h.post(prompts("a", 1)...).accepted(t)
	h.backup()
	h.spool(prompts("b", 1)...)
	h.must(os.WriteFile(filepath.Join(h.state, "spool", "20260101T000000.000Z-bad.json"), nil, 0o600))
	eventually(t, startLimit, "the spool is drained", func() bool { return len(h.spooled()) == 0 })
	for _, top := range []string{h.state, filepath.Dir(h.socket)} {
		h.must(filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if err == nil && info.Mode().Perm() != want {
				t.Errorf("%s has the mode %v", path, info.Mode())
			}
			return err
		}))
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
