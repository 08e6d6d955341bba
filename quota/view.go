package quota

import (
	"fmt"
	"time"
)

// At tells what holds at now: windows that have ended since the newest entry
// are let go. The State itself is not changed. Thresholds decide what is low.
func (s *State) At(m *Meter, rules NoticeRules, now time.Time) Status {
	anchor := s.Anchor(m)
	st := Status{Account: m.Account.Name, Plan: planStatus(m, anchor, now), State: StateOK, Windows: []WindowStatus{}}
	for i := range m.Account.Plan.Windows {
		w := &m.Account.Plan.Windows[i]
		at := s.standing(i)
		at.roll(w, anchor, now)
		ws := at.status(w, m.Account.Plan.Unit, now)
		ws.Forecast = at.forecast(m, w, anchor, now)
		st.Windows = append(st.Windows, ws)
	}
	st.judge(m, rules)
	st.Money = s.moneyAt(m, now)
	st.Warnings = s.warnings(m, now)
	return st
}

// standing is a copy of one window's standing that may be rolled.
func (s *State) standing(i int) Standing {
	if i >= len(s.Windows) {
		return Standing{}
	}
	return s.Windows[i]
}

func planStatus(m *Meter, anchor, now time.Time) PlanStatus {
	p := &m.Account.Plan
	return PlanStatus{
		ID: p.ID, Name: p.Name, Unit: p.Unit, Assumed: m.Account.Assumed,
		Detected: m.Account.Detected, Configured: m.Account.Configured,
		RenewsAt: ahead(m.Account.Renews, now), EndsAt: ahead(m.Account.Ends, now), Fee: m.Account.feeStatus(now),
		Anchor: moment(anchor), AnchorAssumed: m.Account.Subscribed.IsZero(),
	}
}

// moment is a time for JSON: null where there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = Milli(t)
	return &t
}

// status describes a standing that was rolled to now.
func (s *Standing) status(w *Window, unit Unit, now time.Time) WindowStatus {
	limit, used := s.limit(w), max(s.Used, 0)
	stopped := now.Before(s.Stop)
	if stopped {
		used = max(used, limit)
	}
	ws := WindowStatus{
		Window: w.Name, Kind: w.Kind, Counts: w.Counts, State: PhaseOpen,
		Cap: limit, Used: used, Remaining: max(limit-used, 0), Percent: used.Percent(limit),
		OpenedAt: moment(s.since(w)), ResetsAt: moment(s.refreshes(w, now)),
		Source: s.source(), AsOf: moment(s.Latest), RefreshedEarlyAt: moment(s.Early), refused: stopped, dipped: s.room(w, now),
	}
	if ws.Counts == "" {
		ws.Counts = CountPrompts
	}
	if s.Est > 0 {
		est := min(s.Est, used)
		ws.Estimated = &est
	}
	ws.Low, ws.High = s.between(w, now)
	if ws.Low == nil && !stopped {
		ws.Low, ws.High = s.guessed()
	}
	ws.Elsewhere = s.elsewhere(w)
	ws.Approximate = s.Est > 0 || unit == Prompts && w.Blocks()
	switch {
	case stopped || used >= limit:
		ws.State, ws.Stopped = PhaseExhausted, stopped || s.Full
	case s.Opened.IsZero() && w.Kind != Rolling:
		ws.State = PhaseIdle
	}
	return ws
}

// since is when the present instance began; of a rolling window, the oldest
// charge that it holds.
func (s *Standing) since(w *Window) time.Time {
	if first, ok := s.oldest(); ok && w.Kind == Rolling {
		return first.At
	}
	return s.Opened
}

// refreshes is when the window, or the oldest charge of a rolling one, comes
// back; zero where nothing does.
func (s *Standing) refreshes(w *Window, now time.Time) time.Time {
	if w.Kind != Rolling {
		return s.Resets
	}
	first, held := s.oldest()
	back := first.At.Add(w.Length)
	switch {
	case !now.Before(s.Stop) && held:
		return back
	case !now.Before(s.Stop):
		return time.Time{}
	case held && s.Used >= s.limit(w):
		return later(back, s.Stop)
	}
	return s.Stop
}

// room is when a rolling window last had half of its cap free again.
func (s *Standing) room(w *Window, now time.Time) time.Time {
	if w.Kind == Rolling && !now.Before(s.Stop) && s.Used <= s.limit(w)/2 {
		return later(s.Stop, s.Dipped)
	}
	return s.Dipped
}

func (s *Standing) source() Source {
	switch {
	case s.Read.IsZero():
		return SourceLocal
	case s.Since > 0:
		return SourceProviderLocal
	}
	return SourceProvider
}

