package main

import (
	"cmp"
	"strings"

	"quotad/quota"
)

// accounts says how events come to their account, where there are several, and
// which keys were seen, so that a rule can name them.
func (x *examination) accounts() {
	if len(x.settings.Accounts) > 1 || len(x.settings.Belongs) > 0 {
		for _, acc := range x.settings.Accounts {
			x.ok("%s gets: %s", acc.Name, strings.Join(x.waysTo(acc.Name), "; "))
		}
	}
	if x.about == nil {
		return
	}
	for _, k := range x.about.Keys {
		x.ok("key %s: %s of %s, the newest %s, to %s", k.Key, counted(k.Events, "event"), cmp.Or(k.Tool, "unnamed"), x.told(k.Last), k.Account)
	}
}

// waysTo are the ways by which events come to an account.
func (x *examination) waysTo(account string) []string {
	var ways []string
	if x.about != nil && x.about.Own[account] != "" {
		ways = append(ways, "its own key "+x.about.Own[account])
	}
	for _, row := range x.settings.Belongs {
		if row.Account == account {
			ways = append(ways, conditions(row))
		}
	}
	if account == quota.DefaultAccount {
		return append(ways, "all else")
	}
	return append(ways, "what names it")
}
