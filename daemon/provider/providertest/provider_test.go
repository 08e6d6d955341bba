package providertest_test

import (
	"math"
	"testing"
	"time"

	"quotad/daemon/provider/providertest"
)

var (
	lite = providertest.Plan{Generation: 3, Tier: "lite"}
	pro  = providertest.Plan{Generation: 2, Tier: "pro"}
)

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// still is a provider at which time stands.
func still(plan providertest.Plan, now string) *providertest.Provider {
	return providertest.New(plan, instant("2026-07-31T10:00:00Z"), 1, func() time.Time { return instant(now) })
}

func TestWhatACallCosts(t *testing.T) {
	worked := providertest.Call{Input: 10_000, Cached: 200_000, Output: 3_000}
	for _, c := range []struct {
		name, at, model string
		plan            providertest.Plan
		want            float64
	}{
		{"the published example at peak", "2026-09-16T06:00:00Z", "glm-5.3", lite, 48.1},
		{"off-peak it is half", "2026-09-16T10:00:00Z", "glm-5.3", lite, 24.05},
		{"on the small model", "2026-09-16T09:59:59Z", "glm-5.3-flash", lite, 15.9},
		{"on a Sunday all is off-peak", "2026-09-20T06:00:00Z", "glm-5.3-flash", lite, 7.95},
		{"in the holidays too", "2026-10-07T06:00:00Z", "glm-5.3", lite, 24.05},
		{"an MCP call is never halved", "2026-09-20T06:00:00Z", "", lite, 1.2},
		{"tokens weigh three times at peak", "2026-09-16T06:00:00Z", "glm-5.3", pro, 3 * 213_000},
		{"and less on the small model", "2026-09-16T05:59:59Z", "glm-5.3-flash", pro, 0.4 * 213_000},
	} {
		p, call := still(c.plan, c.at), worked
		call.At, call.Model = instant(c.at), c.model
		p.Call(call)
		for _, window := range []string{"5h", "week"} {
			if use, _ := p.Use(window, call.At); math.Abs(use.Used-c.want) > 1e-9*c.want {
				t.Errorf("%s: %s has %v used, want %v", c.name, window, use.Used, c.want)
			}
		}
	}
}

func TestHowWindowsOpenAndEnd(t *testing.T) {
	p := still(pro, "2026-09-16T10:00:00Z")
	call := func(at, model string) {
		p.Call(providertest.Call{At: instant(at), Model: model, Input: 1000})
	}
	use := func(window, at string) providertest.Use {
		u, ok := p.Use(window, instant(at))
		if !ok {
			t.Fatalf("no %s", window)
		}
		return u
	}
	call("2026-09-10T12:00:00Z", "glm-5.3")
	call("2026-09-10T16:59:59Z", "glm-5.3")
	call("2026-09-10T17:30:00Z", "glm-5.3")
	call("2026-09-10T17:31:00Z", "")
	if u := use("5h", "2026-09-10T16:59:59Z"); u.Used != 2000 || !u.Reset.Equal(instant("2026-09-10T17:00:00Z")) {
		t.Errorf("an open window: %+v", u)
	}
	if u := use("5h", "2026-09-10T17:00:00Z"); u.Used != 0 || !u.Reset.IsZero() {
		t.Errorf("after 5 hours, before the next call: %+v", u)
	}
	if u := use("5h", "2026-09-10T17:31:00Z"); u.Used != 1000 || !u.Reset.Equal(instant("2026-09-10T22:30:00Z")) {
		t.Errorf("the next window: %+v", u)
	}
	if u := use("week", "2026-09-11T09:59:59Z"); u.Used != 3000 || !u.Reset.Equal(instant("2026-09-11T10:00:00Z")) {
		t.Errorf("the week: %+v", u)
	}
	if u := use("week", "2026-09-11T10:00:00Z"); u.Used != 0 || !u.Reset.Equal(instant("2026-09-18T10:00:00Z")) {
		t.Errorf("the week after: %+v", u)
	}
	if u := use("month", "2026-09-12T00:00:00Z"); u.Used != 1 || !u.Reset.Equal(instant("2026-09-30T10:00:00Z")) {
		t.Errorf("the month, which ends on its last day: %+v", u)
	}
}

func TestAUsedUpWindowRefuses(t *testing.T) {
	p := still(lite, "2026-09-16T10:00:00Z")
	at := instant("2026-09-16T10:00:00Z")
	big := providertest.Call{At: at, Model: "glm-5.3", Output: 1_700_000}
	if stop := p.Call(big); stop != nil {
		t.Fatalf("the call that goes over the cap: %+v", stop)
	}
	stop := p.Call(big)
	if stop == nil || stop.Code != "1308" || stop.Message != "Usage limit reached for 5 hour. Your limit will reset at 2026-09-16 23:00:00" {
		t.Fatalf("%+v", stop)
	}
	if u, _ := p.Use("5h", at); u.Used != 2040 {
		t.Errorf("a refused call costs nothing: %+v", u)
	}
	p.Refresh("5h", at.Add(time.Minute))
	if u, _ := p.Use("5h", at.Add(time.Minute)); u.Used != 0 || !u.Opened.IsZero() {
		t.Errorf("given back early: %+v", u)
	}
	p.Switch(at.Add(time.Hour), pro)
	if u, _ := p.Use("month", at.Add(2*time.Hour)); u.Cap != 1000 {
		t.Errorf("on another plan: %+v", u)
	}
}
