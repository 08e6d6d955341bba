package daemon

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"quotad/quota"
)

const perToken = "https://api.z.ai/api/paas/v4"

func (r *rig) money() *quota.MoneyStatus {
	r.t.Helper()
	st, _ := r.engine.Snapshot().Status(quota.DefaultAccount, r.engine.now())
	return st.Money
}

// A turn's tokens are read a while after its prompt: they go where it went.
func TestTheTokensOfATurnThatIsPaidAreFound(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		paid := x.prompt("t1")
		paid.Endpoint = perToken
		x.post(paid)
		x.asked("t1")
		if m := x.money(); m == nil || m.Week.Unpriced != 1 {
			t.Errorf("before its tokens are known: %+v", m)
		}
		x.answered("glm-5.3")
		time.Sleep(lookSoon)
		x = x.restart(time.Minute) // and what comes after a restart goes there too
		x.answered("glm-4.7")
		time.Sleep(2 * lookSoon)
		synctest.Wait()
		m := x.money()
		if m == nil || m.Week.Spent.String() != "0.2254" || m.Week.Calls != 2 || m.Week.Unpriced != 0 || m.Week.Worth != 0 || x.used() != 0 {
			t.Errorf("used %v, money %+v", x.used(), m)
		}
		x.post(x.prompt("t2"))
		x.asked("t2")
		x.answered("glm-5.3")
		time.Sleep(lookSoon)
		synctest.Wait()
		if m = x.money(); m.Week.Spent.String() != "0.2254" || m.Week.Worth.String() != "0.1512" || m.Week.Known != 1 || x.used() != 3 {
			t.Errorf("used %v, money %+v", x.used(), m)
		}
		var out bytes.Buffer
		backend{x.engine}.Metrics(&out)
		for _, want := range []string{
			"# TYPE quotad_money_spent_usd gauge\nquotad_money_spent_usd{account=\"default\",period=\"week\"} 0.2254\n",
			"quotad_money_calls{account=\"default\",period=\"month\"} 2\n",
			"quotad_money_unpriced_calls{account=\"default\",period=\"week\"} 0\n",
			"quotad_money_plan_worth_usd{account=\"default\",period=\"week\"} 0.1512\n",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
	})
}

func TestOtherPricesFoldTheMoneyAnew(t *testing.T) {
	dir := t.TempDir()
	now := func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	r := start(t, dir, settings(t, labConfig), now)
	r.post(quota.Event{Kind: quota.KindUsage, Model: "glm-4.7", Endpoint: perToken, Tokens: quota.Tokens{Input: 1_000_000}})
	if m := r.money(); m.Prices != "official" || m.Week.Spent.String() != "0.6" {
		t.Errorf("%+v", m)
	}
	r.stop()
	r = start(t, dir, settings(t, labConfig+"[money]\nprices = \"reseller-2026-02\"\n"), now)
	if m := r.money(); m.Prices != "reseller-2026-02" || m.Week.Spent.String() != "0.4" {
		t.Errorf("%+v", m)
	}
}

// Nothing is recorded here at all: the alarm alone has to wake the engine.
func TestARenewalIsToldOnTimeAndOnceAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		renews := time.Now().Add(5*24*time.Hour + 7*time.Minute + 3*time.Second)
		dir, s := t.TempDir(), settings(t, labConfig)
		for i := range s.Accounts {
			s.Accounts[i].Renews = renews
		}
		r := startWithAlarm(t, dir, s)
		time.Sleep(time.Until(renews.Add(-72*time.Hour - time.Second)))
		synctest.Wait()
		if told := r.told(); len(told) != 0 {
			t.Errorf("too early: %q", told)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want := []string{renews.Add(-72*time.Hour).UTC().Format(time.RFC3339) + "  renewal 0"}
		if got := r.lines(); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		r.stop()
		time.Sleep(time.Hour)
		r = startWithAlarm(t, dir, s)
		time.Sleep(4 * 24 * time.Hour)
		synctest.Wait()
		if got := r.lines(); !slices.Equal(got, want) {
			t.Errorf("after a restart: %q", got)
		}
	})
}

// Three days of a machine that was off are no reason to tell of what is past.
func TestARenewalThatPassedWhileNobodyLookedIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		renews := time.Now().Add(4 * 24 * time.Hour)
		dir, s := t.TempDir(), settings(t, labConfig)
		for i := range s.Accounts {
			s.Accounts[i].Renews = renews
		}
		startWithAlarm(t, dir, s).stop()
		time.Sleep(4 * 24 * time.Hour)
		r := startWithAlarm(t, dir, s)
		synctest.Wait()
		if told := r.told(); len(told) != 0 {
			t.Errorf("%q", told)
		}
	})
}
