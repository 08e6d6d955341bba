package daemon

import (
	"cmp"
	"maps"
	"time"

	"quotad/config"
	"quotad/quota"
)

// maxSessions is of how many sessions the engine keeps the account in mind.
const maxSessions = 4096

// sessionOf names a session among those of all tools.
type sessionOf struct{ tool, session string }

// origins are what the engine knows, beside the event and its set, of whom an
// event belongs to.
type origins struct {
	rules quota.Assignment
	alone bool // there is no account but the default one: nothing is looked up
}

// origins as they are in this transaction.
func (w *work) origins() origins {
	if w.from == nil {
		rules := w.rules().Assignment(w.e.home)
		if hashes := w.e.keys.Load(); hashes != nil {
			rules.Keys = quota.OwnKeys(*hashes)
		}
		w.from = &rules
	}
	o := origins{rules: *w.from}
	o.alone = len(o.rules.Rows) == 0 && len(o.rules.Keys) == 0 && w.known() == 1 && w.knows(quota.DefaultAccount)
	return o
}

// assigned is an event with the account that it belongs to. One that names an
// account keeps it; a void goes where the event is that it takes out. What is no
// prompt goes where the prompt of its turn went, or, where its own key does not
// tell, to its session's: it may know less than they did. All else is a matter
// of the rules alone.
func (w *work) assigned(e quota.Event, session string) (quota.Event, quota.Grounds, error) {
	if e.Kind == quota.KindVoid {
		named, _, ok, err := w.tx.Lookup(e.Voids)
		if err != nil || ok {
			e.Account = named.Account
			return e, quota.ByID, err
		}
	}
	o := w.origins()
	if e.Account != "" || o.alone {
		return o.decide(e)
	}
	if e.Kind != quota.KindPrompt && e.Kind != quota.KindReading {
		if account, ok, err := w.tx.TurnAccount(e.Tool, e.Session, e.Turn); err != nil || ok {
			e.Account = account
			return e, quota.ByTurn, err
		}
		if account := cmp.Or(session, w.sessionAccount(e)); account != "" && e.Key == "" {
			e.Account = account
			return e, quota.BySession, nil
		}
	}
	return o.decide(e)
}

// decide goes by the rules.
func (o origins) decide(e quota.Event) (quota.Event, quota.Grounds, error) {
	var why quota.Grounds
	e.Account, why = o.rules.Of(e)
	return e, why, nil
}

// sessionAccount is where the last prompt of an event's session went, as far as
// that is in mind.
func (w *work) sessionAccount(e quota.Event) string {
	if e.Session == "" {
		return ""
	}
	key := sessionOf{e.Tool, e.Session}
	if account, ok := w.sessions[key]; ok {
		return account
	}
	return w.e.sessions[key]
}

// recall keeps the account of a recorded prompt's session in mind.
func (w *work) recall(e quota.Event) {
	if e.Kind != quota.KindPrompt || e.Session == "" {
		return
	}
	if w.sessions == nil {
		w.sessions = map[sessionOf]string{}
	}
	w.sessions[sessionOf{e.Tool, e.Session}] = e.Account
}

// begin takes up all that there is.
func (w *work) begin(s *config.Settings) error {
	if err := w.load(s); err != nil {
		return err
	}
	return w.recallAll()
}

// recallAll takes the sessions of late from the record.
func (w *work) recallAll() error {
	if w.origins().alone {
		return nil
	}
	for e, err := range w.tx.Events("", w.now.Add(-followedFor), time.Time{}, 0) {
		if err != nil {
			return err
		}
		w.recall(e.Event)
	}
	return nil
}

// keep takes up the sessions of a transaction. Where there are too many, those
// of before are forgotten: what is forgotten goes by the rules.
func (e *Engine) keep(sessions map[sessionOf]string) {
	if len(e.sessions)+len(sessions) > maxSessions {
		clear(e.sessions)
	}
	maps.Copy(e.sessions, sessions)
}

// SetKeys tells the engine which keys are the accounts' own: the hash of each
// (quota.KeyHash with the salt that the hooks use), by account. From then on an
// event that used one belongs to that account, unless it names another.
func (e *Engine) SetKeys(hashes map[string]string) {
	own := maps.Clone(hashes)
	e.keys.Store(&own)
	e.Look()
}
