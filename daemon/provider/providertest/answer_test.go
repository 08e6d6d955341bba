package providertest_test

import (
	"context"
	"math"
	"testing"
	"time"

	"quotad/daemon/provider"
	"quotad/daemon/provider/providertest"
	"quotad/quota"
)

// spent is a v3/lite account of which so many credits were used an hour ago.
func spent(credits float64) *providertest.Provider {
	p := still(lite, "2026-09-16T12:00:00Z")
	p.Call(providertest.Call{At: p.Now().Add(-time.Hour), Model: "glm-5.3", Output: int64(math.Ceil(credits * 10_000 / 12))})
	return p
}

func read(t *testing.T, p *providertest.Provider) provider.Reply {
	t.Helper()
	r, fault := clientOf(p).Read(context.Background())
	if fault != nil {
		t.Fatal(fault)
	}
	return r
}

func five(r provider.Reply) quota.Reading {
	for _, w := range r.Readings {
		if w.Window == quota.WindowFive {
			return w
		}
	}
	return quota.Reading{}
}

// The pairs are of the provider's own replies.
func TestPercentagesAreFloored(t *testing.T) {
	for _, c := range []struct{ credits, percent float64 }{
		{0.1, 1}, {412.3, 20}, {419.9, 20}, {420, 21}, {1180, 59}, {1999, 99}, {2001, 100}, {3000, 100},
	} {
		r := five(read(t, spent(c.credits)))
		if *r.Percent != c.percent || r.Used.Float() != float64(int64(c.credits)) {
			t.Errorf("%v of 2000 credits: %v %%, %v used; want %v %%", c.credits, *r.Percent, *r.Used, c.percent)
		}
	}
	if r := five(read(t, still(lite, "2026-09-16T12:00:00Z"))); *r.Percent != 0 || r.ResetsAt != nil {
		t.Errorf("idle: %v %%, resets at %v", *r.Percent, r.ResetsAt)
	}
}

func TestWhatIsToldLiesBehind(t *testing.T) {
	p := spent(400)
	p.Call(providertest.Call{At: p.Now().Add(-time.Minute), Model: "glm-5.3", Output: 100_000})
	p.Manner.Lag = func(time.Time) time.Duration { return 2 * time.Minute }
	if r := five(read(t, p)); r.Used.Float() != 400 {
		t.Errorf("%v used, though the last call was a minute ago", *r.Used)
	}
	p.Now = func() time.Time { return instant("2026-09-16T16:01:00Z") }
	if r := five(read(t, p)); r.Used.Float() != 520 || !r.ResetsAt.Equal(instant("2026-09-16T16:00:00Z")) {
		t.Errorf("after the reset: %v used, resets at %v", *r.Used, r.ResetsAt)
	}
	p.Manner.LateUse = true
	if r := five(read(t, p)); r.Used.Float() != 0 || r.ResetsAt != nil {
		t.Errorf("after the reset, and only the use lags: %v used, resets at %v", *r.Used, r.ResetsAt)
	}
}
