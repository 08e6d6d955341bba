package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quotad/config"
	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// verdict is what an image turned out to be.
type verdict struct {
	wrong   string         // what no power cut may lead to; "": nothing
	told    string         // the damage that was found and told
	present map[string]int // how often each event is there
}

// missing names an event that was promised and is not there once.
func (v verdict) missing(promised []string) string {
	for _, id := range promised {
		if n := v.present[id]; n != 1 {
			return fmt.Sprintf("%s was acknowledged and is there %d times", id, n)
		}
	}
	return ""
}

// judge opens images as quotad does.
type judge struct {
	settings config.Settings
	sent     map[string]quota.Event
	now      func() time.Time
	schema   int      // that a database is migrated from; 0: none is
	before   []string // events that were there then
	lacked   []string // events that a backup lacks
}

// look opens the state folder of an image, twice, and looks at everything.
// Whoever opens it twice has to find the same: opening may mend.
func (j *judge) look(dir string) (v verdict) {
	defer func() {
		if p := recover(); p != nil {
			v.wrong = fmt.Sprintf("a panic: %v", p)
		}
	}()
	s, report, err := store.Open(store.Options{Dir: dir, Now: j.now})
	if err != nil {
		return verdict{wrong: "it cannot be opened: " + err.Error()}
	}
	if report.Lost() {
		v.told = strings.Join(report.Lines(), "; ")
	}
	v.present, err = j.list(s)
	if err == nil {
		err = j.refilled(report, v)
	}
	if err == nil {
		err = s.Close()
	}
	if err == nil {
		err = j.verify(dir)
	}
	if err == nil {
		err = swept(dir)
	}
	if err == nil && j.schema > 0 {
		err = j.wayBack(dir)
	}
	if err == nil {
		err = j.addSpooled(filepath.Join(dir, "spool"), v.present)
	}
	if err != nil {
		v.wrong = err.Error()
	}
	for id, n := range v.present {
		if n != 1 {
			v.wrong = fmt.Sprintf("%s is there %d times", id, n)
		}
	}
	return v
}

// swept expects that what was being written at the cut is gone once the
// database was opened.
func swept(dir string) error {
	for _, pattern := range []string{"*.part", "*.new", "backups/*.part"} {
		if left, err := filepath.Glob(filepath.Join(dir, pattern)); err != nil || len(left) > 0 {
			return fmt.Errorf("left behind: %q, %v", left, err)
		}
	}
	return nil
}

// refilled expects what a backup lacks, or word that it is to be looked for.
func (j *judge) refilled(report store.Report, v verdict) error {
	if lost := v.missing(j.lacked); lost != "" && report.Lacks.IsZero() {
		return fmt.Errorf("what the backup lacks will not be looked for: %s", lost)
	}
	return nil
}

// wayBack expects that a database is not migrated before the backup is there that
// an older quotad can open, with all that it had.
func (j *judge) wayBack(dir string) error {
	backups, err := filepath.Glob(filepath.Join(dir, "backups", fmt.Sprintf("*-schema%d.db", j.schema)))
	if err != nil || len(backups) == 0 {
		return fmt.Errorf("it was migrated from schema %d, and no backup of before is there: %v", j.schema, err)
	}
	copied, err := os.MkdirTemp(inMemory(), "quotad-backup")
	if err != nil {
		return err
	}
	defer os.RemoveAll(copied)
	b, err := os.ReadFile(backups[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(copied, "quotad.db"), b, 0o600); err != nil {
		return err
	}
	s, report, err := store.Open(store.Options{Dir: copied, Now: j.now})
	if err != nil {
		return fmt.Errorf("the backup of before: %w", err)
	}
	defer s.Close()
	present, err := j.list(s)
	if lost := (verdict{present: present}).missing(j.before); err != nil || lost != "" || report.From != j.schema {
		return fmt.Errorf("the backup of before has schema %d: %s, %v", report.From, lost, err)
	}
	return nil
}

// list counts the events, each of which has to be as it was sent.
func (j *judge) list(s *store.Store) (map[string]int, error) {
	present := map[string]int{}
	return present, s.View(func(t *store.Tx) error {
		for e, err := range t.Events("", time.Time{}, time.Time{}, 0) {
			if err != nil {
				return err
			}
			present[e.ID]++
			if want, ok := j.sent[e.ID]; !ok {
				return fmt.Errorf("%s was never sent", e.ID)
			} else if got, want := asJSON(e.Event), asJSON(want.Normalize(e.At)); got != want {
				return fmt.Errorf("recorded: %s, sent: %s", got, want)
			}
		}
		return nil
	})
}

func asJSON(e quota.Event) string {
	b, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// verify holds the counters against the events.
func (j *judge) verify(dir string) error {
	found, err := daemon.VerifyOffline(context.Background(), config.Paths{StateDir: dir}, j.settings, j.now, nil)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if !found.OK {
		return fmt.Errorf("verify: %s", strings.Join(found.Problems, "; "))
	}
	return nil
}

// addSpooled counts the events that still wait in the spool, unless they were
// taken already: the next drain finds out by the id.
func (j *judge) addSpooled(dir string, present map[string]int) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		e, bad := api.DecodeEvent(slices.Concat(b), time.Time{})
		if bad != nil {
			return fmt.Errorf("spooled: %s: %w", filepath.Base(path), bad)
		}
		if present[e.ID] == 0 {
			present[e.ID]++
		}
	}
	return nil
}
