package notify

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"quotad/quota"
)

// showTime is how long a child may take in all.
const showTime = 5 * time.Second

// Desktop is the Sender that shows notices on the desktop, each through a
// child process that is killed where it takes too long.
type Desktop struct {
	Child []string            // the command that runs ChildMain; none: this program with ChildCommand
	Env   func(string) string // tells where the session bus is
	limit time.Duration       // 0: showTime
}

// NewDesktop makes a Desktop of a child's command and the environment.
func NewDesktop(child []string, env func(string) string) *Desktop {
	return &Desktop{Child: child, Env: env}
}

// Name is "desktop".
func (d *Desktop) Name() string { return "desktop" }

// Send shows n. It takes at most 5 s.
func (d *Desktop) Send(ctx context.Context, n quota.Notice, commit func() error) (Outcome, error) {
	addr, ok := BusAddress(d.Env)
	if !ok {
		return NoBus, errNoBus
	}
	// The child gets its signal when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	on, cancel := linger(ctx, cmp.Or(d.limit, showTime))
	defer cancel()
	c, err := d.start(on, addr)
	if err != nil {
		return NoServer, fmt.Errorf("the process that shows notices cannot be started: %w", err)
	}
	defer c.end()
	return c.show(ctx, on, n, commit)
}

// self is this program, also after an upgrade has put another file in its
// place.
const self = "/proc/self/exe"

// child is a running child, and the lines it writes.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // closed when it writes no more
	kill  context.CancelFunc
}

func (d *Desktop) start(on context.Context, addr string) (*child, error) {
	args := d.Child
	if len(args) == 0 {
		args = []string{self, ChildCommand}
	}
	on, kill := context.WithCancel(on)
	cmd := d.process(on, addr, args...)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	c := &child{cmd: cmd, lines: make(chan string, 2), kill: kill}
	var err error
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		kill()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		kill()
		return nil, err
	}
	go c.read(out)
	return c, nil
}

// process is a program that is to speak to a bus apart from this one.
func (d *Desktop) process(ctx context.Context, addr string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = "/"
	cmd.Env = d.childEnv(addr)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	return cmd
}

// childEnv is the little that the child needs. Without a PATH beeep has no
// second way to show a notice.
func (d *Desktop) childEnv(addr string) []string {
	env := []string{"DBUS_SESSION_BUS_ADDRESS=" + addr, "PATH=", "GOMAXPROCS=1", "GOTRACEBACK=none"}
	for _, name := range []string{"XDG_RUNTIME_DIR", "HOME", "LANG"} {
		if v := d.Env(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func (c *child) read(out io.Reader) {
	defer close(c.lines)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		select {
		case c.lines <- lines.Text():
		default: // it has no more than two to say
		}
	}
}

// end kills the child where it still runs, and waits for it.
func (c *child) end() {
	c.stdin.Close()
	c.kill()
	_ = c.cmd.Wait() // ends the reading, too
	for range c.lines {
	}
}

// show holds the conversation. Until commit a child may be killed at will.
func (c *child) show(ctx, on context.Context, n quota.Notice, commit func() error) (Outcome, error) {
	m, _ := messageOf(n.Kind)
	line, err := json.Marshal(shownNotice{n.Title, n.Body, m.severity.Icon()})
	if err != nil {
		return Unsent, err
	}
	if _, err := c.stdin.Write(append(line, '\n')); err != nil {
		return Hung, fmt.Errorf("the process that shows notices ended at once: %w", err)
	}
	if o, err := c.answer(ctx, on, sayReady, Hung); o != Delivered {
		return o, err
	}
	if err := commit(); err != nil {
		return Unsent, err
	}
	if _, err := io.WriteString(c.stdin, sayGo+"\n"); err != nil {
		return Unknown, fmt.Errorf("the process that shows notices ended: %w", err)
	}
	return c.answer(context.Background(), on, saySent, Unknown)
}

// answer waits for a line while on lasts: Delivered where it is the wanted one,
// the outcome that it names where it is a no, silent where none comes; Unsent
// where ctx ends.
func (c *child) answer(ctx, on context.Context, want string, silent Outcome) (Outcome, error) {
	select {
	case line, ok := <-c.lines:
		if !ok {
			return silent, errors.New("the process that shows notices ended without an answer")
		}
		return readAnswer(line, want, silent)
	case <-on.Done():
		return silent, errors.New("the process that shows notices gave no answer in time")
	case <-ctx.Done():
		return Unsent, context.Cause(ctx)
	}
}

func readAnswer(line, want string, silent Outcome) (Outcome, error) {
	if line == want {
		return Delivered, nil
	}
	if said, ok := strings.CutPrefix(line, sayNo+" "); ok {
		name, text, _ := strings.Cut(said, " ")
		for _, r := range refusals {
			if r.name == name {
				return r.outcome, errors.New(text)
			}
		}
	}
	return silent, errors.New("the process that shows notices gave an answer that is not understood")
}
