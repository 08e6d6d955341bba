package transcript

import (
	"context"
	"encoding/json"
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
	state := stateOf(from)
	now := looks(src.Path)
	if now != "" && now == state.Seen {
		return from, nil
	}
	if err := state.read(ctx, src, open, take); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return from, err
	}
	state.Seen = now
	text, err := json.Marshal(state)
	return Mark{State: text}, err
}

func (s *databaseState) read(ctx context.Context, src Source, open func(*database) (messages, error), take func(Item) error) error {
	db, err := openDatabase(ctx, src.Path)
	if err != nil {
		return err
	}
	defer db.close()
	all, err := open(db)
	if err != nil {
		return fmt.Errorf("the database is not one that %s is known to have: %w", src.Tool, err)
	}
	sessions := []string{""}
	if src.Session != "" {
		sessions = all.under(all.root(src.Session))
	}
	since := s.since()
	for _, session := range sessions {
		if err := all.since(since, session, func(m message) error { return s.hand(src.Tool, m, take) }); err != nil {
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
		if time.Since(info.ModTime()) < patience {
			return ""
		}
		all += fmt.Sprintf("%d@%d ", info.Size(), info.ModTime().UnixNano())
	}
	return all
}
