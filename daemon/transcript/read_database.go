package transcript

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// messages are those in one tool's database.
type messages interface {
	// since calls for each message that was changed at an instant or later, in
	// the order of their changes: those of one session, or "" for all.
	since(updated int64, session string, each func(message) error) error
	root(session string) string
	under(session string) []string
}

// readDatabase reads what was changed in a database since the last reading.
// Where anything fails the mark stays as it was: the ids make it harmless to
// tell of a message again.
func readDatabase(ctx context.Context, src Source, from Mark, open func(*database) (messages, error), take func(Item) error) (Mark, error) {
	path, err := databaseFile(src.Path)
	if err != nil {
		return from, err
	}
	now := looks(path)
	if now != "" && now == stateOf(from).Seen {
		return from, nil
	}
	for wait := stillFor; wait < patience; wait *= 2 {
		r := dbReading{src: src, path: path, state: stateOf(from), open: open, take: take}
		switch err = r.run(ctx); {
		case ctx.Err() != nil:
			return from, context.Cause(ctx)
		case err == nil:
			r.state.Seen = now
			text, err := json.Marshal(r.state)
			return Mark{State: text}, err
		case !errors.Is(err, ErrBusy):
			return from, err
		}
		pause(ctx, wait)
	}
	return from, fmt.Errorf("%s: %w", path, err)
}

// patience is how long a reading waits, as it were, for a tool that is changing
// its files.
const patience = time.Second

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// dbReading is one attempt to read a database. What it finds is given on only
// while its footing holds.
type dbReading struct {
	src   Source
	path  string
	state databaseState
	open  func(*database) (messages, error)
	take  func(Item) error

	footing footing
	found   []Item
	refused error // by take
}

// atOnce is how many items are held until it is known that they hold true.
const atOnce = 1000

// run is ErrBusy where the footing was lost: what went wrong then, if anything
// did, says nothing.
func (r *dbReading) run(ctx context.Context) error {
	steady := false
	if r.footing, steady = footingOf(r.path); !steady {
		return ErrBusy
	}
	err := r.read(ctx)
	if err == nil {
		return r.give()
	}
	if r.refused != nil || r.holds() {
		return err
	}
	return ErrBusy
}

func (r *dbReading) holds() bool {
	now, _ := footingOf(r.path)
	return now == r.footing
}

// give gives on what was found.
func (r *dbReading) give() error {
	if !r.holds() {
		return ErrBusy
	}
	for _, item := range r.found {
		if r.refused = r.take(item); r.refused != nil {
			return r.refused
		}
	}
	r.found = r.found[:0]
	return nil
}

// keep holds an item until it may be given on.
func (r *dbReading) keep(item Item) error {
	r.found = append(r.found, item)
	if len(r.found) < atOnce {
		return nil
	}
	return r.give()
}

func (r *dbReading) read(ctx context.Context) error {
	db, err := openDatabase(ctx, r.path, r.footing.logged())
	if err != nil {
		return err
	}
	defer db.close()
	all, err := r.open(db)
	if err != nil {
		return fmt.Errorf("the database is not one that %s is known to have: %w", r.src.Tool, err)
	}
	sessions := []string{""}
	if r.src.Session != "" {
		sessions = all.under(all.root(r.src.Session))
	}
	since := r.state.since()
	for _, session := range sessions {
		if err := all.since(since, session, func(m message) error { return r.state.hand(r.src.Tool, m, r.keep) }); err != nil {
			return err
		}
	}
	return nil
}

// looks is what can be seen of a database without opening it, "" where that is
// not to be relied on: what was just changed can change again and look the same.
func looks(path string) string {
	var all string
	for _, file := range []string{path, path + "-wal"} {
		info, err := os.Stat(file)
		if err != nil {
			continue
		}
		if time.Since(info.ModTime()) < 2*time.Second {
			return ""
		}
		all += fmt.Sprintf("%d@%d ", info.Size(), info.ModTime().UnixNano())
	}
	return all
}
