package daemon

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"quotad/config"
	"quotad/daemon/provider"
	"quotad/daemon/store"
	"quotad/notify"
	"quotad/quota"
)

// Codes of the warnings about the provider's reading.
const (
	warnKey     = "provider_key"     // the key is refused, or there is none
	warnNoPlan  = "provider_no_plan" // the key has no plan to read
	warnOld     = "provider_old"     // no good reading for longer than readingOld
	warnClock   = "clock_skew"       // this clock is not the provider's
	warnDiffers = "plan_differs"     // the configuration names another plan, or another beginning
	warnUnknown = "plan_unknown"     // the provider told a plan that nobody knows
)

const (
	readingOld = time.Hour       // without a good reading before it is said
	skewMost   = 2 * time.Minute // that this clock and the provider's may differ
	// believe is how many answers in a row are believed that may be a passing
	// fault: the provider's code for "no plan" is also that of any failure of its.
	believe = 3
)

// warnings say what a user should know about the provider's reading of an
// account, and of what it told of the plan.
func (s *Snapshot) warnings(p part, now time.Time) []quota.Warning {
	name := p.meter.Account.Name
	list := s.differences(p, now)
	if !s.Settings.Providers[name].Enabled {
		return list
	}
	known := s.provided[name]
	if code, message := trouble(known, now, s.zone.now()); code != "" {
		list = append(list, quota.Warning{Code: code, Message: message})
	}
	if message := ClockIsOff(known.Skew); message != "" {
		list = append(list, quota.Warning{Code: warnClock, Message: message})
	}
	return list
}

// trouble is what is wrong with the reading itself; "" where it is well, or a
// failure is too young to tell of. Times are told in zone.
func trouble(p store.Provider, now time.Time, zone *time.Location) (code, message string) {
	f := p.Fault
	if f == nil {
		return "", ""
	}
	switch {
	case p.Stopped || f.Kind == provider.FaultKey.String():
		return warnKey, fmt.Sprintf("the provider refuses the key from %s: its figures are not read until the key is replaced", cmp.Or(p.Source, "the configuration"))
	case f.Kind == provider.FaultNoKey.String():
		return warnKey, "the provider's figures cannot be read: " + f.Message
	case withoutPlan(f.Kind) && (p.GoodAt.IsZero() || p.Fails >= believe):
		return warnNoPlan, fmt.Sprintf("the provider tells no figures for the key from %s: %s", cmp.Or(p.Source, "the configuration"), f.Message)
	}
	since := later(p.GoodAt, p.Since)
	if now.Sub(since) <= readingOld {
		return "", ""
	}
	return warnOld, fmt.Sprintf("the provider's figures could not be read since %s: %s", notify.Clock(since, now, zone), f.Message)
}

// withoutPlan reports whether a kind of fault, in words, means that there is no
// plan to read.
func withoutPlan(kind string) bool {
	return kind == provider.FaultNoPlan.String() || kind == provider.FaultBalance.String() || kind == provider.FaultEmpty.String()
}

// ClockIsOff says that this clock is so much ahead of the provider's; "" where
// that is too little to matter.
func ClockIsOff(skew time.Duration) string {
	if skew.Abs() <= skewMost {
		return ""
	}
	way := "ahead of"
	if skew < 0 {
		way = "behind"
	}
	return fmt.Sprintf("this machine's clock is %v %s the provider's: windows open and end at wrong times here until it is set",
		skew.Abs().Round(time.Second), way)
}

// differences tell in what the configuration and the provider contradict each
// other. What the provider told holds.
func (s *Snapshot) differences(p part, now time.Time) []quota.Warning {
	var list []quota.Warning
	a, told := p.meter.Account, p.state.Told
	says := func(code, format string, args ...any) {
		list = append(list, quota.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	if a.Configured != "" {
		says(warnDiffers, "the provider says that the plan is %s, and the configuration %s: counted by %s. To agree: quotad config set %s %s",
			a.Plan.ID, a.Configured, a.Plan.ID, settingOf(a.Name, "plan"), a.Plan.ID)
	}
	if was := s.Settings.Account(a.Name).Subscribed; !was.IsZero() && differ(was, told.Subscribed) {
		says(warnDiffers, "the provider says that the subscription began %s, and the configuration %s: the provider's holds. To agree: quotad config set %s %s",
			zoned(told.Subscribed), zoned(was), settingOf(a.Name, "subscribed"), zoned(told.Subscribed))
	}
	if message := termsDiffer(s.Settings.Account(a.Name), told, now); message != "" {
		says(warnDiffers, "%s", message)
	}
	if _, known := s.Settings.Plan(told.ID); told.ID != "" && !known {
		says(warnUnknown, "the provider says that the plan is %q, which is not known here: counted by %s", told.ID, a.Plan.ID)
	}
	return list
}

// termsDiffer says that the configuration and the provider tell two days, both
// still to come, on which the subscription is renewed or ends; "" where not.
func termsDiffer(a quota.Account, told quota.PlanTold, now time.Time) string {
	here, there := termOf(a.Renews, a.Ends), termOf(told.Renews, told.Ends)
	if !here.After(now) || !there.After(now) || here.Sub(there).Abs() < 24*time.Hour {
		return ""
	}
	key := "renews"
	if !told.Ends.IsZero() {
		key = "ends"
	}
	day := func(t time.Time) string { return t.In(quota.UTC8).Format(time.DateOnly) }
	return fmt.Sprintf("the provider says that the subscription %s on %s, and the configuration tells of %s: the later day holds. To agree: quotad config set %s %s",
		map[string]string{"renews": "is renewed", "ends": "ends"}[key], day(there), day(here), settingOf(a.Name, key), day(there))
}

// settingOf names a setting of an account for a shell.
func settingOf(account, key string) string {
	name := config.AccountKey(account, key)
	if strings.ContainsRune(name, '"') {
		return "'" + name + "'"
	}
	return name
}

// zoned is an instant in the provider's zone, as its pages and the
// configuration have it.
func zoned(t time.Time) string { return t.In(quota.UTC8).Format(time.RFC3339) }
