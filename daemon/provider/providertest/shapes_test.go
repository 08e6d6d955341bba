package providertest_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/daemon/provider"
	"quotad/daemon/provider/providertest"
	"quotad/quota"
)

// clientOf asks a provider of the tests, without a network.
func clientOf(p *providertest.Provider) *provider.Client {
	return provider.New(provider.Options{Key: key(p.Key), Now: p.Now, Transport: p})
}

func TestEveryFailureIsAFault(t *testing.T) {
	want := map[providertest.Failure]provider.FaultKind{
		providertest.KeyExpired: provider.FaultKey, providertest.KeyUnknown: provider.FaultKey, providertest.KeyMissing: provider.FaultKey,
		providertest.KeyInvalid: provider.FaultKey, providertest.KeyRefused: provider.FaultKey,
		providertest.NoPlan: provider.FaultNoPlan, providertest.NoBalance: provider.FaultBalance,
		providertest.DataNull: provider.FaultEmpty, providertest.DataMissing: provider.FaultEmpty,
		providertest.DataEmpty: provider.FaultEmpty, providertest.LimitsEmpty: provider.FaultEmpty,
		providertest.Elsewhere: provider.FaultRefused, providertest.TooMuch: provider.FaultRefused,
	}
	now := instant("2026-09-16T10:00:00Z")
	for _, f := range providertest.Failures() {
		p := still(lite, "2026-09-16T10:00:00Z")
		p.Manner.Trouble = []providertest.Trouble{{From: now, Until: now.Add(time.Second), With: f}}
		reply, fault := clientOf(p).Read(context.Background())
		kind := want[f]
		if kind == 0 {
			kind = provider.FaultTransient
		}
		if fault == nil || fault.Kind != kind || len(reply.Readings) > 0 {
			t.Errorf("failure %d: %v, %+v; want %v", f, fault, reply, kind)
		}
		if len(p.Wrong()) > 0 {
			t.Errorf("failure %d: asked for %q", f, p.Wrong())
		}
	}
}

func TestTheKeyIsTakenInBothForms(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		p := still(pro, "2026-09-16T10:00:00Z")
		p.Manner.Bearer = bearer
		if _, fault := clientOf(p).Read(context.Background()); fault != nil {
			t.Errorf("bearer %t: %v", bearer, fault)
		}
	}
}

func TestOnlyAGETIsNoWrong(t *testing.T) {
	p := still(pro, "2026-09-16T10:00:00Z")
	for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodDelete} {
		r, err := http.NewRequest(method, "https://api.z.ai"+providertest.PathQuota, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.RoundTrip(r)
		if err != nil || answer.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %v, %v", method, answer, err)
		}
		if wrong := p.Wrong(); !slices.Contains(wrong, method+" "+providertest.PathQuota) {
			t.Errorf("%s was not noted: %q", method, wrong)
		}
	}
}

// Whatever is left out of an answer, what is read of it is what was true, or
// nothing.
func TestWhatIsLeftOutIsNeverZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := providertest.Plan{Generation: rapid.IntRange(1, 3).Draw(t, "generation"),
			Tier: rapid.SampledFrom([]string{"lite", "pro", "max"}).Draw(t, "tier")}
		now := instant("2026-09-16T10:00:00Z")
		p := providertest.New(plan, instant("2026-07-31T10:00:00Z"), rapid.Uint64().Draw(t, "seed"), func() time.Time { return now })
		p.Manner = providertest.Manner{Jitter: 31 * time.Millisecond, Drop: rapid.Float64Range(0, 0.9).Draw(t, "drop"),
			Shuffle: true, Strange: 0.5, Foreign: 0.5}
		for range rapid.IntRange(1, 20).Draw(t, "calls") {
			p.Call(providertest.Call{At: now.Add(-time.Hour), Model: "glm-5.3", Input: rapid.Int64Range(1, 20_000_000).Draw(t, "tokens")})
			p.Call(providertest.Call{At: now.Add(-time.Hour)})
		}
		told, _, fault := clientOf(p).ReadPlan(context.Background())
		if !told.Subscribed.IsZero() && !told.Subscribed.Equal(instant("2026-07-31T10:00:00Z")) {
			t.Fatalf("subscribed %v (%v)", told.Subscribed, fault)
		}
		reply, fault := clientOf(p).Read(context.Background())
		if (fault == nil) != (len(reply.Readings) > 0) {
			t.Fatalf("%v, %+v", fault, reply)
		}
		for _, r := range reply.Readings {
			holdsTrue(t, p, r, now)
		}
	})
}

// holdsTrue fails where a reading tells what is not so.
func holdsTrue(t *rapid.T, p *providertest.Provider, r quota.Reading, now time.Time) {
	use, ok := p.Use(r.Window, now)
	if !ok {
		t.Fatalf("%s is told of, and is not there", r.Window)
	}
	if r.Used != nil && (r.Used.Float() > use.Used+1e-6 || r.Used.Float() <= use.Used-1) {
		t.Fatalf("%s: %v used, and truly %v", r.Window, *r.Used, use.Used)
	}
	if p := use.Percent(); r.Percent != nil && (*r.Percent > max(p, 1) || *r.Percent < min(p, 100)-1 || *r.Percent == 0) {
		t.Fatalf("%s: %v %%, and truly %v", r.Window, *r.Percent, p)
	}
	if r.Cap != nil && r.Cap.Float() != use.Cap {
		t.Fatalf("%s: cap %v, and truly %v", r.Window, *r.Cap, use.Cap)
	}
	if r.ResetsAt != nil && r.ResetsAt.Sub(use.Reset).Abs() > 31*time.Millisecond {
		t.Fatalf("%s: resets at %v, and truly at %v", r.Window, *r.ResetsAt, use.Reset)
	}
	if r.Percent == nil && r.Used == nil && r.ResetsAt == nil && r.Cap == nil {
		t.Fatalf("%s is told of, and nothing is said", r.Window)
	}
}
