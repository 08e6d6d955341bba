package quota

import "time"

// Plans are the built-in plans, in the order in which they were sold. Each call
// gives copies of its own, which the caller may change.
//
// Their figures are the provider's own words at the date that each row's Source
// names. Days begin at 00:00 UTC+8, and spans are half-open.
func Plans() []Plan {
	return append(append(plansV1(), plansV2()...), plansV3()...)
}

// PlanByID finds a built-in plan: "v2/pro". The plan is a copy.
func PlanByID(id string) (Plan, bool) {
	for _, p := range Plans() {
		if p.ID == id {
			return p, true
		}
	}
	return Plan{}, false
}

// day is 00:00 UTC+8 of a day, in UTC.
func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, UTC8).UTC()
}

func since(t time.Time) Span  { return Span{From: t} }
func before(t time.Time) Span { return Span{Until: t} }

// The days on which the provider changed its rules for everybody.
func weekendsFree() time.Time { return day(2026, time.July, 30) }   // credits, weekends off-peak
func routingBegan() time.Time { return day(2026, time.August, 26) } // older models served by newer

func fiveHours(limit Amount) Window {
	return Window{Name: WindowFive, Kind: Fixed, Length: 5 * time.Hour, Cap: limit, Counts: CountPrompts}
}

func week(limit Amount) Window {
	return Window{Name: WindowWeek, Kind: Anchored, Length: 7 * 24 * time.Hour, Cap: limit, Counts: CountPrompts}
}

func monthOfTools(limit Amount) Window {
	return Window{Name: WindowMonth, Kind: Monthly, Cap: limit, Counts: CountTools}
}

// peaks are 14:00 to 18:00 UTC+8, which is 06:00 to 10:00 UTC.
func peaks() []Peak {
	p := Peak{Start: 14 * time.Hour, End: 18 * time.Hour, Offset: 8 * time.Hour}
	daily, weekdays := p, p
	for d := range daily.Days {
		daily.Days[d] = true
		weekdays.Days[d] = d != int(time.Saturday) && d != int(time.Sunday)
	}
	daily.Valid, daily.Source = before(weekendsFree()), "plan overview and FAQ, 2026-03 to 2026-07: daily"
	weekdays.Valid, weekdays.Source = since(weekendsFree()), "plan update notice, 2026-07-30: weekends are off-peak, for older plans too"
	return []Peak{daily, weekdays}
}

// routes hold whatever the plan is: which model answers is decided before the
// quota is charged.
func routes() []Route {
	const source = "plan overview, 2026-08-26: requests for older models are served by newer ones, on every plan"
	span := since(routingBegan())
	return []Route{
		{Model: "glm-5.2", As: "glm-5.3", Valid: span, Source: source},
		{Model: "glm-5.1", As: "glm-5.3", Valid: span, Source: source},
		{Model: "glm-4.7", As: "glm-5.3-flash", Valid: span, Source: source},
		{Model: "glm-5-turbo", As: "glm-5.3-flash", Valid: span, Source: source},
	}
}

// promotions hold on older plans too: the notice of 2026-07-30 says that plans
// differ in how use is calculated and in nothing else.
func promotions() []Promotion {
	return []Promotion{{
		Name:  "off-peak all day",
		Valid: Span{From: day(2026, time.September, 25), Until: day(2026, time.October, 8)},
		Source: "plan overview, 2026-09: \"from September 25 to October 7\" all day at the off-peak rate; " +
			"October 7, the last day of the holidays, is taken as included",
	}}
}

// access says that a tier has each of the models in a span.
func access(span Span, source string, models ...string) []Access {
	var rows []Access
	for _, m := range models {
		rows = append(rows, Access{Model: m, Valid: span, Source: source})
	}
	return rows
}
