package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"quotad/quota"
)

// hoursFormat is the first byte of an hour's record.
const hoursFormat = 1

// hours are the sums of one account's hour by their keys: one record, so that
// what a record costs by itself is shared by all of them.
type hours map[quota.HourKey]quota.HourSum

// add takes an entry in that is to be forgotten.
func (h hours) add(e *quota.Entry) {
	if k, s, ok := e.Hour(); ok {
		h[k] = h[k].Plus(s)
	}
}

// events is how many events they are the sum of.
func (h hours) events() (n int64) {
	for _, s := range h {
		n += s.Events
	}
	return n
}

// keys are those of the sums, always in the same order.
func (h hours) keys() []quota.HourKey { return slices.SortedFunc(maps.Keys(h), compareSums) }

// What the record of a sum holds: its kind in the lowest bits, and what is there.
const (
	sumUsage  = 1 << 3 // quota.HourKey.TurnUsage
	sumCount  = 1 << 4 // a count that is not the number of events
	sumTokens = 1 << 5
	sumTexts  = 6 // from this bit on: which of its texts
)

// sumTextsOf are the texts of a sum, in the order of their bits.
func sumTextsOf(k *quota.HourKey) [6]*string {
	return [6]*string{&k.Tool, &k.Project, &k.Model, &k.Endpoint, &k.TurnModel, &k.Name}
}

