package quota

import "time"

// Money is the ledger beside the windows, in US$ by the price table: what was
// paid by the token, and what the plan's own use would have cost so. Neither
// ever goes to a window. It holds the present periods only; the events tell of
// those before.
type Money struct {
	First  time.Time `json:"first,omitzero"`  // first entry looked at: steps from here where no other anchor is known
	Anchor time.Time `json:"anchor,omitzero"` // that the periods step from
	Since  time.Time `json:"since,omitzero"`  // first entry looked at under this anchor
	Priced bool      `json:"priced,omitempty"`
	Week   Purse     `json:"week,omitzero"`
	Month  Purse     `json:"month,omitzero"`
}

// Purse is the money of one period, half-open [From, Until).
type Purse struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Sums
}

// Sums are what entries add to a purse; adding them knows no order.
type Sums struct {
	Spent    Amount `json:"spent,omitempty"`    // on pay-per-token endpoints
	Calls    int64  `json:"calls,omitempty"`    // that Spent is for
	Unpriced int64  `json:"unpriced,omitempty"` // calls there whose tokens or price nobody told
	Worth    Amount `json:"worth,omitempty"`    // what the plan's use would have cost there
	Turns    int64  `json:"turns,omitempty"`    // prompts on the plan
	Known    int64  `json:"known,omitempty"`    // those whose tokens are known
	Guessed  int64  `json:"guessed,omitempty"`  // calls, of either, at the dearest price: their model has none
}

func (s Sums) plus(o Sums) Sums {
	return Sums{
		Spent: s.Spent.Plus(o.Spent), Calls: s.Calls + o.Calls, Unpriced: s.Unpriced + o.Unpriced,
		Worth: s.Worth.Plus(o.Worth), Turns: s.Turns + o.Turns, Known: s.Known + o.Known, Guessed: s.Guessed + o.Guessed,
	}
}

// priced reports whether anything of it has a price, or should have one.
func (s Sums) priced() bool { return s.Calls+s.Unpriced > 0 || s.Worth > 0 }

// worth is what an entry adds to the ledger, given what the plan charges for it;
// zero where it is no concern of the ledger.
func (m *Meter) worth(e Entry, c Charge) Sums {
	switch {
	case m.Prices.IsZero():
		return Sums{}
	case c.Reason == ChargePerToken:
		return m.paid(e)
	case c.Reason == ChargeOffPlan, c.Reason == ChargeVoided, c.Reason == ChargeNoKind:
		return Sums{}
	case e.Kind == KindUsage && e.Tokens != Tokens{}:
		cost, guessed := m.priceOf(e)
		return Sums{Worth: cost, Guessed: guessed}
	case e.Kind == KindTool:
		each, _ := m.Prices.OfTool(e.Name, e.At)
		return Sums{Worth: each.Times(int64(e.Count))}
	case e.Kind == KindPrompt && e.TurnUsage:
		return Sums{Turns: int64(e.Count), Known: int64(e.Count)}
	case e.Kind == KindPrompt:
		return Sums{Turns: int64(e.Count)}
	}
	return Sums{}
}

// paid is what an entry on a pay-per-token endpoint adds. A prompt whose turn
// tells its tokens is paid by these.
func (m *Meter) paid(e Entry) Sums {
	n := int64(e.Count)
	switch {
	case e.Kind == KindUsage && e.Tokens != Tokens{}:
		cost, guessed := m.priceOf(e)
		return Sums{Spent: cost, Calls: 1, Guessed: guessed}
	case e.Kind == KindTool:
		if each, known := m.Prices.OfTool(e.Name, e.At); known {
			return Sums{Spent: each.Times(n), Calls: n}
		}
	case e.Kind == KindPrompt && e.TurnUsage:
		return Sums{}
	}
	return Sums{Unpriced: n}
}

// priceOf is what the tokens of an entry cost on the model that it names: what
// the plan bills in its place does not matter here.
func (m *Meter) priceOf(e Entry) (cost Amount, guessed int64) {
	cost, known := m.Prices.Of(m.Account.asked(e), e.Tokens, e.At)
	if !known {
		guessed = 1
	}
	return cost, guessed
}

// applyMoney adds an entry to the present week and month, in order or late.
func (s *State) applyMoney(m *Meter, e Entry, c Charge) {
	add := m.worth(e, c)
	if add == (Sums{}) {
		return
	}
	if s.Money.First.IsZero() {
		s.Money.First = e.At
	}
	if from := s.moneyAnchor(m); !from.Equal(s.Money.Anchor) {
		s.Money = Money{First: s.Money.First, Anchor: from, Since: e.At, Priced: s.Money.Priced}
	}
	s.Money.Priced = s.Money.Priced || add.priced()
	s.Money.Week.add(weekSpan, s.Money.Anchor, e.At, add)
	s.Money.Month.add(monthSpan, s.Money.Anchor, e.At, add)
}

// moneyAnchor is the anchor of the windows, or the first entry of the ledger
// where that came before the first use that anchors them.
func (s *State) moneyAnchor(m *Meter) time.Time {
	a := s.Anchor(m)
	if a.IsZero() || m.Account.Subscribed.IsZero() && a.Equal(s.First) && s.Money.First.Before(a) {
		return s.Money.First
	}
	return a
}

// takesMoney tells how a late entry fits to the ledger: one before the present
// periods changes nothing, one in them adds, as long as it is certain from where
// they step.
func (s *State) takesMoney(m *Meter, e Entry, c Charge) Fit {
	if m.worth(e, c) == (Sums{}) {
		return Commutes
	}
	if !e.At.After(s.Money.Since) || !s.moneyAnchor(m).Equal(s.Money.Anchor) {
		return TooLate
	}
	return Commutes
}

func weekSpan(anchor, t time.Time) Span {
	week := Window{Kind: Anchored, Length: 7 * aDay}
	return week.span(anchor, t)
}

// add takes in what an entry at t adds, where that is not of a period gone by.
func (p *Purse) add(step func(anchor, t time.Time) Span, anchor, t time.Time, more Sums) {
	p.roll(step, anchor, t)
	if !t.Before(p.From) {
		p.Sums = p.Sums.plus(more)
	}
}

// roll goes on to the period of t, where the present one is over.
func (p *Purse) roll(step func(anchor, t time.Time) Span, anchor, t time.Time) {
	if t.Before(p.Until) {
		return
	}
	span := step(anchor, t)
	*p = Purse{From: span.From, Until: span.Until}
}

// moneyAt is the ledger at now; nil where nothing was ever priced.
func (s *State) moneyAt(m *Meter, now time.Time) *MoneyStatus {
	if !s.Money.Priced || m.Prices.IsZero() {
		return nil
	}
	return &MoneyStatus{
		Prices: m.Prices.Name,
		Week:   s.Money.Week.at(weekSpan, s.Money.Anchor, now),
		Month:  s.Money.Month.at(monthSpan, s.Money.Anchor, now),
	}
}

// at is a copy of the purse, rolled to now, for people and programs.
func (p Purse) at(step func(anchor, t time.Time) Span, anchor, now time.Time) MoneyPeriod {
	p.roll(step, anchor, now)
	a := p.Sums
	return MoneyPeriod{
		Since: p.From, Spent: a.Spent, Calls: a.Calls, Unpriced: a.Unpriced,
		Worth: a.Worth, Turns: a.Turns, Known: a.Known, Guessed: a.Guessed,
	}
}

// ends are the instants at which a present period is over.
func (m *Money) ends() []time.Time {
	if !m.Priced {
		return nil
	}
	return []time.Time{m.Week.Until, m.Month.Until}
}
