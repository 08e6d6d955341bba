package main

import (
	"testing"
	"time"

	"quotad/quota"
)

func TestMoneyInWords(t *testing.T) {
	usd := quota.FromFloat
	for _, c := range []struct {
		what string
		week quota.MoneyPeriod
		want string
	}{
		{"both", quota.MoneyPeriod{Spent: usd(1.234), Calls: 3, Worth: usd(48.1), Turns: 4, Known: 4},
			"Apart, on the API: $1.23 this week; the plan's use would have cost $48.10"},
		{"nothing apart", quota.MoneyPeriod{Worth: usd(48.1), Turns: 12, Known: 8},
			"Apart, on the API: nothing this week; the plan's use would have cost $48.10 (tokens known of 8 of 12 prompts)"},
		{"nothing of the plan", quota.MoneyPeriod{Spent: usd(1234), Calls: 3, Turns: 12}, "Apart, on the API: $1,234 this week"},
		{"a free model", quota.MoneyPeriod{Calls: 3}, "Apart, on the API: $0 this week"},
		{"nobody tells of the tokens", quota.MoneyPeriod{Unpriced: 2}, "Apart, on the API: 2 calls without a price this week"},
		{"some calls without a price", quota.MoneyPeriod{Spent: usd(5), Calls: 1, Unpriced: 1}, "Apart, on the API: $5 and 1 call without a price this week"},
		{"a model without a price", quota.MoneyPeriod{Spent: 1, Calls: 1, Guessed: 1},
			"Apart, on the API: <$0.01 this week; of 1 call no price is known: the dearest is taken"},
		{"a new week", quota.MoneyPeriod{}, "Apart, on the API: nothing this week"},
	} {
		if got := moneyOf(&quota.MoneyStatus{Week: c.week, Month: quota.MoneyPeriod{Spent: usd(9999)}}); got != c.want {
			t.Errorf("%s: %q\nwant %q", c.what, got, c.want)
		}
	}
}

func TestTheTermIsShownForTwoWeeks(t *testing.T) {
	fourth := time.Date(2026, 12, 4, 0, 0, 0, 0, quota.UTC8)
	fee := &quota.FeeStatus{USD: quota.FromFloat(403.2), Cycle: quota.CycleQuarter}
	for _, c := range []struct {
		what string
		plan quota.PlanStatus
		left time.Duration
		want string
	}{
		{"not known", quota.PlanStatus{Fee: fee}, time.Hour, ""},
		{"two weeks ahead", quota.PlanStatus{RenewsAt: &fourth, Fee: fee}, termShown, "Renews on Fri 4 Dec, in 14 d, for US$ 403.20 a quarter"},
		{"earlier", quota.PlanStatus{RenewsAt: &fourth, Fee: fee}, termShown + time.Second, ""},
		{"without a fee", quota.PlanStatus{RenewsAt: &fourth}, time.Hour, "Renews on Fri 4 Dec, in 1 h"},
		{"the end is what counts", quota.PlanStatus{RenewsAt: &fourth, EndsAt: &fourth, Fee: fee}, time.Hour, "Ends on Fri 4 Dec, in 1 h"},
	} {
		at := clock{now: fourth.Add(-c.left), loc: quota.UTC8}
		if got := at.termOf(&c.plan); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	berlin := clock{now: fourth.Add(-time.Hour), loc: time.FixedZone("", 3600)}
	if got, want := berlin.termOf(&quota.PlanStatus{RenewsAt: &fourth}), "Renews on Fri 4 Dec in UTC+8, in 1 h"; got != want {
		t.Errorf("where that day begins on the one before: %q, want %q", got, want)
	}
}
