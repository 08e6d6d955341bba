package quota

import (
	"fmt"
	"slices"
	"time"
)

// Told is a notice that was told, or is about to be: what Due needs in order
// not to repeat it.
type Told struct {
	Kind   NoticeKind
	Window string
	Level  int
	At     time.Time
	Opened time.Time // start of the window instance it was about; of a renewal, its instant
	Resets time.Time // its end; zero where unknown
	Early  time.Time // the early refresh that it came after; zero: none
}

// refreshedFor is how long after a refresh it is still worth telling.
const refreshedFor = 24 * time.Hour

// forecastFrom is the percentage below which a forecast is not told.
const forecastFrom = 25

// Why says why a notice is due.
type Why int

// The reasons.
const (
	WhyCrossed   Why = iota + 1 // use reached a threshold
	WhyUsedUp                   // use reached the cap
	WhyStopped                  // the provider said stop
	WhyReset                    // the instance that had crossed a threshold ended
	WhyPace                     // the pace exhausts the window before it refreshes
	WhyFellEarly                // a reading showed that use fell before the reset
	WhyRenews                   // the subscription is about to be renewed
	WhyEnds                     // the subscription is about to end
)

func (w Why) String() string {
	return [...]string{"", "use reached the threshold", "use reached the cap", "the provider said stop",
		"the window refreshed", "this pace runs out before the refresh", "use fell before the reset",
		"the subscription is about to be renewed", "the subscription is about to end"}[w]
}

// DueNotice is a notice that is to be told, with what its record needs.
type DueNotice struct {
	Notice
	Why    Why
	Opened time.Time // start of the window instance it is about; of a renewal, its instant
	Early  time.Time // the early refresh that it comes after; zero: none
}

// Told is the record of the notice.
func (d DueNotice) Told() Told {
	t := Told{Kind: d.Kind, Window: d.Window, Level: d.Level, At: d.At, Opened: d.Opened, Early: d.Early}
	if d.ResetsAt != nil {
		t.Resets = *d.ResetsAt
	}
	return t
}

// Key names what may be told only once: the notice of one window instance, or
// of what followed an early refresh of it.
func (t Told) Key() string {
	key := fmt.Sprintf("%s/%s/%d/%d", t.Window, t.Kind, t.Level, t.Opened.UnixMilli())
	if !t.Early.IsZero() {
		key += fmt.Sprintf("/%d", t.Early.UnixMilli())
	}
	return key
}

// Due decides which notices of an account are to be told at now, given what
// was told before. It looks at the present state alone, so that a missed or a
// doubled look does no harm.
func Due(m *Meter, st *Status, told []Told, rules NoticeRules, now time.Time) []DueNotice {
	var due []DueNotice
	for i := range st.Windows {
		c := dueCase{win: &m.Account.Plan.Windows[i], at: &st.Windows[i], rules: rules, now: now}
		c.told = c.sift(told)
		for _, decide := range []func() (DueNotice, bool){c.refreshed, c.early, c.crossed, c.forecast} {
			if d, ok := decide(); ok {
				d.Account, d.Window, d.At, d.Percent = st.Account, c.at.Window, now, c.at.Percent
				d.Reason = d.Why.String()
				due = append(due, d)
			}
		}
	}
	if d, ok := dueRenewal(m, told, rules, now); ok {
		due = append(due, d)
	}
	return due
}

// Step is equal for two states of an account between which no window was
// opened, stopped, early refreshed, or used up to another threshold: then
// nothing but a forecast and the passing of time can have made a notice due.
func (s *State) Step(m *Meter, rules NoticeRules) uint64 {
	h := uint64(14695981039346656037) // FNV-1a, over words
	mix := func(v uint64) { h = (h ^ v) * 1099511628211 }
	for i := range s.Windows {
		at, limit := &s.Windows[i], s.Windows[i].limit(&m.Account.Plan.Windows[i])
		for _, level := range rules.Thresholds {
			if at.Used.Reaches(level, limit) {
				mix(uint64(level))
			}
		}
		for _, t := range [...]time.Time{at.Opened, at.Stop, at.Early} {
			mix(uint64(t.UnixMilli()))
		}
	}
	return h
}

// dueCase is the case of one window.
type dueCase struct {
	win   *Window
	at    *WindowStatus
	told  []Told // of this window
	rules NoticeRules
	now   time.Time
}

// sift is what was told of the window, but of instances that have not begun: the
// clock was ahead then.
func (c *dueCase) sift(told []Told) []Told {
	var mine []Told
	for _, t := range told {
		if t.Window == c.at.Window && !t.Opened.After(c.now.Add(MaxAhead)) {
			mine = append(mine, t)
		}
	}
	return mine
}

// same reports whether t is about the present instance. A late event may have
// moved its opening since: what was told after the present opening is about
// it, and so is what was told ahead of an event in the near future. A rolling
// window begins anew once all that it held has come back, or half of its cap.
func (c *dueCase) same(t Told) bool {
	open := c.at.OpenedAt
	return open != nil && !(t.At.Before(*open) && t.Opened.Before(*open)) && !t.At.Before(c.at.dipped)
}

