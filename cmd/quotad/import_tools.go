package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/backfill"
	"quotad/daemon/transcript"
	"quotad/quota"
)

// toolsImport is an import of what coding tools have kept.
type toolsImport struct {
	*importing
	app   *app
	flags importFlags
	rules backfill.Rules
	tools []*toolKept
	todo  []todo
}

// todo is one event that is to be recorded.
type todo struct {
	tool  *toolKept
	event *quota.Event
}

func (a *app) importTools(ctx context.Context, f importFlags) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second one ends it at once
	t := &toolsImport{app: a, flags: f}
	if err := t.run(ctx); err != nil {
		return err
	}
	return t.sum()
}

// refill is the import for a daemon that has lost what came after an instant, of
// tools of which there may be nothing to read. It tells nothing by itself.
func (a *app) refill(ctx context.Context, since time.Time, tools []string) (int, error) {
	known := transcript.Tools()
	tools = slices.DeleteFunc(slices.Clone(tools), func(name string) bool { return !slices.Contains(known, name) })
	silent := *a
	silent.stdout, silent.stderr = io.Discard, io.Discard
	t := &toolsImport{app: &silent, flags: importFlags{from: tools, every: true, since: since.Format(time.RFC3339)}}
	err := t.run(ctx)
	if err == nil {
		err = t.verdict()
	}
	if t.importing == nil {
		return 0, err
	}
	return t.count[quota.Recorded], err
}

func (t *toolsImport) run(ctx context.Context) (err error) {
	if t.rules, err = t.app.importRules(t.flags); err != nil {
		return err
	}
	for _, name := range t.flags.from {
		if err := t.read(ctx, name); err != nil {
			return err
		}
	}
	return t.withKnown(ctx, func(r record) error { return t.record(ctx, r) })
}

func (a *app) importRules(f importFlags) (backfill.Rules, error) {
	settings, err := a.settings()
	if err != nil {
		return backfill.Rules{}, err
	}
	now := a.now()
	r := backfill.Rules{
		Account: f.account, Endpoint: f.endpoint, Billing: settings.Rules,
		Oldest: now.Add(-settings.Store.Retention), Newest: now.Add(quota.MaxAhead),
	}
	r.Since, r.Until, err = parseRange(f.since, f.until, now, importHint)
	return r, err
}

var errNothingYet = errors.New("there is no database yet")

// withKnown calls f with the record. For a dry run none is made.
func (t *toolsImport) withKnown(ctx context.Context, f func(record) error) error {
	if !t.flags.dryRun {
		return t.app.withRecord(ctx, anywhere, f)
	}
	err := t.app.withRecord(ctx, func(p config.Paths) error {
		if someDatabase(p) != nil {
			return errNothingYet
		}
		return nil
	}, f)
	if errors.Is(err, errNothingYet) {
		return f(nil)
	}
	return err
}

// record finds out what is missing, and records it unless that is not wanted.
func (t *toolsImport) record(ctx context.Context, r record) error {
	if r != nil {
		if err := t.takeSpool(ctx, r); err != nil {
			return err
		}
		if err := t.compare(ctx, r); err != nil {
			return err
		}
	}
	for _, k := range t.tools {
		for _, e := range k.harvest.Missing() {
			t.todo = append(t.todo, todo{k, e})
		}
	}
	if t.flags.dryRun {
		for _, d := range t.todo {
			d.tool.recorded.Add(d.event.Kind)
		}
		return nil
	}
	t.importing = t.app.beginImport("Importing", t, r.Submit)
	defer t.line.end()
	for n, d := range t.todo {
		if err := t.add(ctx, *d.event, n); err != nil {
			return err
		}
	}
	return t.submit(ctx)
}

// takeSpool records what hooks left for a daemon that does not run: a prompt
// that waits there and is found in its session too would count twice in the end.
func (t *toolsImport) takeSpool(ctx context.Context, r record) error {
	if _, daemonDoes := r.(remote); daemonDoes || t.flags.dryRun {
		return nil
	}
	paths, err := t.app.paths()
	if err != nil {
		return err
	}
	_, err = api.Spool{Dir: paths.Spool}.Deliver(func(events []quota.Event) ([]api.Result, error) { return r.Submit(ctx, events) })
	if err != nil {
		return importBroke("0 events", err)
	}
	return nil
}

// compare lets the tools see what the record has of their time.
func (t *toolsImport) compare(ctx context.Context, r record) error {
	var q api.EventQuery
	for _, k := range t.tools {
		since, until, some := k.harvest.Span()
		if some && (q.Since.IsZero() || since.Before(q.Since)) {
			q.Since = since
		}
		if some && until.After(q.Until) {
			q.Until = until
		}
	}
	if q.Until.IsZero() {
		return nil
	}
	line := t.app.progress("Comparing with what is recorded")
	defer line.end()
	n := uint64(0)
	for e, err := range r.Events(ctx, q) {
		if ctx.Err() != nil {
			err = errInterrupted
		}
		if err != nil {
			line.end()
			return importBroke("0 events", err)
		}
		for _, k := range t.tools {
			k.harvest.Known(e)
		}
		n++
		line.set(n, 0)
	}
	return nil
}

func (t *toolsImport) where(n int) string {
	e := t.todo[n].event
	return fmt.Sprintf("%s, %s of %s", t.todo[n].tool.title, e.Kind, e.At.In(t.app.now().Location()).Format(time.DateTime))
}

func (t *toolsImport) reached(int) string {
	n := 0
	for _, of := range t.count {
		n += of
	}
	return fmt.Sprintf("%s of %s", figure(quota.Amount(n)*quota.One), counted(len(t.todo), "event"))
}

func (t *toolsImport) share(n int) (done, total uint64) {
	return uint64(n + 1), uint64(len(t.todo))
}

func (t *toolsImport) became(n int, what quota.Outcome) {
	switch d := t.todo[n]; what {
	case quota.Recorded:
		d.tool.recorded.Add(d.event.Kind)
	case quota.Duplicate:
		d.tool.again.Add(d.event.Kind)
	case quota.Rejected:
		d.tool.rejected++
	}
}
