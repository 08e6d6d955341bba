package daemon

import "context"

// startPoller begins asking the provider by the present settings, where a
// reading is enabled.
func (d *service) startPoller() {
	p := newPoller(d.engine, d.Env, d.spare, &d.polls)
	if p == nil {
		d.engine.SetKeys(nil)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(ctx)
	}()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.poll, d.endPoll = p, func() { cancel(); <-done }
}

// stopPoller ends the asking; an answer that is on its way is not waited for.
func (d *service) stopPoller() {
	d.mu.Lock()
	end := d.endPoll
	d.poll, d.endPoll = nil, nil
	d.mu.Unlock()
	if end != nil {
		end()
	}
}

// exchangePoller begins anew by the present settings.
func (d *service) exchangePoller() {
	d.exchange.Lock()
	defer d.exchange.Unlock()
	d.stopPoller()
	d.startPoller()
}

// settledPoller is the present one, and the next where they are being exchanged.
func (d *service) settledPoller() *poller {
	d.exchange.RLock()
	defer d.exchange.RUnlock()
	return d.poller()
}

// poller is the present one; nil where no reading is enabled.
func (d *service) poller() *poller {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.poll
}
