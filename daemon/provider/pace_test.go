package provider

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPaceDecidesWhenAndWhy(t *testing.T) {
	key, noPlan, hiccup := &Fault{Kind: FaultKey}, &Fault{Kind: FaultNoPlan}, &Fault{Kind: FaultTransient}
	type step func(p *Pace, now time.Time)
	asked := func(f *Fault) step { return func(p *Pace, now time.Time) { p.Asked(now, f) } }
	nudge := func(why Why) step { return func(p *Pace, now time.Time) { p.Nudge(now, why) } }
	times := func(n int, s step) step {
		return func(p *Pace, now time.Time) {
			for range n {
				s(p, now)
			}
		}
	}
	never := time.Duration(-1)
	for _, c := range []struct {
		title  string
		steps  []step // all at one instant
		later  time.Duration
		active bool
		wait   time.Duration // from that instant
		why    Why
	}{
		{"nothing was read yet", nil, 0, false, 0, WhyStart},
		{"in use", []step{asked(nil)}, 0, true, 5 * time.Minute, WhyActive},
		{"not in use", []step{asked(nil)}, 0, false, 30 * time.Minute, WhyIdle},
		{"not in use, and in use since", []step{asked(nil)}, 12 * time.Minute, true, 12 * time.Minute, WhyActive},
		{"overdue", []step{asked(nil)}, 2 * time.Hour, false, 2 * time.Hour, WhyIdle},
		{"a failure", []step{asked(hiccup)}, 0, true, time.Minute, WhyRetry},
		{"two failures", []step{times(2, asked(hiccup))}, 0, true, 2 * time.Minute, WhyRetry},
		{"many failures", []step{times(99, asked(hiccup))}, 0, true, 30 * time.Minute, WhyRetry},
		{"good again", []step{times(9, asked(hiccup)), asked(nil)}, 0, true, 5 * time.Minute, WhyActive},
		{"asked to wait", []step{asked(&Fault{Kind: FaultTransient, After: time.Hour})}, 0, true, time.Hour, WhyRetry},
		{"no key", []step{asked(&Fault{Kind: FaultNoKey})}, 0, true, time.Minute, WhyRetry},
		{"refused for what it is", []step{asked(&Fault{Kind: FaultRefused})}, 0, true, time.Minute, WhyRetry},
		{"no plan", []step{asked(noPlan)}, 0, true, 6 * time.Hour, WhySlow},
		{"no balance", []step{asked(&Fault{Kind: FaultBalance})}, 0, true, 6 * time.Hour, WhySlow},
		{"empty", []step{asked(&Fault{Kind: FaultEmpty})}, 0, true, 6 * time.Hour, WhySlow},
		{"no plan, where there was one", []step{asked(nil), times(2, asked(noPlan))}, 0, true, 2 * time.Minute, WhyRetry},
		{"no plan any more", []step{asked(nil), times(3, asked(noPlan))}, 0, true, 6 * time.Hour, WhySlow},
		{"key refused", []step{asked(nil), asked(key)}, 99 * time.Hour, true, never, WhyStopped},
		{"key refused, and a window ended", []step{asked(key), nudge(WhyBoundary)}, time.Hour, true, never, WhyStopped},
		{"key refused, and asked by hand", []step{asked(key), nudge(WhyHand)}, time.Second, true, time.Second, WhyHand},
		{"key refused by hand again", []step{asked(key), nudge(WhyHand), asked(key)}, time.Hour, true, never, WhyStopped},
		{"key refused, and no answer by hand", []step{asked(key), nudge(WhyHand), asked(hiccup)}, time.Hour, true, never, WhyStopped},
		{"key refused, and good by hand", []step{asked(key), nudge(WhyHand), asked(nil)}, 0, true, 5 * time.Minute, WhyActive},
	} {
		t.Run(c.title, func(t *testing.T) {
			p := NewPace(nil)
			for _, s := range c.steps {
				s(p, today)
			}
			at, why := p.Next(today.Add(c.later), c.active)
			if c.wait == never {
				if !at.IsZero() || why != c.why || !p.Stopped() {
					t.Errorf("%v, %v", at, why)
				}
				return
			}
			if !at.Equal(today.Add(c.wait)) || why != c.why {
				t.Errorf("after %v because %v; want %v because %v", at.Sub(today), why, c.wait, c.why)
			}
		})
	}
}

