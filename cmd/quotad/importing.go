package main

import (
	"context"
	"errors"
	"fmt"

	"quotad/daemon/api"
	"quotad/quota"
)

const (
	importChunk = 1000 // events that go together
	complaints  = 20   // told in full; further ones are counted
)

// sink takes events, as a record does.
type sink func(context.Context, []quota.Event) ([]api.Result, error)

// origin is where the events of an import are from. Each has a number there,
// and the numbers rise.
type origin interface {
	where(n int) string               // names an event in a complaint
	reached(n int) string             // says how far it came: "line 3"
	share(n int) (done, total uint64) // the same for the progress; a total of 0 is not known
	became(n int, what quota.Outcome) // what became of an event
}

// importing is an import on its way: events go to a sink, chunk by chunk, and
// what became of each is counted.
type importing struct {
	app  *app
	from origin
	sink sink
	line *progress

	events  []quota.Event // the chunk
	numbers []int         // theirs
	count   map[quota.Outcome]int
	done    int // number up to which all was acknowledged
}

// beginImport draws the progress of an import.
func (a *app) beginImport(what string, from origin, to sink) *importing {
	return &importing{app: a, from: from, sink: to, line: a.progress(what), count: map[quota.Outcome]int{}}
}

// add takes an event in.
func (m *importing) add(ctx context.Context, e quota.Event, number int) error {
	m.events, m.numbers = append(m.events, e), append(m.numbers, number)
	if len(m.events) < importChunk {
		return nil
	}
	return m.submit(ctx)
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
		m.from.became(m.done, r.Status)
	}
	if ctx.Err() != nil {
		err = errInterrupted
	}
	if err != nil {
		return m.brokeOff(err)
	}
	m.events, m.numbers = m.events[:0], m.numbers[:0]
	m.line.set(m.from.share(m.done))
	return nil
}

// reject names an event that was not taken.
func (m *importing) reject(number int, why error) {
	m.count[quota.Rejected]++
	if m.count[quota.Rejected] > complaints {
		return
	}
	m.line.end()
	fmt.Fprintf(m.app.stderr, "%s: %s\n", m.from.where(number), clean(why.Error()))
	if m.count[quota.Rejected] == complaints {
		fmt.Fprintln(m.app.stderr, "quotad: note: further ones that are rejected are only counted")
	}
}

func (m *importing) brokeOff(err error) error {
	return importBroke(m.from.reached(m.done), err)
}

var errInterrupted = errors.New("it was interrupted")

// importBroke is the failure of an import that did not come to its end.
func importBroke(reached string, err error) error {
	return &failure{
		code: failureOf(err).code, hint: "run it again: what is recorded counts once",
		err: fmt.Errorf("the import broke off after %s: %w", reached, err),
	}
}

const mendAndRepeat = "mend these lines, then run it again: what is recorded counts once"
