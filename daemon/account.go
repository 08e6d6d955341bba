package daemon

import (
	"slices"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// account is what the engine holds of one account.
type account struct {
	ledger *quota.Ledger
	holds  *quota.State // what holds at the last look: the ledger's, unless the clock was set back
	next   time.Time    // when more of the ledger's holds; zero: all does
	told   []quota.Told
	pulse  pulse
}

func (a *account) clone() *account {
	c := &account{ledger: a.ledger.Clone(), told: a.told[:len(a.told):len(a.told)], pulse: a.pulse}
	c.holds = &c.ledger.State
	return c
}

// look works out what holds at now.
func (a *account) look(b quota.Book, now time.Time) (err error) {
	a.holds, a.next, err = a.ledger.Present(b, now)
	return err
}

// remember reads what was told that may still matter.
func (a *account) remember(tx *store.Tx, now time.Time) error {
	records, err := tx.Notices(now.Add(-toldFor))
	if err != nil {
		return err
	}
	a.told = nil
	for _, r := range records {
		if r.Notice.Account == a.ledger.Meter.Account.Name && r.Notice.Kind != quota.NoticeDigest {
			a.told = append(a.told, quota.DueNotice{Notice: r.Notice, Opened: r.Opened}.Told())
		}
	}
	return nil
}

// due is what is to be told of the account, as it holds at now.
func (a *account) due(rules quota.NoticeRules, now time.Time) (quota.Status, []quota.DueNotice) {
	st := a.holds.At(a.ledger.Meter, rules, now)
	return st, quota.Due(a.ledger.Meter, &st, a.told, rules, now)
}

// recent is what the account was told of windows that may still matter.
func (a *account) recent(now time.Time) []quota.Told {
	return slices.DeleteFunc(slices.Clone(a.told), func(t quota.Told) bool { return now.Sub(t.At) > toldFor })
}
