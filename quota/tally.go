package quota

import (
	"slices"
	"strings"
	"time"
)

// Tally adds entries up to a History, in the order of Event.Before. Where nothing
// is estimated their order does not matter, unless there are more keys than it
// tells apart.
type Tally struct {
	meter *Meter
	price *Pricer
	query HistoryQuery
	total Use
	begun time.Time // the period of the newest entry
	ends  time.Time // and its end
	known map[string]bool
	rows  map[rowKey]*Use
	times map[time.Time]bool
}

type rowKey struct {
	from time.Time
	key  string
	rest bool
}

// NewTally begins a history that is priced by p.
func NewTally(p *Pricer, q HistoryQuery) *Tally {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	return &Tally{meter: p.meter, price: p, query: q, known: map[string]bool{}, rows: map[rowKey]*Use{}, times: map[time.Time]bool{}}
}

// Add takes one entry of the account in. One before the time asked for only
// teaches what others cost. The error is a *quota.Error: there are too many
// periods.
func (t *Tally) Add(e Entry) error {
	use, ok := t.useOf(e, t.price.Charge(e))
	if !ok || !(Span{t.query.Since, t.query.Until}).Holds(e.At) {
		return nil
	}
	row, err := t.row(e)
	if err != nil {
		return err
	}
	*row, t.total = row.Plus(use), t.total.Plus(use)
	return nil
}

// useOf is what one entry adds, given its charge; ok is false where that is
// nothing.
func (t *Tally) useOf(e Entry, c Charge) (u Use, ok bool) {
	if e.Voided {
		return u, false
	}
	if e.Kind == KindExhausted {
		u.Stops = e.events()
		return u, t.meter.Rules.Bill(e.Event) == OnPlan
	}
	if c.Reason == ChargeNoKind {
		return u, false
	}
	money := t.meter.worth(e, c)
	u.Spent, u.Worth = money.Spent, money.Worth
	if c.Reason.Apart() {
		u.Apart = int64(e.Count)
		return u, true
	}
	switch e.Kind {
	case KindUsage:
		u.Answers, u.Tokens = int64(e.Count), e.Tokens
	case KindTool:
		u.Calls = int64(e.Count)
	default:
		u.Prompts = int64(e.Count)
	}
	if c.Counts() && c.Counter == CountPrompts {
		u.Charged = c.Amount
		if c.Estimated {
			u.Estimated = c.Amount
		}
	}
	return u, true
}

// row finds the row that an entry goes to, or makes it.
func (t *Tally) row(e Entry) (*Use, error) {
	from, err := t.period(e.At)
	if err != nil {
		return nil, err
	}
	at := rowKey{from: from, key: t.keyOf(e), rest: t.query.By == SplitBySession && e.Sum > 0}
	row := t.rows[at]
	if row == nil && !at.rest && !t.tells(at.key) {
		at = rowKey{from: from, rest: true}
		row = t.rows[at]
	}
	if row == nil {
		row = &Use{}
		t.rows[at] = row
	}
	return row, nil
}

// tells reports whether a key that is new to a period has a row of its own.
func (t *Tally) tells(key string) bool {
	if len(t.rows) >= maxHistoryRows {
		return false
	}
	if !t.known[key] && len(t.known) < MaxHistoryKeys {
		t.known[strings.Clone(key)] = true
	}
	return t.known[key]
}

// period is when the period that holds an instant began.
func (t *Tally) period(at time.Time) (time.Time, error) {
	if t.query.Per == "" || !at.Before(t.begun) && at.Before(t.ends) {
		return t.begun, nil
	}
	begun := t.query.Per.Begin(at, t.query.Zone)
	if !t.times[begun.UTC()] && len(t.times) == MaxHistoryPeriods {
		return begun, bad("per", "more than %d periods; ask for longer ones, or for a shorter time", MaxHistoryPeriods)
	}
	t.begun, t.ends = begun.UTC(), t.query.Per.End(begun, t.query.Zone).UTC()
	t.times[t.begun] = true
	return t.begun, nil
}

// keyOf is what an entry is told apart by.
func (t *Tally) keyOf(e Entry) string {
	switch t.query.By {
	case SplitByTool:
		return e.Tool
	case SplitByProject:
		return e.Project
	case SplitBySession:
		return e.Session
	case SplitByModel:
		return t.modelOf(e)
	}
	return ""
}

// modelOf is the model that is billed; of what is not on the plan, the one that
// was asked for.
func (t *Tally) modelOf(e Entry) string {
	switch {
	case e.Kind == KindTool || e.Kind == KindExhausted:
		return NormalModel(e.Model)
	case t.meter.Rules.Bill(e.Event) != OnPlan:
		return NormalModel(e.Model)
	}
	return t.meter.Account.modelled(e).Model
}

// History is the sum of all that was added.
func (t *Tally) History() History {
	p := &t.meter.Account.Plan
	h := History{
		Schema: Schema, Account: t.meter.Account.Name, Plan: HistoryPlan{p.ID, p.Name, p.Unit},
		Since: moment(t.query.Since), Until: moment(t.query.Until),
		Per: t.query.Per, By: t.query.By, Zone: t.query.Zone.String(),
		Caps: []HistoryCap{}, Total: t.total, Rows: []HistoryRow{},
	}
	for i := range p.Windows {
		if w := &p.Windows[i]; w.Blocks() {
			h.Caps = append(h.Caps, HistoryCap{w.Name, w.length().Hours(), w.Cap})
		}
	}
	for at, use := range t.rows {
		h.Rows = append(h.Rows, t.tell(at, use))
	}
	slices.SortFunc(h.Rows, compareRows)
	return h
}

func (t *Tally) tell(at rowKey, use *Use) HistoryRow {
	row := HistoryRow{Key: at.key, Rest: at.rest, Use: *use}
	if t.query.Per != "" {
		row.From, row.Until = moment(at.from), moment(t.query.Per.End(at.from, t.query.Zone))
	}
	return row
}

func compareRows(a, b HistoryRow) int {
	switch {
	case a.From != nil && !a.From.Equal(*b.From):
		return a.From.Compare(*b.From)
	case a.Rest != b.Rest && a.Rest:
		return 1
	case a.Rest != b.Rest:
		return -1
	}
	return strings.Compare(a.Key, b.Key)
}