// appendHours writes the sums of an hour, always in the same order.
func appendHours(b []byte, h hours, word numbered) ([]byte, error) {
	keys := h.keys()
	b = binary.AppendUvarint(append(b, hoursFormat), uint64(len(keys)))
	for i := range keys {
		var err error
		if b, err = appendSum(b, &keys[i], h[keys[i]], word); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func compareSums(a, b quota.HourKey) int {
	if c := cmp.Compare(kindNumber(a.Kind), kindNumber(b.Kind)); c != 0 {
		return c
	}
	x, y := sumTextsOf(&a), sumTextsOf(&b)
	for i := range x {
		if c := strings.Compare(*x[i], *y[i]); c != 0 {
			return c
		}
	}
	if a.TurnUsage == b.TurnUsage {
		return 0
	}
	return map[bool]int{false: -1, true: 1}[a.TurnUsage]
}

func appendSum(b []byte, k *quota.HourKey, s quota.HourSum, word numbered) ([]byte, error) {
	texts := sumTextsOf(k)
	b, err := appendTexts(binary.AppendUvarint(b, sumHas(k, s)), texts[:], word)
	if err != nil {
		return nil, err
	}
	b = binary.AppendUvarint(b, uint64(s.Events))
	if s.Count != s.Events {
		b = binary.AppendVarint(b, s.Count)
	}
	if s.Tokens != (quota.Tokens{}) {
		for _, n := range []int64{s.Tokens.Input, s.Tokens.Cached, s.Tokens.Output} {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b, nil
}

func sumHas(k *quota.HourKey, s quota.HourSum) uint64 {
	has := uint64(kindNumber(k.Kind))
	for i, text := range sumTextsOf(k) {
		if *text != "" {
			has |= 1 << (sumTexts + i)
		}
	}
	for bit, on := range map[uint64]bool{sumUsage: k.TurnUsage, sumCount: s.Count != s.Events, sumTokens: s.Tokens != quota.Tokens{}} {
		if on {
			has |= bit
		}
	}
	return has
}

// readHours reads what appendHours wrote of the hour at.
func readHours(body []byte, at time.Time, text lettered) (hours, error) {
	r := reader{b: body}
	if v := r.byte(); v != hoursFormat {
		return nil, fmt.Errorf("sums in the format %d; %d is known", v, hoursFormat)
	}
	h := hours{}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		k, s := readSum(&r, at, text)
		if s.Events <= 0 {
			r.fail()
		}
		h[k] = h[k].Plus(s) // keys may be equal whose texts a wreck has lost
	}
	return h, r.end()
}

func readSum(r *reader, at time.Time, text lettered) (k quota.HourKey, s quota.HourSum) {
	has := r.uvarint()
	if has&kindMask == 0 || int(has&kindMask) >= len(kinds) {
		r.fail()
		return k, s
	}
	k.Hour, k.Kind, k.TurnUsage = at, kinds[has&kindMask], has&sumUsage != 0
	for i, f := range sumTextsOf(&k) {
		if has&(1<<(sumTexts+i)) != 0 {
			*f = r.text(text)
		}
	}
	s.Events = int64(r.uvarint())
	if s.Count = s.Events; has&sumCount != 0 {
		s.Count = r.varint()
	}
	if has&sumTokens != 0 {
		s.Tokens = quota.Tokens{Input: int64(r.uvarint()), Cached: int64(r.uvarint()), Output: int64(r.uvarint())}
	}
	return k, s
}

// hourKey is the key of an hour's record: account, and hours since 1970.
func hourKey(account uint64, at time.Time) []byte {
	return binary.BigEndian.AppendUint32(uvarintKey(account), uint32(max(at.Unix(), 0)/3600))
}

func splitHour(key []byte) (account uint64, at time.Time, err error) {
	no, n := binary.Uvarint(key)
	if n <= 0 || len(key) != n+4 {
		return 0, at, damaged("database: the key %x of an hour cannot be read", key)
	}
	return no, time.Unix(3600*int64(binary.BigEndian.Uint32(key[n:])), 0).UTC(), nil
}

// hour are the sums that are there of an hour; none where there is no record.
func (t *Tx) hour(key []byte) (hours, error) {
	body, ok, err := t.get(tabHours, key)
	if err != nil || !ok {
		return nil, err
	}
	return t.hourAt(key, body)
}

// hourAt are the sums of a record.
func (t *Tx) hourAt(key, body []byte) (hours, error) {
	_, at, err := splitHour(key)
	if err != nil {
		return nil, err
	}
	h, err := readHours(body, at, t.text)
	if err != nil {
		return nil, damaged("database: the sums of %s cannot be read: %v", at.Format(time.RFC3339), err)
	}
	return h, nil
}

// sumUp adds sums to those that are there.
func (t *Tx) sumUp(a *account, more hours) error {
	byHour := map[time.Time]hours{}
	for k, s := range more {
		if byHour[k.Hour] == nil {
			byHour[k.Hour] = hours{}
		}
		byHour[k.Hour][k] = s
	}
	for at, h := range byHour {
		key := hourKey(a.no, at)
		old, err := t.hour(key)
		if err != nil {
			return err
		}
		for k, s := range old {
			h[k] = h[k].Plus(s)
		}
		if err := t.putHour(key, h); err != nil {
			return err
		}
	}
	return nil
}

// putHour stores the sums of an hour. Their texts are kept for ever.
func (t *Tx) putHour(key []byte, h hours) error {
	body, err := appendHours(nil, h, t.keepWord)
	if err != nil {
		return err
	}
	return t.put(tabHours, key, body)
}

// Sums yields the hourly sums of an account whose hour began at since or later
// and before until, oldest first: what Prune left of the events it forgot. A
// zero until is no bound.
func (t *Tx) Sums(account string, since, until time.Time) iter.Seq2[quota.Entry, error] {
	return func(yield func(quota.Entry, error) bool) {
		a, err := t.account(account)
		if err != nil {
			yield(quota.Entry{}, err)
			return
		}
		if a == nil {
			return
		}
		err = t.records(tabHours, uvarintKey(a.no), hourKey(a.no, since), func(key, body []byte) error {
			_, at, err := splitHour(key)
			if err != nil || at.Before(since) {
				return err
			}
			if !until.IsZero() && !at.Before(until) {
				return errStop
			}
			h, err := t.hourAt(key, body)
			if err == nil && !h.each(a.name, yield) {
				err = errStop
			}
			return err
		})
		if err != nil {
			yield(quota.Entry{}, err)
		}
	}
}

// each yields the sums as entries, always in the same order; false where it was
// told to stop.
func (h hours) each(account string, yield func(quota.Entry, error) bool) bool {
	for _, k := range h.keys() {
		if !yield(k.Entry(account, h[k]), nil) {
			return false
		}
	}
	return true
}

// Summed tells how many hourly sums an account has, and when the first hour was;
// zero where there is none.
func (t *Tx) Summed(name string) (sums uint64, first time.Time, err error) {
	a, err := t.account(name)
	if err != nil || a == nil {
		return 0, first, err
	}
	prefix := uvarintKey(a.no)
	err = t.records(tabHours, prefix, prefix, func(key, body []byte) error {
		if sums == 0 {
			_, first, err = splitHour(key)
		}
		n, _ := binary.Uvarint(bytes.TrimPrefix(body, []byte{hoursFormat}))
		sums += n
		return err
	})
	return sums, first, err
}
