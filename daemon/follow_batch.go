package daemon

import (
	"cmp"
	"context"
	"strings"
	"time"

	"quotad/daemon/hook"
	"quotad/daemon/store"
	"quotad/daemon/transcript"
	"quotad/quota"
)

// sinceSlack is how much earlier than the first prompt of a session an answer
// may be dated that is taken.
const sinceSlack = 5 * time.Second

// followChunk is how many events go to the engine together, so that other
// writers get their turn in between.
const followChunk = 500

// batch gathers the events of one reading.
type batch struct {
	engine  *Engine
	record  *store.Followed
	turns   endpoints
	credits func(quota.Event) bool // the plan of its account charges tokens
	events  []quota.Event
	found   int // items, whatever became of them
	taken   int
	failed  error // the engine could not store some
}

// add takes an item in, and hands a full chunk to the engine.
func (b *batch) add(ctx context.Context, i transcript.Item) error {
	b.found++
	e, why := eventOf(b.record, b.turns, i)
	if why == itemTaken && e.Kind == quota.KindUsage && e.Tokens == (quota.Tokens{}) && b.credits(e) {
		why = itemNoTokens
	}
	if why != itemTaken {
		return nil
	}
	b.events = append(b.events, e)
	b.taken++
	if len(b.events) < followChunk {
		return nil
	}
	if b.failed = b.store(ctx, nil); b.failed == nil {
		b.events = b.events[:0]
	}
	return b.failed
}

// store makes what was gathered durable, also while the service stops: the
// engine goes last.
func (b *batch) store(ctx context.Context, r *store.Followed) error {
	return b.engine.keepFollowed(context.WithoutCancel(ctx), b.events, b.record.Account, r)
}

// itemFate says what becomes of an item of a record.
type itemFate int

const (
	itemTaken    itemFate = iota
	itemPrompt            // the hook has counted it
	itemEarlier           // of before quotad knew the session, whose prompts did not count either
	itemUnusable          // more than an event may be
	itemNoTokens          // where tokens are the charge, none told would make the prompt free
)

func (f itemFate) String() string {
	return [...]string{"taken", "counted by the hook", "of before the first prompt", "unusable", "without tokens"}[f]
}

// eventOf is the event that an item comes to, on behalf of those whose session
// it is: who is charged depends on that.
func eventOf(r *store.Followed, turns endpoints, i transcript.Item) (quota.Event, itemFate) {
	e := i.Event
	e.Tool, e.Account, e.Endpoint, e.Transcript = r.Tool, "", turns.of(e.Turn, r.Endpoint), ""
	e.Session, e.Project = cmp.Or(r.Session, e.Session), cmp.Or(r.Project, e.Project)
	switch {
	case e.Tool == crush:
		e.Endpoint = cmp.Or(e.Endpoint, crushEndpoint(i.Provider, e.Model))
	case i.Provider != "":
		e.Endpoint = answeredAt(e, i.Provider)
	}
	e = e.Fill(e.At)
	switch {
	case e.Kind == quota.KindPrompt && !r.Counted:
		return e, itemPrompt
	case e.At.Before(r.Since):
		return e, itemEarlier
	case e.ID == "" || e.Check() != nil:
		return e, itemUnusable
	}
	return e, itemTaken
}

// answeredAt is where an answer came from, by its provider: a subagent need not
// ask the one that its prompt's turn does. An id of the user's own says nothing;
// but no model of another maker came from the provider's own address.
func answeredAt(e quota.Event, provider string) string {
	if url := quota.ProviderURL(provider); url != "" && e.Tool != "codex" {
		return url
	}
	model := quota.NormalModel(e.Model)
	foreign := model != "" && !strings.HasPrefix(model, "glm-")
	if foreign && e.Endpoint != "" && (quota.Rules{}).Bill(e) == quota.OnPlan {
		return hook.ElsewhereURL(provider)
	}
	return e.Endpoint
}

// keepFollowed records events of a record, and how far it was read where that
// is known. They belong where the prompts of their turns do, or else to the
// account of the session, where that is known. Events that are rejected, as
// those older than the retention, are no error.
func (e *Engine) keepFollowed(ctx context.Context, events []quota.Event, session string, r *store.Followed) error {
	return e.do(ctx, func(w *work) error {
		for _, ev := range events {
			if _, err := w.recordOf(ev, session); err != nil {
				return err
			}
		}
		if r == nil {
			return nil
		}
		return w.tx.PutFollowed(*r)
	})
}
