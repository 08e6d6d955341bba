package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"quotad/quota"
)

// This file is what scenarios are played on: a home, the clients that post to
// its daemon, and what was promised to them.

// stage is a home, what was sent to it, and what it did while it was traced.
type stage struct {
	*home
	traces   string // a folder for them
	model    *disk  // from the moment on at which tracing began
	meddle   []string
	mu       sync.Mutex
	sent     map[string]quota.Event
	promised []string // acknowledged before that
	lacked   []string // what a backup lacks, which the sessions of a tool have
	rand     *rand.Rand
	count    int
}

// event is a new prompt, or now and then another kind.
func (s *stage) event(name string, at time.Time) quota.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	e := quota.Event{ID: fmt.Sprintf("%s-%d", name, s.count), Kind: quota.KindPrompt, At: quota.Milli(at), Session: "session-" + strconv.Itoa(s.count%7)}
	switch s.rand.IntN(8) {
	case 0:
		e.Kind, e.Turn, e.Model = quota.KindUsage, strconv.Itoa(s.count%5), "glm-4.7"
		e.Tokens = quota.Tokens{Input: 10, Output: 5}
	case 1:
		e.Turn = strconv.Itoa(s.count % 5)
	case 2:
		e.Kind, e.Voids = quota.KindVoid, fmt.Sprintf("%s-%d", name, s.count-1)
	}
	s.sent[e.ID] = e
	return e
}

func (s *stage) events(name string, n int, at time.Time) (list []quota.Event) {
	for range n {
		list = append(list, s.event(name, at))
		at = at.Add(time.Second)
	}
	return list
}

// live runs the daemon for as long as while takes, traced or not.
func (s *stage) live(traced bool, while func() error) error {
	trace := ""
	if traced {
		trace = s.trace()
	}
	p, err := s.start(trace, s.meddle...)
	if err != nil {
		return err
	}
	if err := errors.Join(while(), p.stop()); err != nil || !traced {
		return err
	}
	return s.model.take(trace)
}

func (s *stage) trace() string {
	s.count++
	return filepath.Join(s.traces, strconv.Itoa(s.count))
}

var errRefused = errors.New("the daemon refused events")

// use has clients post side by side, each batches of various size.
func (s *stage) use(name string, clients, batches int) error {
	var all sync.WaitGroup
	errs := make([]error, clients)
	for c := range clients {
		all.Go(func() {
			for i := range batches {
				if !s.post(s.events(fmt.Sprintf("%s-%d", name, c), 1+(i*i+c)%9, time.Now().Add(-time.Minute))...) {
					errs[c] = errRefused
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (s *stage) awaitDrained() error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if left, _ := filepath.Glob(filepath.Join(s.state, "spool", "*.json")); len(left) == 0 {
			return nil
		}
	}
	return errors.New("the spool is not drained within a minute")
}

// promise takes all that was sent for acknowledged before the trace begins, but
// what is so old that it may be forgotten.
func (s *stage) promise(since time.Time) {
	for id, e := range s.sent {
		if e.At.After(since) {
			s.promised = append(s.promised, id)
		}
	}
}
