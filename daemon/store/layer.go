package store

import (
	"bytes"
	"maps"
	"slices"
)

// layer is what the waiting events would have put into the tables: records that
// lie over those of the file until they are folded in. The tables of a layer are
// never changed in place, so that a copy of it costs nothing.
type layer struct {
	tx     int // the commit of the file that it lies over
	tables [tabEnd][]row
	events int             // that wait
	seq    uint64          // number of the last of them; 0: none
	waits  map[uint64]bool // by account that has some: whether its state lacks them
}

// row is a record, sealed.
type row struct{ key, value []byte }

// layered tells whether the records of a table may wait in a layer.
func (t table) layered() bool {
	switch t {
	case tabEvents, tabIDs, tabTurns, tabAccounts, tabStates:
		return true
	}
	return false
}

func (l *layer) at(tab table, key []byte) (int, bool) {
	return slices.BinarySearchFunc(l.tables[tab], key, func(r row, key []byte) int { return bytes.Compare(r.key, key) })
}

func (l *layer) get(tab table, key []byte) []byte {
	if i, ok := l.at(tab, key); ok {
		return l.tables[tab][i].value
	}
	return nil
}

func (l *layer) put(tab table, key, value []byte) {
	i, ok := l.at(tab, key)
	rows := slices.Clone(l.tables[tab])
	if ok {
		rows[i].value = value
	} else {
		rows = slices.Insert(rows, i, row{bytes.Clone(key), value})
	}
	l.tables[tab] = rows
}

// lag notes that an account has events that wait, and whether its state lacks
// them.
func (l *layer) lag(account uint64, behind bool) {
	next := map[uint64]bool{account: behind}
	for no, lacks := range l.waits {
		if no != account {
			next[no] = lacks
		}
	}
	l.waits = next
}

// behind are the accounts whose state lacks events.
func (l *layer) behind() (list []uint64) {
	for _, no := range slices.Sorted(maps.Keys(l.waits)) {
		if l.waits[no] {
			list = append(list, no)
		}
	}
	return list
}

// layers are that of the newest commit and that of the commit which is being
// made: a reader takes the one that belongs to the state of the file it sees.
type layers [2]*layer

func (ls *layers) of(tx int) *layer {
	if ls == nil {
		return nil
	}
	for _, l := range ls {
		if l != nil && l.tx == tx {
			return l
		}
	}
	return nil
}
