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

// Events implements api.Backend.
func (b backend) Events(ctx context.Context, q api.EventQuery) iter.Seq2[quota.Event, error] {
	return func(yield func(quota.Event, error) bool) {
		for e, err := range b.entries(ctx, q) {
			if !yield(e.Event, err) {
				return
			}
		}
	}
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
