package daemon

import (
	"context"
	"fmt"
	"time"

	"quotad/daemon/store"
	"quotad/notify"
	"quotad/quota"
)

// outbox is the engine as the notification pipeline sees it: what is pending,
// and what became of it. It implements notify.Log.
type outbox struct{ *Engine }

// worded gives a notice its title and body, in the user's time.
func (w *work) worded(n quota.Notice, st *quota.Status) quota.Notice {
	n.Title, n.Body = notify.Words(n, st, w.now, w.e.zone.now())
	return n
}

// Pending implements notify.Log.
func (o outbox) Pending(context.Context) ([]notify.Item, error) {
	var items []notify.Item
	err := o.store.View(func(tx *store.Tx) error {
		records, err := tx.Pending()
		for _, r := range records {
			items = append(items, notify.Item{ID: r.ID, Notice: r.Notice, Opened: r.Opened, Expires: r.Expires, Delivered: notify.State(r.Delivered)})
		}
		return err
	})
	return items, err
}

// Mark implements notify.Log.
func (o outbox) Mark(ctx context.Context, id uint64, s notify.State, reason string) error {
	return o.do(ctx, func(w *work) error { return w.mark(id, s, reason) })
}

func (w *work) mark(id uint64, s notify.State, why string) error {
	r, ok, err := w.tx.Notice(id)
	if err != nil || !ok { // forgotten meanwhile: nothing to mark
		return err
	}
	r.Delivered, r.Why, r.Final, r.UpdatedAt = string(s), why, s.Final(), w.now
	if s == notify.StateSending {
		r.Attempts++
	}
	_, err = w.tx.PutNotice(r)
	return err
}

// Digest implements notify.Log.
func (o outbox) Digest(ctx context.Context, d notify.Item, held []uint64) error {
	return o.do(ctx, func(w *work) error {
		for _, id := range held {
			if err := w.mark(id, notify.StateDigest, "told in a digest"); err != nil {
				return err
			}
		}
		return w.post(store.NoticeRecord{Key: fmt.Sprintf("digest/%d", d.At.UnixMilli()), Notice: d.Notice, Expires: d.Expires})
	})
}

// snoozeKey is where the end of a snooze is kept.
const snoozeKey = "snoozed until"

// SnoozedUntil implements notify.Log.
func (o outbox) SnoozedUntil(context.Context) (until time.Time, err error) {
	err = o.store.View(func(tx *store.Tx) error {
		b, ok, err := tx.Value(snoozeKey)
		if err != nil || !ok {
			return err
		}
		return until.UnmarshalText(b)
	})
	return until, err
}

// snoozed is the end of the snooze that holds at now, nil where none does.
// Who asks does not wait for the disk.
func (e *Engine) snoozed(now time.Time) *time.Time {
	until := e.snooze.Load()
	if until == nil || !until.After(now) {
		return nil
	}
	return until
}

// Snooze holds notices back until an instant; one that is past ends it.
func (e *Engine) Snooze(ctx context.Context, until time.Time) error {
	until = quota.Milli(until)
	text, err := until.MarshalText()
	if err != nil {
		return err
	}
	err = e.do(ctx, func(w *work) error { return w.tx.PutValue(snoozeKey, text) })
	if err == nil {
		e.snooze.Store(&until)
	}
	return err
}
