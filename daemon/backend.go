package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// backend is the engine as the local API sees it.
type backend struct{ *Engine }

// Submit implements api.Backend.
func (b backend) Submit(ctx context.Context, events []quota.Event) ([]api.Result, error) {
	results := make([]api.Result, 0, len(events))
	err := b.do(ctx, func(w *work) error {
		results = results[:0]
		for _, e := range events {
			r, err := w.record(e)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return results, nil
}

// unavailable tells a client that nothing was acknowledged.
func unavailable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return api.Errorf(api.Unavailable, "cannot store: %v", err)
}

// Status implements api.Backend.
func (b backend) Status(account string, now time.Time) (quota.Statuses, bool) {
	all, known := b.Snapshot().Statuses(account, now)
	all.SnoozedUntil = b.snoozed(now)
	return all, known
}

// Events implements api.Backend. The entries are read page by page, so that a
// slow reader holds no transaction open.
func (b backend) Events(ctx context.Context, q api.EventQuery) iter.Seq2[quota.Event, error] {
	return pages(ctx, func(yield func(quota.Event) bool, after *quota.Event) error {
		return b.store.View(func(tx *store.Tx) error {
			return page(tx, q, after, yield)
		})
	})
}

// pageSize is how many entries one transaction reads.
const pageSize = 1000

// pages yields what read gives, page after page, each after the last event of
// the one before.
func pages(ctx context.Context, read func(yield func(quota.Event) bool, after *quota.Event) error) iter.Seq2[quota.Event, error] {
	return func(yield func(quota.Event, error) bool) {
		var last *quota.Event
		for {
			var list []quota.Event
			err := read(func(e quota.Event) bool { list = append(list, e); return len(list) < pageSize }, last)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(quota.Event{}, err)
				return
			}
			for _, e := range list {
				if !yield(e, nil) {
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

// page reads on from after an event.
func page(tx *store.Tx, q api.EventQuery, after *quota.Event, yield func(quota.Event) bool) error {
	since := q.Since
	if after != nil {
		since = after.At
	}
	for e, err := range tx.Events(q.Account, since, q.Until, 0) {
		if err != nil {
			return err
		}
		if after != nil && !after.Before(e.Event) {
			continue
		}
		if !yield(e.Event) {
			return nil
		}
	}
	return nil
}

// Notices implements api.Backend.
func (b backend) Notices(_ context.Context, since time.Time) iter.Seq2[api.Notice, error] {
	return func(yield func(api.Notice, error) bool) {
		var list []api.Notice
		err := b.store.View(func(tx *store.Tx) error {
			records, err := tx.Notices(since)
			for _, r := range records {
				list = append(list, wireNotice(r))
			}
			return err
		})
		if err != nil {
			yield(api.Notice{}, err)
			return
		}
		for _, n := range list {
			if !yield(n, nil) {
				return
			}
		}
	}
}

func wireNotice(r store.NoticeRecord) api.Notice {
	n := api.Notice{Notice: r.Notice, Delivered: r.Delivered}
	if r.Final {
		n.DeliveredAt = &r.UpdatedAt
	}
	return n
}

// Subscribe implements api.Backend.
func (b backend) Subscribe() api.Feed { return b.subs.add() }

// Metrics implements api.Backend.
func (b backend) Metrics(w io.Writer) {
	now := b.now()
	all, _ := b.Snapshot().Statuses("", now)
	m := metrics{w}
	m.head("quotad_window_used", "gauge", "Use of a window, in the plan's unit.")
	m.windows(all, "quotad_window_used", func(ws quota.WindowStatus) float64 { return ws.Used.Float() })
	m.head("quotad_window_cap", "gauge", "Cap of a window, in the plan's unit.")
	m.windows(all, "quotad_window_cap", func(ws quota.WindowStatus) float64 { return ws.Cap.Float() })
	m.head("quotad_window_percent", "gauge", "Use of a window, in percent of its cap, unclamped.")
	m.windows(all, "quotad_window_percent", func(ws quota.WindowStatus) float64 { return ws.Percent })
	m.head("quotad_window_resets_seconds", "gauge", "Seconds until a window refreshes; absent where it is idle.")
	m.windows(all, "quotad_window_resets_seconds", func(ws quota.WindowStatus) float64 { return until(ws.ResetsAt, now) })
	m.head("quotad_account_exhausted", "gauge", "1 where a window that stops work is exhausted.")
	for _, a := range all.Accounts {
		v := 0
		if a.State == quota.StateExhausted {
			v = 1
		}
		fmt.Fprintf(w, "quotad_account_exhausted{account=%q,plan=%q} %d\n", a.Account, a.Plan.ID, v)
	}
	m.money(all)
	m.counters(b.Engine)
}