// cutShort reports whether t is about an instance that an early refresh ended:
// of one that was left open, a part.
func (c *dueCase) cutShort(t Told) bool {
	early := c.at.RefreshedEarlyAt
	return early != nil && t.At.Before(*early) && (c.same(t) || t.Resets.After(*early))
}

// level is the highest percentage told of the present instance; what was told
// before an early refresh is over.
func (c *dueCase) level() int {
	top := 0
	for _, t := range c.told {
		if (t.Kind == NoticeThreshold || t.Kind == NoticeExhausted) && c.same(t) && !c.cutShort(t) {
			top = max(top, t.Level)
		}
	}
	return top
}

// about fills in which instance a notice is about: the present one.
func (c *dueCase) about(kind NoticeKind, level int, why Why) DueNotice {
	d := DueNotice{Notice: Notice{Kind: kind, Level: level, ResetsAt: c.at.ResetsAt}, Why: why}
	if c.at.OpenedAt != nil {
		d.Opened = *c.at.OpenedAt
	}
	if c.at.RefreshedEarlyAt != nil {
		d.Early = *c.at.RefreshedEarlyAt
	}
	return d
}

// crossed tells the highest threshold reached, where it was not told.
func (c *dueCase) crossed() (DueNotice, bool) {
	top, told := crossed(c.at, c.rules.Thresholds, 101), c.level()
	if c.at.State == PhaseExhausted && slices.Contains(c.rules.Thresholds, 100) {
		if told >= 100 {
			return DueNotice{}, false
		}
		why := WhyUsedUp
		if c.at.refused {
			why = WhyStopped
		}
		return c.about(NoticeExhausted, 100, why), true
	}
	if top <= told || top == 0 || top >= 100 {
		return DueNotice{}, false
	}
	return c.about(NoticeThreshold, top, WhyCrossed), true
}

// forecast tells once that the pace runs out before the refresh, and once more
// after an early one.
func (c *dueCase) forecast() (DueNotice, bool) {
	if !c.rules.Forecast || c.at.runsOut() == nil || !c.at.Used.Reaches(forecastFrom, c.at.Cap) {
		return DueNotice{}, false
	}
	for _, t := range c.told {
		if t.Kind == NoticeForecast && c.same(t) && !c.cutShort(t) {
			return DueNotice{}, false
		}
	}
	return c.about(NoticeForecast, 0, WhyPace), true
}

// early tells that use fell before the reset.
func (c *dueCase) early() (DueNotice, bool) {
	at := c.at.RefreshedEarlyAt
	if !c.rules.Refresh || at == nil || c.now.Sub(*at) > refreshedFor {
		return DueNotice{}, false
	}
	had := false
	for _, t := range c.told {
		if t.Kind == NoticeEarlyRefresh && !t.At.Before(*at) {
			return DueNotice{}, false
		}
		had = had || t.Level > 0 && c.cutShort(t)
	}
	return c.about(NoticeEarlyRefresh, 0, WhyFellEarly), had
}

// refreshed tells that an instance of which a threshold was told has ended.
func (c *dueCase) refreshed() (DueNotice, bool) {
	last, ok := c.lastCrossing()
	if !ok || !c.rules.Refresh || !c.over(last) || c.cutShort(last) {
		return DueNotice{}, false
	}
	ended := c.ended(last)
	if c.now.Sub(ended) > refreshedFor {
		return DueNotice{}, false
	}
	for _, t := range c.told {
		if t.Kind == NoticeRefreshed && t.Opened.Equal(last.Opened) || t.Kind == NoticeEarlyRefresh && !t.At.Before(last.At) {
			return DueNotice{}, false
		}
	}
	return DueNotice{Notice: Notice{Kind: NoticeRefreshed, ResetsAt: moment(ended)}, Why: WhyReset, Opened: last.Opened}, true
}

// over reports whether the instance that was told of has ended: a rolling
// window ends when it holds nothing any more.
func (c *dueCase) over(t Told) bool {
	if c.win.Kind == Rolling {
		return c.at.Used == 0
	}
	return !c.same(t)
}

// ended is when that was.
func (c *dueCase) ended(t Told) time.Time {
	end := t.Resets
	if c.win.Kind == Rolling && c.at.AsOf != nil {
		end = c.at.AsOf.Add(c.win.Length)
	}
	if end.IsZero() || end.After(c.now) { // a late event has moved the end
		return c.now
	}
	return end
}

// lastCrossing is the threshold that was told last.
func (c *dueCase) lastCrossing() (Told, bool) {
	var last Told
	for _, t := range c.told {
		if (t.Kind == NoticeThreshold || t.Kind == NoticeExhausted) && !t.At.Before(last.At) {
			last = t
		}
	}
	return last, last.Level > 0
}
