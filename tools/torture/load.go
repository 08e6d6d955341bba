package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quotad/daemon/api"
)

// This file has the scenarios of daily use: clients that post, events of days ago,
// and a spool.

// load posts much while the daemon does its first housekeeping.
func load(s *stage) error {
	return s.live(true, func() error {
		if err := s.use("load", 3, 8); err != nil {
			return err
		}
		if !s.post(s.events("late", 5, time.Now().Add(-50*time.Hour))...) {
			return errRefused
		}
		return nil
	})
}

// brief posts a little.
func brief(s *stage) error {
	return s.live(true, func() error {
		if err := s.awaitDrained(); err != nil {
			return err
		}
		return s.use("brief", 1, 3)
	})
}

// used leaves a database with some events, and with the day's backup.
func used(s *stage) error {
	return s.live(false, func() error {
		if err := s.use("used", 2, 6); err != nil {
			return err
		}
		s.promise(time.Now().AddDate(0, 0, -leastRetention))
		return nil
	})
}

// someDays leaves a database whose backup is old and whose oldest events are
// older than the retention.
func someDays(s *stage) error {
	return errors.Join(s.days(4), used(s), s.ageBackups(), s.configure(leastRetention))
}

// days has many events of one day after the other, the first of them older than
// the retention. In this order: what is forgotten lies before a checkpoint.
func (s *stage) days(each int) error {
	name := strings.Repeat("old-", 45) // makes them large
	return s.live(false, func() error {
		for days := 60; days > 30; days -= 3 {
			if !s.post(s.events(name, each, time.Now().AddDate(0, 0, -days))...) {
				return errRefused
			}
		}
		return nil
	})
}

// ageBackups makes the backups two days older.
func (s *stage) ageBackups() error {
	files, err := filepath.Glob(filepath.Join(s.state, "backups", "*.db"))
	for i, path := range files {
		at := time.Now().Add(-48*time.Hour - time.Duration(i)*time.Hour).UTC()
		err = errors.Join(err, os.Rename(path, filepath.Join(filepath.Dir(path), "quotad-"+at.Format("20060102T150405Z")+".db")))
	}
	return err
}

// spooled leaves events as hooks do while no daemon answers.
func spooled(s *stage) error {
	if err := used(s); err != nil {
		return err
	}
	for _, e := range s.events("spooled", 40, time.Now().Add(-2*time.Minute)) {
		if err := (api.Spool{Dir: filepath.Join(s.state, "spool")}).Write(e.ID, api.EncodeEvent(e)); err != nil {
			return err
		}
		s.promised = append(s.promised, e.ID)
	}
	return nil
}
