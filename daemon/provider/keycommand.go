package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// keyTime is how long a key command may run. Time is for a person, too, who has
// to unlock something.
const keyTime = 10 * time.Second

// runKeyCommand gives what a program prints, which is never shown: neither what
// it writes to standard error, nor its arguments.
func runKeyCommand(ctx context.Context, args []string) (string, error) {
	on, cancel := context.WithTimeout(ctx, keyTime)
	defer cancel()
	name := filepath.Base(args[0])
	out := keyOutput{stop: cancel}
	cmd := exec.CommandContext(on, args[0], args[1:]...)
	cmd.Stdout = &out
	cmd.Env = withoutOwn(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case out.full:
		return "", &KeyError{Message: fmt.Sprintf("the key command %s printed more than any key has", name)}
	case on.Err() != nil && err != nil:
		return "", &KeyError{Message: fmt.Sprintf("the key command %s took too long and was ended: it has %v", name, keyTime)}
	case errors.As(err, &exit):
		return "", &KeyError{Message: fmt.Sprintf("the key command %s ended with %v: run it by hand to see why", name, exit.ProcessState)}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return "", notRun(name)
	}
	return string(out.text), nil
}

func notRun(name string) error {
	return &KeyError{Message: fmt.Sprintf("the key command %s cannot be run: is it installed, and on the service's PATH?", name)}
}

// withoutOwn is the environment without what is quotad's alone: the command
// need not know a key, nor the service's sockets.
func withoutOwn(environ []string) []string {
	var env []string
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if name != EnvKey && name != "NOTIFY_SOCKET" && !strings.HasPrefix(name, "LISTEN_") && !strings.HasPrefix(name, "WATCHDOG_") {
			env = append(env, v)
		}
	}
	return env
}

// keyOutput keeps the beginning of an output, and ends a program that goes on.
type keyOutput struct {
	text []byte
	full bool
	stop func()
}

func (o *keyOutput) Write(p []byte) (int, error) {
	if len(o.text)+len(p) > 2*maxKey {
		o.full = true
		o.stop()
		return 0, errors.New("too much output")
	}
	o.text = append(o.text, p...)
	return len(p), nil
}
