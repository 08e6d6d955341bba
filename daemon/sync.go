package daemon

import (
	"context"
	"net/http"
	"time"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/provider"
	"quotad/quota"
)

// SyncRequest is the body of POST /v1/sync: of which account the provider is to
// be asked at once; "" is each whose reading is enabled.
type SyncRequest struct {
	Account string `json:"account,omitempty"`
}

// SyncAnswer is the answer to POST /v1/sync.
type SyncAnswer struct {
	Results []SyncResult `json:"results"`
}

// What asking about an account came to.
const (
	SyncRead   = "read"
	SyncFailed = "failed" // Fault says why; no number has changed
	SyncOff    = "off"    // its reading is not enabled
)

// SyncResult is what asking about one account came to.
type SyncResult struct {
	Account string       `json:"account"`
	Status  string       `json:"status"` // SyncRead and the like
	Source  string       `json:"source,omitempty"`
	Reading *SyncReading `json:"reading,omitempty"`
	Plan    *SyncPlan    `json:"plan,omitempty"`
	Fault   *SyncFault   `json:"fault,omitempty"`
	Changed []SyncChange `json:"changed,omitempty"` // of each window that the provider told of
}

// SyncReading is what the provider answered.
type SyncReading struct {
	At      time.Time       `json:"at"`
	Skew    float64         `json:"clock_ahead_seconds"` // of the provider's; negative: behind
	Level   string          `json:"level,omitempty"`     // the tier as the provider writes it
	Windows []quota.Reading `json:"windows"`
	Unknown []provider.Row  `json:"unknown,omitempty"` // rows of a sort that is not known
}

// SyncPlan is what the provider told of the subscription.
type SyncPlan struct {
	ID         string     `json:"id,omitempty"`
	Subscribed *time.Time `json:"subscribed,omitempty"`
	Renews     *time.Time `json:"renews,omitempty"`
	Ends       *time.Time `json:"ends,omitempty"`
	Fault      *SyncFault `json:"fault,omitempty"` // why the subscription could not be read
}

// SyncFault is an answer without figures.
type SyncFault struct {
	Kind    string `json:"kind"` // "key refused" and the like
	Code    int64  `json:"code,omitempty"`
	HTTP    int    `json:"http,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // a command
}

// SyncChange is a window before a reading and after it. Before is nil where the
// plan had no such window.
type SyncChange struct {
	Window string              `json:"window"`
	Before *quota.WindowStatus `json:"before"`
	After  *quota.WindowStatus `json:"after"`
}

func syncFault(f *provider.Fault) *SyncFault {
	if f == nil {
		return nil
	}
	return &SyncFault{Kind: f.Kind.String(), Code: f.Code, HTTP: f.HTTP, Message: f.Message, Hint: f.Hint}
}

func unread(x *polled, f *provider.Fault) SyncResult {
	return SyncResult{Account: x.name, Status: SyncFailed, Source: x.keys.Source(), Fault: syncFault(f)}
}

func readResult(x *polled, r provider.Reply, before, after *quota.Status) SyncResult {
	result := SyncResult{
		Account: x.name, Status: SyncRead, Source: x.keys.Source(),
		Reading: &SyncReading{At: r.At, Skew: r.Skew.Seconds(), Level: r.Level, Windows: r.Readings, Unknown: r.Unknown},
		Plan: &SyncPlan{
			ID: r.Plan.ID, Subscribed: set(r.Plan.Subscribed), Renews: set(r.Plan.Renews), Ends: set(r.Plan.Ends),
			Fault: syncFault(r.PlanFault),
		},
	}
	for _, reading := range r.Readings {
		result.Changed = append(result.Changed, SyncChange{reading.Window, windowIn(before, reading.Window), windowIn(after, reading.Window)})
	}
	return result
}

func windowIn(st *quota.Status, name string) *quota.WindowStatus {
	for i := range st.Windows {
		if st.Windows[i].Window == name {
			return &st.Windows[i]
		}
	}
	return nil
}

// postSync asks the provider at once.
func (d *service) postSync(r *http.Request, in SyncRequest) (any, error) {
	for p := d.settledPoller(); ; {
		snap := d.engine.Snapshot()
		if err := knownAccount(snap, in.Account); err != nil {
			return nil, err
		}
		results, err := p.sync(r.Context(), in.Account)
		next := d.settledPoller()
		if next == p || next == nil || r.Context().Err() != nil {
			return answerSync(snap.Settings, in.Account, results), err
		}
		p = next // the configuration was taken meanwhile: ask by the new one
	}
}

// SyncOffline is POST /v1/sync on an engine of its own, where no daemon runs.
func (e *Engine) SyncOffline(ctx context.Context, account string, env func(string) string) (SyncAnswer, error) {
	snap := e.Snapshot()
	if err := knownAccount(snap, account); err != nil {
		return SyncAnswer{}, err
	}
	p := newPoller(e, env, e.log, &pollTally{})
	var results []SyncResult
	if p != nil {
		p.takeUp(ctx)
		results, _ = p.askAll(ctx, account) // none of them fails as a whole
	}
	return answerSync(snap.Settings, account, results), ctx.Err()
}

func knownAccount(snap *Snapshot, account string) error {
	if _, ok := snap.part(account); account != "" && !ok {
		return &api.Error{Code: api.NotFound, Message: "there is no account " + account, Field: "account"}
	}
	return nil
}

// answerSync adds the accounts that were asked for and are off.
func answerSync(s *config.Settings, account string, results []SyncResult) SyncAnswer {
	a := SyncAnswer{Results: append([]SyncResult{}, results...)}
	if len(results) > 0 {
		return a
	}
	if account == "" {
		account = quota.DefaultAccount
	}
	if !s.Providers[account].Enabled {
		a.Results = append(a.Results, SyncResult{Account: account, Status: SyncOff})
	}
	return a
}
