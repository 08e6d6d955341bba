package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"quotad/daemon/backfill"
	"quotad/daemon/hook"
	"quotad/daemon/transcript"
)

// toolKept is what one tool has kept, and what came of it.
type toolKept struct {
	name, title string
	sources     int
	failed      []error // sources that could not be read, or not to their end
	skipped     int64   // lines that could not be made out
	skippedIn   []string
	harvest     *backfill.Harvest
	recorded    backfill.Count
	again       backfill.Count // recorded by somebody else meanwhile
	rejected    int
}

// toolTitle is a tool as people call it.
func toolTitle(name string) string {
	for _, a := range hook.Adapters() {
		if a.Name == name {
			return a.Title
		}
	}
	if name == "crush" { // which has no hooks
		return "Crush"
	}
	return name
}

// read takes in all that a tool has kept. One source that cannot be read spoils
// no other.
func (t *toolsImport) read(ctx context.Context, name string) error {
	rules := t.rules
	if name == "codex" {
		rules.URLs = t.app.codexURLs()
	}
	k := &toolKept{name: name, title: toolTitle(name), harvest: backfill.New(name, rules)}
	t.tools = append(t.tools, k)
	sources, err := transcript.Find(name, t.app.env)
	if err != nil {
		k.failed = append(k.failed, err)
	}
	k.sources = len(sources)
	line := t.app.progress("Reading " + k.title)
	defer line.end()
	var size, done int64
	for _, s := range sources {
		size += s.Size
	}
	for _, s := range sources {
		mark, err := transcript.Read(ctx, s, transcript.Mark{}, t.ended(s), func(i transcript.Item) error {
			k.harvest.Take(i.Event, i.Provider)
			line.set(uint64(done+i.Offset), uint64(size))
			return nil
		})
		if ctx.Err() != nil {
			line.end()
			return importBroke("0 events", errInterrupted)
		}
		if err != nil && !errors.Is(err, transcript.ErrGone) {
			k.failed = append(k.failed, named(s, err))
		}
		if mark.Skipped > 0 {
			k.skipped += mark.Skipped
			k.skippedIn = append(k.skippedIn, s.Path)
		}
		done += s.Size
		line.set(uint64(done), uint64(size))
	}
	return nil
}

// named is an error that says which source it is about.
func named(s transcript.Source, err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return err
	}
	return fmt.Errorf("%s: %w", s.Path, err)
}

// stillOpen is how long after its last change a session may still be at work on
// an answer, which is then left for the next time.
const stillOpen = 15 * time.Minute

func (t *toolsImport) ended(s transcript.Source) bool {
	return t.app.now().Sub(s.Modified) > stillOpen
}

// codexURLs are the addresses of the providers in Codex's settings.
func (a *app) codexURLs() map[string]string {
	home := cmp.Or(a.env("CODEX_HOME"), filepath.Join(a.env("HOME"), ".codex"))
	text, err := os.ReadFile(filepath.Join(home, "config.toml"))
	if err != nil {
		return nil
	}
	return backfill.CodexURLs(text)
}
