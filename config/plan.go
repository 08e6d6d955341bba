package config

import (
	"fmt"
	"slices"
	"strings"

	"quotad/quota"
)

const (
	source = "configuration"

	maxCap      = 1_000_000_000 * quota.One // exact as a float64 too
	maxWeight   = 100 * quota.One
	maxRate     = 1000 * quota.One
	maxEstimate = 1_000_000 * quota.One
)

// overlay puts configured plans in the place of those with the same id, and
// the others after them.
func overlay(plans []quota.Plan, rows []*table) []quota.Plan {
	mine := map[string]bool{}
	for _, t := range rows {
		id := t.planID()
		i := slices.IndexFunc(plans, func(p quota.Plan) bool { return p.ID == id })
		switch {
		case mine[id]:
			t.get("id").bad("%s is there twice; expected one [[plan]] of each id", quoted(id))
			t.plan(id)
		case i < 0:
			plans = append(plans, t.plan(id))
		default:
			plans[i] = t.plan(id)
		}
		mine[id] = id != ""
	}
	return plans
}

// seedEstimate is what a prompt without tokens counts where the plan does not
// say: what it does on the built-in credits plan of that id, else on the
// smallest one.
func seedEstimate(p quota.Plan) quota.Amount {
	if p.Unit != quota.Credits {
		return 0
	}
	for _, id := range []string{p.ID, "v3/lite"} {
		if builtin, ok := quota.PlanByID(id); ok && builtin.Unit == quota.Credits {
			return builtin.Estimate
		}
	}
	return 0
}

// planID reads the id: words of letters, digits and . _ -, joined by slashes.
func (t *table) planID() string {
	v := t.need("id", `an id such as "lab/tiny"`)
	id := v.text()
	if v.isText() && !validPlanID(id) {
		v.bad(`%s is not a plan id; expected words of a-z A-Z 0-9 . _ - joined by "/", at most 64 bytes`, quoted(id))
	}
	return id
}

func validPlanID(id string) bool {
	for word := range strings.SplitSeq(id, "/") {
		if !quota.ValidAccount(word) { // the same letters
			return false
		}
	}
	return len(id) <= 64
}

// plan reads one [[plan]]. Rows that price the other unit are kept, and do
// nothing; [Settings.Remarks] says so.
func (t *table) plan(id string) quota.Plan {
	p := quota.Plan{ID: id, Name: id, Source: source}
	if v := t.get("name"); v.set() {
		p.Name = v.line()
	}
	p.Unit = quota.Unit(t.get("unit").choice(string(quota.Prompts), string(quota.Prompts), string(quota.Credits)))
	p.Windows = t.windows()
	for _, row := range t.get("peak").tables() {
		p.Peaks = append(p.Peaks, row.peak())
	}
	for _, row := range t.get("weight").tables() {
		p.Weights = append(p.Weights, row.weight())
	}
	for _, row := range t.get("rate").tables() {
		p.Rates = append(p.Rates, row.rate())
	}
	for _, row := range t.get("tool").tables() {
		p.Tools = append(p.Tools, row.toolRate())
	}
	for _, row := range t.get("route").tables() {
		p.Routes = append(p.Routes, row.route())
	}
	for _, row := range t.get("model").tables() {
		p.Models = append(p.Models, row.access())
	}
	for _, row := range t.get("promotion").tables() {
		p.Promotions = append(p.Promotions, row.promotion())
	}
	for _, row := range t.get("discount").tables() {
		p.Discounts = append(p.Discounts, row.discount())
	}
	for _, row := range t.get("fee").tables() {
		p.Fees = append(p.Fees, row.fee())
	}
	p.Estimate = t.get("estimate").amount(seedEstimate(p), 0, maxEstimate)
	t.close()
	return p
}

func (t *table) windows() []quota.Window {
	v := t.need("window", "at least one [[plan.window]]")
	rows := v.tables()
	if list, ok := v.raw.([]any); ok && len(list) == 0 {
		v.bad("empty; expected at least one window")
	}
	var windows []quota.Window
	for _, row := range rows {
		w := row.window()
		same := func(o quota.Window) bool { return o.Name == w.Name }
		if w.Name != "" && slices.ContainsFunc(windows, same) {
			row.get("name").bad("%s is there twice; expected windows of different names", quoted(w.Name))
		}
		windows = append(windows, w)
	}
	return windows
}

