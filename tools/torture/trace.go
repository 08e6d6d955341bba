package main

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// tracedCalls are what changes files, makes that durable, or answers a client.
const tracedCalls = "openat,close,lseek,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate," +
	"copy_file_range,sendfile,splice,fsync,fdatasync,sync_file_range,renameat,renameat2,rename,linkat,link," +
	"unlinkat,unlink,mkdirat,mkdir,dup,dup3,exit_group"

// call is one system call as strace wrote it down.
type call struct {
	name     string
	args     []string // strings decoded, all else as it stands
	result   int64
	injected bool // strace answered in the kernel's place
	start    int  // the lines on which it began and ended
	end      int
}

// effect is the line at which a call has done what it does to the numbers of open
// files: one that is closed may be given out again before the close has ended, and
// is not before it began.
func (c call) effect() int {
	if c.name == "openat" {
		return c.end
	}
	return c.start
}

// number is an argument that has to be one.
func (c call) number(i int) int64 {
	n, _ := strconv.ParseInt(c.arg(i), 0, 64)
	return n
}

func (c call) arg(i int) string {
	if i >= len(c.args) {
		return ""
	}
	return c.args[i]
}

// readTrace reads what strace -f -xx wrote, in the order in which calls take effect.
// Lines are numbered from first; next is the number after the last one.
func readTrace(path string, first int) (calls []call, next int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	open := map[string]int{} // by thread: the call that has not ended
	for next = first; lines.Scan(); next++ {
		thread, text, ok := strings.Cut(lines.Text(), " ")
		text = strings.TrimLeft(text, " ")
		switch {
		case !ok || strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++"):
		case strings.HasPrefix(text, "<... "):
			_, rest, _ := strings.Cut(text, " resumed>")
			i, known := open[thread]
			if !known {
				return nil, 0, fmt.Errorf("line %d ends a call that did not begin", next)
			}
			delete(open, thread)
			calls[i].end = next
			if err := calls[i].finish(rest); err != nil {
				return nil, 0, fmt.Errorf("line %d: %w", next, err)
			}
		default:
			c, whole, err := begin(text, next)
			if err != nil {
				return nil, 0, fmt.Errorf("line %d: %w", next, err)
			}
			if !whole {
				open[thread] = len(calls)
			}
			calls = append(calls, c)
		}
	}
	for _, i := range open { // the process ended inside of it
		calls[i].result, calls[i].end = -1, next
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.effect(), b.effect()) })
	return calls, next, lines.Err()
}

// begin reads a line that begins a call, and where it is whole ends it too.
func begin(text string, line int) (c call, whole bool, err error) {
	name, rest, ok := strings.Cut(text, "(")
	if !ok {
		return c, false, fmt.Errorf("no call: %.60q", text)
	}
	c = call{name: name, start: line, end: line}
	for _, cut := range []string{" <unfinished ...>", " <detached ...>"} { // the latter: the process was gone
		if head, unfinished := strings.CutSuffix(rest, cut); unfinished {
			return c, false, c.arguments(strings.TrimSuffix(head, ","))
		}
	}
	return c, true, c.finish(rest)
}

// finish reads the rest of the arguments and the result.
func (c *call) finish(text string) error {
	at := strings.LastIndex(text, ") ")
	if at < 0 {
		return fmt.Errorf("no result: %.60q", text)
	}
	if err := c.arguments(strings.TrimPrefix(text[:at], ", ")); err != nil {
		return err
	}
	_, result, _ := strings.Cut(text[at:], "= ")
	c.injected = strings.Contains(result, "(INJECTED)")
	number, _, _ := strings.Cut(result, " ")
	n, err := strconv.ParseInt(number, 0, 64)
	if err != nil {
		n = -1 // "?": it never came back
	}
	c.result = n
	return nil
}

// arguments adds some. With -xx a string holds nothing but \xHH.
func (c *call) arguments(text string) error {
	for arg := range strings.SplitSeq(text, ", ") {
		if arg = strings.TrimSpace(arg); arg == "" {
			continue
		}
		quoted, ok := strings.CutPrefix(arg, `"`)
		if !ok {
			c.args = append(c.args, arg)
			continue
		}
		if strings.HasSuffix(arg, "...") {
			return fmt.Errorf("%s: strace cut a string off", c.name)
		}
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `\x`, ""))
		if err != nil {
			return err
		}
		c.args = append(c.args, string(b))
	}
	return nil
}
