package main

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// wrapBy is when the user's own status line has to be there, from the start.
	wrapBy = time.Second
	// wrapGrace is how long a command that has ended may keep its output open by
	// what it left behind.
	wrapGrace = 50 * time.Millisecond
	// longestWrap is how much is taken of what it prints.
	longestWrap = 64 << 10
	// longestTape is how much of the input is kept for it.
	longestTape = 8 << 20
)

// wrapped is the user's own status line command.
type wrapped struct {
	command string
	stdin   []byte
	by      time.Time
}

// run gives what the command printed until it ended or its time was up, without
// the newline at its end. How it ended is its own affair.
func (w wrapped) run(ctx context.Context) string {
	ctx, cancel := context.WithDeadline(ctx, w.by)
	defer cancel()
	var out head
	c := exec.CommandContext(ctx, "sh", "-c", w.command)
	c.Stdin, c.Stdout = bytes.NewReader(w.stdin), &out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) } // and all that it started
	c.WaitDelay = wrapGrace
	_ = c.Run()
	return strings.TrimRight(string(out.kept), "\r\n")
}

// head keeps the beginning of what is written to it.
type head struct{ kept []byte }

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), longestWrap-len(h.kept))]...)
	return len(p), nil
}

// tape keeps what is read through it, so that another can read it again.
type tape struct {
	r    io.Reader
	mu   sync.Mutex
	kept []byte
}

func (t *tape) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[:min(n, longestTape-len(t.kept))]...)
	return n, err
}

func (t *tape) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.kept)
}

// beside puts our line at the end of the first of theirs where there is room,
// and else below the last.
func beside(theirs string, ours segment) string {
	width := ours.screen.width
	switch {
	case ours.glance == nil:
		return theirs
	case theirs == "":
		return ours.within(width)
	}
	first, rest, several := strings.Cut(theirs, "\n")
	text, ok := ours.longest(width - shownCells(first) - cells(between))
	if !ok {
		return theirs + endColours(theirs) + "\n" + ours.within(width)
	}
	first = strings.TrimRight(first, "\r") + endColours(first) + between + text
	if several {
		return first + "\n" + rest
	}
	return first
}

// endColours ends what colours a text may have left open.
func endColours(text string) string {
	if strings.Contains(text, "\x1b[") {
		return "\x1b[0m"
	}
	return ""
}

// shownCells is how many columns a text takes whose escape sequences (colours,
// links) take none.
func shownCells(text string) int { return cells(unescaped(text)) }

// unescaped is a text without its escape sequences and other control characters.
func unescaped(text string) string {
	sequences := regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|[\x00-\x1f\x7f]`)
	return sequences.ReplaceAllString(text, "")
}
