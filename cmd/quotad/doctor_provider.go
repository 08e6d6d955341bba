package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"quotad/daemon"
	"quotad/daemon/provider"
	"quotad/notify"
)

// keyFiles looks at who may read the provider's keys, and at nothing in them.
// A key of the environment is the daemon's, and not seen from here.
func (x *examination) keyFiles() {
	for _, name := range slices.Sorted(maps.Keys(x.settings.Providers)) {
		p := x.settings.Providers[name]
		if !p.Enabled || p.KeyFile == "" && len(p.KeyCommand) == 0 {
			continue
		}
		err := provider.Keys(daemon.KeyOptions(name, p, x.env)).Check()
		if wrong := (*provider.KeyError)(nil); errors.As(err, &wrong) && wrong.Hint != "" {
			x.fault(wrong.Hint, "account %s: %v", name, err)
		} else if err != nil {
			x.fault(keyFileHint(name), "account %s: %v", name, err)
		}
	}
}

// provider says how the provider's own reading goes.
func (x *examination) provider() {
	if x.about == nil {
		x.ok("what the daemon reads is not known: it does not answer")
		return
	}
	if len(x.about.Provider) == 0 {
		x.ok("its own figures are not read; quotad sync --help says how to enable that")
		return
	}
	for _, p := range x.about.Provider {
		x.reading(p)
		if rows := unknownRows(p.Unknown); rows != "" {
			x.ok("account %s: rows that are not known, left aside: %s", p.Account, rows)
		}
		if off := daemon.ClockIsOff(time.Duration(p.Skew * float64(time.Second))); off != "" {
			x.warn("timedatectl set-ntp true", "%s", off)
		}
	}
	x.differences()
}

// reading says how it goes of one account.
func (x *examination) reading(p daemon.AboutProvider) {
	f := p.Fault
	if f == nil {
		x.readWell(p)
		return
	}
	text := fmt.Sprintf("account %s: %s since %s: %s", p.Account, f.Kind, x.told(f.Since), f.Message)
	if p.Source != "" {
		text += "; the key is from " + p.Source
	}
	if p.GoodAt != nil {
		text += "; last read " + x.told(*p.GoodAt)
	}
	mend := f.Hint
	switch {
	case p.Stopped:
		x.fault("put another key there, then: quotad sync", "%s; nothing is asked until the key is replaced", text)
	case f.Kind == provider.FaultNoKey.String():
		if mend == "" {
			mend = keyFileHint(p.Account)
		}
		x.fault(mend, "%s", text)
	default:
		if mend == "" {
			mend = "quotad sync"
		}
		x.warn(mend, "%s", text)
	}
	if f.Raw != "" {
		x.findings[len(x.findings)-1].Detail = clean(f.Raw)
	}
}

func (x *examination) readWell(p daemon.AboutProvider) {
	if p.GoodAt == nil {
		x.ok("account %s: not asked yet", p.Account)
		return
	}
	plan := "the plan is not clear from it"
	if p.Plan != "" {
		plan = "plan " + p.Plan
	}
	x.ok("account %s: read %s ago with the key from %s, %s", p.Account, notify.Duration(x.now().Sub(*p.GoodAt)), p.Source, plan)
}

// toldPlan is the plan that the provider told of an account, as far as a daemon
// says so; "" where it told none.
func (x *examination) toldPlan(account string) string {
	if x.about == nil {
		return ""
	}
	for _, p := range x.about.Provider {
		if p.Account == account {
			return p.Plan
		}
	}
	return ""
}

// unknownRows lists rows of a sort that is not known: "SURPRISE_LIMIT unit 9".
func unknownRows(text json.RawMessage) string {
	var rows []provider.Row
	if len(text) == 0 || json.Unmarshal(text, &rows) != nil {
		return ""
	}
	var said []string
	for _, r := range rows {
		said = append(said, fmt.Sprintf("%s unit %d", r.Type, r.Unit))
	}
	return strings.Join(said, ", ")
}

// differences tell in what the configuration and the provider contradict each
// other.
func (x *examination) differences() {
	all, err := x.client.Status(x.ctx, "")
	if err != nil {
		return // said already
	}
	for _, st := range all.Accounts {
		for _, w := range st.Warnings {
			if strings.HasPrefix(w.Code, "plan_") {
				message, mend, _ := strings.Cut(w.Message, ". To agree: ")
				x.warn(mend, "account %s: %s", st.Account, message)
			}
		}
	}
}
