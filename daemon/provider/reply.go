package provider

import (
	"cmp"
	"time"

	"quotad/quota"
)

// Reply is a good answer: at least one window was told of.
type Reply struct {
	At         time.Time       // our clock, when the answer came
	Skew       time.Duration   // our clock less the answer's Date; 0 where it had none
	Level      string          // "lite", "pro", "max", as the provider wrote it
	Generation string          // "v1", "v2", "v3"; empty where the rows do not tell
	Plan       quota.PlanTold  // what it tells of the subscription; empty where that is not clear
	Readings   []quota.Reading // of the windows that are known
	Unknown    []Row           // rows of a sort that is not known
	PlanFault  *Fault          // why the subscription could not be read, where it was asked for; the readings are good all the same
}

// WithPlan is the reply with what the list of subscriptions told. The tier in
// it names the plan only where the reply's own level did not.
func (r Reply) WithPlan(told quota.PlanTold, tier string) Reply {
	id := cmp.Or(r.Plan.ID, planID(r.Generation, tier))
	r.Plan, r.Plan.ID = told, id
	return r
}

// Row is a row of the provider's answer, as it stands there.
type Row struct {
	Type    string   `json:"type"`
	Unit    int64    `json:"unit"`
	Number  int64    `json:"number,omitempty"`
	Percent *float64 `json:"percent,omitempty"`
	Used    *float64 `json:"used,omitempty"`
	Cap     *float64 `json:"cap,omitempty"`
}

// Event is the reply as the event that is recorded; its ID is left to the
// caller.
func (r Reply) Event(account string) quota.Event {
	return quota.Event{Kind: quota.KindReading, At: r.At, Account: account, Readings: r.Readings, Plan: r.Plan}.Normalize(r.At)
}
