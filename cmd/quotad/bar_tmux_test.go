package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// tmuxServer is a real tmux with a socket of its own, and a second one in its
// only window, whose status line can be looked at as a terminal gets it.
type tmuxServer struct {
	t   *testing.T
	dir string
}

func newTmux(t *testing.T) tmuxServer {
	t.Helper()
	needed(t, "tmux")
	dir, err := os.MkdirTemp("/tmp", "q") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	s := tmuxServer{t, dir}
	t.Cleanup(func() {
		s.command("inner", "kill-server").Run()
		s.command("outer", "kill-server").Run()
		os.RemoveAll(dir)
	})
	s.run("outer", "new-session", "-d", "-x", "200", "-y", "5", "env -u TMUX tmux -S "+filepath.Join(dir, "inner")+" -f /dev/null new-session 'sleep 600'")
	eventually(t, startLimit, "the inner tmux answers", func() bool { return s.command("inner", "has-session").Run() == nil })
	s.run("inner", "set-option", "-g", "status-right-length", "120")
	return s
}

func (s tmuxServer) command(server string, args ...string) *exec.Cmd {
	c := exec.Command("tmux", append([]string{"-S", filepath.Join(s.dir, server), "-f", "/dev/null"}, args...)...)
	c.Env = []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TERM=xterm-256color", "SHELL=/bin/sh"}
	return c
}

func (s tmuxServer) run(server string, args ...string) string {
	s.t.Helper()
	out, err := s.command(server, args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// shows is the status line of a tmux whose right side is what a program prints,
// with its colours. The program is not waited for: it is there once the line says mark.
func (s tmuxServer) shows(name, output, mark string) (line string) {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, []byte(output), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.run("inner", "set-option", "-g", "status-right", "#(cat "+file+")")
	eventually(s.t, startLimit, "tmux shows "+output, func() bool {
		screen := strings.TrimRight(s.run("outer", "capture-pane", "-p", "-e"), "\n")
		line = screen[strings.LastIndex(screen, "\n")+1:]
		return strings.Contains(line, mark)
	})
	return line
}

func TestTmuxShowsNamesAsTheyAre(t *testing.T) {
	s := newTmux(t)
	for i, name := range []string{"#{session_name}", "#(echo ran)", "a#b", "#S", "a#[fg=blue]b", "%d %H", "}x,"} {
		reset := time.Duration(i+1) * time.Minute // tells the lines apart
		st := low(pro(window(name, quota.Fixed, 80, 100, in(reset))))
		st.Binding = name
		mark := fmt.Sprintf("resets 06:%d", 30+i+1)
		got := s.shows(fmt.Sprint("out", i), drawTmux(glanced(st)), mark)
		if want := "GLM " + name + " ~80 %, " + mark; !strings.Contains(unescaped(got), want) {
			t.Errorf("tmux shows %q, want %q", unescaped(got), want)
		}
		if !strings.Contains(got, "43m") || strings.Contains(got, "34m") {
			t.Errorf("%s: not black on yellow: %q", name, got)
		}
	}
}

func TestTmuxColours(t *testing.T) {
	s := newTmux(t)
	ok := pro(window("5h", quota.Fixed, 37, 400, in(time.Hour)))
	full := blocked(pro(window("5h", quota.Fixed, 400, 400, in(72*time.Minute))), in(72*time.Minute))
	got := s.shows("two", drawTmux(glanced(ok, other("work", full))), "07:42")
	if want := "GLM default 5h ~9 %, resets 07:30 | work no room until 07:42"; !strings.Contains(unescaped(got), want) {
		t.Errorf("tmux shows %q, want %q", unescaped(got), want)
	}
	before, after, _ := strings.Cut(got, "GLM")
	if strings.Contains(before, "41m") || !strings.Contains(after, "41m") {
		t.Errorf("the account without room alone is on red: %q", got)
	}
	if got = s.shows("away", drawTmux(absent()), "no daemon"); !strings.Contains(unescaped(got), "quotad: no daemon") {
		t.Errorf("tmux shows %q", got)
	}
}