// judge sums the windows up.
func (st *Status) judge(m *Meter, rules NoticeRules) {
	var blocked time.Time
	for i := range st.Windows {
		w := &st.Windows[i]
		w.Crossed = crossed(w, rules.Thresholds, 100)
		if w.State == PhaseExhausted {
			w.Crossed = 100
		}
		if !m.Account.Plan.Windows[i].Blocks() {
			continue
		}
		switch {
		case w.State == PhaseExhausted:
			st.State = StateExhausted
			if w.ResetsAt != nil && w.ResetsAt.After(blocked) {
				blocked = *w.ResetsAt
			}
		case st.State == StateOK && w.Crossed > 0:
			st.State = StateLow
		}
	}
	st.BlockedUntil = moment(blocked)
	st.Binding = st.binding(m)
}

// crossed is the highest threshold below most that a window has reached.
func crossed(w *WindowStatus, thresholds []int, most int) int {
	top := 0
	for _, level := range thresholds {
		if level < most && level > top && w.Used.Reaches(level, w.Cap) {
			top = level
		}
	}
	return top
}

// binding names the window that stops work first: of exhausted ones the last
// to come back; else the first that the pace exhausts; else the one with the
// least share left.
func (st *Status) binding(m *Meter) string {
	best := -1
	for i := range st.Windows {
		if m.Account.Plan.Windows[i].Blocks() && (best < 0 || st.Windows[i].stopsBefore(&st.Windows[best])) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return st.Windows[best].Window
}

func (w *WindowStatus) stopsBefore(o *WindowStatus) bool {
	switch wx, ox := w.State == PhaseExhausted, o.State == PhaseExhausted; {
	case wx && ox:
		return w.ResetsAt != nil && o.ResetsAt != nil && w.ResetsAt.After(*o.ResetsAt)
	case wx != ox:
		return wx
	}
	switch we, oe := w.runsOut(), o.runsOut(); {
	case we != nil && oe != nil:
		return we.Before(*oe)
	case (we != nil) != (oe != nil):
		return we != nil
	}
	return w.Percent > o.Percent
}

func (w *WindowStatus) runsOut() *time.Time {
	if w.Forecast == nil {
		return nil
	}
	return w.Forecast.ExhaustsAt
}

// warnFor is how long something strange is warned of.
const warnFor = 7 * 24 * time.Hour

// warnings says what a user should know about the number.
func (s *State) warnings(m *Meter, now time.Time) []Warning {
	var list []Warning
	if s.Strange.Model != "" && now.Sub(s.Strange.At) < warnFor {
		list = append(list, s.Strange.warning(&m.Account.Plan))
	}
	if s.strays(now) {
		list = append(list, Warning{Code: "off_plan",
			Message: "the newest event went to an endpoint that is not the plan's: it is recorded apart, and the plan is not charged for it"})
	}
	if x, ok := s.kindWarning(m); ok {
		list = append(list, x)
	}
	return list
}

// strays reports whether a tool may be set up wrongly: of late it went past the
// plan with what looks meant for it. Who uses other services beside the plan is
// not warned of them, once anything was counted.
func (s *State) strays(now time.Time) bool {
	newest, apart := time.Time{}, s.Astray
	for i := range s.Windows {
		newest = later(newest, s.Windows[i].Latest)
	}
	if newest.IsZero() {
		apart = s.Apart
	}
	return apart.After(newest) && now.Sub(apart) < warnFor
}

func (x Strange) warning(p *Plan) Warning {
	if x.NoRate {
		return Warning{Code: "unknown_rate", Message: fmt.Sprintf(
			"no rate is known for model %q: counted at the dearest rate of %s", clip(x.Model), p.ID)}
	}
	return Warning{Code: "unknown_model", Message: fmt.Sprintf(
		"%s is not known to have model %q: counted as usual", p.ID, clip(x.Model))}
}

// NextBoundary is the first instant after now at which what At tells changes
// though no event arrives; ok is false where there is none.
func (s *State) NextBoundary(m *Meter, now time.Time) (next time.Time, ok bool) {
	consider := func(t time.Time) {
		if t.After(now) && (!ok || t.Before(next)) {
			next, ok = t, true
		}
	}
	anchor := s.Anchor(m)
	for i := range m.Account.Plan.Windows {
		w := &m.Account.Plan.Windows[i]
		at := s.standing(i)
		at.roll(w, anchor, now)
		consider(at.Stop)
		consider(at.refreshes(w, now))
		if first, ok := at.oldest(); ok && w.Kind == Rolling {
			consider(first.At.Add(w.Length))
		}
	}
	for _, edge := range append(s.Money.ends(), m.Account.termEdges()...) {
		consider(edge)
	}
	return next, ok
}
