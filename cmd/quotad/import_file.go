package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/quota"
)

// fileImport is an import of a file of events.
type fileImport struct {
	*importing
	file    *eventFile
	unnamed map[string]int
	undated int // lines that name no time
}

func (f *fileImport) where(n int) string        { return fmt.Sprintf("%s:%d", f.file.name, n) }
func (f *fileImport) reached(n int) string      { return fmt.Sprintf("line %d", n) }
func (f *fileImport) became(int, quota.Outcome) {}

func (f *fileImport) share(n int) (done, total uint64) {
	if f.file.size > 0 {
		return uint64(f.file.read), uint64(f.file.size)
	}
	return uint64(n), 0
}

func (a *app) importFile(ctx context.Context, name string, dryRun bool) error {
	file, err := a.openEvents(name, "quotad import --help")
	if err != nil {
		return err
	}
	defer file.in.Close()
	f := &fileImport{file: file, unnamed: map[string]int{}}
	if dryRun {
		settings, err := a.settings()
		if err != nil {
			return err
		}
		if err := f.run(ctx, a, dry(a.now(), settings.Store.Retention)); err != nil {
			return err
		}
		return f.sum("can be taken")
	}
	if err := a.withRecord(ctx, anywhere, func(r record) error { return f.run(ctx, a, r.Submit) }); err != nil {
		return err
	}
	return f.sum("recorded")
}

// anywhere lets a database be made where there is none.
func anywhere(config.Paths) error { return nil }

// dry is a sink that looks at events and records none.
func dry(now time.Time, retention time.Duration) sink {
	seen := map[string]bool{}
	return func(_ context.Context, events []quota.Event) ([]api.Result, error) {
		results := make([]api.Result, len(events))
		for i, e := range events {
			results[i] = api.Result{ID: e.ID, Status: quota.Recorded}
			if wrong := e.CheckTime(now, retention); wrong != nil {
				results[i].Status, results[i].Error = quota.Rejected, api.FromQuota(wrong)
			} else if seen[e.ID] {
				results[i].Status = quota.Duplicate
			}
			seen[e.ID] = true
		}
		return results, nil
	}
}

// run reads all lines and records them.
func (f *fileImport) run(ctx context.Context, a *app, to sink) error {
	f.importing = a.beginImport("Importing "+f.file.name, f, to)
	defer f.line.end()
	for l, err := range f.file.lines() {
		if err != nil {
			return f.brokeOff(err)
		}
		e, wrong := f.decode(l)
		if wrong != nil {
			f.reject(l.number, wrong)
			continue
		}
		if err := f.add(ctx, e, l.number); err != nil {
			return err
		}
	}
	return f.submit(ctx)
}

// decode reads a line. An event without an id gets one that is the same when
// the file is imported again.
func (f *fileImport) decode(l line) (quota.Event, error) {
	if l.err != nil {
		return quota.Event{}, l.err
	}
	now := f.app.now()
	e, wrong := api.DecodeEvent(l.text, now)
	if wrong != nil {
		return e, wrong
	}
	if e.At.Equal(quota.Milli(now)) {
		f.undated++
	}
	if e.ID == "" {
		sum := sha256.Sum256(l.text)
		e.ID = "import:" + hex.EncodeToString(sum[:16])
		f.unnamed[e.ID]++
		if n := f.unnamed[e.ID]; n > 1 { // the same line twice is two events
			e.ID = fmt.Sprintf("%s-%d", e.ID, n)
		}
	}
	return e, nil
}

// sum says what came of it.
func (f *fileImport) sum(taken string) error {
	n := f.count
	fmt.Fprintf(f.app.stdout, "%s: %s %s, %s, %d rejected\n", f.file.name,
		counted(n[quota.Recorded], "event"), taken, counted(n[quota.Duplicate], "duplicate"), n[quota.Rejected])
	if f.undated > 0 && n[quota.Recorded] > 0 {
		fmt.Fprintf(f.app.stderr, "quotad: note: %s without a time (\"at\"), taken as of now\n", counted(f.undated, "event"))
	}
	if n[quota.Rejected] > 0 {
		return failed(mendAndRepeat, "not all of %s was taken: %s rejected", f.file.name, counted(n[quota.Rejected], "line"))
	}
	return nil
}
