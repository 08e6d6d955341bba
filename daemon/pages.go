package daemon

import (
	"context"
	"iter"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// pageSize is how many entries one transaction reads.
const pageSize = 1000

// entries yields what was recorded, oldest first. They are read page by page,
// so that a slow reader holds no transaction open, and the engine waits for none.
func (e *Engine) entries(ctx context.Context, q api.EventQuery) iter.Seq2[quota.Entry, error] {
	return func(yield func(quota.Entry, error) bool) {
		var last *quota.Entry
		for {
			list, err := e.page(q, last)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(quota.Entry{}, err)
				return
			}
			for _, entry := range list {
				if !yield(entry, nil) {
					return
				}
			}
			if len(list) < pageSize {
				return
			}
			last = &list[len(list)-1]
		}
	}
}

// page reads on from after an entry.
func (e *Engine) page(q api.EventQuery, after *quota.Entry) (list []quota.Entry, err error) {
	since := q.Since
	if after != nil {
		since = after.At
	}
	err = e.store.View(func(tx *store.Tx) error {
		for entry, err := range tx.Events(q.Account, since, q.Until, 0) {
			if err != nil {
				return err
			}
			if after != nil && !after.Before(entry.Event) {
				continue
			}
			if list = append(list, entry); len(list) == pageSize {
				return nil
			}
		}
		return nil
	})
	return list, err
}
