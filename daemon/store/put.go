package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"quotad/quota"
)

// Put implements [quota.Book]. An event of an ID that is there changes
// nothing, whatever else it says.
func (t *Tx) Put(e quota.Event) (quota.Placed, error) {
	if e.ID == "" {
		return quota.Placed{}, errors.New("an event without an id cannot be stored")
	}
	if kindNumber(e.Kind) == 0 {
		return quota.Placed{}, fmt.Errorf("an event of the kind %q cannot be stored", e.Kind)
	}
	at, err := eventMilli(e.At)
	if err != nil {
		return quota.Placed{}, err
	}
	id := packID(nil, e.ID)
	if first, ok, err := t.find(id); err != nil || ok {
		if err != nil {
			return quota.Placed{}, err
		}
		_, seq, err := t.load(first)
		return quota.Placed{Outcome: quota.Duplicate, Seq: seq, From: first.time(), To: first.time()}, err
	}
	if err := t.room(e.Kind); err != nil {
		return quota.Placed{}, err
	}
	a, err := t.needAccount(e.Account)
	if err != nil {
		return quota.Placed{}, err
	}
	placed, err := t.add(a, place{a.no, at, id}, quota.Entry{Event: canonical(e)})
	return placed, t.spoil(err)
}

// canonical is e as it will be read again: in UTC, to the millisecond.
func canonical(e quota.Event) quota.Event {
	e.At = quota.Milli(e.At)
	if !e.Until.IsZero() {
		e.Until = quota.Milli(e.Until)
	}
	for i, r := range e.Readings {
		if r.ResetsAt != nil && !r.ResetsAt.Equal(quota.Milli(*r.ResetsAt)) {
			e.Readings = append([]quota.Reading(nil), e.Readings...)
			at := quota.Milli(*r.ResetsAt)
			e.Readings[i].ResetsAt = &at
		}
	}
	return e
}

// add stores an event that is new, and links it.
func (t *Tx) add(a *account, p place, e quota.Entry) (quota.Placed, error) {
	seq, err := t.number()
	if err != nil {
		return quota.Placed{}, err
	}
	if e.Voided, err = t.isVoided(p); err != nil {
		return quota.Placed{}, err
	}
	placed := quota.Placed{Outcome: quota.Recorded, Seq: seq, Entry: e, From: e.At, To: e.At}
	if err := t.link(p, &placed); err != nil {
		return quota.Placed{}, err
	}
	if err := t.save(p, &placed.Entry, seq); err != nil {
		return quota.Placed{}, err
	}
	if err := t.put(tabIDs, p.id, appendMilli(uvarintKey(p.account), p.at)); err != nil {
		return quota.Placed{}, err
	}
	a.events++
	a.last = max(a.last, p.at)
	a.dirty = true
	return placed, t.note(p, seq)
}

// link ties a new event to those it has to do with.
func (t *Tx) link(p place, placed *quota.Placed) error {
	switch e := &placed.Entry; {
	case e.Kind == quota.KindVoid:
		return t.linkVoid(p, placed)
	case e.Turn != "" && e.Kind == quota.KindUsage:
		return t.linkUsage(p, placed)
	case e.Turn != "" && e.Kind == quota.KindPrompt:
		return t.linkPrompt(p, e)
	}
	return nil
}

// find is where the event of a packed id stands.
func (t *Tx) find(id []byte) (place, bool, error) {
	body, ok, err := t.get(tabIDs, id)
	if err != nil || !ok {
		return place{}, false, err
	}
	p, ok := splitPlace(body)
	if !ok || len(p.id) > 0 {
		return place{}, false, damaged("database: the index entry of the id %x cannot be read", id)
	}
	p.id = id
	return p, true, nil
}

// load reads the event at a place that an index names.
func (t *Tx) load(p place) (quota.Entry, uint64, error) {
	key := p.key()
	body, ok, err := t.get(tabEvents, key)
	if err != nil {
		return quota.Entry{}, 0, err
	}
	if !ok {
		return quota.Entry{}, 0, damaged("database: an index names the event %x, which is not there", key)
	}
	return t.decode(key, body)
}

// save writes an event, new or with new links.
func (t *Tx) save(p place, e *quota.Entry, seq uint64) error {
	body, err := appendEvent(make([]byte, 0, 128), e, seq, func(text string) (uint64, error) {
		return t.word(text, e.At)
	})
	if err != nil {
		return err
	}
	return t.put(tabEvents, p.key(), body)
}

// decode reads the record of an event.
func (t *Tx) decode(key, body []byte) (quota.Entry, uint64, error) {
	p, ok := splitPlace(key)
	if !ok {
		return quota.Entry{}, 0, damaged("database: the key %x of an event cannot be read", key)
	}
	a, err := t.accountOf(p.account)
	if err != nil {
		return quota.Entry{}, 0, err
	}
	e := quota.Entry{Event: quota.Event{Account: a.name, At: p.time()}}
	if e.ID, err = unpackID(p.id); err != nil {
		return quota.Entry{}, 0, damaged("database: the key %x of an event: %v", key, err)
	}
	seq, err := readEvent(body, &e, t.text)
	if err != nil {
		return quota.Entry{}, 0, damaged("database: the event %x cannot be read: %v", key, err)
	}
	return e, seq, nil
}

// voidKey names the target of void events: an id of the account.
func voidKey(account uint64, id []byte) []byte { return append(uvarintKey(account), id...) }

// voidCount is how many void events name a place; false where none did ever.
func (t *Tx) voidCount(key []byte) (uint64, bool, error) {
	body, ok, err := t.get(tabVoids, key)
	n, _ := binary.Uvarint(body)
	return n, ok, err
}

func (t *Tx) isVoided(p place) (bool, error) {
	_, ok, err := t.voidCount(voidKey(p.account, p.id))
	return ok, err
}

// linkVoid marks what the new void event names, where that is in its account.
func (t *Tx) linkVoid(p place, placed *quota.Placed) error {
	if placed.Entry.Voids == placed.Entry.ID {
		return nil
	}
	id := packID(nil, placed.Entry.Voids)
	key := voidKey(p.account, id)
	n, _, err := t.voidCount(key)
	if err != nil {
		return err
	}
	if err := t.put(tabVoids, key, uvarintKey(n+1)); err != nil {
		return err
	}
	target, ok, err := t.find(id)
	if err != nil || !ok || target.account != p.account {
		return err
	}
	placed.Relink(target.time())
	return t.relink(target, func(x *quota.Entry) { x.Voided = true })
}

// relink changes what others say of an event that is there.
func (t *Tx) relink(p place, change func(*quota.Entry)) error {
	e, seq, err := t.load(p)
	if err != nil {
		return err
	}
	change(&e)
	return t.save(p, &e, seq)
}
