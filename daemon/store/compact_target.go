package store

import (
	"go.etcd.io/bbolt"
)

// target is the file that a compaction copies into. Nothing of it is synced
// before settle.
type target struct {
	path string
	db   *bbolt.DB
}

func (x *target) open() (err error) {
	if x.db, _, err = openFile(x.path, false); err != nil {
		return err
	}
	x.db.NoSync, x.db.NoGrowSync = true, true
	return nil
}

// close ends its use for now; it may be closed already.
func (x *target) close() error {
	if x.db == nil {
		return nil
	}
	err := x.db.Close()
	x.db = nil
	return diskError("writing "+x.path, err)
}

// settle has all of it on the disk, and closes it.
func (x *target) settle() error {
	return firstError(diskError("writing "+x.path, x.db.Sync()), x.close())
}

func (x *target) update(fn func(*bbolt.Tx) error) error {
	return diskError("writing "+x.path, x.db.Update(fn))
}

// bucketOf is a table of the target. Its records come in order.
func bucketOf(tx *bbolt.Tx, tab table) *bbolt.Bucket {
	b := tx.Bucket([]byte(tab.String()))
	b.FillPercent = fill
	return b
}

// again copies what stands at keys now, or that nothing does.
func (x *target) again(t *Tx, keys map[written]struct{}) error {
	if len(keys) == 0 {
		return nil
	}
	return x.update(func(tx *bbolt.Tx) error {
		for at := range keys {
			key := []byte(at.key)
			value := t.bucket(at.tab).Get(key)
			var err error
			if value == nil {
				err = bucketOf(tx, at.tab).Delete(key)
			} else {
				err = bucketOf(tx, at.tab).Put(key, clone(value))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// number has each table count on from where it does in the source.
func (x *target) number(t *Tx) error {
	return x.update(func(tx *bbolt.Tx) error {
		for tab := tabMeta; tab < tabEnd; tab++ {
			if err := bucketOf(tx, tab).SetSequence(t.bucket(tab).Sequence()); err != nil {
				return err
			}
		}
		return nil
	})
}
