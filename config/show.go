package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"quotad/config/layout"
	"quotad/quota"
)

// Show writes settings as a configuration with every default filled in, which
// [Parse] reads as the same settings again. Of the plans it has those that are
// not the built-in ones.
func Show(s Settings) ([]byte, error) {
	w := &writer{}
	for _, a := range s.Accounts {
		w.account(s, a)
		w.provider(a.Name, s.Providers[a.Name])
	}
	w.belongs(s.Belongs)
	w.rules(s.Rules)
	w.notify(s)
	w.money(s.Money)
	w.table("store")
	w.put("retention_days", int(s.Store.Retention/day))
	w.table("log")
	w.put("level", s.Log.Level)
	for _, p := range s.Plans {
		if builtin, ok := quota.PlanByID(p.ID); !ok || !reflect.DeepEqual(builtin, p) {
			w.plan(p)
		}
	}
	if _, err := Parse("the settings as written", w.Bytes()); err != nil {
		return nil, fmt.Errorf("these settings cannot be written down: %w", err)
	}
	return bytes.TrimPrefix(w.Bytes(), []byte("\n")), nil
}

// Fingerprint is the same of settings that are the same in all that a configuration
// can say; "" of those that none can.
func (s Settings) Fingerprint() string {
	text, err := Show(s)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// writer writes TOML, a table at a time.
type writer struct{ bytes.Buffer }

func (w *writer) table(path ...string) { fmt.Fprintf(w, "\n[%s]\n", layout.Header(path)) }
func (w *writer) item(path ...string)  { fmt.Fprintf(w, "\n[[%s]]\n", layout.Header(path)) }
func (w *writer) note(text string)     { fmt.Fprintf(w, "# %s\n", text) }

func (w *writer) put(key string, v any) {
	fmt.Fprintf(w, "%s = %s\n", layout.QuoteKey(key), literal(v))
}

func (w *writer) account(s Settings, a quota.Account) {
	w.table("account", a.Name)
	if a.Assumed {
		w.note("plan: none is configured, " + a.Plan.ID + " is assumed")
	} else {
		w.put("plan", a.Plan.ID)
	}
	if a.Subscribed.IsZero() {
		w.note("subscribed: not configured, the first event anchors week and month")
	} else {
		w.put("subscribed", a.Subscribed)
	}
	w.term(a)
	if kind := s.FiveHour[a.Name]; kind != "" {
		w.put("five_hour", string(kind))
	} else if i, ok := a.Plan.Window(quota.WindowFive); ok {
		w.note("five_hour: " + string(a.Plan.Windows[i].Kind) + ", as the plan says")
	}
	w.put("model", a.Model)
}

func (w *writer) provider(account string, p Provider) {
	w.table("account", account, "provider")
	w.put("enabled", p.Enabled)
	w.put("site", p.Site)
	if p.KeyFile != "" {
		w.put("key_file", p.KeyFile)
	}
	if len(p.KeyCommand) > 0 {
		w.put("key_command", p.KeyCommand)
	}
	if p.BaseURL != "" {
		w.put("base_url", p.BaseURL)
	}
	if p.Organization != "" {
		w.put("organization", p.Organization)
	}
	if p.Project != "" {
		w.put("project", p.Project)
	}
}

func (w *writer) belongs(rows []quota.Belonging) {
	for _, b := range rows {
		w.item("belongs")
		w.put("account", b.Account)
		for _, c := range [][2]string{{"tool", b.Tool}, {"project", b.Project}, {"host", b.Host}, {"key", b.Key}} {
			if c[1] != "" {
				w.put(c[0], c[1])
			}
		}
	}
}

func (w *writer) rules(r quota.Rules) {
	for _, e := range r.Endpoints {
		w.item("endpoint")
		w.put("url", e.URL)
		w.put("plan", e.Plan)
	}
	for _, tool := range slices.Sorted(maps.Keys(r.Tools)) {
		w.table("tool", tool)
		w.put("plan", r.Tools[tool])
	}
}

func (w *writer) notify(s Settings) {
	w.table("notify")
	w.put("thresholds", s.Notices.Thresholds)
	w.put("refresh", s.Notices.Refresh)
	w.put("forecast", s.Notices.Forecast)
	w.put("renewal", s.Notices.Renewal)
	w.put("quiet_hours", s.Notify.QuietHours.String())
	w.put("desktop", s.Notify.Desktop)
	w.put("command", s.Notify.Command)
}

func (w *writer) plan(p quota.Plan) {
	w.item("plan")
	w.put("id", p.ID)
	w.put("name", p.Name)
	w.put("unit", string(p.Unit))
	if p.Unit == quota.Credits || p.Estimate > 0 {
		w.put("estimate", p.Estimate)
	}
	for _, x := range p.Windows {
		w.window(x)
	}
	for _, k := range p.Peaks {
		w.peak(k)
	}
	w.prices(p)
	for _, r := range p.Routes {
		w.row("route", r.Valid, "model", r.Model, "as", r.As)
	}
	for _, m := range p.Models {
		w.row("model", m.Valid, "model", m.Model)
	}
	for _, m := range p.Promotions {
		w.row("promotion", m.Valid, "name", m.Name)
	}
	for _, d := range p.Discounts {
		w.row("discount", d.Valid, "tool", d.Tool, "factor", d.Factor)
	}
	for _, f := range p.Fees {
		w.row("fee", f.Valid, "cycle", string(f.Cycle), "usd", f.USD)
	}
}

func (w *writer) prices(p quota.Plan) {
	for _, x := range p.Weights {
		w.row("weight", x.Valid, "model", x.Model, "peak", x.Peak, "off_peak", x.OffPeak)
	}
	for _, r := range p.Rates {
		w.row("rate", r.Valid, "model", r.Model, "input", r.Input, "cached", r.Cached,
			"output", r.Output, "off_peak_factor", r.OffPeakFactor)
	}
	for _, t := range p.Tools {
		w.row("tool", t.Valid, "name", t.Name, "credits", t.Credits)
	}
}

func (w *writer) window(x quota.Window) {
	w.item("plan", "window")
	w.put("name", x.Name)
	w.put("kind", string(x.Kind))
	if x.Length > 0 {
		w.put("length", x.Length.String())
	}
	w.put("cap", x.Cap)
	w.put("counts", string(x.Counts))
}

func (w *writer) peak(k quota.Peak) {
	names := []string{}
	for d := range 7 {
		if at := (d + 1) % 7; k.Days[at] { // from Monday
			names = append(names, weekdays[at])
		}
	}
	w.row("peak", k.Valid, "days", names, "start", formatClock(k.Start), "end", formatClock(k.End),
		"utc_offset", formatOffset(k.Offset))
}

// row writes one [[plan.name]]: keys and values in turn, then its validity.
func (w *writer) row(name string, valid quota.Span, pairs ...any) {
	w.item("plan", name)
	w.pairs(pairs...)
	w.valid(valid)
}

// pairs writes keys and values in turn.
func (w *writer) pairs(pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		w.put(pairs[i].(string), pairs[i+1])
	}
}

func (w *writer) valid(s quota.Span) {
	w.date("from", s.From)
	w.date("until", s.Until)
}

// date writes a day of the provider's zone as such.
func (w *writer) date(key string, t time.Time) {
	local := t.In(quota.UTC8)
	switch {
	case t.IsZero():
	case local.Equal(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, quota.UTC8)):
		fmt.Fprintf(w, "%s = %s\n", key, local.Format(time.DateOnly))
	default:
		w.put(key, t)
	}
}
