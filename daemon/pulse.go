package daemon

import (
	"time"

	"quotad/config"
	"quotad/quota"
)

// pulse is when the plan of an account was last heard to be used, since the
// daemon was started. The provider's own readings are no use of it.
type pulse struct {
	used    time.Time // newest event on the plan
	stopped time.Time // newest one that says that the provider said stop
}

// note takes an event that was recorded.
func (p *pulse) note(e quota.Event, s *config.Settings) {
	if e.Kind == quota.KindReading || e.Kind == quota.KindVoid || s.Rules.Bill(e) != quota.OnPlan {
		return
	}
	if e.At.After(p.used) {
		p.used = e.At
	}
	if e.Kind == quota.KindExhausted && e.At.After(p.stopped) {
		p.stopped = e.At
	}
}

// pulse is what is known of an account that is taken up anew.
func (w *work) pulse(name string) pulse {
	if a, ok := w.e.accounts[name]; ok {
		return a.pulse
	}
	return pulse{}
}
