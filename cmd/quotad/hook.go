package main

import (
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/hook"
	"quotad/quota"
)

// isHook reports whether the arguments call a hook, and not its help.
func isHook(args []string) bool {
	return len(args) > 0 && args[0] == "hook" &&
		!slices.Contains(args, "--help") && !slices.Contains(args, "-h")
}

// hookMain is `quotad hook` with the arguments after it. A coding tool runs it
// before each prompt: what it prints may go to the model, and an exit code
// other than 0 may stop the prompt. So it prints nothing but what a guard was
// asked to say and gives 0 whatever happens, and it ends the process itself
// where that has not ended in time.
func hookMain(args []string, stdin io.Reader, stdout io.Writer) int {
	start := time.Now()
	limit := time.AfterFunc(hook.Limit, endHook)
	defer limit.Stop()
	// Ctrl-C in a tool's terminal reaches its hooks too; the prompt was sent.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGPIPE)
	widen(0)
	hookRun(args, stdin, stdout, start)
	return exitDone
}

// stackOfHook is about what the deepest calls of a hook need of its stack.
const stackOfHook = 20 << 10

// widen makes room on the stack for all of a hook at once, as the entry to a
// function with such a frame does. The stack would grow all the same, but
// step by step, and each step copies what is on it and reads the tables for
// that: together a good part of what a process costs that lives a few
// milliseconds.
//
//go:noinline
func widen(at int) byte {
	if at == 0 {
		return 0 // before the frame is touched
	}
	var frame [stackOfHook]byte
	return widen(at-1) + frame[at%len(frame)]
}

// endHook ends the process whatever it is doing.
func endHook() { os.Exit(exitDone) }

func hookRun(args []string, stdin io.Reader, stdout io.Writer, start time.Time) {
	defer func() { _ = recover() }()
	asked := hookArgs(args)
	paths := hookPaths(asked.flags, os.Getenv, os.Getuid())
	troubles := hook.Troubles{Dir: paths.StateDir}
	c := hookCall(asked.tool, paths, stdin, start)
	c.Args = asked.rest
	if asked.guard != hook.GuardOff {
		c.Sentry = hookSentry(asked.guard, paths, stdout, start)
	}
	c.GiveUp = func() {
		_ = troubles.Note(asked.tool, start, hook.Outcome{Reason: hook.Unfinished})
		endHook()
	}
	_ = troubles.Note(asked.tool, start, c.Run())
}

// hookSentry is a guard with its places.
func hookSentry(guard hook.Guard, paths config.Paths, stdout io.Writer, start time.Time) hook.Sentry {
	return hook.Sentry{
		Guard: guard,
		Status: func(account string, deadline time.Time) (quota.Statuses, error) {
			return api.GetStatus(paths.Sockets, account, deadline)
		},
		Warned: hook.Warned{Dirs: hookDirs(paths.StateDir, os.Getenv, os.Getuid())},
		Clock:  clock{start, start.Location()}.at,
		Stdout: stdout,
	}
}

// hookCall is a call with its places.
func hookCall(tool string, paths config.Paths, stdin io.Reader, start time.Time) hook.Call {
	return hook.Call{
		Tool: tool, Stdin: stdin, Env: os.Getenv, ReadFile: hook.ReadSmall, Start: start, Rand: idRand{},
		Twins: hook.Twins{
			Dirs: hookDirs(paths.StateDir, os.Getenv, os.Getuid()),
			Salt: hook.SaltIn(paths.StateDir),
		},
		Post: func(line []byte, deadline time.Time) (api.Receipt, error) {
			return api.Post(paths.Sockets, line, deadline)
		},
		Tell: func(line []byte, deadline time.Time) { _ = api.PostTurn(paths.Sockets, line, deadline) },
		Spool: func(e quota.Event, line []byte) error {
			// Named by the event alone, so that runs for one prompt leave one file.
			return api.Spool{Dir: paths.Spool, Quick: true, Now: func() time.Time { return e.At }}.Write(e.ID, line)
		},
	}
}

