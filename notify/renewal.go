package notify

import (
	"time"

	"quotad/quota"
)

// aboutRenewal tells of the day on which a subscription is renewed, or ends. The
// status says which, and of what plan.
func (f facts) aboutRenewal(n quota.Notice, s *quota.Status, c clock) {
	if n.ResetsAt == nil {
		return
	}
	at := *n.ResetsAt
	f["day"], f["wait"] = inSentence(Day(at, c.now, c.loc)), Duration(at.Sub(c.now))
	if s == nil {
		return
	}
	f["name"], f["plan"] = s.Plan.Name, s.Plan.Name
	if s.Several || s.Account != quota.DefaultAccount {
		f["account"] = s.Account
		f["plan"] = f.fill(accountPlan)
	}
	if sameTerm(s.Plan.EndsAt, at) {
		f["ends"] = ""
	}
	if s.Plan.Fee != nil {
		f["fee"], f["cycle"] = Dollars(s.Plan.Fee.USD), string(s.Plan.Fee.Cycle)
	}
}

// sameTerm reports whether what is known is the renewal that was told, which
// some tell by its instant and some by its day.
func sameTerm(known *time.Time, told time.Time) bool {
	return known != nil && known.Sub(told).Abs() < 24*time.Hour
}

// renewal tells whether it has passed, or another day is known since.
func (j judge) renewal(it Item) Staleness {
	if j.past(it) != Fresh {
		return StalePassed
	}
	s := j.current(it.Account)
	if s == nil || it.ResetsAt == nil {
		return Fresh
	}
	if at := s.Plan.EndsAt; at != nil {
		if !sameTerm(at, *it.ResetsAt) {
			return StaleMoved
		}
	} else if !sameTerm(s.Plan.RenewsAt, *it.ResetsAt) {
		return StaleMoved
	}
	return Fresh
}
