package providertest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"quotad/quota"
)

// promises counts what was said that is more than a number.
type promises struct {
	blocked, wrongly []string // instants with a stop that was told, and those of them with another end
	notices          int
	broken           []string // notices that should not have been
	untrue           []string // thresholds told of that were not reached
	idle, halts      int      // instants without a stop, and those of them at which one was claimed
}

// holdBlocked compares blocked_until with the truth where the provider's own
// refusal was heard.
func (w *world) holdBlocked(st *quota.Status) {
	var until time.Time
	heard := false
	for _, name := range []string{quota.WindowFive, quota.WindowWeek} {
		use, ok := w.side.provider.Use(name, w.now)
		if ok && use.Used >= use.Cap {
			until = later(until, use.Reset)
			heard = heard || w.side.refused[name].After(w.now)
		}
	}
	if until.IsZero() {
		w.kept.idle++
		if st.State == quota.StateExhausted {
			w.kept.halts++
		}
		return
	}
	if !heard {
		return
	}
	say := fmt.Sprintf("%v %s seed %d: blocked until %v, said %v", w.now, w.id, w.seed, until, st.BlockedUntil)
	w.kept.blocked = append(w.kept.blocked, say)
	if st.BlockedUntil == nil || st.BlockedUntil.Sub(until).Abs() > time.Minute {
		w.kept.wrongly = append(w.kept.wrongly, say)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// holdNotice holds a notice against what truly was at that instant.
func (w *world) holdNotice(d quota.DueNotice) {
	const same = time.Minute // of two tellings of one reset
	use, ok := w.side.provider.Use(d.Window, w.now.Add(same))
	if !ok || d.Window == quota.WindowMonth {
		return
	}
	w.kept.notices++
	say := fmt.Sprintf("%v %s seed %d: %s %s %d at %.1f %%, truly %.1f %% since %v", w.now, w.id, w.seed, d.Window, d.Kind, d.Level,
		d.Percent, use.Percent(), use.Since)
	complain := func(why string) { w.kept.broken = append(w.kept.broken, why+": "+say) }
	instance := fmt.Sprint(d.Window, use.Since.UnixMilli(), w.refreshed[d.Window].UnixMilli())
	switch d.Kind {
	case quota.NoticeThreshold, quota.NoticeExhausted:
		if w.crossed[instance] >= d.Level {
			complain("told twice of one instance")
		}
		w.crossed[instance] = d.Level
		w.crossing[d.Window] = w.now
		if use.Percent() < float64(d.Level)-1 && w.side.regular(d.Window) {
			w.kept.untrue = append(w.kept.untrue, say)
		}
	case quota.NoticeRefreshed, quota.NoticeEarlyRefresh:
		if w.once[instance+string(d.Kind)] {
			complain("told twice of one refresh")
		}
		w.once[instance+string(d.Kind)] = true
		if later(use.Since, w.refreshed[d.Window]).Before(w.crossing[d.Window]) {
			complain("told before it was")
		}
	}
}

func (p *promises) add(o promises) {
	p.blocked, p.wrongly = append(p.blocked, o.blocked...), append(p.wrongly, o.wrongly...)
	p.broken, p.untrue = append(p.broken, o.broken...), append(p.untrue, o.untrue...)
	p.notices, p.idle, p.halts = p.notices+o.notices, p.idle+o.idle, p.halts+o.halts
}

func (p *promises) report(t *testing.T) {
	t.Logf("%d instants with a stop that was heard, %d of them with a wrong end; %d without a stop, %d of them with one claimed; "+
		"%d notices, %d broken, %d of a threshold not reached", len(p.blocked), len(p.wrongly), p.idle, p.halts,
		p.notices, len(p.broken), len(p.untrue))
	for _, say := range slices.Concat(p.wrongly, p.broken) {
		t.Error(say)
	}
	for _, say := range p.untrue[:min(len(p.untrue), *worldWorst)] {
		t.Log(say)
	}
	if len(p.untrue)*20 > p.notices {
		t.Errorf("%d of %d notices tell of a threshold that was not reached", len(p.untrue), p.notices)
	}
	if p.halts*200 > p.idle {
		t.Errorf("a stop was claimed at %d of %d instants without one", p.halts, p.idle)
	}
}
