package daemon

import (
	"cmp"
	"maps"
	"path/filepath"

	"quotad/daemon/store"
	"quotad/quota"
)

// recordKey is what makes two records the same one.
type recordKey struct{ tool, path, session string }

func keyOf(r store.Followed) recordKey { return recordKey{r.Tool, r.Path, r.Session} }

// sighting is word of a record.
type sighting struct {
	record store.Followed // Since is when
	turns  endpoints      // of turns that have one of their own
	ended  bool           // a turn of it has ended
	past   bool           // of before a restart: one look shows whether it has grown
}

// endpoints are where the prompts of turns went: in one session each may go to
// another provider.
type endpoints map[string]string

// maxTurns is of how many turns of a session that is kept in mind.
const maxTurns = 256

// of is where a turn went: "" too says that, of a tool that cannot tell. A turn
// that is not known went where the session's last prompt did.
func (t endpoints) of(turn, session string) string {
	if to, known := t[turn]; known {
		return to
	}
	return session
}

// and adds those of later turns.
func (t endpoints) and(o endpoints) endpoints {
	if len(t) == 0 || len(t)+len(o) > maxTurns {
		return o
	}
	maps.Copy(t, o)
	return t
}

// sightingOf is the word of a record that a prompt is.
func sightingOf(e quota.Event) sighting {
	s := sighting{record: store.Followed{
		Tool: e.Tool, Path: filepath.Clean(e.Transcript), Session: e.Session,
		Account: e.Account, Project: e.Project, Endpoint: e.Endpoint, Since: e.At.Add(-sinceSlack),
	}}
	if e.Turn != "" {
		s.turns = endpoints{e.Turn: e.Endpoint}
	}
	return s
}

// endingOf is the word that a turn has ended, which need not know where it went.
func endingOf(e quota.Event) sighting {
	s := sightingOf(e)
	s.ended = true
	if e.Endpoint == "" {
		s.turns = nil
	}
	return s
}

// and is the word of two, the second of which came later.
func (s sighting) and(o sighting) sighting {
	o.record = updated(s.record, o)
	o.turns = s.turns.and(o.turns)
	o.ended = o.ended || s.ended
	o.past = o.past && s.past
	return o
}

// updated is a record by what was heard of it. The end of a turn names no
// account, and perhaps no endpoint, where the prompt has both by now.
func updated(r store.Followed, s sighting) store.Followed {
	if !s.ended || s.record.Account != "" {
		r.Account = s.record.Account
	}
	if !s.ended || s.record.Endpoint != "" {
		r.Endpoint = s.record.Endpoint
	}
	r.Counted = s.record.Counted
	r.Project = cmp.Or(s.record.Project, r.Project)
	if len(r.Mark) == 0 && s.record.Since.Before(r.Since) {
		r.Since = s.record.Since
	}
	return r
}
