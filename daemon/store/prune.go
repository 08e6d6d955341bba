package store

import (
	"bytes"
	"encoding/binary"
	"time"

	"quotad/quota"
)

// Prune forgets events that are older than before, at most so many, and then
// what nothing names any more; it returns how many events went. Call it again,
// in another transaction, until that is fewer than most. Of what history tells
// of, it leaves the sums of each hour, in the same transaction; see [Tx.Sums].
//
// Of each account it keeps the newest checkpoint that is not after before,
// and the events from reach before that: a rolling window as long as reach can
// then be folded from there. An account without such a checkpoint keeps all.
func (t *Tx) Prune(before time.Time, reach time.Duration, most int) (int, error) {
	names, err := t.Accounts()
	if err != nil {
		return 0, err
	}
	n := 0
	for _, name := range names {
		gone, err := t.pruneAccount(t.accounts.byName[name], before, reach, most-n)
		if err != nil {
			return n, err
		}
		n += gone
	}
	if n >= most {
		return n, nil
	}
	if err := t.pruneNotices(before, most-n); err != nil {
		return n, err
	}
	return n, t.pruneWords(most - n)
}

func (t *Tx) pruneAccount(a *account, before time.Time, reach time.Duration, most int) (int, error) {
	base, ok, err := t.CheckpointBefore(a.name, before)
	if err != nil || !ok || most <= 0 {
		return 0, err
	}
	older := append(pointKey(a.no, base.At.UnixMilli()), 0)
	old, err := t.keys(tabCheckpoints, uvarintKey(a.no), older, 0)
	if err != nil {
		return 0, err
	}
	if err := t.deleteAll(tabCheckpoints, old); err != nil {
		return 0, err
	}
	prefix := uvarintKey(a.no)
	end := appendMilli(bytes.Clone(prefix), bound(base.At.Add(-reach)))
	keys, err := t.keysBefore(tabEvents, prefix, end, most)
	if err != nil {
		return 0, err
	}
	sums := hours{}
	for _, key := range keys {
		if err := t.spoil(t.remove(a, key, sums)); err != nil {
			return 0, err
		}
	}
	return len(keys), t.spoil(t.sumUp(a, sums))
}

// keysBefore are copies of the keys with the prefix that sort before end, at
// most so many (0: all).
func (t *Tx) keysBefore(tab table, prefix, end []byte, most int) (keys [][]byte, err error) {
	err = t.records(tab, prefix, prefix, func(key, _ []byte) error {
		if bytes.Compare(key, end) >= 0 {
			return errStop
		}
		keys = append(keys, bytes.Clone(key))
		if len(keys) == most {
			return errStop
		}
		return nil
	})
	return keys, err
}

// remove takes an event out, with all that leads to it, and adds it to the sums.
func (t *Tx) remove(a *account, key []byte, sums hours) error {
	p, ok := splitPlace(key)
	if !ok {
		return damaged("database: the key %x of an event cannot be read", key)
	}
	e, _, err := t.load(p)
	if err != nil {
		return err
	}
	sums.add(&e)
	if err := t.delete(tabEvents, key); err != nil {
		return err
	}
	if err := t.delete(tabIDs, p.id); err != nil {
		return err
	}
	if a.events--; a.events == 0 {
		a.last = 0
	}
	a.pruned = max(a.pruned, p.at+1)
	a.dirty = true
	if err := t.unlinkTurn(p, &e); err != nil {
		return err
	}
	return t.unlinkVoid(p, &e)
}

// unlinkTurn takes a removed event out of its turn. What is known of the
// turn's usage goes with its last event.
func (t *Tx) unlinkTurn(p place, e *quota.Entry) error {
	if e.Turn == "" || e.Kind != quota.KindPrompt && e.Kind != quota.KindUsage {
		return nil
	}
	turn := turnKey(p.account, e.Turn)
	u, known, err := t.loadUsage(p.account, turn)
	if err != nil {
		return err
	}
	if e.Kind == quota.KindPrompt {
		if err := t.delete(tabTurns, promptKey(turn, p)); err != nil {
			return err
		}
	} else if u.living > 0 {
		u.living--
	}
	if !known {
		return nil
	}
	prefix := append(bytes.Clone(turn), turnPrompt)
	prompts, err := t.keys(tabTurns, prefix, prefix, 1)
	if err != nil {
		return err
	}
	if u.living == 0 && len(prompts) == 0 {
		return t.delete(tabTurns, usageKey(turn))
	}
	return t.saveUsage(turn, u)
}

// unlinkVoid takes a removed event out of the index of voids: what names it,
// and what it names. An entry that was voided stays so, even when the void
// event goes before it.
func (t *Tx) unlinkVoid(p place, e *quota.Entry) error {
	if e.Voided {
		if err := t.dropVoid(voidKey(p.account, p.id)); err != nil {
			return err
		}
	}
	if e.Kind != quota.KindVoid || e.Voids == e.ID {
		return nil
	}
	id := packID(nil, e.Voids)
	key := voidKey(p.account, id)
	n, ok, err := t.voidCount(key)
	if err != nil || !ok {
		return err
	}
	target, there, err := t.find(id)
	if err != nil {
		return err
	}
	if n <= 1 && (!there || target.account != p.account) {
		return t.delete(tabVoids, key)
	}
	return t.put(tabVoids, key, uvarintKey(max(n, 1)-1))
}

// dropVoid forgets that an event which is no more was voided, unless a void
// event still says so.
func (t *Tx) dropVoid(key []byte) error {
	n, _, err := t.voidCount(key)
	if err != nil || n > 0 {
		return err
	}
	return t.delete(tabVoids, key)
}

// pruneNotices forgets final notices that are older than before.
func (t *Tx) pruneNotices(before time.Time, most int) error {
	var old []NoticeRecord
	err := t.records(tabNotices, nil, nil, func(key, body []byte) error {
		r, err := readNotice(key, body)
		if err == nil && r.Final && r.Notice.At.Before(before) {
			old = append(old, r)
		}
		if err == nil && len(old) == most {
			err = errStop
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range old {
		if err := t.dropNotice(r); err != nil {
			return err
		}
	}
	return nil
}

// pruneWords forgets texts that no event can use any more: those last used
// before the day of the oldest event.
func (t *Tx) pruneWords(most int) error {
	day, err := t.oldestDay()
	if err != nil {
		return err
	}
	type unused struct{ no, text []byte }
	var old []unused
	err = t.records(tabTexts, nil, nil, func(key, body []byte) error {
		used, n := binary.Uvarint(body)
		if used < day {
			old = append(old, unused{bytes.Clone(key), bytes.Clone(body[max(n, 0):])})
		}
		if len(old) == most {
			return errStop
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, w := range old {
		if err := t.delete(tabTexts, w.no); err != nil {
			return err
		}
		if err := t.delete(tabWords, w.text); err != nil {
			return err
		}
	}
	if len(old) > 0 {
		t.words = newWords()
		t.words.spilled = true
		t.shared.forget()
	}
	return nil
}

// oldestDay is the day of the oldest event of all; 0 where there is none.
func (t *Tx) oldestDay() (day uint64, err error) {
	for _, a := range t.accounts.byNo {
		first, ok, err := t.first(a)
		if err != nil {
			return 0, err
		}
		if ok && (day == 0 || dayOf(first) < day) {
			day = dayOf(first)
		}
	}
	return day, nil
}
