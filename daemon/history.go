package daemon

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// HistoryQuery is what GET /v1/history is asked for.
type HistoryQuery struct {
	Account string // "" is the default one
	quota.HistoryQuery
}

// Values are the parameters of the call. A zone goes by its name.
func (q HistoryQuery) Values() url.Values {
	v := spanValues(q.Account, q.Since, q.Until)
	for name, value := range map[string]string{"per": string(q.Per), "by": string(q.By)} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Zone != nil {
		v.Set("zone", q.Zone.String())
	}
	return v
}

func spanValues(account string, since, until time.Time) url.Values {
	v := url.Values{}
	if account != "" {
		v.Set("account", account)
	}
	for name, t := range map[string]time.Time{"since": since, "until": until} {
		if !t.IsZero() {
			v.Set(name, quota.Milli(t).Format(time.RFC3339Nano))
		}
	}
	return v
}

// History adds up what an account used. It is priced by the present plan,
// whatever held then.
func (e *Engine) History(ctx context.Context, q HistoryQuery) (quota.History, error) {
	account := cmp.Or(q.Account, quota.DefaultAccount)
	meter, ok := e.Snapshot().meter(account)
	if !ok {
		return quota.History{}, noAccount(account)
	}
	e.forgets.RLock()
	defer e.forgets.RUnlock()
	pricer, start, err := e.pricerAt(meter, q.Since)
	if err != nil {
		return quota.History{}, err
	}
	tally := quota.NewTally(pricer, q.HistoryQuery)
	for entry, err := range e.past(ctx, account, start, q.Until) {
		if err == nil {
			err = tally.Add(entry)
		}
		if err != nil {
			return quota.History{}, complaint(err)
		}
	}
	return tally.History(), nil
}

// pricerAt is what prices the entries from since on, and where those begin that
// teach it.
func (e *Engine) pricerAt(m *quota.Meter, since time.Time) (p *quota.Pricer, start time.Time, err error) {
	err = e.store.View(func(tx *store.Tx) error {
		pruned, err := tx.Pruned(m.Account.Name)
		if err == nil {
			p, start, err = quota.PricerAt(m, tx, since, !pruned.IsZero())
		}
		return err
	})
	return p, start, err
}

func noAccount(name string) *api.Error {
	return &api.Error{Code: api.NotFound, Message: "there is no account " + name, Field: "account"}
}

// complaint is an error as a client is told it.
func complaint(err error) error {
	if of := (*quota.Error)(nil); errors.As(err, &of) {
		return api.FromQuota(of)
	}
	return err
}

func (d *service) getHistory(r *http.Request) (any, error) {
	v, err := query(r, "account", "since", "until", "per", "by", "zone")
	if err != nil {
		return nil, err
	}
	q := HistoryQuery{Account: v.Get("account")}
	if q.Since, q.Until, err = span(v); err != nil {
		return nil, err
	}
	if q.Per, err = oneOf(v, "per", quota.PerHour, quota.PerDay, quota.PerWeek, quota.PerMonth); err != nil {
		return nil, err
	}
	if q.By, err = oneOf(v, "by", quota.SplitByTool, quota.SplitByProject, quota.SplitBySession, quota.SplitByModel); err != nil {
		return nil, err
	}
	if q.Zone, err = d.zone(v.Get("zone")); err != nil {
		return nil, err
	}
	return d.engine.History(r.Context(), q)
}

// span reads the parameters since and until.
func span(v url.Values) (since, until time.Time, err error) {
	since, bad := api.QueryTime(v, "since")
	if bad != nil {
		return since, until, bad
	}
	if until, bad = api.QueryTime(v, "until"); bad != nil {
		return since, until, bad
	}
	if !until.IsZero() && !since.Before(until) {
		return since, until, api.InvalidField("until", "not after since")
	}
	return since, until, nil
}

// oneOf is the word in a parameter, "" where there is none.
func oneOf[T ~string](v url.Values, name string, known ...T) (T, error) {
	word := T(v.Get(name))
	if word == "" || slices.Contains(known, word) {
		return word, nil
	}
	var words []string
	for _, k := range known {
		words = append(words, string(k))
	}
	return "", api.InvalidField(name, "one of %s was expected", strings.Join(words, ", "))
}

