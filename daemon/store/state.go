package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"quotad/quota"
)

// State is the fold of all of an account's events as it was last put; false
// where there is none, and it has to be built from the events.
func (t *Tx) State(account string) ([]byte, bool, error) {
	a, err := t.account(account)
	if err != nil || a == nil {
		return nil, false, err
	}
	body, ok, err := t.get(tabStates, uvarintKey(a.no))
	return clone(body), ok, err
}

// PutState keeps the fold of all of an account's events.
func (t *Tx) PutState(account string, state []byte) error {
	a, err := t.needAccount(account)
	if err != nil {
		return err
	}
	return t.putOf(a.no, tabStates, uvarintKey(a.no), state)
}

// DropStates forgets all states and checkpoints and the settings they were
// made with, so that they are built anew.
func (t *Tx) DropStates() error {
	for _, tab := range []table{tabStates, tabCheckpoints} {
		keys, err := t.keys(tab, nil, nil, 0)
		if err != nil {
			return err
		}
		if err := t.deleteAll(tab, keys); err != nil {
			return err
		}
	}
	return t.delete(tabMeta, metaSettings)
}

// keys are copies of the keys that begin with prefix, from the key first on,
// at most so many (0: all).
func (t *Tx) keys(tab table, prefix, first []byte, most int) (keys [][]byte, err error) {
	err = t.records(tab, prefix, first, func(key, _ []byte) error {
		keys = append(keys, clone(key))
		if len(keys) == most {
			return errStop
		}
		return nil
	})
	return keys, err
}

// keysUpTo are copies of the keys with the prefix that do not sort after end.
func (t *Tx) keysUpTo(tab table, prefix, end []byte) (keys [][]byte, err error) {
	return t.keysBefore(tab, prefix, append(bytes.Clone(end), 0), 0)
}

func (t *Tx) deleteAll(tab table, keys [][]byte) error {
	for _, k := range keys {
		if err := t.delete(tab, k); err != nil {
			return err
		}
	}
	return nil
}

// Checkpoints implements [quota.Book].
func (t *Tx) Checkpoints(account string, from time.Time) (list []quota.Checkpoint, err error) {
	a, err := t.account(account)
	if err != nil || a == nil {
		return nil, err
	}
	end, prefix := pointKey(a.no, ceilMilli(from)), uvarintKey(a.no)
	err = t.records(tabCheckpoints, prefix, prefix, func(key, body []byte) error {
		if bytes.Compare(key, end) > 0 {
			return errStop
		}
		c, err := readPoint(key[len(prefix):], body)
		list = append(list, c)
		return err
	})
	slices.Reverse(list)
	return list, err
}

// CheckpointBefore implements [quota.Book].
func (t *Tx) CheckpointBefore(account string, until time.Time) (quota.Checkpoint, bool, error) {
	a, err := t.account(account)
	if err != nil || a == nil {
		return quota.Checkpoint{}, false, err
	}
	prefix := uvarintKey(a.no)
	k, v := t.bucket(tabCheckpoints).Cursor().Seek(pointKey(a.no, until.UnixMilli()))
	if k == nil || !hasPrefix(k, prefix) {
		return quota.Checkpoint{}, false, nil
	}
	body, err := unseal(tabCheckpoints, k, v)
	if err != nil {
		return quota.Checkpoint{}, false, err
	}
	c, err := readPoint(k[len(prefix):], body)
	return c, err == nil, err
}

func readPoint(key, body []byte) (quota.Checkpoint, error) {
	if len(key) != 8 {
		return quota.Checkpoint{}, damaged("database: the key %x of a checkpoint cannot be read", key)
	}
	ms := int64(^binary.BigEndian.Uint64(key) ^ 1<<63)
	return quota.Checkpoint{At: time.UnixMilli(ms).UTC(), State: clone(body)}, nil
}

// PutCheckpoint implements [quota.Book].
func (t *Tx) PutCheckpoint(account string, c quota.Checkpoint) error {
	a, err := t.needAccount(account)
	if err != nil {
		return err
	}
	return t.put(tabCheckpoints, pointKey(a.no, ceilMilli(c.At)), c.State)
}

// DropCheckpoints implements [quota.Book].
func (t *Tx) DropCheckpoints(account string, from time.Time) error {
	a, err := t.account(account)
	if err != nil || a == nil {
		return err
	}
	keys, err := t.keysUpTo(tabCheckpoints, uvarintKey(a.no), pointKey(a.no, ceilMilli(from)))
	if err != nil {
		return err
	}
	return t.deleteAll(tabCheckpoints, keys)
}

// SettingsHash is the hash of the settings that the states were made with; ""
// where they have to be built anew.
func (t *Tx) SettingsHash() (string, error) {
	body, _, err := t.get(tabMeta, metaSettings)
	return string(body), err
}

// PutSettingsHash keeps the hash of the settings that the states are made with.
func (t *Tx) PutSettingsHash(hash string) error {
	return t.put(tabMeta, metaSettings, []byte(hash))
}

// Value is a small thing kept under a name, as the end of a snooze.
func (t *Tx) Value(name string) ([]byte, bool, error) {
	body, ok, err := t.get(tabValues, []byte(name))
	return clone(body), ok, err
}

// PutValue keeps a small thing under a name; nil forgets it.
func (t *Tx) PutValue(name string, value []byte) error {
	if value == nil {
		return t.delete(tabValues, []byte(name))
	}
	return t.put(tabValues, []byte(name), value)
}

// clone gives what lives on after the transaction; nil stays nil.
func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
