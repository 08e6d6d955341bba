package backfill

import (
	"cmp"
	"strings"
	"time"

	"quotad/quota"
)

// stop is what makes two refusals the same.
type stop struct {
	session, window string
	until           int64
}

func stopOf(e quota.Event) stop { return stop{e.Session, e.Window, e.Until.UnixMilli()} }

// around is how much more of the record is looked at than the time of what was
// read: what waited is recorded earlier than it was sent.
const around = time.Hour

// Span is the time of which the record has to be known; false where there is
// nothing to record.
func (h *Harvest) Span() (since, until time.Time, some bool) {
	h.judge()
	for _, i := range h.items {
		if i.reason != Wanted {
			continue
		}
		if !some {
			since = i.event.At.Add(-around)
		}
		until, some = i.event.At.Add(around), true
	}
	return since, until, some
}

// Known takes in an event that the record has.
func (h *Harvest) Known(e quota.Event) {
	if i := h.byID[e.ID]; i != nil {
		i.known = true
		return
	}
	if e.Tool != h.tool {
		return
	}
	switch e.Kind {
	case quota.KindPrompt:
		if !h.fromSession(e.ID) {
			if e.Endpoint != "" {
				h.sentTo[turnOf{session: e.Session}] = e.Endpoint
				h.sentTo[turnOf{e.Session, e.Turn}] = e.Endpoint
			}
			h.hooks = append(h.hooks, told{session: e.Session, turn: e.Turn, at: e.At, count: e.Count})
		}
	case quota.KindExhausted:
		h.stops[stopOf(e)] = true
	}
}

// fromSession reports whether an id was made of a session's record. One that is
// there no more stands for itself alone.
func (h *Harvest) fromSession(id string) bool {
	return strings.HasPrefix(id, h.tool+":"+string(quota.KindPrompt)+":")
}

// Missing are the events to record, oldest first: those that are wanted and that
// the record does not have, under their own id or as a hook told of them.
//
// All prompts take part in the search, also those that are not wanted or are
// known: each of them may be what a hook told of. So the outcome is the same
// each time, and together with the hooks' there are never more prompts than the
// sessions have, beside those of hooks that no session knows.
//
// What a session cannot tell of its endpoint, a hook in it may have seen. There
// may be very many, so that they are not copied.
func (h *Harvest) Missing() []*quota.Event {
	h.judge()
	h.matchPrompts()
	var list []*quota.Event
	for _, i := range h.items {
		if url := h.seen(i.event); i.guessed && url != "" {
			i.event.Endpoint, i.guessed = url, false
		}
		if i.event.Kind == quota.KindExhausted && h.stops[stopOf(i.event)] {
			i.known = true
		}
		if i.reason == Wanted && !i.known {
			list = append(list, &i.event)
		}
	}
	return list
}

// turnOf is a turn of a session, or where that is "", the session: one that was
// taken up again may go somewhere else from then on.
type turnOf struct{ session, turn string }

// seen is the endpoint that a hook saw of an event's turn, or else last in its
// session.
func (h *Harvest) seen(e quota.Event) string {
	return cmp.Or(h.sentTo[turnOf{e.Session, e.Turn}], h.sentTo[turnOf{session: e.Session}])
}

func (h *Harvest) matchPrompts() {
	var prompts []prompt
	var items []*item
	for _, i := range h.items {
		if i.event.Kind == quota.KindPrompt {
			prompts = append(prompts, prompt{sessions: i.sessions, turn: i.event.Turn, at: i.event.At})
			items = append(items, i)
		}
	}
	for n, j := range cover(prompts, h.hooks) {
		items[n].known = items[n].known || j >= 0
	}
}
