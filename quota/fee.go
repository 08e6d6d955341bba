package quota

import "time"

// Cycle is what a fee is paid for.
type Cycle string

// The cycles of a subscription.
const (
	CycleFirst   Cycle = "first month" // of a new subscription; the months after cost the fee of a month
	CycleMonth   Cycle = "month"
	CycleQuarter Cycle = "quarter"
	CycleYear    Cycle = "year"
)

// Cycles are all of them, from the shortest.
func Cycles() []Cycle { return []Cycle{CycleFirst, CycleMonth, CycleQuarter, CycleYear} }

// Fee is what one cycle of the subscription costs, in US$.
type Fee struct {
	Cycle  Cycle
	USD    Amount
	Valid  Span
	Source string
}

// FeeAt is what a cycle that begins at t costs; ok is false where no row tells.
// Where rows overlap the last one holds.
func (p *Plan) FeeAt(c Cycle, t time.Time) (fee Fee, ok bool) {
	for i := range p.Fees {
		if p.Fees[i].Cycle == c && p.Fees[i].Valid.Holds(t) {
			fee, ok = p.Fees[i], true
		}
	}
	return fee, ok
}

// The days on which the provider changed what it sells.
func limitsBegan() time.Time { return day(2026, time.February, 12) } // v2 in the place of v1

// feesV1 take whole dollars. Monthly renewals ended on 2026-04-30.
func feesV1(first, month int64) []Fee {
	const source = "published plan page, 2025-12"
	return []Fee{
		{Cycle: CycleFirst, USD: One.Times(first), Valid: before(limitsBegan()), Source: source + ": the first cycle of a subscription"},
		{Cycle: CycleMonth, USD: One.Times(month), Valid: before(day(2026, time.May, 1)),
			Source: source + "; renewals of these plans ended on 2026-04-30"},
	}
}

// feesV2 take whole dollars: those of the start, and those since April.
func feesV2(start, april int64) []Fee {
	raised := day(2026, time.April, 1)
	return []Fee{
		{Cycle: CycleMonth, USD: One.Times(start), Valid: Span{From: limitsBegan(), Until: raised}, Source: "published plan page, 2026-02"},
		{Cycle: CycleMonth, USD: One.Times(april), Valid: since(raised),
			Source: "published plan page, 2026-04; which day of April is not told, the first is taken"},
	}
}

// feesV3 take tenths of a dollar.
func feesV3(month, quarter, year int64) []Fee {
	const source, tenth = "published plan page, 2026-07-30", One / 10
	valid := since(weekendsFree())
	return []Fee{
		{Cycle: CycleMonth, USD: tenth.Times(month), Valid: valid, Source: source},
		{Cycle: CycleQuarter, USD: tenth.Times(quarter), Valid: valid, Source: source},
		{Cycle: CycleYear, USD: tenth.Times(year), Valid: valid, Source: source},
	}
}
