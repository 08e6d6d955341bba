package quota

import "time"

// By is what a history tells apart. The zero By is nothing.
type By string

// What a history can tell apart.
const (
	SplitByTool    By = "tool"
	SplitByProject By = "project"
	SplitBySession By = "session"
	SplitByModel   By = "model" // that is billed
)

// Bounds of a history, whatever it is made of.
const (
	MaxHistoryKeys    = 10_000  // told apart; others are summed up
	MaxHistoryPeriods = 20_000  //
	maxHistoryRows    = 100_000 // beyond them, keys that are new to a period are summed up
)

// HistoryQuery says what a history is of, and how it is told.
type HistoryQuery struct {
	Since, Until time.Time // half-open; a zero one is open
	Per          Per
	By           By
	Zone         *time.Location // of the calendar; nil is UTC
}

// History is what was used, by period and by what it is told apart by.
type History struct {
	Schema  int          `json:"schema"`
	Account string       `json:"account"`
	Plan    HistoryPlan  `json:"plan"`
	Since   *time.Time   `json:"since"` // null: from the first event
	Until   *time.Time   `json:"until"` // null: to the last
	Per     Per          `json:"per"`   // "": one period
	By      By           `json:"by"`    // "": not told apart
	Zone    string       `json:"zone"`
	Caps    []HistoryCap `json:"caps"`
	Total   Use          `json:"total"`
	Rows    []HistoryRow `json:"rows"` // by time; within a period by key, the rest last
}

// HistoryPlan is the plan that a history is priced by: the present one,
// whatever held then.
type HistoryPlan struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Unit Unit   `json:"unit"`
}

// HistoryCap is a cap that stops work, to hold a history against.
type HistoryCap struct {
	Window string  `json:"window"`
	Hours  float64 `json:"hours"` // that the window lasts
	Cap    Amount  `json:"cap"`
}

// HistoryRow is what was used in one period by one key.
type HistoryRow struct {
	From  *time.Time `json:"from"`           // null where there is one period
	Until *time.Time `json:"until"`          //
	Key   string     `json:"key"`            // "" of events that tell none
	Rest  bool       `json:"rest,omitempty"` // the sum of keys that are too many to tell apart, or of sessions older than the retention
	Use
}

// Use sums entries up.
type Use struct {
	Prompts   int64  `json:"prompts"`        // on the plan
	Answers   int64  `json:"answers"`        // of a model, whose tokens are known
	Calls     int64  `json:"calls"`          // of MCP tools
	Tokens    Tokens `json:"tokens"`         // of the answers
	Charged   Amount `json:"charged"`        // in the plan's unit, to the windows that stop work
	Estimated Amount `json:"estimated"`      // part of it
	Stops     int64  `json:"stops"`          // times that the provider said stop
	Apart     int64  `json:"apart"`          // prompts, answers and calls that another service was paid for
	Spent     Amount `json:"spent_usd"`      // on pay-per-token endpoints
	Worth     Amount `json:"plan_worth_usd"` // what the plan's use would have cost there
}

// Plus is the sum of two.
func (u Use) Plus(o Use) Use {
	u.Prompts += o.Prompts
	u.Answers += o.Answers
	u.Calls += o.Calls
	u.Tokens.Input += o.Tokens.Input
	u.Tokens.Cached += o.Tokens.Cached
	u.Tokens.Output += o.Tokens.Output
	u.Charged = u.Charged.Plus(o.Charged)
	u.Estimated = u.Estimated.Plus(o.Estimated)
	u.Stops += o.Stops
	u.Apart += o.Apart
	u.Spent = u.Spent.Plus(o.Spent)
	u.Worth = u.Worth.Plus(o.Worth)
	return u
}
