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
		inPages(ctx, yield, func() ([]quota.Entry, bool, error) {
			list, err := e.page(q, last)
			if n := len(list); n > 0 {
				last = &list[n-1]
			}
			return list, len(list) == pageSize, err
		})
	}
}

// inPages yields the entries of one page after the other, while there are more.
// It reports whether they are still wanted.
func inPages(ctx context.Context, yield func(quota.Entry, error) bool, page func() (list []quota.Entry, more bool, err error)) bool {
	for more := true; more; {
		list, further, err := page()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(quota.Entry{}, err)
			return false
		}
		for _, entry := range list {
			if !yield(entry, nil) {
				return false
			}
		}
		more = further
	}
	return true
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
