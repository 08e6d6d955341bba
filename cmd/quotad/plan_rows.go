package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"quotad/config"
	"quotad/quota"
)

// validOf is when a row holds, in days of the provider's zone.
func validOf(s quota.Span) string {
	switch from, until := dayOf(s.From), dayOf(s.Until); {
	case from == "" && until == "":
		return "always"
	case until == "":
		return "from " + from
	case from == "":
		return "before " + until
	default:
		return from + " to before " + until
	}
}

// dayOf is a day in UTC+8, with the time of day where that is not midnight.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(quota.UTC8)
	if h, m, s := t.Clock(); h+m+s > 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format(time.DateOnly)
}

// weekdays are the days in the order of a week, and what each is called.
var weekdays = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// daysOf is "daily", "Mon to Fri" or "Mon, Wed".
func daysOf(days [7]bool) string {
	switch days {
	case [7]bool{true, true, true, true, true, true, true}:
		return "daily"
	case [7]bool{false, true, true, true, true, true, false}:
		return "Mon to Fri"
	}
	var names []string
	for i, on := range days {
		if on {
			names = append(names, weekdays[i])
		}
	}
	return strings.Join(names, ", ")
}

// hoursOf is "14:00 to 18:00 UTC+8".
func hoursOf(k *quota.Peak) string {
	return clockTime(k.Start) + " to " + clockTime(k.End) + " UTC" + offsetOf(k.Offset)
}

func clockTime(sinceMidnight time.Duration) string {
	return fmt.Sprintf("%02d:%02d", sinceMidnight/time.Hour, sinceMidnight%time.Hour/time.Minute)
}

// offsetOf is "+8", "-3:30".
func offsetOf(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		return fmt.Sprintf("%s%d:%02d", sign, d/time.Hour, m)
	}
	return fmt.Sprintf("%s%d", sign, d/time.Hour)
}

// planRow is a plan as `plans --json` prints it; its keys are those of [[plan]]
// in the configuration.
type planRow struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Unit       quota.Unit     `json:"unit"`
	Accounts   []string       `json:"accounts"` // that it is the plan of
	Source     string         `json:"source"`
	Windows    []windowRow    `json:"window"`
	Peaks      []peakRow      `json:"peak"`
	Weights    []weightRow    `json:"weight"`
	Rates      []rateRow      `json:"rate"`
	Tools      []toolRow      `json:"tool"`
	Routes     []routeRow     `json:"route"`
	Models     []modelRow     `json:"model"`
	Promotions []promotionRow `json:"promotion"`
	Discounts  []discountRow  `json:"discount"`
	Fees       []feeRow       `json:"fee"`
	Estimate   *quota.Amount  `json:"estimate"` // of a prompt without tokens; null on a plan of prompts
}

type windowRow struct {
	Name   string           `json:"name"`
	Kind   quota.WindowKind `json:"kind"`
	Length *string          `json:"length"` // null of a monthly one
	Cap    quota.Amount     `json:"cap"`
	Counts quota.Counter    `json:"counts"`
}

// valid is when a row holds, and where it is from.
type valid struct {
	From   *time.Time `json:"from"`
	Until  *time.Time `json:"until"`
	Source string     `json:"source"`
}

type (
	peakRow struct {
		Days   []string `json:"days"`
		Start  string   `json:"start"`
		End    string   `json:"end"`
		Offset string   `json:"utc_offset"`
		valid
	}
	weightRow struct {
		Model   string       `json:"model"`
		Peak    quota.Amount `json:"peak"`
		OffPeak quota.Amount `json:"off_peak"`
		valid
	}
	rateRow struct {
		Model         string       `json:"model"`
		Input         quota.Amount `json:"input"`
		Cached        quota.Amount `json:"cached"`
		Output        quota.Amount `json:"output"`
		OffPeakFactor quota.Amount `json:"off_peak_factor"`
		valid
	}
	toolRow struct {
		Name    string       `json:"name"`
		Credits quota.Amount `json:"credits"`
		valid
	}
	routeRow struct {
		Model string `json:"model"`
		As    string `json:"as"`
		valid
	}
	modelRow struct {
		Model string `json:"model"`
		valid
	}
	feeRow struct {
		Cycle quota.Cycle  `json:"cycle"`
		USD   quota.Amount `json:"usd"`
		valid
	}
	promotionRow struct {
		Name string `json:"name"`
		valid
	}
	discountRow struct {
		Tool   string       `json:"tool"`
		Factor quota.Amount `json:"factor"`
		valid
	}
)