func TestPaceAfterWhatHappens(t *testing.T) {
	for _, why := range []Why{WhyResume, WhyBoundary, WhyExhausted, WhyChanged} {
		p := NewPace(nil)
		p.Asked(today, nil)
		p.Nudge(today.Add(10*time.Second), why)
		if at, got := p.Next(today.Add(10*time.Second), false); got != why || !at.Equal(today.Add(30*time.Second)) {
			t.Errorf("%v, soon after a reading: after %v, because %v", why, at.Sub(today), got)
		}
		if at, got := p.Next(today.Add(2*time.Minute), false); got != why || !at.Equal(today.Add(2*time.Minute)) {
			t.Errorf("%v: after %v, because %v", why, at.Sub(today), got)
		}
		p.Asked(today.Add(2*time.Minute), nil)
		if _, got := p.Next(today.Add(2*time.Minute), false); got != WhyIdle {
			t.Errorf("%v is not settled by a reading: %v", why, got)
		}
	}
}

func TestANudgeThatComesDuringAReadingIsNotLost(t *testing.T) {
	p := NewPace(nil)
	p.Nudge(today.Add(time.Second), WhyExhausted)
	p.Asked(today, nil) // it was sent before
	if at, why := p.Next(today.Add(2*time.Second), true); why != WhyExhausted || !at.Equal(today.Add(30*time.Second)) {
		t.Errorf("after %v, because %v", at.Sub(today), why)
	}
}

func TestAChangeEndsAStopAndForgetsFailures(t *testing.T) {
	p := NewPace(nil)
	p.Asked(today, nil)
	p.Asked(today, &Fault{Kind: FaultKey, After: time.Hour})
	p.Nudge(today.Add(time.Minute), WhyChanged)
	if at, why := p.Next(today.Add(time.Minute), true); why != WhyChanged || !at.Equal(today.Add(time.Minute)) {
		t.Errorf("after %v, because %v", at.Sub(today), why)
	}
	p.Asked(today.Add(time.Minute), &Fault{Kind: FaultEmpty})
	if _, why := p.Next(today.Add(time.Minute), true); why != WhySlow {
		t.Errorf("what another key had is taken for this one's: %v", why)
	}
}

func TestANudgeForNoReasonIsNone(t *testing.T) {
	p := NewPace(nil)
	p.Asked(today, nil)
	p.Nudge(today.Add(time.Second), WhyIdle)
	if at, why := p.Next(today.Add(time.Second), false); why != WhyIdle || !at.Equal(today.Add(paceIdle)) {
		t.Errorf("after %v, because %v", at.Sub(today), why)
	}
}

// A daemon as it may be: it looks too often and too seldom, its clock steps
// either way, and answers are of every sort.
func TestPaceKeepsItsDistanceWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewPace(func() float64 { return rapid.Float64Range(0, 0.999).Draw(t, "rand") })
		now, last := today, time.Time{} // the last reading, as the clock of now has it
		hand := false
		seconds := func(t *rapid.T, low, high int) time.Duration {
			return time.Duration(rapid.IntRange(low, high).Draw(t, "seconds")) * time.Second
		}
		look := func(t *rapid.T) (time.Time, Why) {
			at, why := p.Next(now, rapid.Bool().Draw(t, "active"))
			checkNext(t, p, now, at, why, hand)
			return at, why
		}
		t.Repeat(map[string]func(*rapid.T){
			"time goes by": func(t *rapid.T) { now = now.Add(seconds(t, 0, 3600)) },
			"the clock steps": func(t *rapid.T) {
				now = now.Add(seconds(t, -400_000, 400_000))
				look(t)
				last = earlier(last, now)
			},
			"something happens": func(t *rapid.T) {
				why := Why(rapid.IntRange(int(WhyStart), int(WhyHand)).Draw(t, "why"))
				p.Nudge(now, why)
				hand = hand || why == WhyHand
			},
			"the provider is asked": func(t *rapid.T) {
				at, why := look(t)
				if at.IsZero() {
					return
				}
				if why != WhyHand && !last.IsZero() && at.Sub(last) < paceLeast {
					t.Fatalf("%v after the last one, because %v", at.Sub(last), why)
				}
				p.Asked(at, rapid.SampledFrom(answers()).Draw(t, "answer"))
				now, last, hand = at, at, false
			},
		})
	})
}

func answers() []*Fault {
	list := []*Fault{nil, nil, nil, {Kind: FaultTransient, After: 2 * time.Minute}}
	for kind := FaultTransient; kind <= FaultRefused; kind++ {
		list = append(list, &Fault{Kind: kind})
	}
	return list
}

func checkNext(t *rapid.T, p *Pace, now, at time.Time, why Why, hand bool) {
	t.Helper()
	switch {
	case why.String() == "":
		t.Fatalf("no word for %d", why)
	case at.IsZero() != (why == WhyStopped):
		t.Fatalf("at %v, because %v", at, why)
	case at.IsZero() && (!p.Stopped() || hand):
		t.Fatal("no next reading, and the key was not refused")
	case why == WhyHand && !hand:
		t.Fatal("by hand, and nobody asked")
	case !at.IsZero() && (at.Before(now) || at.After(now.Add(paceSlow))):
		t.Fatalf("the next one in %v, because %v", at.Sub(now), why)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}
