package quota

import (
	"fmt"
	"time"
)

const (
	refreshSoon   = 30 * time.Minute // a reading so soon after a reset tells how it went
	refreshUsed   = 20               // percent of the cap that have to be used before it, to tell
	refreshLeft   = 10               // percent left over that nothing here explains: not all came back
	refreshEnough = 3                // refreshes that make evidence
)

// Refreshes counts how the refreshes went that readings saw from both sides:
// with a full one all use came back at once, as of a fixed window; with a
// partial one some was left, as of a rolling one.
type Refreshes struct {
	Full    int64 `json:"full"`
	Partial int64 `json:"partial"`
}

// watch is a reset instant that the provider told, and what is known of the use
// on both sides of it.
type watch struct {
	Resets time.Time `json:"resets,omitzero"`
	Low    Amount    `json:"low"`   // the last reading before it
	Since  Amount    `json:"since"` // charged here from it on
}

func (x *watch) charge(t time.Time, n Amount) {
	if !x.Resets.IsZero() && !t.Before(x.Resets) {
		x.Since = x.Since.Plus(n)
	}
}

// passed reports whether the instant is over at t.
func (x *watch) passed(t time.Time) bool { return !x.Resets.IsZero() && !t.Before(x.Resets) }

// judge looks at the first reading after the instant, which shows at least low.
// One so soon that it may be from before proves no partial refresh.
func (s *Standing) judge(w *Window, t time.Time, low Amount) {
	x, limit := &s.Watch, s.limit(w)
	if !x.passed(t) {
		return
	}
	_, most := w.lags()
	left := low - x.Since
	switch {
	case t.Sub(x.Resets) > refreshSoon || !x.Low.Reaches(refreshUsed, limit) || w.Kind != Fixed && w.Kind != Rolling:
	case !left.Reaches(refreshLeft, limit):
		s.Refreshes.Full++
	case t.Sub(x.Resets) < most:
		return
	case low < x.Low:
		s.Refreshes.Partial++
	}
	*x = watch{}
}

// watches notes the reset instant that a reading told, and what it showed.
func (s *Standing) watches(told time.Time, low Amount) {
	switch {
	case !told.IsZero():
		s.Watch = watch{Resets: told, Low: low}
	case !s.Watch.Resets.IsZero():
		s.Watch.Low = low
	}
}

// Kind is what most refreshes speak for; "" where there are too few, or as many
// for the one as for the other.
func (r Refreshes) Kind() WindowKind {
	switch {
	case r.Full+r.Partial < refreshEnough || r.Full == r.Partial:
		return ""
	case r.Full > r.Partial:
		return Fixed
	}
	return Rolling
}

// String is a sentence for a person; "" where none was seen.
func (r Refreshes) String() string {
	all := r.Full + r.Partial
	if all == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %d refreshes seen were full", r.Full, all)
	if kind := r.Kind(); kind != "" {
		text += ": " + string(kind)
	}
	return text
}

// kindWarning says that the refreshes seen contradict the kind of a window.
func (s *State) kindWarning(m *Meter) (Warning, bool) {
	for i := range m.Account.Plan.Windows {
		w, seen := &m.Account.Plan.Windows[i], s.standing(i).Refreshes
		if kind := seen.Kind(); kind != "" && kind != w.Kind && (w.Kind == Fixed || w.Kind == Rolling) {
			return Warning{Code: "rolling_evidence", Message: fmt.Sprintf(
				"%s is counted as %s, but %s", w.Name, w.Kind, seen)}, true
		}
	}
	return Warning{}, false
}
