package store

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"
)

// account is what is known of an account besides its events.
type account struct {
	name   string
	no     uint64
	events uint64
	last   uint64 // ms; of the newest event
	pruned uint64 // ms; all that was pruned lies before

	dirty bool
}

// accounts are those of one transaction, read when the first is asked for:
// they are few, and change with each event.
type accounts struct {
	byName map[string]*account
	byNo   map[uint64]*account
	last   uint64 // highest number given
}

func (t *Tx) loadAccounts() (*accounts, error) {
	if t.accounts != nil {
		return t.accounts, nil
	}
	as := &accounts{byName: map[string]*account{}, byNo: map[uint64]*account{}}
	err := t.records(tabAccounts, nil, nil, func(key, body []byte) error {
		a, err := readAccount(key, body)
		as.add(&a)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.accounts = as
	return as, nil
}

func readAccount(key, body []byte) (account, error) {
	r := reader{b: body}
	a := account{name: string(key), no: r.uvarint(), events: r.uvarint(), last: r.uvarint(), pruned: r.uvarint()}
	if err := r.end(); err != nil {
		return a, damaged("database: the account %q cannot be read: %v", key, err)
	}
	return a, nil
}

func (as *accounts) add(a *account) {
	as.byName[a.name], as.byNo[a.no] = a, a
	as.last = max(as.last, a.no)
}

func (as *accounts) flush(t *Tx) error {
	for _, name := range slices.Sorted(maps.Keys(as.byName)) {
		a := as.byName[name]
		if !a.dirty {
			continue
		}
		b := uvarintKey(a.no)
		b = binary.AppendUvarint(b, a.events)
		b = binary.AppendUvarint(b, a.last)
		b = binary.AppendUvarint(b, a.pruned)
		if err := t.putOf(a.no, tabAccounts, []byte(name), b); err != nil {
			return err
		}
		a.dirty = false
	}
	return nil
}

// account is the one of that name, or nil.
func (t *Tx) account(name string) (*account, error) {
	as, err := t.loadAccounts()
	if err != nil {
		return nil, err
	}
	return as.byName[name], nil
}

// needAccount is the one of that name, made if it is new.
func (t *Tx) needAccount(name string) (*account, error) {
	a, err := t.account(name)
	if err != nil || a != nil {
		return a, err
	}
	if name == "" {
		return nil, fmt.Errorf("an account without a name")
	}
	if err := t.foldIn(); err != nil { // what waits names accounts that the file knows
		return nil, err
	}
	a = &account{name: name, no: t.accounts.last + 1, dirty: true}
	t.accounts.add(a)
	return a, nil
}

// accountOf is the account of a number that a record names.
func (t *Tx) accountOf(no uint64) (*account, error) {
	as, err := t.loadAccounts()
	if err != nil {
		return nil, err
	}
	if a := as.byNo[no]; a != nil {
		return a, nil
	}
	return nil, damaged("database: a record of the account number %d, which is not there", no)
}

// Accounts names the accounts that have events or a state, sorted.
func (t *Tx) Accounts() ([]string, error) {
	as, err := t.loadAccounts()
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(as.byName)), nil
}

// Pruned is an instant that all pruned events of an account lie before; zero
// where none were. A fold of what is left begins at the oldest checkpoint.
func (t *Tx) Pruned(name string) (time.Time, error) {
	a, err := t.account(name)
	if err != nil || a == nil || a.pruned == 0 {
		return time.Time{}, err
	}
	return milliTime(a.pruned), nil
}
