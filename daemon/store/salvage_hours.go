package store

import "time"

// wreckHour names an hour of an account in a wreck.
type wreckHour struct {
	account uint64
	at      time.Time
}

// hour takes in the sums of an hour. An older copy of the record, from before
// more events went into it, may be in the file too: that of most events counts.
func (w *wreck) hour(key, body []byte) {
	no, at, err := splitHour(key)
	if err != nil {
		return
	}
	h, err := readHours(body, at, func(no uint64) (string, error) { return w.texts[no], nil })
	if name := (wreckHour{no, at}); err == nil && h.events() > w.hours[name].events() {
		w.hours[name] = h
	}
}

// forgot takes from the sums up to where events were forgotten, where the record
// of the account is an older copy that does not know: the file may still have
// pages with these events.
func (w *wreck) forgot() {
	for name := range w.hours {
		a, ok := w.accounts[name.account]
		if at := uint64(name.at.UnixMilli()); ok && a.pruned <= at {
			a.pruned = at + uint64(time.Hour/time.Millisecond)
			w.accounts[name.account] = a
		}
	}
}

// putHours adds the sums that s lacks. It goes before the events: where s has
// events of an hour they are those that the sums are of, and the sums are left.
func (s *Store) putHours(w *wreck) error {
	if len(w.hours) == 0 {
		return nil
	}
	err := s.Update(func(t *Tx) error {
		for name, h := range w.hours {
			from, ok := w.accounts[name.account]
			if !ok {
				continue
			}
			if err := t.spoil(t.putLackingHour(from.name, name.at, h)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		w.hours = nil // once
	}
	return err
}

func (t *Tx) putLackingHour(account string, at time.Time, h hours) error {
	a, err := t.needAccount(account)
	if err != nil {
		return err
	}
	for e, err := range t.Entries(account, at) {
		if err != nil || e.At.Before(at.Add(time.Hour)) {
			return err
		}
		break
	}
	key := hourKey(a.no, at)
	old, err := t.hour(key)
	if err != nil || old.events() >= h.events() {
		return err
	}
	a.pruned = max(a.pruned, uint64(at.UnixMilli())+1)
	a.dirty = true
	return t.putHour(key, h)
}
