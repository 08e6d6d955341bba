package quota

import "time"

// renewalAhead is how long before a subscription is renewed, or ends, that is
// told.
const renewalAhead = 3 * aDay

// sameTerm is how far two tellings of one renewal may lie apart: some tell an
// instant, and some the day alone.
const sameTerm = aDay

// term is when the subscription is renewed, or ends where it is not, and what
// that makes due; zero where neither is known.
func (a *Account) term() (at time.Time, why Why) {
	if !a.Ends.IsZero() {
		return a.Ends, WhyEnds
	}
	return a.Renews, WhyRenews
}

// termEdges are the instants at which something is due for it.
func (a *Account) termEdges() []time.Time {
	at, _ := a.term()
	if at.IsZero() {
		return nil
	}
	return []time.Time{at.Add(-renewalAhead), at}
}

// dueRenewal tells once that the subscription is about to be renewed, or to end.
// What has passed says nothing: when the next renewal is, nobody told.
func dueRenewal(m *Meter, told []Told, rules NoticeRules, now time.Time) (DueNotice, bool) {
	at, why := m.Account.term()
	if !rules.Renewal || at.IsZero() || now.Before(at.Add(-renewalAhead)) || !now.Before(at) {
		return DueNotice{}, false
	}
	for _, t := range told {
		if t.Kind == NoticeRenewal && t.Opened.Sub(at).Abs() < sameTerm {
			return DueNotice{}, false
		}
	}
	d := DueNotice{Notice: Notice{Kind: NoticeRenewal, Account: m.Account.Name, At: now, ResetsAt: moment(at)}, Why: why, Opened: at}
	d.Reason = d.Why.String()
	return d, true
}

// ahead is t where it is still to come, as JSON has it.
func ahead(t, now time.Time) *time.Time {
	if !t.After(now) {
		return nil
	}
	return moment(t)
}

// feeStatus is what the next cycle costs, or one that begins now where the
// renewal is not known; nil where no row tells.
func (a *Account) feeStatus(now time.Time) *FeeStatus {
	cycle, from := a.Cycle, now
	if cycle == "" {
		cycle = CycleMonth
	}
	if a.Renews.After(now) {
		from = a.Renews
	}
	fee, ok := a.Plan.FeeAt(cycle, from)
	if !ok {
		return nil
	}
	return &FeeStatus{USD: fee.USD, Cycle: fee.Cycle}
}
