package providertest_test

import (
	"context"
	"time"

	"quotad/daemon/provider"
	"quotad/quota"
)

// plan asks for the subscription where that is worth it: at first, then once a
// day, and where the plan is another.
func (s *side) subscription(r provider.Reply) provider.Reply {
	if s.now.Sub(s.asked) < 24*time.Hour && r.Plan.ID == s.meter.Account.Plan.ID {
		return r
	}
	told, tier, fault := s.client.ReadPlan(context.Background())
	if fault != nil {
		return r
	}
	s.asked = s.now
	return r.WithPlan(told, tier)
}

// adopt counts by the plan that the provider told, as the service does.
func (s *side) adopt() {
	told, a := s.ledger.State.Told, s.meter.Account
	if plan, ok := quota.PlanByID(told.ID); ok {
		a.Plan = plan
	}
	if !told.Subscribed.IsZero() {
		a.Subscribed = told.Subscribed
	}
	if a.Plan.ID == s.meter.Account.Plan.ID && a.Subscribed.Equal(s.meter.Account.Subscribed) {
		return
	}
	s.meter = &quota.Meter{Account: a}
	s.ledger.Meter = s.meter
	if err := s.ledger.Rebuild(s.book, time.Time{}); err != nil {
		s.t.Fatal(err)
	}
}
