package api

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestListenMakesAPrivateSocket(t *testing.T) {
	path := filepath.Join(shortDir(t), "a", "quotad", "quotad.sock")
	ln, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]os.FileMode{path: os.ModeSocket | 0o600, filepath.Dir(path): os.ModeDir | 0o700} {
		if info, err := os.Lstat(p); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, want %v (%v)", p, info.Mode(), want, err)
		}
	}
	ln.Close()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket was left behind")
	}
}

func TestListenTightensItsOwnFolder(t *testing.T) {
	dir := filepath.Join(shortDir(t), "quotad")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ln, err := Listen(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestListenTakesAStaleSocketAway(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	ln, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
}

func TestCloseLeavesTheSocketOfAnother(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	second, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	first.Close()
	if c, err := net.Dial("unix", path); err != nil {
		t.Error("the second's socket was taken away by the first")
	} else {
		c.Close()
	}
}

func TestListenRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		path  func(t *testing.T, dir string) string
		words string
	}{
		{"a path that is too long", func(t *testing.T, dir string) string { return filepath.Join(dir, strings.Repeat("x", 100)) }, "at most 107"},
		{"where a daemon answers", func(t *testing.T, dir string) string {
			ln, err := Listen(filepath.Join(dir, "s"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { ln.Close() })
			return filepath.Join(dir, "s")
		}, "answers at"},
		{"a file that is no socket", func(t *testing.T, dir string) string {
			return write(t, filepath.Join(dir, "s"))
		}, "is no socket"},
		{"a symbolic link to a socket", func(t *testing.T, dir string) string {
			must(t, os.Symlink("/nowhere", filepath.Join(dir, "s")))
			return filepath.Join(dir, "s")
		}, "is no socket"},
		{"a folder that is a symbolic link", func(t *testing.T, dir string) string {
			must(t, os.Symlink(dir, filepath.Join(dir, "link")))
			return filepath.Join(dir, "link", "s")
		}, "symbolic link"},
		{"a folder that everybody may write to", func(t *testing.T, dir string) string {
			must(t, os.Chmod(dir, 0o777))
			return filepath.Join(dir, "s")
		}, "chmod 700"},
		{"a folder that cannot be made", func(t *testing.T, dir string) string {
			return filepath.Join(write(t, filepath.Join(dir, "file")), "s")
		}, "cannot make"},
		{"a folder of another user", func(t *testing.T, dir string) string {
			onlyRoot(t)
			must(t, os.Chown(dir, 12345, -1))
			return filepath.Join(dir, "s")
		}, "belongs to another user (uid 12345)"},
		{"a socket of another user", func(t *testing.T, dir string) string {
			onlyRoot(t)
			ln, err := net.Listen("unix", filepath.Join(dir, "s"))
			must(t, err)
			t.Cleanup(func() { ln.Close() })
			must(t, os.Chown(filepath.Join(dir, "s"), 12345, -1))
			return filepath.Join(dir, "s")
		}, "belongs to another user (uid 12345)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ln, err := Listen(c.path(t, shortDir(t)))
			if err == nil {
				ln.Close()
				t.Fatal("taken")
			}
			if !strings.Contains(err.Error(), c.words) {
				t.Error(err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string) string {
	t.Helper()
	must(t, os.WriteFile(path, nil, 0o600))
	return path
}

func onlyRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
}

func TestActivatedWithoutSystemd(t *testing.T) {
	t.Setenv("LISTEN_FDS", "")
	if _, ok, err := Activated(); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// TestActivated passes sockets to a child, as systemd does, and asks there.
func TestActivated(t *testing.T) {
	if names := os.Getenv("QUOTAD_TEST_ACTIVATED"); names != "" {
		activatedChild()
		return
	}
	for _, c := range []struct {
		name, names string
		networks    []string
		want        string
	}{
		{"the socket of our name", "quotad", []string{"unix"}, "unix"},
		{"a socket of another name, alone", "quotad.socket", []string{"unix"}, "unix"},
		{"ours among others", "web:quotad", []string{"tcp", "unix"}, "unix"},
		{"none of ours among others", "web:mail", []string{"unix", "unix"}, "FileDescriptorName=quotad"},
		{"two of ours", "quotad:quotad", []string{"unix", "unix"}, "FileDescriptorName=quotad"},
		{"a port", "quotad", []string{"tcp"}, "a Unix socket was expected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^TestActivated$'`, os.Args[0])
			cmd.Env = append(os.Environ(), "QUOTAD_TEST_ACTIVATED=1", "LISTEN_FDNAMES="+c.names)
			dir := shortDir(t)
			for i, network := range c.networks {
				f := listenFile(t, network, filepath.Join(dir, string(rune('a'+i))))
				cmd.ExtraFiles = append(cmd.ExtraFiles, f)
			}
			cmd.Env = append(cmd.Env, "LISTEN_FDS="+string(rune('0'+len(c.networks))))
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "got: ") || !strings.Contains(string(out), c.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func activatedChild() {
	ln, ok, err := Activated()
	switch {
	case err != nil:
		os.Stdout.WriteString("got: " + err.Error() + "\n")
	case !ok:
		os.Stdout.WriteString("got: nothing\n")
	default:
		path := ln.Addr().String()
		ln.Close()
		if _, err := os.Lstat(path); err != nil {
			os.Stdout.WriteString("got: a socket whose file went with it\n")
			return
		}
		os.Stdout.WriteString("got: " + ln.Addr().Network() + "\n")
	}
}

func listenFile(t *testing.T, network, path string) *os.File {
	t.Helper()
	var f *os.File
	if network == "tcp" {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		t.Cleanup(func() { ln.Close() })
		f, err = ln.(*net.TCPListener).File()
		must(t, err)
	} else {
		ln, err := net.Listen("unix", path)
		must(t, err)
		t.Cleanup(func() { ln.Close() })
		f, err = ln.(*net.UnixListener).File()
		must(t, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
