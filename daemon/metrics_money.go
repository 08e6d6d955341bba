package daemon

import (
	"fmt"

	"quotad/quota"
)

// money writes the ledgers of the accounts that have one.
func (m metrics) money(all quota.Statuses) {
	for _, g := range []struct {
		name, help string
		value      func(quota.MoneyPeriod) string
	}{
		{"quotad_money_spent_usd", "Paid by the token, apart from the plan, in US$, in the present week or month.",
			func(p quota.MoneyPeriod) string { return p.Spent.String() }},
		{"quotad_money_calls", "Calls that quotad_money_spent_usd is for.",
			func(p quota.MoneyPeriod) string { return fmt.Sprint(p.Calls) }},
		{"quotad_money_unpriced_calls", "Calls paid by the token whose tokens or price nobody told.",
			func(p quota.MoneyPeriod) string { return fmt.Sprint(p.Unpriced) }},
		{"quotad_money_plan_worth_usd", "What the plan's use would have cost by the token, in US$, as far as its tokens are known.",
			func(p quota.MoneyPeriod) string { return p.Worth.String() }},
	} {
		m.head(g.name, "gauge", g.help)
		for _, a := range all.Accounts {
			if a.Money == nil {
				continue
			}
			fmt.Fprintf(m, "%s{account=%q,period=\"week\"} %s\n", g.name, a.Account, g.value(a.Money.Week))
			fmt.Fprintf(m, "%s{account=%q,period=\"month\"} %s\n", g.name, a.Account, g.value(a.Money.Month))
		}
	}
}
