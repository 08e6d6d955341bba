package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon/api"
	"quotad/notify"
	"quotad/quota"
)

func (a *app) watchCommand() *cobra.Command {
	var account string
	var asJSON bool
	c := &cobra.Command{
		Use:   "watch",
		Short: "Show what is left, and go on showing it",
		Long: `Shows what "quotad status" shows, drawn anew with each change and as time
passes, and the newest notices below it. Ctrl-C ends it, with exit code 0.

Where standard output is no terminal it prints each change below the one before.
With --json it prints an object a line: the status, as "quotad status --json"
does, at once and after each change, and each notice as it is told.

Exits 4 where no daemon answers at the start. A daemon that stops meanwhile is
waited for.`,
		Example: `  quotad watch
  quotad watch --account work
  quotad watch --json | jq --unbuffered -r 'select(.notice).title'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.watch(c.Context(), account, asJSON) },
	}
	a.accountFlag(c, &account, "only this `account` (default all)")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each change and notice")
	return c
}

func (a *app) watch(ctx context.Context, account string, asJSON bool) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	if _, err := statusDocument(ctx, client, account); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	w := &watching{app: a, account: account, json: asJSON, client: client}
	defer w.open()()
	return w.run(ctx)
}

// How the screen of a terminal is taken and given back: one of its own, without
// a cursor.
const (
	takeScreen = "\x1b[?1049h\x1b[?25l"
	giveScreen = "\x1b[?25h\x1b[?1049l"
)

// fewNotices is how many notices stand below the windows.
const fewNotices = 3

// watching shows a daemon's state as it changes.
type watching struct {
	*app
	account string
	json    bool
	client  *api.Client

	live    bool // on a screen of its own
	drawn   string
	all     quota.Statuses
	came    time.Time      // when it did
	notices []quota.Notice // the newest, oldest first
	away    time.Time      // since when the daemon does not answer; zero: it does
}

// open takes the terminal's screen, where there is one, and gives what gives it
// back.
func (w *watching) open() (giveBack func()) {
	term := w.env("TERM")
	if w.live = !w.json && isTerminal(w.stdout) && term != "" && term != "dumb"; !w.live {
		return func() {}
	}
	fmt.Fprint(w.stdout, takeScreen)
	return func() { fmt.Fprint(w.stdout, giveScreen) }
}

func (w *watching) run(ctx context.Context) error {
	var ticks <-chan time.Time
	if w.live {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		ticks = t.C
	}
	heard := w.follow(ctx)
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case h := <-heard:
			err = w.take(h)
		case <-ticks:
			err = w.draw()
		}
		if err != nil {
			return err
		}
	}
}

// heard is what came of a daemon: a step of its stream, or why that ended.
type heard struct {
	api.Update
	err error
}

// follow gives what the daemon tells.
func (w *watching) follow(ctx context.Context) <-chan heard {
	out := make(chan heard)
	go follow(ctx, w.client, w.account, func(u api.Update, err error) bool {
		select {
		case out <- heard{u, err}:
		case <-ctx.Done():
		}
		return err == nil
	})
	return out
}

// take takes up what was heard, and shows it.
func (w *watching) take(h heard) error {
	var told *api.Error
	switch {
	case errors.As(h.err, &told) && told.Code == api.NotFound:
		return accountError(h.err)
	case h.err != nil:
		return w.gone()
	}
	w.away = time.Time{}
	if h.Status != nil {
		w.all, w.came = cleanStatuses(*h.Status), w.now()
	}
	if h.Notice != nil {
		w.notices = append(w.notices, *h.Notice)
		w.notices = w.notices[max(len(w.notices)-fewNotices, 0):]
	}
	switch {
	case w.live:
		return w.draw()
	case w.json && h.Status != nil:
		return w.encode(h.Status)
	case w.json:
		return w.encode(h.Notice)
	}
	return w.print(h)
}

// gone says, once, that the daemon is waited for.
func (w *watching) gone() error {
	if !w.away.IsZero() {
		return nil
	}
	w.away = w.now()
	if w.live {
		return w.draw()
	}
	fmt.Fprintln(w.stderr, "quotad: note: the daemon does not answer any more; it is waited for")
	return nil
}

// print adds what was heard to what was printed.
func (w *watching) print(h heard) error {
	if h.Notice != nil {
		_, err := fmt.Fprintln(w.stdout, w.noticeLine(h.Notice))
		return err
	}
	text, before := w.board(), w.drawn
	if text == before {
		return nil
	}
	w.drawn = text
	if before != "" {
		text = "\n" + text
	}
	_, err := fmt.Fprint(w.stdout, text)
	return err
}

// board is the newest status, as of now.
func (w *watching) board() string {
	all := w.all
	all.Now = all.Now.Add(w.now().Sub(w.came))
	b := board{screen: w.screen(), clock: w.clockOf(all)}
	return b.draw(all)
}

// here is a time as this machine's clock shows it.
func (w *watching) here(t time.Time) string {
	now := w.now()
	return notify.Clock(t, now, now.Location())
}

func (w *watching) noticeLine(n *quota.Notice) string {
	return clean(w.here(n.At) + " " + n.Title + ". " + n.Body)
}

// draw draws the screen, where anything on it is another than before.
func (w *watching) draw() error {
	if w.came.IsZero() {
		return nil
	}
	lines, below := strings.Split(strings.TrimSuffix(w.board(), "\n"), "\n"), w.below()
	if room := w.rows() - 1 - len(below); room > 0 && len(lines) > room { // the cursor takes the last row
		lines = lines[:room]
	}
	text := "\x1b[H"
	for _, line := range append(lines, below...) {
		text += "\x1b[K" + line + "\n" // after a line of full width it would erase the end of that
	}
	text += "\x1b[J"
	if text == w.drawn {
		return nil
	}
	w.drawn = text
	_, err := fmt.Fprint(w.stdout, text)
	return err
}

// below is what stands below the windows, also where those have to be cut.
func (w *watching) below() (lines []string) {
	add := func(text string) { lines = append(lines, wrap(text, w.columns())...) }
	if !w.away.IsZero() || len(w.notices) > 0 {
		lines = []string{""}
	}
	if !w.away.IsZero() {
		add("The daemon does not answer since " + w.here(w.away) + "; it is waited for.")
	}
	for i := range w.notices {
		add(w.noticeLine(&w.notices[i]))
	}
	return lines
}

// rows is how many lines the terminal has; 0 where it does not say.
func (w *watching) rows() int { return int(w.terminal().Row) }
