package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"quotad/quota"
)

// This file has the scenarios of a daemon that is killed where it has written what
// it has not synced.

// killedAndAgain kills the daemon where it has written what it has not synced,
// sends the same again to the next one, which sees it, and more.
func killedAndAgain(s *stage) error {
	killed := 0
	for round, nth := range []int{5, 6, 8} { // of the calls of one thread
		trace := s.trace()
		p, err := s.start(trace, append([]string{fmt.Sprintf("fdatasync:signal=KILL:when=%d", nth)}, s.meddle...)...)
		if err != nil && p == nil {
			return err
		}
		var unsure []quota.Event
		for i := range 60 {
			e := s.event(fmt.Sprintf("round-%d", round), time.Now().Add(-time.Minute+time.Duration(i)*time.Millisecond))
			if !s.post(e) {
				unsure = append(unsure, e)
				break
			}
		}
		if killed += len(unsure); len(unsure) == 0 {
			p.Process.Kill()
		}
		<-p.ended
		if err := s.model.take(trace); err != nil {
			return err
		}
		again := s.live(true, func() error {
			if len(unsure) > 0 && !s.post(unsure...) {
				return errRefused
			}
			time.Sleep(20 * time.Millisecond) // for cuts after this answer and before the next write
			return s.use(fmt.Sprintf("again-%d", round), 1, 2)
		})
		if again != nil {
			return again
		}
	}
	if killed == 0 {
		return errors.New("the daemon was never killed where it had to be")
	}
	return nil
}

// killedAtFirst kills the daemon before each of the first syncs that it ever
// does, one start after the other: what the last one left unsynced is found by
// the next one, and the last of all goes on.
func killedAtFirst(s *stage) error {
	for nth := range 7 {
		trace := s.trace()
		c := s.command(trace, append([]string{fmt.Sprintf("fsync:signal=KILL:when=%d", nth+1)}, s.meddle...), "run")
		c.Stderr = new(bytes.Buffer) // so that Wait waits for strace too
		if err := c.Start(); err != nil {
			return err
		}
		over := time.AfterFunc(3*time.Second, func() { c.Process.Kill() })
		c.Wait() // it was killed
		over.Stop()
		if err := s.model.take(trace); err != nil {
			return err
		}
	}
	return brief(s)
}
