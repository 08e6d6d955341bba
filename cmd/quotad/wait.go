package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon/api"
	"quotad/quota"
)

// How long wait leaves a daemon that has gone alone, at first and at most, and
// how long after a reset it asks again.
const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
	askAfter   = 100 * time.Millisecond
)

func (a *app) waitCommand() *cobra.Command {
	timeout := ""
	c := &cobra.Command{
		Use:   "wait [flags] [-- COMMAND ARGS...]",
		Short: "Wait until there is room, then run a command",
		Long: `Waits until there is room, as "quotad check" tells it. Then it becomes the
command, if one is given: its input, output, signals and exit code are the
command's own. Without a command it exits 0.

Exits 3 where there is no room within --timeout, and 4 where no daemon answers
at the start. A daemon that stops meanwhile is waited for.`,
		Example: `  quotad wait && notify-send "go on"
  quotad wait --need 30 --timeout 8h -- claude -p "run the migration"`,
	}
	c.Flags().SetInterspersed(false) // what follows COMMAND is its own
	read := a.needFlags(c)
	c.Flags().StringVar(&timeout, "timeout", "", "give up after this `DURATION`, such as 30m or 8h (default never)")
	c.RunE = func(c *cobra.Command, args []string) error {
		n, err := read()
		if err != nil {
			return err
		}
		ctx := c.Context()
		if c.Flags().Changed("timeout") {
			limit, err := parseTimeout(timeout)
			if err != nil {
				return err
			}
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		return a.wait(ctx, n, args)
	}
	return c
}

// parseTimeout reads a length of time; 0 is to look once.
func parseTimeout(text string) (time.Duration, error) {
	if d, err := time.ParseDuration(text); err == nil && d == 0 {
		return 0, nil
	}
	d, err := parseSpan(text)
	if err != nil {
		return 0, usage("quotad wait --help", "--timeout: %v", err)
	}
	return d, nil
}

func (a *app) wait(ctx context.Context, n need, command []string) error {
	var program string
	if len(command) > 0 { // before hours have passed
		var err error
		if program, err = exec.LookPath(command[0]); err != nil {
			return usage("quotad wait --help", "cannot run %q: %v", command[0], errors.Unwrap(err))
		}
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	w := &waiter{need: n, client: client, app: a, line: a.waitLine()}
	why, err := w.run(ctx)
	w.line.wipe()
	switch {
	case err != nil:
		return err
	case program != "":
		return fmt.Errorf("cannot run %s: %w", program, syscall.Exec(program, command, os.Environ()))
	}
	_, err = fmt.Fprintln(a.stdout, why)
	return err
}

// waiter waits until there is room.
type waiter struct {
	need
	client *api.Client
	app    *app
	line   *waitLine
}

// seen is what came of a daemon: a document, or an error that waiting does
// not mend.
type seen struct {
	all quota.Statuses
	err error
}

// run returns once there is room, and says what there is.
func (w *waiter) run(ctx context.Context) (string, error) {
	all, err := w.ask(context.WithoutCancel(ctx), w.client)
	if err != nil {
		return "", err
	}
	changes := w.watch(ctx)
	for {
		v, err := w.judge(&all.Accounts[0], w.app.clockOf(all))
		switch {
		case err != nil:
			return "", err
		case v.room:
			return v.why, nil
		case v.never:
			return "", usage("quotad status", "waiting would be for ever. %s", v.why)
		}
		if all, err = w.next(ctx, changes, all, v); err != nil {
			return "", err
		}
	}
}

// next waits for what may change the verdict, and gives the status to judge
// then.
func (w *waiter) next(ctx context.Context, changes <-chan seen, all quota.Statuses, v verdict) (quota.Statuses, error) {
	var reset <-chan time.Time
	if !v.again.IsZero() {
		timer := time.NewTimer(max(v.again.Sub(w.app.now()), 0) + askAfter)
		defer timer.Stop()
		reset = timer.C
	}
	redraw, stop := w.line.ticks()
	defer stop()
	w.line.draw(v.why)
	for {
		select {
		case <-ctx.Done():
			return all, w.gaveUp(ctx, v)
		case s := <-changes:
			return s.all, s.err
		case <-redraw:
			all.Now = w.app.now()
			return all, nil
		case <-reset:
			if fresh, err := w.ask(ctx, w.client); err == nil {
				return fresh, nil
			} // else the stream tells, once there is a daemon again
		}
	}
}

func (w *waiter) gaveUp(ctx context.Context, v verdict) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return &failure{code: exitNoRoom, err: fmt.Errorf("gave up waiting. %s", v.why), hint: "quotad status"}
}

// watch gives each status that the daemon tells.
func (w *waiter) watch(ctx context.Context) <-chan seen {
	out := make(chan seen)
	go follow(ctx, w.client, w.account, func(u api.Update, err error) bool {
		var told *api.Error
		switch {
		case errors.As(err, &told) && told.Code == api.NotFound:
			seen{err: accountError(err)}.to(ctx, out)
		case err == nil && u.Status != nil && len(u.Status.Accounts) == 1:
			seen{all: cleanStatuses(*u.Status)}.to(ctx, out)
			return true
		}
		return false
	})
	return out
}

// follow hands on what a daemon tells of an account, and why that ended, and goes
// on when it is started anew, until ctx ends. The pause before it tries again grows
// until heard says that something was.
func follow(ctx context.Context, client *api.Client, account string, heard func(api.Update, error) bool) {
	for pause := retryFirst; ctx.Err() == nil; pause = min(2*pause, retryMost) {
		for u, err := range client.Watch(ctx, account) {
			if heard(u, err) {
				pause = retryFirst
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// to hands it over, unless the waiting is over.
func (s seen) to(ctx context.Context, out chan<- seen) {
	select {
	case out <- s:
	case <-ctx.Done():
	}
}

// waitLine is the line that says on a terminal what is waited for.
type waitLine struct {
	app   *app
	shown bool // on a terminal
	drawn bool
}

func (a *app) waitLine() *waitLine { return &waitLine{app: a, shown: isTerminal(a.stderr)} }

// ticks is when the line has to be drawn anew, for time passes.
func (l *waitLine) ticks() (<-chan time.Time, func()) {
	if !l.shown {
		return nil, func() {}
	}
	t := time.NewTicker(time.Minute)
	return t.C, t.Stop
}

func (l *waitLine) draw(why string) {
	if l.shown {
		l.drawn = true
		fmt.Fprintf(l.app.stderr, "\r\x1b[K%s", l.app.screen().fit("Waiting. "+why, l.app.columns()-1))
	}
}

func (l *waitLine) wipe() {
	if l.drawn {
		fmt.Fprint(l.app.stderr, "\r\x1b[K")
	}
}
