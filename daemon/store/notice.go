package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quotad/quota"
)

// NoticeRecord is a notice that was due, and what became of it.
type NoticeRecord struct {
	ID     uint64 `json:"-"`   // ascending in the order of telling; 0: not stored yet
	Key    string `json:"key"` // two notices of one key are the same one
	Notice quota.Notice
	Opened time.Time `json:"opened"` // start of the window instance it is about
	// Expires is, of a digest, when nothing in it holds any more; zero: not known.
	Expires time.Time `json:"expires,omitzero"`

	Delivered string    `json:"delivered"` // "pending", "desktop", "stale" and the like
	Why       string    `json:"why,omitempty"`
	Final     bool      `json:"final"` // nothing more will become of it
	Attempts  int       `json:"attempts,omitempty"`
	UpdatedAt time.Time `json:"updated_at"`
}

// PutNotice adds a record without ID, unless one of its key is there: then
// that one is returned as it stands. A record with an ID takes the place of
// the one that has it.
func (t *Tx) PutNotice(r NoticeRecord) (NoticeRecord, error) {
	if r.Key == "" {
		return r, errors.New("a notice without a key")
	}
	if r.ID != 0 {
		return r, t.replaceNotice(r)
	}
	old, known, err := t.noticeNamed(r.Key)
	if err != nil || known {
		return old, err
	}
	if r.ID, err = t.next(tabNotices); err != nil {
		return r, err
	}
	if err := t.put(tabNoticeKeys, []byte(r.Key), numberKey(r.ID)); err != nil {
		return r, err
	}
	return r, t.saveNotice(r)
}

func (t *Tx) replaceNotice(r NoticeRecord) error {
	old, ok, err := t.Notice(r.ID)
	if err != nil {
		return err
	}
	if !ok || old.Key != r.Key {
		return fmt.Errorf("there is no notice %d with the key %q", r.ID, r.Key)
	}
	return t.saveNotice(r)
}

func (t *Tx) saveNotice(r NoticeRecord) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	key := numberKey(r.ID)
	if err := t.put(tabNotices, key, body); err != nil {
		return err
	}
	if r.Final {
		return t.delete(tabNoticeOpen, key)
	}
	return t.put(tabNoticeOpen, key, nil)
}

// HasNotice reports whether a notice of the key was put, whatever became of it.
func (t *Tx) HasNotice(key string) (bool, error) {
	_, ok, err := t.noticeNumber(key)
	return ok, err
}

// noticeNamed is the record of a key.
func (t *Tx) noticeNamed(key string) (NoticeRecord, bool, error) {
	no, ok, err := t.noticeNumber(key)
	if err != nil || !ok {
		return NoticeRecord{}, false, err
	}
	return t.Notice(no)
}

func (t *Tx) noticeNumber(key string) (uint64, bool, error) {
	if key == "" {
		return 0, false, nil
	}
	body, ok, err := t.get(tabNoticeKeys, []byte(key))
	if err != nil || !ok {
		return 0, false, err
	}
	if len(body) != 8 {
		return 0, false, damaged("database: the number of the notice %q cannot be read", key)
	}
	return binary.BigEndian.Uint64(body), true, nil
}

// Notice is the record of an ID.
func (t *Tx) Notice(id uint64) (NoticeRecord, bool, error) {
	key := numberKey(id)
	body, ok, err := t.get(tabNotices, key)
	if err != nil || !ok {
		return NoticeRecord{}, false, err
	}
	r, err := readNotice(key, body)
	return r, err == nil, err
}

func readNotice(key, body []byte) (NoticeRecord, error) {
	var r NoticeRecord
	if len(key) != 8 {
		return r, damaged("database: the key %x of a notice cannot be read", key)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, damaged("database: the notice %x cannot be read: %v", key, err)
	}
	r.ID = binary.BigEndian.Uint64(key)
	return r, nil
}

// Notices lists those with Notice.At >= since, by ascending ID.
func (t *Tx) Notices(since time.Time) (list []NoticeRecord, err error) {
	err = t.records(tabNotices, nil, nil, func(key, body []byte) error {
		r, err := readNotice(key, body)
		if err == nil && !r.Notice.At.Before(since) {
			list = append(list, r)
		}
		return err
	})
	return list, err
}

// Pending lists those that are not final, by ascending ID.
func (t *Tx) Pending() (list []NoticeRecord, err error) {
	keys, err := t.keys(tabNoticeOpen, nil, nil, 0)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		r, ok, err := t.Notice(binary.BigEndian.Uint64(k))
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, damaged("database: the open notice %x is missing", k)
		}
		list = append(list, r)
	}
	return list, nil
}

// dropNotice forgets a notice.
func (t *Tx) dropNotice(r NoticeRecord) error {
	key := numberKey(r.ID)
	for tab, k := range map[table][]byte{tabNotices: key, tabNoticeOpen: key, tabNoticeKeys: []byte(r.Key)} {
		if err := t.delete(tab, k); err != nil {
			return err
		}
	}
	return nil
}
