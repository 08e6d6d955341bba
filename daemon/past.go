package daemon

import (
	"context"
	"iter"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// past yields what is known of an account's use from since on and before until:
// the hourly sums of what retention has forgotten, and then the entries. Whoever
// ranges over it holds e.forgets for reading, so that nothing goes from the ones
// to the others meanwhile.
func (e *Engine) past(ctx context.Context, account string, since, until time.Time) iter.Seq2[quota.Entry, error] {
	return func(yield func(quota.Entry, error) bool) {
		from := since
		wanted := inPages(ctx, yield, func() (list []quota.Entry, more bool, err error) {
			list, next, err := e.sums(account, from, until)
			from = next
			return list, !next.IsZero(), err
		})
		if !wanted {
			return
		}
		for entry, err := range e.entries(ctx, api.EventQuery{Account: account, Since: since, Until: until}) {
			if !yield(entry, err) {
				return
			}
		}
	}
}

// sums reads whole hours of sums, and tells where those begin that are left;
// zero where none are.
func (e *Engine) sums(account string, since, until time.Time) (list []quota.Entry, next time.Time, err error) {
	err = e.store.View(func(tx *store.Tx) error {
		for entry, err := range tx.Sums(account, since, until) {
			if err != nil {
				return err
			}
			if n := len(list); n >= pageSize && entry.At.After(list[n-1].At) {
				next = entry.At
				return nil
			}
			list = append(list, entry)
		}
		return nil
	})
	return list, next, err
}
