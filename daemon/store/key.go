package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

// table is a bucket at the top of the database.
type table byte

// The tables. Their numbers go into checksums: never change one.
const (
	tabMeta table = iota + 1
	tabAccounts
	tabEvents
	tabIDs
	tabTurns
	tabVoids
	tabWords
	tabTexts
	tabStates
	tabCheckpoints
	tabNotices
	tabNoticeKeys
	tabNoticeOpen
	tabValues
	tabFollows
	tabRecent
	tabHours
	tabEnd
)

func (t table) String() string {
	return [...]string{"", "meta", "accounts", "events", "ids", "turns", "voids", "words", "texts", "states",
		"checkpoints", "notices", "notice_keys", "notice_open", "values", "follows", "recent", "hours"}[t]
}

// tableNamed is the table of a bucket; 0 where there is none of that name.
func tableNamed(name []byte) table {
	for t := tabMeta; t < tabEnd; t++ {
		if t.String() == string(name) {
			return t
		}
	}
	return 0
}

const sumSize = 4

func checksum(t table, key, body []byte) uint32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli) // made once, when first asked for
	return crc32.Update(crc32.Update(uint32(t), castagnoli, key), castagnoli, body)
}

// unseal takes the checksum off a value.
func unseal(t table, key, value []byte) ([]byte, error) {
	n := len(value) - sumSize
	if n < 0 || checksum(t, key, value[:n]) != binary.LittleEndian.Uint32(value[n:]) {
		return nil, damaged("database: the record %x of %q fails its checksum", key, t)
	}
	return value[:n:n], nil
}

// milliSize is how many bytes an instant takes in a key: until the year 10889.
const (
	milliSize = 6
	maxMilli  = 1<<48 - 1
)

func appendMilli(b []byte, ms uint64) []byte {
	return append(b, byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms))
}

func readMilli(b []byte) uint64 {
	return uint64(b[0])<<40 | uint64(b[1])<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
}

func milliTime(ms uint64) time.Time { return time.UnixMilli(int64(ms)).UTC() }

// ceilMilli is the first whole millisecond that is not before t.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// bound is the least event instant that is not before t.
func bound(t time.Time) uint64 {
	return uint64(min(max(ceilMilli(t), 0), maxMilli))
}

// eventMilli is t as the key of an event has it.
func eventMilli(t time.Time) (uint64, error) {
	ms := t.UnixMilli()
	if ms < 0 || ms >= maxMilli {
		return 0, fmt.Errorf("an event of the year %d cannot be stored", t.Year())
	}
	return uint64(ms), nil
}

// place is where an event stands: its key in the events table.
type place struct {
	account uint64
	at      uint64 // ms
	id      []byte // packed
}

func (p place) key() []byte {
	b := make([]byte, 0, binary.MaxVarintLen64+milliSize+len(p.id))
	return append(appendMilli(binary.AppendUvarint(b, p.account), p.at), p.id...)
}

func (p place) time() time.Time { return milliTime(p.at) }

// splitPlace reads account, at and, behind them, the rest.
func splitPlace(key []byte) (place, bool) {
	no, n := binary.Uvarint(key)
	if n <= 0 || len(key) < n+milliSize {
		return place{}, false
	}
	return place{account: no, at: readMilli(key[n:]), id: key[n+milliSize:]}, true
}

func numberKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func uvarintKey(n uint64) []byte { return binary.AppendUvarint(nil, n) }

// pointKey is the key of a checkpoint. Newer ones sort first, so that the
// newest before an instant is found by stepping forwards: backwards a cursor
// loses its way over what was deleted in the same transaction. The instant may
// lie before 1970.
func pointKey(account uint64, ms int64) []byte {
	return binary.BigEndian.AppendUint64(uvarintKey(account), ^(uint64(ms) ^ 1<<63))
}