// idRand is the randomness of event IDs, which nobody needs to be unable to
// guess: that of the runtime, which the kernel seeds for each process. Package
// crypto/rand would be set up for these ten bytes alone, at the cost of all that
// else is done with the event.
type idRand struct{}

func (idRand) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(rand.Uint32())
	}
	return len(p), nil
}

// hookAsked is what the arguments of a hook ask for.
type hookAsked struct {
	tool  string
	rest  []string // what follows the tool
	flags config.Flags
	guard hook.Guard
}

// hookArgs takes what matters here from the arguments; all other flags are for
// later versions to know. There is no wrong use of a hook.
func hookArgs(args []string) (asked hookAsked) {
	for i := 0; i < len(args); i++ {
		if guard, words := hook.GuardAt(args, i); words > 0 {
			asked.guard = guard
			i += words - 1
			continue
		}
		name, value, joined := strings.Cut(args[i], "=")
		if !strings.HasPrefix(name, "-") {
			if asked.tool == "" {
				asked.tool = args[i]
			} else {
				asked.rest = append(asked.rest, args[i])
			}
			continue
		}
		var place *string
		switch name {
		case "--socket":
			place = &asked.flags.Socket
		case "--state-dir":
			place = &asked.flags.StateDir
		case "--config":
			place = &asked.flags.Config
		default:
			continue
		}
		if !joined && i+1 < len(args) {
			i++
			value = args[i]
		}
		*place = value
	}
	return asked
}

// nowhere is a path below which nothing can be made.
const nowhere = os.DevNull

// hookPaths finds as many places as it can: without a HOME there is no spool,
// but perhaps a daemon; with a socket that cannot be, there is still a spool.
func hookPaths(f config.Flags, env func(string) string, uid int) config.Paths {
	f.Config = nowhere // not read
	noSocket, noState := f, f
	noSocket.Socket = nowhere
	noState.StateDir = nowhere
	for _, try := range []config.Flags{f, noState, noSocket} {
		if p, err := config.FindPaths(try, env, uid); err == nil {
			return p
		}
	}
	return config.Paths{StateDir: nowhere, Spool: nowhere}
}

// hookDirs lists where the runs of a hook may meet. What they write there is
// of use for a moment only, so that memory is better than a disk.
func hookDirs(stateDir string, env func(string) string, uid int) []string {
	dirs := []string{stateDir}
	for _, run := range []string{filepath.Join("/run/user", strconv.Itoa(uid)), env("XDG_RUNTIME_DIR")} {
		if filepath.IsAbs(run) {
			dirs = slices.Insert(dirs, 0, filepath.Join(run, "quotad"))
		}
	}
	return dirs
}

// hookTools lists the names of the tools that have hooks.
func hookTools() string {
	var names []string
	for _, a := range hook.Adapters() {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// hookCommand tells of the hook in the help, and serves calls that have flags
// before the word.
func (a *app) hookCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "hook TOOL",
		Short: "Take an event from a coding tool (called by the tool itself)",
		Long: `Read what a coding tool tells its hooks from standard input, and record it where
it is a prompt. TOOL is one of

` + strings.Join(wrap(hookTools(), 76), "\n") + `

It prints nothing and exits 0 whatever happens, within 200 ms, so that it can
never hold up or block a prompt. What the daemon does not acknowledge in that
time is left in the spool, where the daemon finds it. The text of the prompt is
neither sent nor stored; of a key in the tool's environment a short salted hash
is, by which accounts can be told apart. QUOTAD_ACCOUNT there names the account.

With --guard it tells you in the tool, once for each threshold of yours that a
window reaches, where the tool can show that. With --guard=block it also holds
a prompt back while the provider itself says that a window is used up, and takes
it out of the count; the count here alone blocks nothing. Where the daemon does
not answer in time a prompt passes. QUOTAD_NO_GUARD=1 in the environment of the
tool, or "quotad notify snooze 10m", lets all prompts pass.`,
		Example: `  quotad hook claude-code <payload.json
  quotad hook claude-code --guard=block <payload.json`,
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if !isHook(append([]string{"hook"}, args...)) {
				return c.Help()
			}
			hookMain(args, a.stdin, a.stdout)
			return nil
		},
	}
}
