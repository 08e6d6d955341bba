package notify

import (
	"context"
	"fmt"
	"time"

	"quotad/quota"
)

// live is an item that is still to be told.
type live struct {
	Item
	parts parts
}

// look goes through the pending items: it ends what is stale or for nobody,
// holds back what has to wait, makes a digest of what was held, and gives the
// rest. The hold is the one that keeps items back, if any does.
func (p *Pipeline) look(ctx context.Context) ([]live, Hold, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	items, err := p.pending(ctx)
	if err == nil && len(items) > 0 {
		items, err = p.dropStale(ctx, items, now)
	}
	if err != nil || len(items) == 0 {
		return nil, Hold{}, err
	}
	hold, err := p.hold(ctx, now)
	if err != nil {
		return nil, Hold{}, err
	}
	if hold.On() {
		return nil, hold, p.holdBack(ctx, items, hold)
	}
	items, err = p.digest(ctx, items, now)
	return items, Hold{}, err
}

// pending reads the log, stores what is still owed to it, and ends what was
// left in the middle by a crash or has nobody to tell it.
func (p *Pipeline) pending(ctx context.Context) ([]live, error) {
	items, err := p.Log.Pending(ctx)
	if err != nil {
		return nil, err
	}
	clear(p.known)
	var open []live
	for _, it := range items {
		ps := parse(it.Delivered, p.names())
		reason := "nobody is there to tell it"
		if owed, ok := p.owed[it.ID]; ok {
			ps, reason = owed, "stored late"
		} else if !p.recovered && ps.any(StateSending) {
			ps, reason = ps.turn(StateUnknown, StateSending), "the daemon ended while it was being told"
		}
		ps = ps.keep(p.names())
		p.known[it.ID] = ps
		if ps.state() != it.Delivered {
			if err := p.mark(ctx, it.ID, ps, reason); err != nil {
				return nil, err
			}
		}
		if !ps.state().Final() {
			open = append(open, live{it, ps})
		}
	}
	p.recovered = true
	return open, nil
}

// dropStale ends what is no longer true.
func (p *Pipeline) dropStale(ctx context.Context, items []live, now time.Time) ([]live, error) {
	judge := judge{now: now, low: p.low(), current: p.currentAt(now)}
	var fresh []live
	for i, it := range items {
		why := judge.stale(it.Item, items[i+1:])
		if why == Fresh || !it.parts.any(StatePending, StateHeld) {
			fresh = append(fresh, it)
			continue
		}
		ps := it.parts.turn(StateStale, StatePending, StateHeld)
		if err := p.mark(ctx, it.ID, ps, why.String()); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// hold is whether anything holds notices back, the longer one where two do.
func (p *Pipeline) hold(ctx context.Context, now time.Time) (Hold, error) {
	quiet := p.Quiet.At(now, p.zone())
	snoozed, err := p.Log.SnoozedUntil(ctx)
	if err != nil {
		return Hold{}, err
	}
	if now.Before(snoozed) && snoozed.After(quiet.Until) {
		return Hold{Reason: HoldSnoozed, Until: snoozed}, nil
	}
	return quiet, nil
}

// holdBack marks what nobody was told yet, to be told in the digest. What one
// sender has and another lacks waits as it is.
func (p *Pipeline) holdBack(ctx context.Context, items []live, hold Hold) error {
	reason := fmt.Sprintf("%v until %s", hold.Reason, Clock(hold.Until, p.now(), p.zone()))
	for _, it := range items {
		if it.parts.state() != StatePending {
			continue
		}
		if err := p.mark(ctx, it.ID, it.parts.turn(StateHeld, StatePending), reason); err != nil {
			return err
		}
	}
	return nil
}

// digest puts one notice in the place of all that were held.
func (p *Pipeline) digest(ctx context.Context, items []live, now time.Time) ([]live, error) {
	var held []Item
	var ids []uint64
	current := p.currentAt(now)
	for _, it := range items {
		if it.parts.state() != StateHeld {
			continue
		}
		it.Notice = rewordedAt(it.Notice, current, now, p.zone())
		held = append(held, it.Item)
		ids = append(ids, it.ID)
	}
	if len(held) == 0 {
		return items, nil
	}
	if err := p.Log.Digest(context.WithoutCancel(ctx), digestOf(held, now), ids); err != nil {
		return nil, err
	}
	return p.pending(ctx)
}

// mark stores where an item stands.
func (p *Pipeline) mark(ctx context.Context, id uint64, ps parts, reason string) error {
	if err := p.Log.Mark(context.WithoutCancel(ctx), id, ps.state(), reason); err != nil {
		return err
	}
	p.known[id] = ps
	delete(p.owed, id)
	return nil
}

// commit stores that a sender is about to tell an item.
func (p *Pipeline) commit(ctx context.Context, id uint64, sender string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ps := p.known[id]
	if ps.of(sender) != StatePending {
		return errOvertaken
	}
	err := p.mark(ctx, id, ps.with(sender, StateSending), sender+": being told")
	if err != nil {
		p.owed[id] = ps // a write that failed may still be there
	}
	return err
}

// settle stores how a sending ended; where that fails it is owed.
func (p *Pipeline) settle(ctx context.Context, id uint64, sender string, word State, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ps := p.known[id].with(sender, word)
	if err := p.mark(ctx, id, ps, reason); err != nil {
		p.known[id], p.owed[id] = ps, ps
		p.report(Report{Sender: sender, Err: err})
	}
}

// worded gives a notice its words: those it was recorded with while they are
// young, new ones where it had to wait.
func (p *Pipeline) worded(n quota.Notice) quota.Notice {
	now := p.now()
	return rewordedAt(n, p.currentAt(now), now, p.zone())
}

// young is how long the words of a notice stay as they were recorded.
const young = time.Minute

func rewordedAt(n quota.Notice, current func(string) *quota.Status, now time.Time, zone *time.Location) quota.Notice {
	if n.Title == "" || now.Sub(n.At) >= young {
		n.Title, n.Body = Words(n, current(n.Account), now, zone)
	}
	return n
}

// currentAt is Current at one instant, asked once for each account.
func (p *Pipeline) currentAt(now time.Time) func(account string) *quota.Status {
	seen := map[string]*quota.Status{}
	return func(account string) *quota.Status {
		if p.Current == nil {
			return nil
		}
		s, ok := seen[account]
		if !ok {
			if st, there := p.Current(account, now); there {
				s = &st
			}
			seen[account] = s
		}
		return s
	}
}

func (p *Pipeline) low() float64 {
	if p.Low <= 0 {
		return 75
	}
	return float64(p.Low)
}
