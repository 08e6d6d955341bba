package hook

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"quotad/quota"
)

// Why says why a prompt passes, or does not.
type Why int

// The reasons. Prompts pass for those up to WhyRoom.
const (
	WhyOff     Why = iota // there is no guard
	WhyStale              // the status is not of this moment
	WhyUnknown            // the status does not tell of the account
	WhySnoozed            // the person wants to hear nothing for a while
	WhyRoom               // there is room
	WhyStopped            // the provider said that a window is used up
	WhyCounted            // the count here says so
	WhyLow                // a window's use has reached a threshold
)

func (w Why) String() string {
	return [...]string{
		"no guard", "the status is stale", "no status of the account", "snoozed", "there is room",
		"the provider said stop", "used up by the count here", "a threshold is reached",
	}[w]
}

// fresh is how far the instant of a status may be from now.
const fresh = 5 * time.Second

// forget is when a warning of a window without an end of its own may come again.
const forget = 5 * time.Hour

// Decide tells what is to be done about a prompt of an account at now, given
// the status of that moment: what is most urgent comes first. Where nothing is,
// the one verdict says why the prompt passes. A prompt is held back only where
// the provider would refuse it by its own word, which is not yet over: the count
// here may be wrong. The clock shows an instant as a person's clock does.
func Decide(g Guard, all quota.Statuses, account string, now time.Time, clock func(time.Time) string) []Verdict {
	pass := func(why Why) []Verdict { return []Verdict{{Why: why}} }
	if g == GuardOff {
		return pass(WhyOff)
	}
	if all.Now.Sub(now).Abs() > fresh {
		return pass(WhyStale)
	}
	if all.SnoozedUntil != nil && all.SnoozedUntil.After(now) {
		return pass(WhySnoozed)
	}
	i := slices.IndexFunc(all.Accounts, func(s quota.Status) bool { return s.Account == account })
	if i < 0 {
		return pass(WhyUnknown)
	}
	verdicts := guardCase{&all.Accounts[i], now, clock}.verdicts(g)
	if len(verdicts) == 0 {
		return pass(WhyRoom)
	}
	return verdicts
}

// guardCase is one account at one instant.
type guardCase struct {
	status *quota.Status
	now    time.Time
	clock  func(time.Time) string
}

// verdicts are those of all the windows that stop work and have little room.
func (c guardCase) verdicts(g Guard) []Verdict {
	full := slices.DeleteFunc(slices.Clone(c.status.Windows), func(w quota.WindowStatus) bool {
		return w.Counts == quota.CountTools || w.Crossed == 0
	})
	slices.SortStableFunc(full, func(a, b quota.WindowStatus) int {
		return cmp.Or(rank(b)-rank(a), b.Crossed-a.Crossed, c.ends(b).Compare(c.ends(a)))
	})
	var list []Verdict
	for _, w := range full {
		v := Verdict{Action: Warn, Why: why(w), Text: c.words(w), About: c.about(w)}
		if g == GuardBlock && v.Why == WhyStopped && c.ahead(w.ResetsAt) && c.ahead(c.status.BlockedUntil) {
			v.Action = Block
			v.Text += " (to send it anyway: quotad notify snooze 10m)"
		}
		list = append(list, v)
	}
	return list
}

func why(w quota.WindowStatus) Why {
	switch {
	case w.Stopped:
		return WhyStopped
	case w.State == quota.PhaseExhausted:
		return WhyCounted
	}
	return WhyLow
}

// rank puts what the provider said before what is counted here.
func rank(w quota.WindowStatus) int {
	if w.Stopped {
		return 1
	}
	return 0
}

func (c guardCase) ahead(t *time.Time) bool { return t != nil && t.After(c.now) }

func (c guardCase) ends(w quota.WindowStatus) time.Time {
	if w.ResetsAt == nil {
		return time.Time{}
	}
	return *w.ResetsAt
}

// about names the window's instance by its end. A rolling window has none.
func (c guardCase) about(w quota.WindowStatus) About {
	key, until := fmt.Sprintf("%s/%s/%d", c.status.Account, w.Window, w.Crossed), c.now.Add(forget)
	if w.Kind != quota.Rolling && c.ahead(w.ResetsAt) {
		until = *w.ResetsAt
		key += fmt.Sprintf("/%d", until.UnixMilli())
	}
	return About{Key: key, Until: until}
}

// words are one short line about a window.
func (c guardCase) words(w quota.WindowStatus) string {
	text := "GLM " + w.Window
	if c.status.Account != quota.DefaultAccount {
		text += " (" + c.status.Account + ")"
	}
	text += ": " + usedUp(w)
	switch {
	case !c.ahead(w.ResetsAt):
	case w.Kind == quota.Rolling:
		text += ", room comes back " + c.clock(*w.ResetsAt)
	default:
		text += ", full again " + c.clock(*w.ResetsAt)
	}
	return text
}

func usedUp(w quota.WindowStatus) string {
	if w.Stopped {
		return "used up (the provider says so)"
	}
	percent := math.Floor(w.Percent)
	if w.State != quota.PhaseExhausted {
		percent = min(percent, 99)
	}
	about := ""
	if w.Approximate {
		about = "about "
	}
	return fmt.Sprintf("%s%.0f %% used", about, percent)
}
