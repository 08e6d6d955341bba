package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// person is somebody at a terminal, who has typed all answers ahead.
type person struct {
	*app
	out  bytes.Buffer // standard output, which is no terminal
	tty  *os.File
	seen chan string // what the terminal showed, once it is closed
}

// atTerminal gives an app a terminal of its own, and a home.
func atTerminal(t *testing.T, typed ...string) *person {
	t.Helper()
	hand, tty := openTerminal(t)
	home := t.TempDir()
	p := &person{tty: tty, seen: make(chan string, 1)}
	p.app = &app{
		stdin: tty, stdout: &p.out, stderr: tty, now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) },
		env: func(name string) string { return map[string]string{"HOME": home, "XDG_RUNTIME_DIR": home}[name] },
	}
	for i := range typed {
		typed[i] += "\n"
	}
	if _, err := io.WriteString(hand, strings.Join(typed, "")+"\x04"); err != nil { // ^D: no more comes
		t.Fatal(err)
	}
	go func() {
		text, _ := io.ReadAll(hand) // ends in EIO
		p.seen <- strings.ReplaceAll(string(text), "\r\n", "\n")
	}()
	return p
}

// screenText is what the terminal showed in all.
func (p *person) screenText() string {
	p.tty.Close()
	return <-p.seen
}

func (p *person) config(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.env("HOME"), ".config", "quotad", "config.toml"))
	if err != nil {
		return ""
	}
	return string(text)
}

// openTerminal makes a pseudo-terminal.
func openTerminal(t *testing.T) (hand, tty *os.File) {
	t.Helper()
	hand, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	n, err := unix.IoctlGetInt(int(hand.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(hand.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { tty.Close(); hand.Close() })
	return hand, tty
}

func TestConfirm(t *testing.T) {
	for _, c := range []struct {
		name      string
		typed     []string
		otherwise bool
		want      bool
	}{
		{"yes is yes", []string{"yes"}, false, true},
		{"a letter in capitals too", []string{"Y"}, false, true},
		{"no is no", []string{"n"}, true, false},
		{"nothing is the one that stands there", []string{""}, true, true},
		{"or the other one", []string{""}, false, false},
		{"what is neither is asked again", []string{"perhaps", "y"}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := atTerminal(t, c.typed...).confirm("Really?", c.otherwise)
			if err != nil || got != c.want {
				t.Errorf("got %t, %v", got, err)
			}
		})
	}
}

func TestEndOfInputIsNoAnswer(t *testing.T) {
	p := atTerminal(t, "perhaps")
	if ok, err := p.confirm("Really?", true); ok || err == nil {
		t.Errorf("got %t, %v", ok, err)
	}
}

func TestProgressLeavesNothingBehind(t *testing.T) {
	p := atTerminal(t)
	now := p.now()
	p.app.now = func() time.Time { now = now.Add(60 * time.Millisecond); return now }
	bar := p.progress("Checking")
	for i := range uint64(5) {
		bar.set(i, 4)
	}
	bar.end()
	bar.end()
	got := p.screenText()
	if !strings.Contains(got, "Checking: 0 % (0 of 4)") || !strings.HasSuffix(got, "\r\x1b[K") || strings.Count(got, "\x1b[K\x1b[K") > 0 {
		t.Errorf("showed %q", got)
	}
	if n := strings.Count(got, "Checking"); n >= 5 {
		t.Errorf("drawn %d times within 300 ms", n)
	}
}

func TestProgressIsSilentWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	bar := (&app{stderr: &out, now: time.Now}).progress("Checking")
	bar.set(1, 2)
	bar.end()
	if out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
}
