package daemon

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/provider"
	"quotad/daemon/store"
	"quotad/quota"
)

// read asks about an account and keeps what it answers. An answer without
// figures changes nothing but what is known of asking.
func (p *poller) read(ctx context.Context, x *polled, why provider.Why) SyncResult {
	before, _ := p.engine.Snapshot().Status(x.name, p.engine.now())
	r, fault := x.ask(ctx, p.engine.now())
	now := p.engine.now()
	if fault != nil && ctx.Err() != nil {
		return p.cutOff(ctx, x, now)
	}
	ctx = context.WithoutCancel(ctx) // what was answered is kept, though the service ends
	if fault == nil {
		r = x.weigh(r, p.engine.Snapshot().account(x.name))
	}
	pace := *x.pace
	x.pace.Asked(now, fault)
	known := x.became(ctx, r, fault, now)
	err := p.keep(ctx, x.name, r, fault, known)
	if refused := (*api.Error)(nil); errors.As(err, &refused) {
		fault = &provider.Fault{Kind: provider.FaultTransient, Message: "the figures cannot be taken: " + refused.Message}
		*x.pace = pace // it was no good answer: the next is waited for as after any failure
		x.pace.Asked(now, fault)
		known = x.became(ctx, r, fault, now)
		err = p.keep(ctx, x.name, r, fault, known)
	}
	p.tell(x, r, fault, why)
	if x.known, x.key = known, known.Key; x.known.Key != "" {
		p.tellKeys(x)
	}
	p.tally.count(x.name, fault, now)
	switch {
	case err != nil:
		return unread(x, &provider.Fault{Kind: provider.FaultTransient, Message: "the figures cannot be stored: " + err.Error()})
	case fault != nil:
		return unread(x, fault)
	}
	after, _ := p.engine.Snapshot().Status(x.name, p.engine.now())
	return readResult(x, r, &before, &after)
}

// cutOff keeps that an account was asked about when the service ended, or took
// another configuration. It says nothing of the provider.
func (p *poller) cutOff(ctx context.Context, x *polled, now time.Time) SyncResult {
	x.known.AskedAt = quota.Milli(now)
	err := p.engine.do(context.WithoutCancel(ctx), func(w *work) error { return w.provide(x.name, x.known) })
	if err != nil {
		p.log.Debug().Err(err).Msg("when the provider was asked last is not kept")
	}
	return unread(x, &provider.Fault{Kind: provider.FaultTransient, Message: "the service ended, or took its configuration, before there was an answer"})
}

// became is what is known of asking after an answer.
func (x *polled) became(ctx context.Context, r provider.Reply, fault *provider.Fault, now time.Time) store.Provider {
	known, key := x.known, x.keyHash(ctx)
	now = quota.Milli(now)
	if key == "" { // not to be had at present: what is known is of the one before
		key = known.Key
	}
	if known.Key != key || known.Setup != x.setup || known.Since.IsZero() {
		known = store.Provider{Since: now, Key: key, Setup: x.setup}
	}
	known.AskedAt, known.Source, known.Stopped = now, x.keys.Source(), x.pace.Stopped()
	if rows := rowsOf(r.Unknown); rows != nil || fault == nil {
		known.Unknown = rows
	}
	if fault != nil {
		was := known.Fault
		known.Fault = faultRecord(was, fault, now)
		if was == nil || !sameFault(*was, *known.Fault) {
			known.Fails = 0
		}
		known.Fails++
		return known
	}
	known.GoodAt, known.Fault, known.Fails = now, nil, 0
	known.Skew, known.Level = r.Skew, r.Level
	return known
}

func rowsOf(rows []provider.Row) json.RawMessage {
	if len(rows) == 0 {
		return nil
	}
	text, err := json.Marshal(rows)
	if err != nil { // a figure that JSON does not have
		return nil
	}
	return text
}

// faultRecord is a fault as it is kept. One like the last is as old as that.
func faultRecord(last *store.ProviderFault, f *provider.Fault, now time.Time) *store.ProviderFault {
	kept := &store.ProviderFault{
		Kind: f.Kind.String(), Code: f.Code, HTTP: f.HTTP, Message: f.Message, Hint: f.Hint, At: now, Raw: f.Raw,
	}
	if last != nil && sameFault(*last, *kept) {
		kept.At = last.At
	}
	return kept
}

// sameFault reports whether two faults need to be told of but once.
func sameFault(a, b store.ProviderFault) bool {
	return a.Kind == b.Kind && a.Code == b.Code && a.HTTP == b.HTTP
}

// keep stores a good answer as an event, and with it what is known of asking,
// all in one transaction.
func (p *poller) keep(ctx context.Context, name string, r provider.Reply, fault *provider.Fault, known store.Provider) error {
	e := r.Event(name)
	if fault == nil {
		id, err := api.NewID(r.At, rand.Reader)
		if err != nil {
			return err
		}
		e.ID = id
		if bad := e.Check(); bad != nil {
			return api.FromQuota(bad)
		}
	}
	var refused *api.Error
	err := p.engine.do(ctx, func(w *work) error {
		refused = nil
		if fault == nil {
			result, err := w.record(e)
			if err != nil {
				return err
			}
			if refused = result.Error; refused != nil {
				return nil
			}
		}
		return w.asked(name, known)
	})
	if err == nil && refused != nil {
		return refused
	}
	return err
}

// asked keeps what is known of asking about an account, and has a person told
// once of what only a person can mend. A key that cannot be had may be one that
// waits for a password manager to be unlocked.
func (w *work) asked(name string, known store.Provider) error {
	if err := w.provide(name, known); err != nil {
		return err
	}
	code, message := trouble(known, w.now, w.e.zone.now())
	if code == warnNoPlan || code == warnKey && (known.Stopped || known.Fails >= believe) {
		return w.complain(name, known, message)
	}
	return nil
}

// complain makes a notice pending, unless it was told: once for a kind of
// fault of a key, and again where that key was good in between.
func (w *work) complain(name string, known store.Provider, message string) error {
	key := fmt.Sprintf("%s/provider/%s/%s/%d", name, known.Fault.Kind, known.Key, unixOrZero(known.GoodAt))
	if told, err := w.tx.HasNotice(key); err != nil || told {
		return err
	}
	n := quota.Notice{Kind: quota.NoticeProvider, Account: name, At: w.now, Reason: known.Fault.Kind}
	st := quota.Status{Account: name, Warnings: []quota.Warning{{Code: warnKey, Message: message}}}
	return w.post(store.NoticeRecord{Key: key, Notice: w.worded(n, &st)})
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// tell logs what is new: how the reading goes where it goes as before is told
// at debug alone.
func (p *poller) tell(x *polled, r provider.Reply, fault *provider.Fault, why provider.Why) {
	was := x.known.Fault
	switch {
	case fault == nil && was == nil && !x.known.GoodAt.IsZero():
		p.log.Debug().Str("account", x.name).Stringer("why", why).Msg("read the provider's figures")
	case fault == nil:
		p.log.Info().Str("account", x.name).Str("plan", r.Plan.ID).Str("key from", x.keys.Source()).Msg("reads the provider's figures")
	case was == nil || !sameFault(*was, *faultRecord(nil, fault, time.Time{})):
		p.log.Warn().Str("account", x.name).Err(fault).Bool("stopped", x.pace.Stopped()).Msg("the provider's figures cannot be read; those here stand")
	default:
		p.log.Debug().Str("account", x.name).Stringer("why", why).Err(fault).Msg("the provider's figures cannot be read")
	}
}
