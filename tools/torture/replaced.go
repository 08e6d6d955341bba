package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// This file has the scenarios in which a backup takes the place of the database.

// backedUp leaves a backup, and more events than it has.
func backedUp(s *stage) error {
	if err := used(s); err != nil {
		return err
	}
	if err := s.backup(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	return s.live(false, func() error { return s.use("since", 1, 4) })
}

// backup makes one that bears the name of an instant.
func (s *stage) backup(at time.Time) error {
	path := filepath.Join(s.state, "backups", "quotad-"+at.UTC().Format("20060102T150405Z")+".db")
	out, err := s.command("", nil, "backup", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("backup: %w\n%s", err, out)
	}
	return nil
}

// restored puts the backup in place of the database, and goes on.
func restored(s *stage) error {
	trace := s.trace()
	out, err := s.command(trace, s.meddle, "restore", "latest", "--yes").CombinedOutput()
	if err != nil {
		return fmt.Errorf("restore: %w\n%s", err, out)
	}
	if err := s.model.take(trace); err != nil {
		return err
	}
	return brief(s)
}

// damagedPage leaves a database one page of which is zeros, and a backup that
// has all of it.
func damagedPage(s *stage) error {
	if err := used(s); err != nil {
		return err
	}
	if err := s.backup(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	f, err := os.OpenFile(s.database(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for page := int64(2); page < 12; page++ {
		if _, err := f.WriteAt(make([]byte, 4096), page*4096); err != nil {
			return err
		}
	}
	return nil
}
