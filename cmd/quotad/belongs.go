package main

import (
	"os"
	"strings"

	"quotad/daemon/hook"
	"quotad/quota"
)

// named is the account that a person has put this shell under; "" where nobody
// did.
func (a *app) named() (string, error) {
	name := a.env(hook.AccountVariable)
	if name != "" && !quota.ValidAccount(name) {
		return "", usage("unset "+hook.AccountVariable, "%s=%q is not an account name: 1 to 64 of a-z A-Z 0-9 . _ -", hook.AccountVariable, clean(name))
	}
	return name, nil
}

// placed is what is done by hand with the account that it belongs to: the one
// that this shell is put under, or else what the rules say of an event in this
// folder. Where they say nothing it stays without one, for the daemon to decide.
func (a *app) placed(e quota.Event) (quota.Event, quota.Grounds, error) {
	name, err := a.named()
	if err != nil || e.Account != "" || name != "" {
		if e.Account == "" {
			e.Account = name
		}
		return e, quota.ByName, err
	}
	settings, err := a.settings()
	if err != nil {
		return e, quota.ByDefault, nil // the daemon has rules that hold
	}
	here := e
	if here.Project == "" {
		here.Project, _ = os.Getwd() // without one no rule of a folder fits
	}
	account, why := settings.Assignment(a.env("HOME")).Of(here)
	if why&quota.ByProject != 0 {
		e.Account = account
	}
	return e, why, nil
}

// accountHere is the account that a question without --account is about.
func (a *app) accountHere() (string, error) {
	e, _, err := a.placed(quota.Event{})
	if e.Account == "" {
		e.Account = quota.DefaultAccount
	}
	return e.Account, err
}

// conditions are those of a row in words: "tool codex, project ~/src/work".
func conditions(b quota.Belonging) string {
	var said []string
	for _, c := range [][2]string{{"tool", b.Tool}, {"project", b.Project}, {"host", b.Host}, {"key", b.Key}} {
		if c[1] != "" {
			said = append(said, c[0]+" "+clean(c[1]))
		}
	}
	return strings.Join(said, ", ")
}