// zone finds a zone by its name or its offset from UTC; without one it is the
// daemon's own.
func (d *service) zone(name string) (*time.Location, error) {
	if name == "" {
		return d.engine.zone.now(), nil
	}
	if at, err := time.Parse("-07:00", strings.Replace(name, " ", "+", 1)); err == nil {
		_, offset := at.Zone()
		return time.FixedZone(at.Format("-07:00"), offset), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, api.InvalidField("zone", "not a zone that is known here; one such as Europe/Berlin, UTC or +08:00 was expected")
	}
	return loc, nil
}

// WhatIfQuery is what GET /v1/whatif is asked for.
type WhatIfQuery struct {
	Account      string // "" is the default one
	Since, Until time.Time
	Plans        []string // ids; none: the present one, and all that are built in and sold
}

// Values are the parameters of the call.
func (q WhatIfQuery) Values() url.Values {
	v := spanValues(q.Account, q.Since, q.Until)
	if len(q.Plans) > 0 {
		v.Set("plans", strings.Join(q.Plans, ","))
	}
	return v
}

// WhatIf tries what an account used on other plans. No checkpoint tells what its
// turns would have taught there: those before the time asked for are read too.
// An hourly sum is tried as one use at the beginning of its hour.
func (e *Engine) WhatIf(ctx context.Context, q WhatIfQuery) (quota.WhatIfs, error) {
	account, snap := cmp.Or(q.Account, quota.DefaultAccount), e.Snapshot()
	meter, ok := snap.meter(account)
	if !ok {
		return quota.WhatIfs{}, noAccount(account)
	}
	trials, err := trialsOf(snap.Settings, meter, q)
	if err != nil {
		return quota.WhatIfs{}, err
	}
	until := earlier(q.Until, e.now().Add(time.Millisecond)) // what is of this instant counts
	e.forgets.RLock()
	defer e.forgets.RUnlock()
	for entry, err := range e.past(ctx, account, time.Time{}, until) {
		if err != nil {
			return quota.WhatIfs{}, err
		}
		for _, t := range trials {
			t.Take(entry)
		}
	}
	return quota.Compare(meter, trials, earlier(until, e.now()), e.now()), nil
}

// earlier is t, but now where that is zero or still to come.
func earlier(t, now time.Time) time.Time {
	if t.IsZero() || t.After(now) {
		return quota.Milli(now)
	}
	return t
}

// trialsOf are trials of the plans asked for.
func trialsOf(s *config.Settings, m *quota.Meter, q WhatIfQuery) (list []*quota.Trial, err error) {
	ids := q.Plans
	if len(ids) == 0 {
		ids = usualTrials(m.Account.Plan.ID)
	}
	for _, id := range ids {
		plan, ok := s.Plan(id)
		if id == m.Account.Plan.ID {
			plan, ok = m.Account.Plan, true
		}
		if !ok {
			return nil, api.InvalidField("plans", "there is no plan %q", clip(id))
		}
		other := *m
		other.Account.Plan = config.WithFiveHour(plan, s.FiveHour[m.Account.Name])
		list = append(list, quota.NewTrial(&other, q.Since))
	}
	return list, nil
}

// usualTrials are the plans that are sold or can be renewed, and the present
// one first where it is no such plan.
func usualTrials(present string) (ids []string) {
	for _, p := range quota.Plans() {
		if !strings.HasPrefix(p.ID, "v1/") {
			ids = append(ids, p.ID)
		}
	}
	if !slices.Contains(ids, present) {
		ids = slices.Insert(ids, 0, present)
	}
	return ids
}

func (d *service) getWhatIf(r *http.Request) (any, error) {
	v, err := query(r, "account", "since", "until", "plans")
	if err != nil {
		return nil, err
	}
	q := WhatIfQuery{Account: v.Get("account")}
	if q.Since, q.Until, err = span(v); err != nil {
		return nil, err
	}
	if v.Has("plans") {
		q.Plans = strings.Split(v.Get("plans"), ",")
	}
	return d.engine.WhatIf(r.Context(), q)
}
