package daemon

import (
	"sync"

	"quotad/daemon/api"
	"quotad/quota"
)

// behind is how many notices a subscriber may fall behind before it is let go.
const behind = 256

// subscribers are those who wait for changes. They are woken, and never waited
// for. The zero value has none.
type subscribers struct {
	mu     sync.Mutex
	closed bool
	list   map[*subscriber]struct{}
}

type subscriber struct {
	changes chan struct{}
	notices chan quota.Notice
}

// add begins a feed.
func (s *subscribers) add() api.Feed {
	sub := &subscriber{changes: make(chan struct{}, 1), notices: make(chan quota.Notice, behind)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		close(sub.notices)
	} else {
		if s.list == nil {
			s.list = map[*subscriber]struct{}{}
		}
		s.list[sub] = struct{}{}
	}
	return api.Feed{Changes: sub.changes, Notices: sub.notices, Cancel: func() { s.drop(sub) }}
}

func (s *subscribers) drop(sub *subscriber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(sub)
}

// remove ends a feed; the lock is held.
func (s *subscribers) remove(sub *subscriber) {
	if _, there := s.list[sub]; there {
		delete(s.list, sub)
		close(sub.notices)
	}
}

// changed signals that the status is another.
func (s *subscribers) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.list {
		select {
		case sub.changes <- struct{}{}:
		default:
		}
	}
}

// tell gives each feed the notices; one that has fallen too far behind ends.
func (s *subscribers) tell(list []quota.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.list {
		for _, n := range list {
			select {
			case sub.notices <- n:
				continue
			default:
			}
			s.remove(sub)
			break
		}
	}
}

// close ends all feeds, and those to come.
func (s *subscribers) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for sub := range s.list {
		s.remove(sub)
	}
}
