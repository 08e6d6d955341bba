package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"quotad/quota"
)

// commandTime is how long a program may run for one notice.
const commandTime = 10 * time.Second

// Command is the Sender that runs a program of the user's for each notice, and
// writes the notice to it as one line of JSON.
type Command struct {
	Args    []string      // program and arguments; no shell
	Environ []string      // nil: that of this process; secrets of quotad are taken out
	limit   time.Duration // 0: commandTime
}

// NewCommand makes a Command of a program and its arguments.
func NewCommand(args []string) *Command { return &Command{Args: args} }

// Name is "command".
func (c *Command) Name() string { return "command" }

// Send runs the program. One that runs and fails, or takes more than 10 s, is
// not run again for this notice: it may have done its work.
func (c *Command) Send(ctx context.Context, n quota.Notice, commit func() error) (Outcome, error) {
	if len(c.Args) == 0 {
		return NotRun, errors.New("notify.command is empty")
	}
	line, err := json.Marshal(n)
	if err != nil {
		return Failed, err
	}
	on, cancel := linger(ctx, cmp.Or(c.limit, commandTime))
	defer cancel()
	cmd := exec.CommandContext(on, c.Args[0], c.Args[1:]...)
	if cmd.Err != nil {
		return NotRun, cmd.Err
	}
	said := &head{most: 200}
	cmd.Stdin, cmd.Stderr = bytes.NewReader(append(line, '\n')), said
	cmd.Env = withoutSecrets(c.environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := commit(); err != nil {
		return Unsent, err
	}
	return ended(cmd.Run(), on, said.String())
}

// ended reads how a program ended.
func ended(err error, on context.Context, said string) (Outcome, error) {
	var path *fs.PathError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return Delivered, nil
	case errors.As(err, &path):
		return NotRun, err
	case errors.Is(on.Err(), context.DeadlineExceeded):
		return Failed, errors.New("the command took too long and was killed")
	case said != "":
		return Failed, fmt.Errorf("the command ended with %w: %s", err, said)
	}
	return Failed, fmt.Errorf("the command ended with %w", err)
}

func (c *Command) environ() []string {
	if c.Environ == nil {
		return os.Environ()
	}
	return c.Environ
}

// secret reports whether a variable is the daemon's own affair: a key, or what
// systemd gave it.
func secret(name string) bool {
	if strings.HasPrefix(name, "QUOTAD_") {
		return strings.Contains(name, "KEY") || strings.Contains(name, "TOKEN") || strings.Contains(name, "SECRET")
	}
	return name == "NOTIFY_SOCKET" || strings.HasPrefix(name, "LISTEN_") || strings.HasPrefix(name, "WATCHDOG_")
}

func withoutSecrets(environ []string) []string {
	env := []string{}
	for _, v := range environ {
		if name, _, _ := strings.Cut(v, "="); !secret(name) {
			env = append(env, v)
		}
	}
	return env
}

// head keeps the beginning of what is written to it.
type head struct {
	most int
	buf  bytes.Buffer
}

func (h *head) Write(p []byte) (int, error) {
	h.buf.Write(p[:min(len(p), h.most-h.buf.Len())])
	return len(p), nil
}

func (h *head) String() string {
	return strings.ToValidUTF8(strings.TrimSpace(h.buf.String()), "\uFFFD")
}
