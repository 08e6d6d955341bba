package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

// This file has the scenario of a backup that lacks what a coding tool has kept.

// lostTurns are more than go into one transaction of what is read again.
const lostTurns = 700

// lackingBackup leaves a file that is no database, a backup, and a session of a
// coding tool that the backup knows nothing of.
func lackingBackup(s *stage) error {
	if err := used(s); err != nil {
		return err
	}
	counted := quota.Event{ID: "counted", Kind: quota.KindPrompt, At: quota.Milli(time.Now().Add(-2 * time.Hour)), Tool: "claude-code", Session: "known"}
	s.sent[counted.ID] = counted
	s.promised = append(s.promised, counted.ID)
	err := s.live(false, func() error {
		if !s.post(counted) {
			return errRefused
		}
		return nil
	})
	return firstOf(
		func() error { return err },
		func() error { return os.RemoveAll(filepath.Join(s.state, "backups")) }, // one that the daemon made is newer
		func() error { return s.backup(time.Now().Add(-time.Hour)) },
		func() error { return s.session(time.Now().Add(-time.Minute)) },
		func() error { return os.WriteFile(s.database(), bytes.Repeat([]byte("no database\n"), 1000), 0o600) },
	)
}

// firstOf takes one step after the other, up to the first that fails.
func firstOf(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// session writes one of Claude Code's that no hook told of.
func (s *stage) session(at time.Time) error {
	dir := filepath.Join(s.root, ".claude", "projects", "-p")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var lines bytes.Buffer
	for i := range lostTurns {
		when := at.Add(time.Duration(i) * time.Millisecond).UTC().Format(time.RFC3339Nano)
		fmt.Fprintf(&lines, `{"type":"user","promptId":"lost-%d","promptSource":"typed","uuid":"u%d","sessionId":"lost","cwd":"/p","timestamp":%q,"message":{"role":"user","content":"words"}}`+"\n", i, i, when)
		fmt.Fprintf(&lines, `{"type":"assistant","uuid":"a%d","requestId":"r%d","sessionId":"lost","cwd":"/p","timestamp":%q,"message":{"id":"m%d","model":"glm-4.7","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}}`+"\n", i, i, when, i)
	}
	return os.WriteFile(filepath.Join(dir, "lost.jsonl"), lines.Bytes(), 0o600)
}

// refilled has the backup take the place of the database, and read again what it
// lacks.
func refilled(s *stage) error {
	return s.live(true, func() error {
		if err := s.awaitRefilled(); err != nil {
			return err
		}
		if err := s.lost(); err != nil {
			return err
		}
		return s.use("after", 1, 3)
	})
}

func (s *stage) awaitRefilled() error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(s.state, "lacking")); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return errors.New("what the backup lacks is not read again within a minute")
}

// lost asks the daemon what it has read again.
func (s *stage) lost() error {
	resp, err := s.client.Get("http://quotad/v1/events")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	prompts := 0
	for lines := json.NewDecoder(resp.Body); lines.More(); {
		var line json.RawMessage
		if err := lines.Decode(&line); err != nil {
			return err
		}
		e, bad := api.DecodeEvent(line, time.Time{})
		if bad != nil {
			return bad
		}
		if e.Session != "lost" {
			continue
		}
		if e.Kind == quota.KindPrompt {
			prompts++
		}
		s.sent[e.ID] = e
		s.lacked = append(s.lacked, e.ID)
	}
	if resp.StatusCode != http.StatusOK || prompts != lostTurns {
		return fmt.Errorf("%d of %d prompts were read again (%s)", prompts, lostTurns, resp.Status)
	}
	return nil
}
