package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/daemon/transcript"
	"quotad/quota"
)

// records reads the tools' own records: package transcript, but for tests.
type records interface {
	Tools() []string
	Read(ctx context.Context, src transcript.Source, from transcript.Mark, final bool, take func(transcript.Item) error) (transcript.Mark, error)
	Find(tool string, env func(string) string) ([]transcript.Source, error)
	Subagents(path string) []transcript.Source
}

// transcripts are the real ones.
type transcripts struct{}

func (transcripts) Tools() []string { return transcript.Tools() }

func (transcripts) Read(ctx context.Context, src transcript.Source, from transcript.Mark, final bool, take func(transcript.Item) error) (transcript.Mark, error) {
	return transcript.Read(ctx, src, from, final, take)
}

func (transcripts) Find(tool string, env func(string) string) ([]transcript.Source, error) {
	return transcript.Find(tool, env)
}

func (transcripts) Subagents(path string) []transcript.Source { return transcript.Subagents(path) }

// gain is what a look at a record came to.
type gain int

const (
	nothing gain = iota // as it was, or it cannot be read now
	grew
	busy    // its tool is at it
	notKept // the engine could not store it
)

func (g gain) String() string { return [...]string{"nothing", "grew", "busy", "not kept"}[g] }

// followable says what speaks against following a record.
func (f *follower) followable(r store.Followed) *api.Error {
	switch tools := f.records.Tools(); {
	case !slices.Contains(tools, r.Tool):
		return api.InvalidField("tool", "what %q keeps of its turns cannot be read; that of these can: %s", clip(r.Tool), strings.Join(tools, ", "))
	case !filepath.IsAbs(r.Path) || strings.ContainsRune(r.Path, 0):
		return api.InvalidField("transcript", "an absolute path was expected")
	}
	return nil
}

// subrecord is the record of a subagent, which a session's own names.
type subrecord struct {
	record   store.Followed
	size     int64
	modified time.Time
}

// readAll reads a record and those of its subagents.
func (f *follower) readAll(ctx context.Context, a *followed, final bool) gain {
	got := f.read(ctx, &a.record, a.turns, final)
	if got == notKept {
		return got
	}
	subs := f.subrecords(a)
	for _, sub := range subs {
		info, err := os.Stat(sub.record.Path)
		if err != nil || info.Size() == sub.size && info.ModTime().Equal(sub.modified) && !final {
			continue
		}
		switch f.read(ctx, &sub.record, a.turns, final) {
		case notKept:
			return notKept
		case grew:
			got = grew
		}
		sub.size, sub.modified = info.Size(), info.ModTime()
	}
	return got
}

// subrecords are those of the subagents that a session has had so far. They
// count on its behalf.
func (f *follower) subrecords(a *followed) []*subrecord {
	var list []*subrecord
	for _, src := range f.subagents(a.record) {
		sub := store.Followed{Tool: a.record.Tool, Path: src.Path, Session: a.record.Session, Since: a.record.Since, Sub: true}
		s := a.subs[keyOf(sub)]
		if s == nil {
			record, err := f.known(sub)
			if err != nil {
				f.complain(sub.Path, err)
				continue
			}
			s = &subrecord{record: record}
			if a.subs == nil {
				a.subs = map[recordKey]*subrecord{}
			}
			a.subs[keyOf(sub)] = s
		}
		s.record.Account, s.record.Project, s.record.Endpoint = a.record.Account, a.record.Project, a.record.Endpoint
		list = append(list, s)
	}
	return list
}

func (f *follower) subagents(r store.Followed) []transcript.Source {
	if r.Tool != "claude-code" {
		return nil
	}
	return f.records.Subagents(r.Path)
}

// read takes in what a record gained since its mark. The events are durable
// when the mark is: after a crash they are read again, and known by their ids.
func (f *follower) read(ctx context.Context, r *store.Followed, turns endpoints, final bool) gain {
	var from transcript.Mark
	_ = json.Unmarshal(r.Mark, &from) // one of another version: from the beginning
	b := &batch{engine: f.engine, record: r, turns: turns, credits: f.credits(r.Account)}
	to, failed := f.readRecord(ctx, r, from, final, b)
	if b.failed != nil {
		f.complain(r.Path, b.failed)
		return notKept
	}
	if errors.Is(failed, transcript.ErrBusy) {
		return busy
	}
	if failed != nil && ctx.Err() == nil {
		f.complain(r.Path, failed)
	}
	if failed == nil {
		f.tally.well(r.Path)
	}
	return f.keep(ctx, r, from, to, b)
}

// credits reports of an event of a session whether its account's plan charges
// tokens. The account is the session's, or what the rules say of the event.
func (f *follower) credits(session string) func(quota.Event) bool {
	snap := f.engine.Snapshot()
	rules := snap.Settings.Assignment(f.engine.home)
	return func(e quota.Event) bool {
		e.Account = session
		account, _ := rules.Of(e)
		return snap.account(account).Plan.Unit == quota.Credits
	}
}

// keep stores what is left of a batch, and the new mark.
func (f *follower) keep(ctx context.Context, r *store.Followed, from, to transcript.Mark, b *batch) gain {
	mark, err := json.Marshal(to)
	if err != nil {
		return nothing
	}
	if to.Offset == from.Offset && b.found == 0 { // others wrote to the same database
		r.Mark = mark
		return nothing
	}
	next := *r
	next.Mark, next.Grown = mark, f.engine.now().UTC()
	if err := b.store(ctx, &next); err != nil {
		f.complain(r.Path, err)
		return notKept
	}
	if to.Offset < from.Offset { // it was cut, or another took its place
		from.Offset = 0
	}
	f.tally.read(to.Offset-from.Offset, b.taken)
	*r = next
	return grew
}

// readLimit is how long one look at a record may take, for the others wait
// meanwhile. What was taken in of a file of lines by then stays so. No tool has a
// database that takes so long, but a project from elsewhere may bring one along
// whose tables are questions without end.
const readLimit = 2 * time.Minute

var errTooLong = fmt.Errorf("it takes longer than %v to read", readLimit)

// readRecord reads the user's own regular file. A reader that panics is one
// that cannot read this record.
func (f *follower) readRecord(ctx context.Context, r *store.Followed, from transcript.Mark, final bool, b *batch) (to transcript.Mark, err error) {
	defer func() {
		if p := recover(); p != nil {
			to, err = from, fmt.Errorf("the reader of %s panicked: %v", r.Tool, p)
		}
	}()
	if err := ownFile(r.Path); err != nil {
		return from, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, readLimit, errTooLong)
	defer cancel()
	return f.records.Read(limited, transcript.Source{Tool: r.Tool, Path: r.Path, Session: r.Session}, from, final,
		func(i transcript.Item) error { return b.add(ctx, i) })
}

// errNotOwn is the record of somebody else: a client could have it read with
// our rights, were it not refused.
var errNotOwn = errors.New("it belongs to another user")

// ownFile refuses what is not a regular file of the user's own.
func ownFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s: %w", path, transcript.ErrGone)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w", path, transcript.ErrNotFile)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s: %w", path, errNotOwn)
	}
	return nil
}
