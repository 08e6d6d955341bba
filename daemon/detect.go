package daemon

import (
	"fmt"
	"time"

	"quotad/config"
	"quotad/daemon/store"
	"quotad/quota"
)

// sameStart is how far apart two instants of subscription may be, and be one:
// the configuration may hold it without the seconds.
const sameStart = time.Minute

// meterOf is what an account is folded by: the configuration, and over it what
// the provider told.
func meterOf(s *config.Settings, name string, told quota.PlanTold) *quota.Meter {
	return &quota.Meter{Account: accountOf(s, name, told), Rules: s.Rules, Prices: s.Money.PriceTable()}
}

// accountOf is an account with what the provider told of its subscription. A
// plan that the configuration does not know is left aside.
func accountOf(s *config.Settings, name string, told quota.PlanTold) quota.Account {
	a := s.Account(name)
	if plan, ok := s.Plan(told.ID); ok {
		was := a
		a = s.AccountOn(name, plan)
		a.Detected = true
		if !was.Assumed && was.Plan.ID != plan.ID {
			a.Configured = was.Plan.ID
		}
	}
	if differ(a.Subscribed, told.Subscribed) {
		a.Subscribed = told.Subscribed
	}
	if !termOf(told.Renews, told.Ends).Before(termOf(a.Renews, a.Ends)) {
		a.Renews, a.Ends = told.Renews, told.Ends
	}
	return a
}

// termOf is when a subscription is renewed, or ends. Of two the later one holds:
// a day that was configured passes with each renewal, and what the provider told
// once is no news where it was not asked since.
func termOf(renews, ends time.Time) time.Time {
	if !ends.IsZero() {
		return ends
	}
	return renews
}

// differ reports whether the provider told another subscription than is
// configured; one that is not configured differs from any.
func differ(configured, told time.Time) bool {
	return !told.IsZero() && told.Sub(configured).Abs() >= sameStart
}

// sameFold reports whether two accounts fold the same entries to the same State:
// they differ in nothing but what is shown beside it.
func sameFold(a, b quota.Account) bool {
	return a.Plan.ID == b.Plan.ID && a.Subscribed.Equal(b.Subscribed)
}

// toldOf is what a kept state holds of what the provider told.
func toldOf(tx *store.Tx, name string) (quota.PlanTold, error) {
	kept, ok, err := tx.State(name)
	if err != nil || !ok {
		return quota.PlanTold{}, err
	}
	state, err := quota.DecodeState(kept)
	return state.Told, err
}

// toldBefore is toldOf for a state that is about to be folded anew, and may be
// of another version.
func (w *work) toldBefore(name string) quota.PlanTold {
	told, err := toldOf(w.tx, name)
	if err != nil {
		return quota.PlanTold{}
	}
	return told
}

// mostFolds is far above how often a fold has to be made anew until what it was
// made by is what comes out of it: what is told does not depend on the plan.
const mostFolds = 4

// heed folds an account anew where the provider has told another plan, or
// another beginning, than it was folded by.
func (w *work) heed(a *account) error {
	name := a.ledger.Meter.Account.Name
	for range mostFolds {
		meter := meterOf(w.rules(), name, a.ledger.State.Told)
		if sameFold(meter.Account, a.ledger.Meter.Account) {
			a.ledger.Meter = meter
			return nil
		}
		first, err := w.anchorBefore(name)
		if err != nil {
			return err
		}
		a.ledger.Meter = meter
		if err := a.ledger.Rebuild(w.tx, first); err != nil {
			return err
		}
		w.refolds++
	}
	return fmt.Errorf("account %s: its plan changes whenever it is folded by it", name)
}
