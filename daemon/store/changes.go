package store

import "sync"

// mostChanges is how many records may change while the database is copied.
const mostChanges = 50_000

// changes are the keys that were written to since a copy began: what stands
// there has to be copied again.
type changes struct {
	mu   sync.Mutex
	keys map[written]struct{}
	many bool // more than were kept
}

type written struct {
	tab table
	key string
}

// note takes in a key that is about to be written to. A nil one takes nothing.
func (c *changes) note(tab table, key []byte) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.many = c.many || len(c.keys) >= mostChanges; !c.many {
		c.keys[written{tab, string(key)}] = struct{}{}
	}
}

// take hands over what was noted, and begins anew; false where it was too much.
// Call it while nobody writes: what is noted by then is on the disk.
func (c *changes) take() (map[written]struct{}, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := c.keys
	c.keys = map[written]struct{}{}
	return keys, !c.many
}
