package store

import (
	"encoding/binary"
	"errors"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"quotad/quota"
)

// Tx is one transaction. It is a [quota.Book] and ends with the function it
// was handed to. Do not put or prune events while ranging over events.
type Tx struct {
	tx       *bbolt.Tx
	shared   *dictionary
	words    words
	buckets  [tabEnd]*bbolt.Bucket
	accounts *accounts
	arena    []byte
	changes  *changes // what is written is noted there; nil: nowhere
	commit   uint64   // its number in the database's line

	layer   layer // what waits, over the tables
	limits  limits
	direct  bool // nothing waits any more: all is written into the tables
	replays bool // the layer is being made from what is in the file
	putHere int  // events put that wait

	steps int // records that were stepped over

	broken error // a write failed half way: the transaction must not be committed
}

var _ quota.Book = (*Tx)(nil)

func newTx(tx *bbolt.Tx, shared *dictionary) *Tx {
	return &Tx{tx: tx, shared: shared, words: newWords(), direct: true}
}

// fill is how full a page is left when it splits: events mostly come in the
// order of their time, so that what is before is seldom written again.
const fill = 0.9

func (t *Tx) bucket(tab table) *bbolt.Bucket {
	if t.buckets[tab] == nil {
		b := t.tx.Bucket([]byte(tab.String()))
		if b == nil {
			panic(damaged("database: the bucket %q is missing", tab))
		}
		b.FillPercent = fill
		t.buckets[tab] = b
	}
	return t.buckets[tab]
}

// get is the body of a record. It dies with the transaction.
func (t *Tx) get(tab table, key []byte) (body []byte, ok bool, err error) {
	value := t.value(tab, key)
	if value == nil {
		return nil, false, nil
	}
	body, err = unseal(tab, key, value)
	return body, err == nil, err
}

// value is a record as it is stored; nil where there is none.
func (t *Tx) value(tab table, key []byte) []byte {
	if value := t.layer.get(tab, key); value != nil {
		return value
	}
	return t.bucket(tab).Get(key)
}

// put stores a record. The body may be used again afterwards.
func (t *Tx) put(tab table, key, body []byte) error {
	if !t.direct && tab.layered() {
		t.layer.put(tab, key, seal(make([]byte, len(body)+sumSize), tab, key, body))
		return nil
	}
	return t.write(tab, key, body)
}

// write stores a record in the file, where nothing waits in its place.
func (t *Tx) write(tab table, key, body []byte) error {
	t.changes.note(tab, key)
	return t.wrote(t.bucket(tab).Put(key, seal(t.alloc(len(body)+sumSize), tab, key, body)))
}

// seal writes a body and its checksum into value.
func seal(value []byte, tab table, key, body []byte) []byte {
	copy(value, body)
	binary.LittleEndian.PutUint32(value[len(body):], checksum(tab, key, body))
	return value
}

// delete forgets a record. From a layer none is taken out.
func (t *Tx) delete(tab table, key []byte) error {
	if tab.layered() {
		if err := t.foldIn(); err != nil {
			return err
		}
	}
	t.changes.note(tab, key)
	return t.wrote(t.bucket(tab).Delete(key))
}

// next is the next number of a table, from 1.
func (t *Tx) next(tab table) (uint64, error) {
	n, err := t.bucket(tab).NextSequence()
	return n, t.wrote(err)
}

// alloc is memory that lives as long as the transaction, which is as long as
// bbolt wants a value to.
func (t *Tx) alloc(n int) []byte {
	const chunk = 16 << 10
	if n > chunk/4 {
		return make([]byte, n)
	}
	if n > len(t.arena) {
		t.arena = make([]byte, chunk)
	}
	p := t.arena[:n:n]
	t.arena = t.arena[n:]
	return p
}

// flush writes what was gathered during the transaction.
func (t *Tx) flush() error {
	if t.accounts == nil {
		return nil
	}
	return t.accounts.flush(t)
}

// records ranges over the records of a table whose key begins with prefix,
// from the key first on. It stops at the first error, its own or of fn.
func (t *Tx) records(tab table, prefix, first []byte, fn func(key, body []byte) error) error {
	c := t.cursor(tab)
	for k, v := c.seek(first); k != nil && hasPrefix(k, prefix); k, v = c.next() {
		body, err := unseal(tab, k, v)
		if err == nil {
			err = fn(k, body)
		}
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// errStop, from the function given to records, ends the range without error.
var errStop = errors.New("stop")

func hasPrefix(k, prefix []byte) bool {
	return len(k) >= len(prefix) && string(k[:len(prefix)]) == string(prefix)
}

// wrote passes on how a write went, and remembers one that failed.
func (t *Tx) wrote(err error) error {
	if errors.Is(err, berrors.ErrTxNotWritable) {
		return errors.New("a write in a transaction that only reads")
	}
	return t.spoil(diskError("writing to the database", err))
}

// spoil keeps the transaction from being committed where err is not nil.
func (t *Tx) spoil(err error) error {
	if t.broken == nil {
		t.broken = err
	}
	return err
}
