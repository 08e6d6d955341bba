package store

import (
	"bytes"
	"iter"
	"time"

	"quotad/quota"
)

// Entries implements [quota.Book].
func (t *Tx) Entries(account string, from time.Time) iter.Seq2[quota.Entry, error] {
	return func(yield func(quota.Entry, error) bool) {
		a, err := t.account(account)
		if err != nil {
			yield(quota.Entry{}, err)
			return
		}
		if a == nil || ceilMilli(from) > maxMilli {
			return
		}
		for s := t.stream(a, from); s.next(); {
			if !yield(s.entry, s.err) || s.err != nil {
				return
			}
		}
	}
}

// stream steps through an account's events in their order.
type stream struct {
	t      *Tx
	prefix []byte
	step   func() (k, v []byte)

	entry quota.Entry
	err   error
}

func (t *Tx) stream(a *account, from time.Time) *stream {
	c := t.cursor(tabEvents)
	s := &stream{t: t, prefix: uvarintKey(a.no)}
	s.step = func() ([]byte, []byte) {
		s.step = c.next
		return c.seek(appendMilli(bytes.Clone(s.prefix), bound(from)))
	}
	return s
}

// next moves to the next entry or error; false at the end.
func (s *stream) next() bool {
	k, v := s.step()
	if k == nil || !hasPrefix(k, s.prefix) {
		return false
	}
	var body []byte
	if body, s.err = unseal(tabEvents, k, v); s.err == nil {
		s.entry, _, s.err = s.t.decode(k, body)
	}
	return true
}

// Events yields the entries with since <= At < until, oldest first; of all
// accounts where account is "". A zero until or limit is no bound.
func (t *Tx) Events(account string, since, until time.Time, limit int) iter.Seq2[quota.Entry, error] {
	return func(yield func(quota.Entry, error) bool) {
		n := 0
		for e, err := range t.merged(account, since) {
			if err == nil && (!until.IsZero() && !e.At.Before(until) || limit > 0 && n >= limit) {
				return
			}
			if !yield(e, err) {
				return
			}
			n++
		}
	}
}

// merged yields the entries of one account, or of all in one order.
func (t *Tx) merged(account string, since time.Time) iter.Seq2[quota.Entry, error] {
	if account != "" {
		return t.Entries(account, since)
	}
	return func(yield func(quota.Entry, error) bool) {
		heads, err := t.streams(since)
		if err != nil {
			yield(quota.Entry{}, err)
			return
		}
		for len(heads) > 0 {
			i := earliest(heads)
			if !yield(heads[i].entry, heads[i].err) || heads[i].err != nil {
				return
			}
			if !heads[i].next() {
				heads = append(heads[:i], heads[i+1:]...)
			}
		}
	}
}

// streams are those of all accounts that have an entry, each at its first.
func (t *Tx) streams(since time.Time) (heads []*stream, err error) {
	as, err := t.loadAccounts()
	if err != nil || ceilMilli(since) > maxMilli {
		return nil, err
	}
	for _, a := range as.byNo {
		if s := t.stream(a, since); s.next() {
			heads = append(heads, s)
		}
	}
	return heads, nil
}

// earliest is the index of the stream that is to be told next: one in error,
// or the one with the first event.
func earliest(heads []*stream) int {
	first := 0
	for i, s := range heads {
		if s.err != nil {
			return i
		}
		if s.entry.Before(heads[first].entry.Event) {
			first = i
		}
	}
	return first
}

// Lookup finds an event by its ID, and the number it was recorded under.
func (t *Tx) Lookup(id string) (e quota.Entry, seq uint64, ok bool, err error) {
	if id == "" {
		return e, 0, false, nil
	}
	p, ok, err := t.find(packID(nil, id))
	if err != nil || !ok {
		return e, 0, false, err
	}
	e, seq, err = t.load(p)
	return e, seq, err == nil, err
}

// Count is how many events an account has, and when. First and Last are zero
// where there are none.
type Count struct {
	Account     string
	Events      uint64
	First, Last time.Time
}

// Counts tells of each account, sorted by name.
func (t *Tx) Counts() ([]Count, error) {
	names, err := t.Accounts()
	if err != nil {
		return nil, err
	}
	var list []Count
	for _, name := range names {
		a := t.accounts.byName[name]
		c := Count{Account: name, Events: a.events}
		first, ok, err := t.first(a)
		if err != nil {
			return nil, err
		}
		if ok {
			c.First, c.Last = first, milliTime(a.last)
		}
		list = append(list, c)
	}
	return list, nil
}

// first is when an account's first event is. That of the last one is counted
// along instead: stepping backwards, a cursor of bbolt loses its way over pages
// that were emptied in the same transaction.
func (t *Tx) first(a *account) (time.Time, bool, error) {
	prefix := uvarintKey(a.no)
	k, _ := t.cursor(tabEvents).seek(prefix)
	if k == nil || !hasPrefix(k, prefix) {
		return time.Time{}, false, nil
	}
	p, ok := splitPlace(k)
	if !ok {
		return time.Time{}, false, damaged("database: the key %x of an event cannot be read", k)
	}
	return p.time(), true, nil
}
