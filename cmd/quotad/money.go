package main

import (
	"fmt"
	"strings"
	"time"

	"quotad/notify"
	"quotad/quota"
)

// moneyOf says what was paid by the token this week, and what the plan's use
// would have cost so: "Apart, on the API: $1.23 this week".
func moneyOf(m *quota.MoneyStatus) string {
	w := &m.Week
	text := join("; ", spentOf(w), worthOf(w))
	if w.Guessed > 0 {
		text += fmt.Sprintf("; of %s no price is known: the dearest is taken", counted(int(w.Guessed), "call"))
	}
	return text
}

// spentOf is what was paid.
func spentOf(w *quota.MoneyPeriod) string {
	var said []string
	if w.Calls > 0 {
		said = append(said, dollars(w.Spent))
	}
	if w.Unpriced > 0 {
		said = append(said, counted(int(w.Unpriced), "call")+" without a price")
	}
	if len(said) == 0 {
		said = []string{"nothing"}
	}
	return "Apart, on the API: " + strings.Join(said, " and ") + " this week"
}

// dollars is "$1.23", "<$0.01".
func dollars(a quota.Amount) string {
	text := notify.Dollars(a)
	if less, ok := strings.CutPrefix(text, "<"); ok {
		return "<$" + less
	}
	return "$" + text
}

// worthOf is what the plan's use would have cost; "" where no tokens of it are
// known.
func worthOf(w *quota.MoneyPeriod) string {
	if w.Worth == 0 {
		return ""
	}
	text := "the plan's use would have cost " + dollars(w.Worth)
	if w.Known < w.Turns {
		text += fmt.Sprintf(" (tokens known of %d of %s)", w.Known, counted(int(w.Turns), "prompt"))
	}
	return text
}

// termShown is how long before a renewal, or the end, the status shows it.
const termShown = 14 * 24 * time.Hour

// termOf says when the subscription is renewed, or ends; "" where that is far
// off, or not known.
func (c clock) termOf(p *quota.PlanStatus) string {
	if t := p.EndsAt; t != nil {
		return c.term("Ends", *t)
	}
	if p.RenewsAt == nil {
		return ""
	}
	text := c.term("Renews", *p.RenewsAt)
	if text != "" && p.Fee != nil {
		text += fmt.Sprintf(", for US$ %s a %s", notify.Dollars(p.Fee.USD), p.Fee.Cycle)
	}
	return text
}

func (c clock) term(verb string, t time.Time) string {
	left := t.Sub(c.now)
	if left > termShown {
		return ""
	}
	return verb + " on " + notify.Day(t, c.now, c.loc) + c.whoseDay(t) + ", in " + notify.Duration(left)
}

// whoseDay says that a day is one of the provider's, where it begins on
// another one here.
func (c clock) whoseDay(t time.Time) string {
	day := t.In(quota.UTC8)
	if day.Hour()+day.Minute()+day.Second() > 0 || day.Day() == t.In(c.loc).Day() {
		return ""
	}
	return " in UTC+8"
}

// priceOf is what a month of a plan costs, or cost last: "US$ 72 a month".
func priceOf(p *quota.Plan, now time.Time) string {
	if fee, ok := p.FeeAt(quota.CycleMonth, now); ok {
		return "US$ " + notify.Dollars(fee.USD)
	}
	for i := len(p.Fees) - 1; i >= 0; i-- {
		if p.Fees[i].Cycle == quota.CycleMonth {
			return "was US$ " + notify.Dollars(p.Fees[i].USD)
		}
	}
	return "-"
}

// fees are what the subscription costs.
func (s *planSheet) fees() {
	var rows [][]string
	for _, f := range s.plan.Fees {
		rows = append(rows, []string{"a " + string(f.Cycle), notify.Dollars(f.USD), validOf(f.Valid), s.source(f.Source)})
	}
	s.rows("The subscription costs, in US$", []string{"for", "us$", "valid", ""}, rows)
}
