package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// lacks leaves word, in the state folder, that events from an instant on may be
// missing, before the file that lacks them takes its place. Where there is word
// of an earlier instant already that stays.
func (op *opening) lacks(since time.Time) error {
	path := op.path(lackingName)
	if before := readLacking(path); !before.IsZero() && before.Before(since) {
		return nil
	}
	err := writeWhole(path, path+".part", func(f *os.File) error {
		_, err := fmt.Fprintf(f, "%s is up to when all is known to be there. What came after it is looked for in the sessions of the coding tools.\n",
			since.UTC().Format(time.RFC3339))
		return err
	})
	return diskError("writing "+path, err)
}

// lacksSinceNewest leaves word that what came after the newest event may be missing.
// Where there is none nobody was counted, and nothing is looked for.
func (op *opening) lacksSinceNewest(s *Store) error {
	var newest time.Time
	err := s.View(func(t *Tx) error {
		counts, err := t.Counts()
		for _, c := range counts {
			if c.Last.After(newest) {
				newest = c.Last
			}
		}
		return err
	})
	if err != nil || newest.IsZero() {
		return err
	}
	return op.lacks(newest)
}

// readLacking is the instant that the word is of; zero where there is none.
func readLacking(path string) time.Time {
	text, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}
	}
	first, _, _ := strings.Cut(string(text), " ")
	since, err := time.Parse(time.RFC3339, first)
	if err != nil {
		return time.Time{}
	}
	return since
}

// Refilled takes back the word that something is missing, of which [Report].Lacks
// tells: all that can be had of it is here.
func (s *Store) Refilled() error {
	if err := os.Remove(s.inDir(lackingName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderError(s.inDir(lackingName), "cannot be removed", err)
	}
	return nil
}
