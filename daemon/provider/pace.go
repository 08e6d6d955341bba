package provider

import "time"

// Between two readings.
const (
	paceActive = 5 * time.Minute  // while the plan is in use
	paceIdle   = 30 * time.Minute // while it is not
	paceLeast  = 30 * time.Second // by itself never more often, whatever happens
	paceRetry  = time.Minute      // after the first failure, and twice as long after each further one
	paceMost   = 30 * time.Minute // but no longer
	paceSlow   = 6 * time.Hour    // where there is no plan to read
)

// hiccups is how many answers of "no plan" in a row are needed to believe it of
// a key that had one: the provider's code for it is also that of any failure.
const hiccups = 3

// ActiveWithin is how fresh the newest event is where the plan is in use.
const ActiveWithin = 10 * time.Minute

// Why says for what reason a reading is due.
type Why int

// The reasons. Those from WhyResume on may be given to Nudge.
const (
	WhyStart     Why = iota // none was taken yet
	WhyActive               // the plan is in use
	WhyIdle                 // it is not
	WhyRetry                // the last one failed
	WhySlow                 // there is no plan to read, as far as is known
	WhyStopped              // the key was refused: none is due
	WhyResume               // the machine was suspended
	WhyBoundary             // a window ended
	WhyExhausted            // the provider said stop
	WhyChanged              // the key or the configuration did
	WhyHand                 // somebody asks
)

func (w Why) String() string {
	return [...]string{
		"first reading", "in use", "idle", "retry after a failure", "no plan to read", "key refused",
		"resumed from suspend", "a window ended", "exhausted", "key or configuration changed", "asked by hand",
	}[w]
}

// Pace decides when the provider is asked. It has no clock: the wall clock's
// time comes in with every call, and what was decided before is decided anew,
// so that clock steps, and calls too many or too few, do no harm. It is not
// safe for concurrent use.
type Pace struct {
	rand    func() float64 // in [0, 1)
	asked   time.Time      // zero: never
	good    bool           // there was an answer with figures
	fault   *Fault         // of the last answer; nil: it had figures
	fails   int            // in a row
	delay   time.Duration  // until the next try after a failure
	stopped bool
	nudged  map[Why]time.Time
}

// NewPace makes a Pace. The numbers that rand gives, 0 to below 1, keep many
// that fail at once from coming back at once; nil: they do.
func NewPace(rand func() float64) *Pace {
	if rand == nil {
		rand = func() float64 { return 0.5 }
	}
	return &Pace{rand: rand, nudged: map[Why]time.Time{}}
}

// Next is when to ask next, and why: never before now, at now where it is due.
// The instant is zero while the key is refused. active tells that the plan was
// used within ActiveWithin.
func (p *Pace) Next(now time.Time, active bool) (at time.Time, why Why) {
	now = now.Round(0) // the wall clock alone: the other stands still in suspend
	p.setBack(now)
	if _, ok := p.nudged[WhyHand]; ok {
		return now, WhyHand
	}
	if p.stopped {
		return time.Time{}, WhyStopped
	}
	if p.asked.IsZero() {
		return now, WhyStart
	}
	wait, why := p.regular(active)
	if nudge, ok := p.nudge(); ok && paceLeast < wait {
		wait, why = paceLeast, nudge
	}
	if p.fault != nil {
		wait = max(wait, p.fault.After)
	}
	at = p.asked.Add(wait)
	if at.Before(now) {
		at = now
	}
	return at, why
}

// setBack takes for now what lies after it: the clock was set back.
func (p *Pace) setBack(now time.Time) {
	if p.asked.After(now) {
		p.asked = now
	}
	for why, since := range p.nudged {
		if since.After(now) {
			p.nudged[why] = now
		}
	}
}

// regular is the distance to the last reading without anything special.
func (p *Pace) regular(active bool) (time.Duration, Why) {
	switch {
	case p.fault != nil && p.slow():
		return paceSlow, WhySlow
	case p.fault != nil:
		return p.delay, WhyRetry
	case active:
		return paceActive, WhyActive
	}
	return paceIdle, WhyIdle
}

// slow reports whether the key has no plan, rather than the provider a fault.
func (p *Pace) slow() bool {
	switch p.fault.Kind {
	case FaultNoPlan, FaultBalance, FaultEmpty:
		return !p.good || p.fails >= hiccups
	}
	return false
}

// nudge is the weightiest of what calls for a reading.
func (p *Pace) nudge() (most Why, ok bool) {
	for why := range p.nudged {
		most, ok = max(most, why), true
	}
	return most, ok
}

// Nudge tells that something happened after which a reading is due at once. By
// hand means without any delay; a change of the key or of the configuration
// ends a stop.
func (p *Pace) Nudge(now time.Time, why Why) {
	if why < WhyResume {
		return
	}
	p.nudged[why] = now.Round(0)
	if why == WhyChanged {
		p.stopped, p.good, p.fault, p.fails = false, false, nil, 0
	}
}

// Asked tells what became of a reading that was asked for at now; nil: it was
// good. What nudged before is settled.
func (p *Pace) Asked(now time.Time, f *Fault) {
	p.asked, p.fault = now.Round(0), f
	for why, since := range p.nudged {
		if !since.After(p.asked) || why == WhyHand {
			delete(p.nudged, why)
		}
	}
	if f == nil {
		p.stopped, p.good, p.fails = false, true, 0
		return
	}
	p.fails++
	p.delay = p.backoff()
	p.stopped = p.stopped || f.Kind == FaultKey
}

// Stopped reports whether a refused key has ended the polling.
func (p *Pace) Stopped() bool { return p.stopped }

// backoff grows with each failure, by half less to half more.
func (p *Pace) backoff() time.Duration {
	d := paceMost
	if doublings := p.fails - 1; doublings < 5 {
		d = paceRetry << doublings
	}
	return max(d/2+time.Duration(p.rand()*float64(d)), paceLeast)
}
