package providertest_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"time"

	"quotad/quota"
)

// STAND-IN until the client is there.

type pacer interface {
	used(now time.Time, stopped bool)
	resumed(now time.Time)
	asked(now time.Time, fault error)
	next(now, boundary time.Time) (time.Time, bool)
}

type simple struct {
	last, use, want time.Time
	fails           int
}

func (p *simple) used(now time.Time, stopped bool) {
	p.use = now
	if stopped {
		p.want = now
	}
}
func (p *simple) resumed(now time.Time) { p.want = now }
func (p *simple) asked(now time.Time, fault error) {
	p.last, p.want = now, time.Time{}
	p.fails++
	if fault == nil {
		p.fails = 0
	}
}
func (p *simple) next(now, boundary time.Time) (time.Time, bool) {
	wait := 30 * time.Minute
	if now.Sub(p.use) < 15*time.Minute {
		wait = 5 * time.Minute
	}
	if p.fails > 0 {
		wait = min(time.Minute<<(p.fails-1), 30*time.Minute)
	}
	next := p.last.Add(wait)
	if !p.want.IsZero() {
		next = p.last.Add(30 * time.Second)
	}
	if boundary.After(p.last) && boundary.Before(next) {
		next = boundary.Add(10 * time.Second)
	}
	if next.Before(now) {
		next = now
	}
	return next, true
}

func parse(w *httptest.ResponseRecorder, now time.Time) (quota.Event, error) {
	var b struct {
		Code    any
		Success *bool
		Data    struct {
			Level  string
			Limits []struct {
				Type                            string
				Unit                            int
				Percentage, CurrentValue, Usage *float64
				NextResetTime                   *int64
			}
		}
	}
	if w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &b) != nil {
		return quota.Event{}, errors.New("no json")
	}
	e := quota.Event{Kind: quota.KindReading, At: now}
	for _, l := range b.Data.Limits {
		r := quota.Reading{Percent: l.Percentage}
		switch {
		case l.Unit == 3:
			r.Window = "5h"
		case l.Unit == 6:
			r.Window = "week"
		case l.Unit == 5:
			r.Window = "month"
		default:
			continue
		}
		if l.CurrentValue != nil {
			u := quota.FromFloat(*l.CurrentValue)
			r.Used = &u
		}
		if l.Usage != nil {
			u := quota.FromFloat(*l.Usage)
			r.Cap = &u
		}
		if l.NextResetTime != nil {
			u := time.UnixMilli(*l.NextResetTime).UTC()
			r.ResetsAt = &u
		}
		if r.Percent != nil || r.Used != nil || r.ResetsAt != nil {
			e.Readings = append(e.Readings, r)
		}
	}
	if len(e.Readings) == 0 || b.Success != nil && !*b.Success {
		return e, errors.New("nothing")
	}
	return e.Normalize(now), nil
}

func (s *side) adopt(e quota.Event) {}

func newPace(seed uint64) pacer { return &simple{} }

func (s *side) wake() { s.pace.resumed(s.now); s.plan() }
