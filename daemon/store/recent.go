package store

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"quotad/quota"
)

// A lone event would write a page of each tree on the way to its root. So it is
// written into the small table "recent" alone, and what it would have put into
// the others lies in memory, as a layer over them, until some wait together: see
// foldIn. When the file is opened the layer is made again, by placing the events
// of "recent" once more in the order of their numbers.

// How many events wait: a transaction that puts more than fewEvents folds in,
// and so does the one that makes more than mostRecent wait.
const (
	fewEvents  = 8
	mostRecent = 32
)

// limits are those two.
type limits struct{ few, most int }

func usualLimits() limits { return limits{fewEvents, mostRecent} }

// waits tells whether an event may wait. One that may change what is told of the
// plan, or takes another out, does not: what an account is folded by has to stand
// in its state.
func waits(k quota.Kind) bool {
	return k != quota.KindReading && k != quota.KindVoid
}

// room sees to it that there is room for one more event that waits, or that
// nothing does.
func (t *Tx) room(k quota.Kind) error {
	if t.direct || t.replays {
		return nil
	}
	if !waits(k) || t.putHere >= t.limits.few || t.layer.events >= t.limits.most {
		return t.foldIn()
	}
	return nil
}

// number is the next number of an event.
func (t *Tx) number() (uint64, error) {
	switch {
	case t.direct:
		return t.next(tabEvents)
	case t.replays:
		return t.layer.seq, nil
	}
	t.layer.seq = max(t.layer.seq, t.bucket(tabEvents).Sequence()) + 1
	return t.layer.seq, nil
}

// note writes an event that waits into "recent", as it was stored.
func (t *Tx) note(p place, seq uint64) error {
	if t.direct {
		return nil
	}
	t.layer.events++
	if t.layer.lag(p.account, true); t.replays {
		return nil
	}
	t.putHere++
	body, ok, err := t.get(tabEvents, p.key())
	if err != nil || !ok {
		return firstError(err, damaged("database: the event %x was not stored", p.key()))
	}
	return t.put(tabRecent, numberKey(seq), append(appendBytes(nil, p.key()), body...))
}

// recentEvent is a record of "recent".
type recentEvent struct {
	place
	seq  uint64
	body []byte
}

func readRecent(key, record []byte) (recentEvent, error) {
	r := reader{b: record}
	p, ok := splitPlace(r.bytes(r.uvarint()))
	if r.err != nil || !ok || len(key) != 8 {
		return recentEvent{}, damaged("database: the recent event %x cannot be read", key)
	}
	return recentEvent{place: p, seq: binary.BigEndian.Uint64(key), body: r.b}, nil
}

// replay makes the layer of what waits in the file.
func replay(tx *bbolt.Tx, shared *dictionary) (*layer, error) {
	t := newTx(tx, shared)
	t.replays, t.direct = true, false
	if tx.Bucket([]byte(tabRecent.String())) != nil { // of an older schema there is none
		if err := t.records(tabRecent, nil, nil, t.replay); err != nil {
			return nil, err
		}
		if err := t.flush(); err != nil {
			return nil, err
		}
	}
	l := t.layer
	l.tx = tx.ID()
	return &l, nil
}

func (t *Tx) replay(key, record []byte) error {
	r, err := readRecent(key, record)
	if err != nil {
		return err
	}
	e, seq, err := t.decode(r.key(), r.body)
	if err != nil || seq != r.seq {
		return firstError(err, fmt.Errorf("the recent event %d has the number %d", r.seq, seq))
	}
	a, err := t.accountOf(r.account)
	if err != nil {
		return err
	}
	t.layer.seq = seq
	_, err = t.add(a, place{r.account, r.at, clone(r.id)}, quota.Entry{Event: e.Event})
	return err
}

// putOf stores what an account has one record of. It waits with the account's
// events, which make it again, and not without them.
func (t *Tx) putOf(account uint64, tab table, key, body []byte) error {
	if _, waits := t.layer.waits[account]; waits && !t.direct {
		if tab == tabStates {
			t.layer.lag(account, false)
		}
		return t.put(tab, key, body)
	}
	return t.write(tab, key, body)
}

// Behind reports whether the kept state of an account lacks events: it has to be
// folded from the newest checkpoint, and put. So it is for what waited when the
// file was opened.
func (t *Tx) Behind(name string) (bool, error) {
	a, err := t.account(name)
	if err != nil || a == nil {
		return false, err
	}
	if t.layer.waits[a.no] {
		return true, nil
	}
	_, kept, err := t.get(tabStates, uvarintKey(a.no))
	return !kept && (a.events > 0 || a.pruned > 0), err
}
