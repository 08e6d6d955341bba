package quota

import (
	"math"
	"time"
)

// What it takes for a pace to be evidence: this many charges, over this part
// of the window's length.
const (
	forecastCharges = 5
	forecastPart    = 30
)

// pace is what an hour costs, in units, at peak and off-peak.
type pace struct{ mean, peak, offPeak float64 }

// forecast says when the present pace exhausts a window that was rolled to
// now; nil where the evidence is thin or nothing is left to forecast.
func (s *Standing) forecast(m *Meter, w *Window, anchor, now time.Time) *Forecast {
	p, ok := s.pace(w, anchor, now)
	if !ok || now.Before(s.Stop) || s.Used >= s.limit(w) {
		return nil
	}
	f := &Forecast{PerHour: math.Round(p.mean*10) / 10, LastsToNext: true}
	at, runsOut := s.runsOut(m, w, p, now)
	if runsOut {
		f.ExhaustsAt, f.LastsToNext = moment(at.Truncate(time.Second)), false
	}
	return f
}

// pace measures from the opening, or from the first charge ever where that is
// later. Use that a reading added from elsewhere counts with it.
func (s *Standing) pace(w *Window, anchor, now time.Time) (pace, bool) {
	since := s.Opened
	if w.Kind != Rolling && anchor.After(since) && anchor.Before(now) {
		since = anchor
	}
	if w.Kind == Rolling && now.Sub(since) > w.Length {
		since = now.Add(-w.Length)
	}
	gone := now.Sub(since)
	if s.Opened.IsZero() || s.Charges < forecastCharges || s.Spent <= 0 || s.Used <= 0 || gone < w.length()/forecastPart {
		return pace{}, false
	}
	perHour := s.Used.Float() / gone.Hours()
	share := perHour / s.Spent.Float()
	return pace{mean: perHour, peak: share * s.Peak.Float(), offPeak: share * s.OffPeak.Float()}, true
}

// runsOut walks through the hours ahead, each at its own price, up to the
// refresh. A rolling window gets its charges back on the way.
func (s *Standing) runsOut(m *Meter, w *Window, p pace, now time.Time) (time.Time, bool) {
	end := s.Resets
	back := []spent(nil)
	if w.Kind == Rolling {
		end, back = now.Add(w.Length), s.held()
	}
	left := (s.limit(w) - s.Used).Float()
	for t := now; t.Before(end); {
		next := end
		if edge, ok := m.Account.Plan.NextPeakChange(t); ok && edge.Before(next) {
			next = edge
		}
		if len(back) > 0 && back[0].At.Add(w.Length).Before(next) {
			next = back[0].At.Add(w.Length)
		}
		perHour := p.offPeak
		if m.Account.Plan.IsPeak(t) {
			perHour = p.peak
		}
		if need := perHour * next.Sub(t).Hours(); need >= left && perHour > 0 {
			return t.Add(time.Duration(left / perHour * float64(time.Hour))), true
		} else {
			left -= need
		}
		for len(back) > 0 && !back[0].At.Add(w.Length).After(next) {
			left += back[0].Amount.Float()
			back = back[1:]
		}
		t = next
	}
	return time.Time{}, false
}
