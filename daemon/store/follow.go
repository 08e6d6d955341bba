package store

import (
	"encoding/json"
	"iter"
	"strings"
	"time"
)

// Followed is a record that a coding tool writes of its own turns, and how far
// it was read.
type Followed struct {
	Tool    string `json:"tool"`
	Path    string `json:"path"`
	Session string `json:"session,omitempty"`

	// What the session's prompts say: the record itself need not tell.
	Account  string `json:"account,omitempty"`
	Project  string `json:"project,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`

	Counted bool            `json:"counted,omitempty"` // its prompts count: no hook tells of them
	Sub     bool            `json:"sub,omitempty"`     // of a subagent: read along with its session's
	Since   time.Time       `json:"since"`             // what happened earlier is not taken
	Grown   time.Time       `json:"grown"`             // when it was last found to have grown
	Mark    json.RawMessage `json:"mark,omitempty"`
}

// key is by whom, where and of what: one file may hold many sessions.
func (f Followed) key() []byte {
	return []byte(strings.Join([]string{f.Tool, f.Path, f.Session}, "\x00"))
}

// PutFollowed keeps how far a record was read, in the place of what was known
// of the same tool, path and session.
func (t *Tx) PutFollowed(f Followed) error {
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return t.put(tabFollows, f.key(), body)
}

// Followed is what is known of a record; false: nothing.
func (t *Tx) Followed(tool, path, session string) (Followed, bool, error) {
	key := Followed{Tool: tool, Path: path, Session: session}.key()
	body, ok, err := t.get(tabFollows, key)
	if err != nil || !ok {
		return Followed{}, false, err
	}
	f, err := readFollowed(key, body)
	return f, err == nil, err
}

func readFollowed(key, body []byte) (Followed, error) {
	var f Followed
	if err := json.Unmarshal(body, &f); err != nil {
		return f, damaged("database: the followed record %q cannot be read: %v", key, err)
	}
	if string(f.key()) != string(key) {
		return f, damaged("database: the followed record %q says it is %q", key, f.key())
	}
	return f, nil
}

// FollowedSince lists the records that grew at since or later. A row that
// cannot be read is passed over: it is a hint, and the others hold.
func (t *Tx) FollowedSince(since time.Time) (list []Followed) {
	for _, f := range t.followed() {
		if f != nil && !f.Grown.Before(since) {
			list = append(list, *f)
		}
	}
	return list
}

// PruneFollowed forgets the records that did not grow since before, and rows
// that cannot be read, at most so many; it returns how many it were.
func (t *Tx) PruneFollowed(before time.Time, most int) (int, error) {
	var old [][]byte
	for key, f := range t.followed() {
		if len(old) == most {
			break
		}
		if f == nil || f.Grown.Before(before) {
			old = append(old, clone(key))
		}
	}
	return len(old), t.deleteAll(tabFollows, old)
}

// followed yields all rows; nil stands for one that cannot be read.
func (t *Tx) followed() iter.Seq2[[]byte, *Followed] {
	return func(yield func([]byte, *Followed) bool) {
		c := t.bucket(tabFollows).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			body, err := unseal(tabFollows, k, v)
			var f Followed
			if err == nil {
				f, err = readFollowed(k, body)
			}
			row := &f
			if err != nil {
				row = nil
			}
			if !yield(k, row) {
				return
			}
		}
	}
}
