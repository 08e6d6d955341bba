package daemon

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"quotad/config"
	"quotad/quota"
)

// Snapshot is the state at one commit. It is never changed, so that readers
// share it and never wait.
type Snapshot struct {
	Settings *config.Settings
	Boundary time.Time // when it next changes though nothing arrives; zero: never
	parts    []part
	provided provided
	zone     *wallZone         // of the times in words
	keys     map[string]string // hash of each account's own key
}

// part is one account of a Snapshot.
type part struct {
	meter *quota.Meter
	state *quota.State
	pulse pulse
}

func newSnapshot(s *config.Settings, accounts map[string]*account, known provided, now time.Time) *Snapshot {
	snap := &Snapshot{Settings: s, provided: known}
	for _, name := range slices.Sorted(maps.Keys(accounts)) {
		a := accounts[name]
		snap.parts = append(snap.parts, part{a.ledger.Meter, a.holds, a.pulse})
		at, _ := a.holds.NextBoundary(a.ledger.Meter, now)
		for _, at := range []time.Time{at, a.next} {
			if !at.IsZero() && (snap.Boundary.IsZero() || at.Before(snap.Boundary)) {
				snap.Boundary = at
			}
		}
	}
	// The default account first: it is the one that most have.
	slices.SortStableFunc(snap.parts, func(a, b part) int { return cmp.Compare(rank(a), rank(b)) })
	return snap
}

func rank(p part) int {
	if p.meter.Account.Name == quota.DefaultAccount {
		return 0
	}
	return 1
}

// part is an account of the snapshot.
func (s *Snapshot) part(name string) (part, bool) {
	i := slices.IndexFunc(s.parts, func(p part) bool { return p.meter.Account.Name == name })
	if i < 0 {
		return part{}, false
	}
	return s.parts[i], true
}

// account is the account of that name as it is folded; one of which nothing is
// known is as the configuration has it.
func (s *Snapshot) account(name string) quota.Account {
	if p, ok := s.part(name); ok {
		return p.meter.Account
	}
	return s.Settings.Account(name)
}

// untouched reports of the account that is always there whether nobody has said
// anything of it and nothing was ever recorded for it.
func (s *Snapshot) untouched(p part) bool {
	a := p.meter.Account
	return a.Name == quota.DefaultAccount && a.Assumed && a.Subscribed.IsZero() && p.state.First.IsZero() &&
		!s.Settings.Providers[a.Name].Enabled
}

// shown are the accounts to tell of where none is named: where there are
// others, not the default one that is of no use.
func (s *Snapshot) shown() []part {
	if len(s.parts) > 1 && s.untouched(s.parts[0]) {
		return s.parts[1:]
	}
	return s.parts
}

// Statuses describes one account, or all that there is something to tell of
// where name is "". It reports whether there is such an account.
func (s *Snapshot) Statuses(name string, now time.Time) (quota.Statuses, bool) {
	now = quota.Milli(now) // the status is of the instant that it tells
	all := quota.Statuses{Schema: quota.Schema, Now: now, Accounts: []quota.Status{}}
	parts := s.parts
	if name == "" {
		parts = s.shown()
	}
	for _, p := range parts {
		if name == "" || name == p.meter.Account.Name {
			st := p.state.At(p.meter, s.Settings.Notices, now)
			st.Warnings = append(st.Warnings, s.warnings(p, now)...)
			st.Key, st.Several = s.keys[st.Account], len(s.shown()) > 1
			all.Accounts = append(all.Accounts, st)
		}
	}
	return all, name == "" || len(all.Accounts) > 0
}

// Status describes one account.
func (s *Snapshot) Status(name string, now time.Time) (quota.Status, bool) {
	all, ok := s.Statuses(name, now)
	if !ok || name == "" {
		return quota.Status{}, false
	}
	return all.Accounts[0], true
}

// meter is what an account is counted by, false where there is no such account.
func (s *Snapshot) meter(name string) (*quota.Meter, bool) {
	for _, p := range s.parts {
		if name == p.meter.Account.Name {
			return p.meter, true
		}
	}
	return nil, false
}
