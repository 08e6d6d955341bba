package quota

import "time"

// Schema is the version of the status format.
const Schema = 1

// AccountState says whether there is room.
type AccountState string

// The states of an account.
const (
	StateOK        AccountState = "ok"
	StateLow       AccountState = "low"       // a threshold below 100 is crossed
	StateExhausted AccountState = "exhausted" // a window that stops work is full
)

// WindowPhase says where a window stands.
type WindowPhase string

// The phases of a window.
const (
	PhaseIdle      WindowPhase = "idle" // fixed and not open
	PhaseOpen      WindowPhase = "open"
	PhaseExhausted WindowPhase = "exhausted" // used up, or the provider said so
)

// Source says what a number rests on.
type Source string

// The sources of a number.
const (
	SourceLocal         Source = "local"          // recorded events alone
	SourceProvider      Source = "provider"       // the provider's reading
	SourceProviderLocal Source = "provider+local" // a reading, and what was recorded since
)

// Statuses is the status document: what `status --json` and the local API
// print. Fields are only ever added.
type Statuses struct {
	Schema       int        `json:"schema"`
	Now          time.Time  `json:"now"`
	Accounts     []Status   `json:"accounts"`
	SnoozedUntil *time.Time `json:"snoozed_until,omitempty"` // nobody wants to be told of anything before
}

// Status is one account at one instant. Times are UTC.
type Status struct {
	Account      string         `json:"account"`
	Plan         PlanStatus     `json:"plan"`
	State        AccountState   `json:"state"`
	BlockedUntil *time.Time     `json:"blocked_until"` // latest reset of the exhausted windows
	Binding      string         `json:"binding"`       // the window that will stop work first
	Windows      []WindowStatus `json:"windows"`
	Money        *MoneyStatus   `json:"money,omitempty"` // null where nothing was ever priced
	Warnings     []Warning      `json:"warnings,omitempty"`
	Several      bool           `json:"-"`             // there are other accounts, so that words have to name this one
	Key          string         `json:"key,omitempty"` // hash of the account's own key, where the daemon has one
}

// MoneyStatus is what is paid by the token, apart from the plan, in US$ by the
// price table that is configured.
type MoneyStatus struct {
	Prices string      `json:"prices"` // name of the price table
	Week   MoneyPeriod `json:"week"`   // the present step of 7 days from the anchor
	Month  MoneyPeriod `json:"month"`  // the present month of the subscription
}

// MoneyPeriod is the money of one period.
type MoneyPeriod struct {
	Since    time.Time `json:"since"`
	Spent    Amount    `json:"spent_usd"`          // on pay-per-token endpoints
	Calls    int64     `json:"calls"`              // that Spent is for
	Unpriced int64     `json:"unpriced,omitempty"` // calls whose tokens or price nobody told
	Worth    Amount    `json:"plan_worth_usd"`     // what the plan's use would have cost there
	Turns    int64     `json:"plan_turns"`         // prompts on the plan
	Known    int64     `json:"plan_turns_known"`   // those whose tokens are known: Worth is for them, and for tools
	Guessed  int64     `json:"guessed,omitempty"`  // calls, of either, at the dearest price: their model has none
}

// PlanStatus names the plan that is counted by.
type PlanStatus struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Unit          Unit       `json:"unit"`
	Assumed       bool       `json:"assumed"`              // no plan was configured
	Detected      bool       `json:"detected,omitempty"`   // the provider told it
	Configured    string     `json:"configured,omitempty"` // what the configuration names, where the provider told another
	RenewsAt      *time.Time `json:"renews_at,omitempty"`  // next renewal, where known
	EndsAt        *time.Time `json:"ends_at,omitempty"`    // of a subscription that is not renewed, where known
	Fee           *FeeStatus `json:"fee,omitempty"`        // of the next cycle, where known
	Anchor        *time.Time `json:"anchor"`               // week and month step from here; null: no event yet
	AnchorAssumed bool       `json:"anchor_assumed"`       // no subscription date was configured
}

// FeeStatus is what a subscription costs.
type FeeStatus struct {
	USD   Amount `json:"usd"`
	Cycle Cycle  `json:"cycle"` // that is paid for
}

// WindowStatus is one window at one instant.
type WindowStatus struct {
	Window           string      `json:"window"`
	Kind             WindowKind  `json:"kind"`
	Counts           Counter     `json:"counts"`
	State            WindowPhase `json:"state"`
	Cap              Amount      `json:"cap"`
	Used             Amount      `json:"used"`
	Estimated        *Amount     `json:"estimated,omitempty"` // the part of used that is an estimate
	Low              *Amount     `json:"low,omitempty"`       // used lies between low and high, 19 times of 20;
	High             *Amount     `json:"high,omitempty"`      // both are left out where that cannot be said
	Elsewhere        *Amount     `json:"elsewhere,omitempty"` // the part of used that no event here tells of
	Remaining        Amount      `json:"remaining"`           // never below 0
	Percent          float64     `json:"percent"`             // unclamped
	OpenedAt         *time.Time  `json:"opened_at"`
	ResetsAt         *time.Time  `json:"resets_at"`
	Approximate      bool        `json:"approximate"`
	Source           Source      `json:"source"`
	AsOf             *time.Time  `json:"as_of"`                        // of the newest event or reading behind the number
	RefreshedEarlyAt *time.Time  `json:"refreshed_early_at,omitempty"` // use fell before the reset
	Stopped          bool        `json:"stopped,omitempty"`            // exhausted, and the provider said so: not the count here alone
	Crossed          int         `json:"crossed,omitempty"`            // highest of the user's thresholds that use has reached; 100 where exhausted
	Forecast         *Forecast   `json:"forecast"`

	refused bool      // the provider said stop
	dipped  time.Time // rolling: when it last had half of its cap free again
}

// Forecast says when the present pace exhausts a window; it is left out where
// the evidence is thin.
type Forecast struct {
	PerHour     float64    `json:"per_hour"` // units an hour since the window opened
	ExhaustsAt  *time.Time `json:"exhausts_at"`
	LastsToNext bool       `json:"lasts"` // until the window refreshes
}

// Warning is something a user should know about the number.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// NoticeKind says what a notice tells.
type NoticeKind string

// The kinds of notice.
const (
	NoticeThreshold    NoticeKind = "threshold"
	NoticeExhausted    NoticeKind = "exhausted"
	NoticeRefreshed    NoticeKind = "refreshed"
	NoticeForecast     NoticeKind = "forecast"
	NoticeEarlyRefresh NoticeKind = "early_refresh"
	NoticeDigest       NoticeKind = "digest"
	NoticeProvider     NoticeKind = "provider" // its figures cannot be read, until a person does something
	NoticeRenewal      NoticeKind = "renewal"  // of the subscription, or its end; of no window
)

// Notice is something to be told once. Title and Body are left to the notify
// package, which keeps every sentence in one place.
type Notice struct {
	Kind     NoticeKind `json:"notice"`
	Account  string     `json:"account"`
	Window   string     `json:"window"`
	Level    int        `json:"level"` // percent crossed; 100 for exhausted, else 0
	Percent  float64    `json:"percent"`
	At       time.Time  `json:"at"`
	ResetsAt *time.Time `json:"resets_at"` // of the window instance it is about; the renewal, or the end
	Title    string     `json:"title"`
	Body     string     `json:"body"`
	Reason   string     `json:"reason"`
}

// NoticeRules says what a user wants to be told.
type NoticeRules struct {
	Thresholds []int // percent, ascending; 100 is told as exhausted
	Refresh    bool
	Forecast   bool
	Renewal    bool
}
