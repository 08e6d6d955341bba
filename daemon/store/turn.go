package store

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"quotad/quota"
)

// firstUsage is what is known of a turn's usage: its first event by time and
// id, which the prompts of the turn follow, even once it was pruned.
type firstUsage struct {
	place
	model  uint64 // number of the text, 0: not named
	living uint64 // usage events of the turn that are there
}

const (
	turnPrompt = 'p'
	turnUsage  = 'u'
)

// turnKey is the beginning of the keys of a turn.
func turnKey(account uint64, turn string) []byte {
	return appendBytes(uvarintKey(account), packID(nil, turn))
}

// promptKey is the key by which a turn has one of its prompts.
func promptKey(turn []byte, p place) []byte {
	key := append(bytes.Clone(turn), turnPrompt)
	return append(appendMilli(key, p.at), p.id...)
}

func usageKey(turn []byte) []byte { return append(bytes.Clone(turn), turnUsage) }

// loadUsage is what is known of a turn's usage; false: nothing.
func (t *Tx) loadUsage(account uint64, turn []byte) (firstUsage, bool, error) {
	key := usageKey(turn)
	body, ok, err := t.get(tabTurns, key)
	if err != nil || !ok {
		return firstUsage{}, false, err
	}
	u, err := readUsage(account, body)
	if err != nil {
		return firstUsage{}, false, damaged("database: the usage of the turn %x: %v", key, err)
	}
	return u, true, nil
}

func readUsage(account uint64, body []byte) (firstUsage, error) {
	r := reader{b: body}
	u := firstUsage{living: r.uvarint(), place: place{account: account, at: r.milli()}, model: r.uvarint()}
	u.id = bytes.Clone(r.b)
	return u, r.err
}

func (t *Tx) saveUsage(turn []byte, u firstUsage) error {
	b := appendMilli(uvarintKey(u.living), u.at)
	b = binary.AppendUvarint(b, u.model)
	return t.put(tabTurns, usageKey(turn), append(b, u.id...))
}

// linkPrompt enters a new prompt into its turn, and gives it the model.
func (t *Tx) linkPrompt(p place, e *quota.Entry) error {
	turn := turnKey(p.account, e.Turn)
	if err := t.put(tabTurns, promptKey(turn, p), nil); err != nil {
		return err
	}
	u, ok, err := t.loadUsage(p.account, turn)
	if err != nil || !ok {
		return err
	}
	e.TurnUsage = true
	e.TurnModel, err = t.modelOf(u)
	return err
}

func (t *Tx) modelOf(u firstUsage) (string, error) {
	if u.model == 0 {
		return "", nil
	}
	return t.text(u.model)
}

// linkUsage enters a new usage event into its turn. Where it is the first one
// now, the prompts of the turn follow it.
func (t *Tx) linkUsage(p place, placed *quota.Placed) error {
	e := &placed.Entry
	turn := turnKey(p.account, e.Turn)
	u, known, err := t.loadUsage(p.account, turn)
	if err != nil {
		return err
	}
	if known && u.before(p) {
		return t.countUsage(turn, u, e.At)
	}
	u.living++
	u.place, u.model = p, 0
	if e.Model != "" {
		if u.model, err = t.word(e.Model, e.At); err != nil {
			return err
		}
	}
	if err := t.saveUsage(turn, u); err != nil {
		return err
	}
	return t.tellPrompts(turn, p, placed)
}

// countUsage counts one more usage event that is not the first. The first
// one's model stays in use as long as the turn.
func (t *Tx) countUsage(turn []byte, u firstUsage, at time.Time) error {
	model, err := t.modelOf(u)
	if err != nil {
		return err
	}
	if model != "" {
		if _, err := t.word(model, at); err != nil {
			return err
		}
	}
	u.living++
	return t.saveUsage(turn, u)
}

// tellPrompts gives the prompts of a turn their model.
func (t *Tx) tellPrompts(turn []byte, p place, placed *quota.Placed) error {
	prompts, err := t.prompts(p.account, turn)
	if err != nil {
		return err
	}
	for _, prompt := range prompts {
		err := t.relink(prompt, func(x *quota.Entry) { x.TurnModel, x.TurnUsage = placed.Entry.Model, true })
		if err != nil {
			return err
		}
		placed.Relink(prompt.time())
	}
	return nil
}

// prompts are the prompts of a turn.
func (t *Tx) prompts(account uint64, turn []byte) (list []place, err error) {
	prefix := append(bytes.Clone(turn), turnPrompt)
	err = t.records(tabTurns, prefix, prefix, func(key, _ []byte) error {
		r := reader{b: key[len(prefix):]}
		list = append(list, place{account: account, at: r.milli(), id: bytes.Clone(r.b)})
		return r.err
	})
	return list, err
}

// TurnAccount is the account of the prompt that began a turn of a tool's
// session; false where no such prompt is there.
func (t *Tx) TurnAccount(tool, session, turn string) (string, bool, error) {
	as, err := t.loadAccounts()
	if err != nil || turn == "" {
		return "", false, err
	}
	for _, name := range slices.Sorted(maps.Keys(as.byName)) {
		no := as.byName[name].no
		prompts, err := t.prompts(no, turnKey(no, turn))
		if err != nil {
			return "", false, err
		}
		for _, p := range prompts {
			e, _, err := t.load(p)
			if err != nil || e.Tool == tool && e.Session == session {
				return name, err == nil, err
			}
		}
	}
	return "", false, nil
}

// before is the order of events.
func (p place) before(o place) bool {
	if p.at != o.at {
		return p.at < o.at
	}
	return bytes.Compare(p.id, o.id) < 0
}
