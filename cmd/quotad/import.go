package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/quota"
)

const (
	importChunk = 1000 // events that go together
	complaints  = 20   // told in full; further ones are counted
)

func (a *app) importCommand() *cobra.Command {
	dryRun := false
	c := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Record events from a file",
		Long: `Records events from a file, or from standard input for "-": one JSON object a
line, as "quotad events --json" writes them. It goes through the daemon, and
opens the database itself where none runs.

An event that was recorded before is a duplicate and counts once, so that an
import that broke off may simply be run again. A line that cannot be taken
spoils no other; it is named, and the exit code is 1 in the end.`,
		Example: `  quotad import events.ndjson
  ssh laptop quotad events --json | quotad import -
  quotad import --dry-run events.ndjson`,
		Args: exactArgs(1, "a FILE of events, or - for standard input"),
		RunE: func(c *cobra.Command, args []string) error { return a.importEvents(c.Context(), args[0], dryRun) },
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what is wrong with the file, and record nothing")
	return c
}

// importing is an import on its way.
type importing struct {
	app  *app
	file *eventFile
	sink func(context.Context, []quota.Event) ([]api.Result, error)
	line *progress

	events  []quota.Event // the chunk
	numbers []int         // their lines
	unnamed map[string]int
	count   map[quota.Outcome]int
	undated int // lines that name no time
	done    int // line up to which all was acknowledged
}

func (a *app) importEvents(ctx context.Context, name string, dryRun bool) error {
	f, err := a.openEvents(name, "quotad import --help")
	if err != nil {
		return err
	}
	defer f.in.Close()
	m := &importing{app: a, file: f, unnamed: map[string]int{}, count: map[quota.Outcome]int{}}
	if dryRun {
		settings, err := a.settings()
		if err != nil {
			return err
		}
		m.sink = dry(a.now(), settings.Store.Retention)
		if err := m.run(ctx); err != nil {
			return err
		}
		return m.sum("can be taken")
	}
	anywhere := func(config.Paths) error { return nil } // a database is made where there is none
	err = a.withRecord(ctx, anywhere, func(r record) error {
		m.sink = r.Submit
		return m.run(ctx)
	})
	if err != nil {
		return err
	}
	return m.sum("recorded")
}

// dry is a sink that looks at events and records none.
func dry(now time.Time, retention time.Duration) func(context.Context, []quota.Event) ([]api.Result, error) {
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

// run reads all lines and records them, chunk by chunk.
func (m *importing) run(ctx context.Context) error {
	m.line = m.app.progress("Importing " + m.file.name)
	defer m.line.end()
	for l, err := range m.file.lines() {
		if err != nil {
			return m.brokeOff(err)
		}
		if e, wrong := m.decode(l); wrong != nil {
			m.reject(l.number, wrong)
		} else {
			m.events, m.numbers = append(m.events, e), append(m.numbers, l.number)
		}
		if len(m.events) == importChunk {
			if err := m.submit(ctx); err != nil {
				return err
			}
		}
	}
	return m.submit(ctx)
}

// decode reads a line. An event without an id gets one that is the same when
// the file is imported again.
func (m *importing) decode(l line) (quota.Event, error) {
	if l.err != nil {
		return quota.Event{}, l.err
	}
	now := m.app.now()
	e, wrong := api.DecodeEvent(l.text, now)
	if wrong != nil {
		return e, wrong
	}
	if e.At.Equal(quota.Milli(now)) {
		m.undated++
	}
	if e.ID == "" {
		sum := sha256.Sum256(l.text)
		e.ID = "import:" + hex.EncodeToString(sum[:16])
		m.unnamed[e.ID]++
		if n := m.unnamed[e.ID]; n > 1 { // the same line twice is two events
			e.ID = fmt.Sprintf("%s-%d", e.ID, n)
		}
	}
	return e, nil
}

// submit records the chunk and counts what became of it.
func (m *importing) submit(ctx context.Context) error {
	if len(m.events) == 0 {
		return nil
	}
	results, err := m.sink(ctx, m.events)
	for i, r := range results {
		if r.Status == quota.Rejected {
			m.reject(m.numbers[i], rejection(r))
		} else {
			m.count[r.Status]++
		}
		m.done = m.numbers[i]
	}
	if err != nil {
		return m.brokeOff(err)
	}
	m.events, m.numbers = m.events[:0], m.numbers[:0]
	if m.file.size > 0 {
		m.line.set(uint64(m.file.read), uint64(m.file.size))
	} else {
		m.line.set(uint64(m.done), 0)
	}
	return nil
}

// reject names a line that was not taken.
func (m *importing) reject(number int, why error) {
	m.count[quota.Rejected]++
	if m.count[quota.Rejected] > complaints {
		return
	}
	m.line.end()
	fmt.Fprintf(m.app.stderr, "%s:%d: %s\n", m.file.name, number, clean(why.Error()))
	if m.count[quota.Rejected] == complaints {
		fmt.Fprintln(m.app.stderr, "quotad: note: further lines that are rejected are only counted")
	}
}

func (m *importing) brokeOff(err error) error {
	f := failureOf(err)
	return &failure{
		code: f.code, hint: "run it again: what is recorded counts once",
		err: fmt.Errorf("the import broke off after line %d: %w", m.done, err),
	}
}

// sum says what came of it.
func (m *importing) sum(taken string) error {
	n := m.count
	fmt.Fprintf(m.app.stdout, "%s: %s %s, %s, %d rejected\n", m.file.name,
		counted(n[quota.Recorded], "event"), taken, counted(n[quota.Duplicate], "duplicate"), n[quota.Rejected])
	if m.undated > 0 && n[quota.Recorded] > 0 {
		fmt.Fprintf(m.app.stderr, "quotad: note: %s without a time (\"at\"), taken as of now\n", counted(m.undated, "event"))
	}
	if n[quota.Rejected] > 0 {
		return failed("mend these lines, then run it again: what is recorded counts once", "not all of %s was taken: %s rejected", m.file.name, counted(n[quota.Rejected], "line"))
	}
	return nil
}
