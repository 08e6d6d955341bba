package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"quotad/config"
	"quotad/daemon/hook"
	"quotad/quota"
)

// The deadlines of a status line, from its start. What the tool tells comes in
// while the daemon is asked, and only what it tells by then is heeded.
const (
	sessionBy    = 80 * time.Millisecond
	statuslineBy = 120 * time.Millisecond // our own part is there, or left out
)

// statuslineFlags are what statusline was asked for.
type statuslineFlags struct{ account, wrap string }

func (f *statuslineFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.wrap, "wrap", "", "show what this `command` prints too, and before it")
}

// isStatusline reports whether the arguments call the status line, and not its
// help.
func isStatusline(args []string) bool {
	return len(args) > 0 && args[0] == "statusline" &&
		!slices.Contains(args, "--help") && !slices.Contains(args, "-h")
}

func (a *app) statuslineCommand() *cobra.Command {
	var f statuslineFlags
	c := &cobra.Command{
		Use:   "statusline",
		Short: "Show what is left in the status line of a coding tool",
		Long: `Print one line for the status line of Claude Code, Qwen Code or Droid, which
call it with what they tell of the session on standard input. In
~/.claude/settings.json:

  "statusLine": {
    "type": "command",
    "command": "quotad statusline",
    "refreshInterval": 30
  }

Where you have a status line already, keep it: its first line gets ours at its
end, or a line below it where the terminal is too narrow.

    "command": "quotad statusline --wrap '~/.claude/my-statusline.sh'"

The command gets the same input and has a second; of a slower one is shown what
it printed until then. Qwen Code takes the same two as
"ui": {"statusLine": ...}, Droid as "statusLine" in ~/.factory/settings.json.

Of several accounts it shows the one that the session's prompts belong to, by
[[belongs]] in the configuration, QUOTAD_ACCOUNT or the key that the tool uses.

The line is as long as COLUMNS allows, and in colour unless NO_COLOR is set or
TERM is dumb. ~ is "about", ? is "assumed". It is empty where the session is not
on the plan: where ANTHROPIC_BASE_URL is another service's, or the tool tells of
limits of its own. It asks the daemon once, ends within 200 ms (without --wrap),
and with 0 whatever happens.`,
		Example: `  quotad statusline </dev/null
  quotad statusline --wrap 'printf "%s" "$USER"' </dev/null`,
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(c *cobra.Command, _ []string) error {
			a.statusline(c.Context(), f, time.Now())
			return nil
		},
	}
	f.add(c.Flags())
	a.accountFlag(c, &f.account, "only this `account` (default the one the session belongs to)")
	return c
}

// statuslineMain is `quotad statusline` with the arguments after it. A tool
// blanks the line of a program that fails, so that there is no wrong use of
// it: what is not understood of the arguments is left aside.
func (a *app) statuslineMain(args []string) int {
	start := time.Now()
	var f statuslineFlags
	flags := pflag.NewFlagSet("statusline", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	f.add(flags)
	flags.StringVar(&f.account, "account", "", "")
	a.placeFlags(flags)
	_ = flags.Parse(args)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	a.statusline(ctx, f, start)
	return exitDone
}

// statusline prints the line. All that may hang has a goroutine of its own.
func (a *app) statusline(ctx context.Context, f statuslineFlags, start time.Time) {
	in := &tape{r: a.stdin}
	told := later(func() hook.Session { return hook.ReadSession(in, a.env) })
	s := a.statuslineScreen()
	asked := later(func() *glance {
		g := a.glance(ctx, f.account, start.Add(glanceBy), s)
		return &g
	})
	session, ok := awaited(told, start.Add(sessionBy))
	if !ok {
		session = hook.ReadSession(strings.NewReader(""), a.env)
	}
	place := later(func() placement { return a.placeOf(session) })
	var theirs string
	if f.wrap != "" {
		theirs = wrapped{command: f.wrap, stdin: in.bytes(), by: start.Add(wrapBy)}.run(ctx)
	}
	ours := segment{screen: s}
	if p, ok := awaited(place, start.Add(statuslineBy)); !ok || p.onPlan {
		if ours.glance, ok = awaited(asked, start.Add(statuslineBy)); !ok {
			ours.glance = &glance{away: absence{what: "no answer"}}
		}
		if f.account == "" {
			p.narrow(ours.glance)
		}
	}
	if text := beside(theirs, ours); text != "" {
		fmt.Fprintln(a.stdout, text)
	}
}

// placement is where a session draws from, as far as anything tells.
type placement struct {
	onPlan bool
	known  bool        // enough to tell its account
	prompt quota.Event // as one of the session would be
	rules  quota.Assignment
}

func (a *app) placeOf(s hook.Session) placement {
	settings, err := a.settings()
	if err != nil {
		settings = config.Default()
	}
	p := placement{known: s.Told(), rules: settings.Assignment(a.env("HOME"))}
	p.onPlan = !s.Limits && settings.Rules.Bill(quota.Event{Tool: s.Tool, Endpoint: s.Endpoint}) == quota.OnPlan
	salt := func() ([]byte, error) { return nil, errNoKeys }
	if paths, err := a.paths(); err == nil && knowsKeys(settings) {
		salt = hook.SaltIn(paths.StateDir)
	}
	p.prompt = s.Event(salt)
	return p
}

var errNoKeys = errors.New("accounts are not told apart by key")

// knowsKeys reports whether a key can tell an account.
func knowsKeys(s config.Settings) bool {
	for _, p := range s.Providers {
		if p.Enabled {
			return true
		}
	}
	return slices.ContainsFunc(s.Belongs, func(b quota.Belonging) bool { return b.Key != "" })
}

// narrow leaves of several accounts the one that the session's prompts belong
// to, where the daemon knows that.
func (p placement) narrow(g *glance) {
	if !p.known || len(g.all.Accounts) < 2 {
		return
	}
	hashes := map[string]string{}
	for _, st := range g.all.Accounts {
		hashes[st.Account] = st.Key
	}
	p.rules.Keys = quota.OwnKeys(hashes)
	account, _ := p.rules.Of(p.prompt)
	if i := slices.IndexFunc(g.all.Accounts, func(st quota.Status) bool { return st.Account == account }); i >= 0 {
		g.all.Accounts = g.all.Accounts[i : i+1]
		*g = glanceOf(g.all, g.screen, g.clock)
	}
}

// statuslineScreen is what the line is drawn on. Standard output is a pipe, and
// the terminal is behind it.
func (a *app) statuslineScreen() screen {
	s := a.screen()
	s.colour = a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
	return s
}

// later does something meanwhile. Where that panics, it has no result.
func later[T any](do func() T) <-chan T {
	done := make(chan T, 1)
	go func() {
		defer func() { _ = recover() }()
		done <- do()
	}()
	return done
}

// awaited is what was done by the deadline. What is done already is taken even
// after it.
func awaited[T any](done <-chan T, by time.Time) (result T, ok bool) {
	late := time.NewTimer(time.Until(by))
	defer late.Stop()
	select {
	case result = <-done:
		return result, true
	case <-late.C:
	}
	select {
	case result = <-done:
		return result, true
	default:
		return result, false
	}
}
