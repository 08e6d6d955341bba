package store

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// cursor steps through the records of a table as they are with those of the
// layer over them. It only goes forwards.
type cursor struct {
	file      *bbolt.Cursor
	all, rows []row // of the layer; those that lie ahead
	k, v      []byte
	fromFile  bool // what was given last came from there
	fromLayer bool
	steps     *int // of the transaction
}

func (t *Tx) cursor(tab table) *cursor {
	return &cursor{file: t.bucket(tab).Cursor(), all: t.layer.tables[tab], steps: &t.steps}
}

// seek gives the first record whose key is not before one; nil: none.
func (c *cursor) seek(key []byte) (k, v []byte) {
	c.k, c.v = c.file.Seek(key)
	c.rows = c.all
	for len(c.rows) > 0 && bytes.Compare(c.rows[0].key, key) < 0 {
		c.rows = c.rows[1:]
	}
	return c.pick()
}

func (c *cursor) next() (k, v []byte) {
	*c.steps++
	if c.fromFile {
		c.k, c.v = c.file.Next()
	}
	if c.fromLayer {
		c.rows = c.rows[1:]
	}
	return c.pick()
}

// pick gives the lesser of both heads; of one key the layer has the newer record.
func (c *cursor) pick() (k, v []byte) {
	c.fromFile, c.fromLayer = c.k != nil, len(c.rows) > 0
	if c.fromFile && c.fromLayer {
		order := bytes.Compare(c.k, c.rows[0].key)
		c.fromFile, c.fromLayer = order <= 0, order >= 0
	}
	if c.fromLayer {
		return c.rows[0].key, c.rows[0].value
	}
	return c.k, c.v
}
