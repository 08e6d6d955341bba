package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"quotad/config"
)

// hookRecord is when hooks were last put into, or changed in, the settings of
// each tool. The files themselves cannot tell: tools write to them all the time.
func (a *app) hookRecord() map[string]time.Time {
	record := map[string]time.Time{}
	paths, err := a.paths()
	if err != nil {
		return record
	}
	text, err := os.ReadFile(hookRecordFile(paths))
	if err != nil || json.Unmarshal(text, &record) != nil {
		return map[string]time.Time{}
	}
	return record
}

func hookRecordFile(p config.Paths) string { return filepath.Join(p.StateDir, "hooks.json") }

// recordHooks notes that hooks were put there now. Without the note a later
// check knows less, and that is all.
func (a *app) recordHooks(tool string) {
	paths, err := a.paths()
	if err != nil {
		return
	}
	record := a.hookRecord()
	record[tool] = a.now().UTC().Truncate(time.Millisecond)
	text, err := json.Marshal(record)
	if err != nil {
		return
	}
	_ = config.Write(hookRecordFile(paths), append(text, '\n'))
}