func (t *table) window() quota.Window {
	name := t.need("name", `a name such as "5h" or "week"`)
	w := quota.Window{Name: name.text()}
	if name.isText() && !quota.ValidAccount(w.Name) {
		name.bad("%s is not a window name; expected 1 to 64 of a-z A-Z 0-9 . _ -", quoted(w.Name))
	}
	w.Kind = quota.WindowKind(t.need("kind", "one of fixed, rolling, anchored, monthly").
		choice("", string(quota.Fixed), string(quota.Rolling), string(quota.Anchored), string(quota.Monthly)))
	w.Length = t.get("length").duration()
	if w.Kind != quota.Monthly && w.Kind != "" {
		t.need("length", `a duration such as "5h"; only a monthly window has none`)
	}
	w.Cap = t.need("cap", "the prompts or credits that fit in the window").amount(0, 1, maxCap)
	w.Counts = quota.Counter(t.get("counts").choice(string(quota.CountPrompts),
		string(quota.CountPrompts), string(quota.CountTools)))
	t.close()
	return w
}

func (t *table) peak() quota.Peak {
	p := quota.Peak{Days: t.get("days").days(), Source: source}
	p.Start = t.need("start", `a time of day such as "14:00"`).clock(false)
	end := t.need("end", `a time of day such as "18:00"`)
	p.End = end.clock(true)
	if end.set() && p.Start == p.End {
		end.bad(`is the same as start; expected another, or "00:00" to "24:00" for the whole day`)
	}
	p.Offset = t.get("utc_offset").offset(8 * 60 * 60 * 1e9)
	p.Valid = t.span()
	t.close()
	return p
}

// weight reads what a prompt costs on a model; like a model without a row, a
// price that is left out is 1.
func (t *table) weight() quota.Weight {
	w := quota.Weight{
		Model:   t.model("model"),
		Peak:    t.get("peak").amount(quota.One, 0, maxWeight),
		OffPeak: t.get("off_peak").amount(quota.One, 0, maxWeight),
		Valid:   t.span(),
		Source:  source,
	}
	t.close()
	return w
}

func (t *table) rate() quota.Rate {
	credits := func(key string) quota.Amount {
		return t.need(key, "the credits that 10,000 of these tokens cost").amount(0, 0, maxRate)
	}
	r := quota.Rate{
		Model:         t.model("model"),
		Input:         credits("input"),
		Cached:        credits("cached"),
		Output:        credits("output"),
		OffPeakFactor: t.get("off_peak_factor").amount(quota.One, 0, quota.One),
		Valid:         t.span(),
		Source:        source,
	}
	t.close()
	return r
}

func (t *table) toolRate() quota.ToolRate {
	r := quota.ToolRate{
		Name:    t.named("name", `the name of an MCP tool, or "*" for any`),
		Credits: t.need("credits", "the credits that one call costs").amount(0, 0, maxRate),
		Valid:   t.span(),
		Source:  source,
	}
	t.close()
	return r
}

func (t *table) route() quota.Route {
	r := quota.Route{Model: t.model("model"), As: t.model("as"), Valid: t.span(), Source: source}
	t.close()
	return r
}

func (t *table) access() quota.Access {
	a := quota.Access{Model: t.model("model"), Valid: t.span(), Source: source}
	t.close()
	return a
}

func (t *table) promotion() quota.Promotion {
	p := quota.Promotion{Name: t.named("name", "a name"), Valid: t.span(), Source: source}
	t.close()
	return p
}

func (t *table) discount() quota.Discount {
	d := quota.Discount{
		Tool:   t.named("tool", `the name of a tool such as "zcode"`),
		Factor: t.need("factor", "the part of the price that the tool pays, such as 0.67").amount(0, 0, quota.One),
		Valid:  t.span(),
		Source: source,
	}
	t.close()
	return d
}

// model reads the name of a model, the way plan rows are matched.
func (t *table) model(key string) string {
	v := t.need(key, fmt.Sprintf("a model such as %q", quota.DefaultModel))
	name := v.line()
	model := quota.NormalModel(name)
	if v.isText() && model == "" {
		v.bad("names no model; expected one such as %q", quota.DefaultModel)
	}
	return model
}

// named reads a text that must not be empty.
func (t *table) named(key, what string) string {
	v := t.need(key, what)
	s := v.line()
	if v.raw == "" {
		v.bad("empty; expected %s", what)
	}
	return s
}

// span reads from and until, days in the provider's zone.
func (t *table) span() quota.Span {
	until := t.get("until")
	s := quota.Span{From: t.get("from").instant(), Until: until.instant()}
	if !s.Until.IsZero() && !s.From.Before(s.Until) {
		until.bad("is not after from; expected a later day, the first on which the row holds no more")
	}
	return s
}