func (a *app) printPlans(s config.Settings, plans []quota.Plan) error {
	list := []planRow{}
	for i := range plans {
		row := rowOf(&plans[i])
		for _, acc := range s.Accounts {
			if acc.Plan.ID == row.ID {
				row.Accounts = append(row.Accounts, acc.Name)
			}
		}
		list = append(list, row)
	}
	doc, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return a.printJSON(doc)
}

func rowOf(p *quota.Plan) planRow {
	row := planRow{ID: p.ID, Name: p.Name, Unit: p.Unit, Source: p.Source, Accounts: []string{}}
	if p.Unit == quota.Credits {
		row.Estimate = &p.Estimate
	}
	row.Windows = each(p.Windows, windowRowOf)
	row.Peaks = each(p.Peaks, peakRowOf)
	row.Weights = each(p.Weights, func(w quota.Weight) weightRow {
		return weightRow{w.Model, w.Peak, w.OffPeak, validRow(w.Valid, w.Source)}
	})
	row.Rates = each(p.Rates, func(r quota.Rate) rateRow {
		return rateRow{r.Model, r.Input, r.Cached, r.Output, r.OffPeakFactor, validRow(r.Valid, r.Source)}
	})
	row.Tools = each(p.Tools, func(t quota.ToolRate) toolRow {
		return toolRow{t.Name, t.Credits, validRow(t.Valid, t.Source)}
	})
	row.Routes = each(p.Routes, func(r quota.Route) routeRow {
		return routeRow{r.Model, r.As, validRow(r.Valid, r.Source)}
	})
	row.Models = each(p.Models, func(m quota.Access) modelRow {
		return modelRow{m.Model, validRow(m.Valid, m.Source)}
	})
	row.Promotions = each(p.Promotions, func(m quota.Promotion) promotionRow {
		return promotionRow{m.Name, validRow(m.Valid, m.Source)}
	})
	row.Discounts = each(p.Discounts, func(d quota.Discount) discountRow {
		return discountRow{d.Tool, d.Factor, validRow(d.Valid, d.Source)}
	})
	row.Fees = each(p.Fees, func(f quota.Fee) feeRow {
		return feeRow{f.Cycle, f.USD, validRow(f.Valid, f.Source)}
	})
	return row
}

// each maps a list; the result is never nil, for JSON.
func each[From, To any](list []From, f func(From) To) []To {
	out := make([]To, len(list))
	for i := range list {
		out[i] = f(list[i])
	}
	return out
}

func windowRowOf(w quota.Window) windowRow {
	row := windowRow{Name: w.Name, Kind: w.Kind, Cap: w.Cap, Counts: w.Counts}
	if row.Counts == "" {
		row.Counts = quota.CountPrompts
	}
	if w.Kind != quota.Monthly {
		length := w.Length.String()
		row.Length = &length
	}
	return row
}

func peakRowOf(k quota.Peak) peakRow {
	row := peakRow{Start: clockTime(k.Start), End: clockTime(k.End), Offset: tomlOffset(k.Offset), valid: validRow(k.Valid, k.Source)}
	for i := range k.Days {
		if day := (i + 1) % 7; k.Days[day] { // from Monday on
			row.Days = append(row.Days, strings.ToLower(weekdays[day]))
		}
	}
	return row
}

// tomlOffset is "+08:00".
func tomlOffset(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return sign + clockTime(d)
}

func validRow(s quota.Span, source string) valid {
	v := valid{Source: source}
	if !s.From.IsZero() {
		v.From = &s.From
	}
	if !s.Until.IsZero() {
		v.Until = &s.Until
	}
	return v
}

// dayIn is dayOf of an instant that may be missing.
func dayIn(t *time.Time) string {
	if t == nil {
		return ""
	}
	return dayOf(*t)
}
