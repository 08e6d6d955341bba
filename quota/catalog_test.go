package quota

import (
	"strings"
	"testing"
	"time"
)

// utc reads "2026-08-26 00:00" and the like, in UTC.
func utc(t testing.TB, s string) time.Time { return readClock(t, s, time.UTC) }

// utc8 reads the same on the provider's clock.
func utc8(t testing.TB, s string) time.Time { return readClock(t, s, UTC8) }

func readClock(t testing.TB, s string, zone *time.Location) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05.000", s+"2000-01-01 00:00:00.000"[len(s):], zone)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func plan(t testing.TB, id string) Plan {
	t.Helper()
	p, ok := PlanByID(id)
	if !ok {
		t.Fatalf("no plan %s", id)
	}
	return p
}

func TestEachPlanHasItsCaps(t *testing.T) {
	want := []struct {
		id, name string
		unit     Unit
		windows  string // name kind cap counts
	}{
		{"v1/lite", "GLM Coding Lite", Prompts, "5h fixed 120 prompts, month monthly 100 tools"},
		{"v1/pro", "GLM Coding Pro", Prompts, "5h fixed 600 prompts, month monthly 1000 tools"},
		{"v1/max", "GLM Coding Max", Prompts, "5h fixed 2400 prompts, month monthly 4000 tools"},
		{"v2/lite", "GLM Coding Lite", Prompts, "5h fixed 80 prompts, week anchored 400 prompts, month monthly 100 tools"},
		{"v2/pro", "GLM Coding Pro", Prompts, "5h fixed 400 prompts, week anchored 2000 prompts, month monthly 1000 tools"},
		{"v2/max", "GLM Coding Max", Prompts, "5h fixed 1600 prompts, week anchored 8000 prompts, month monthly 4000 tools"},
		{"v3/lite", "GLM Coding Lite", Credits, "5h fixed 2000 prompts, week anchored 10000 prompts"},
		{"v3/pro", "GLM Coding Pro", Credits, "5h fixed 12000 prompts, week anchored 60000 prompts"},
		{"v3/max", "GLM Coding Max", Credits, "5h fixed 28000 prompts, week anchored 140000 prompts"},
		{"v3/team-standard", "GLM Coding Team Standard", Credits, "5h fixed 15000 prompts, week anchored 66000 prompts"},
		{"v3/team-premium", "GLM Coding Team Premium", Credits, "5h fixed 35000 prompts, week anchored 155000 prompts"},
	}
	got := Plans()
	if len(got) != len(want) {
		t.Fatalf("%d plans, want %d", len(got), len(want))
	}
	for i, w := range want {
		var windows []string
		for _, x := range got[i].Windows {
			windows = append(windows, strings.Join([]string{x.Name, string(x.Kind), x.Cap.String(), string(x.Counts)}, " "))
		}
		if p := got[i]; p.ID != w.id || p.Name != w.name || p.Unit != w.unit || strings.Join(windows, ", ") != w.windows {
			t.Errorf("plan %d is %s %q %s %v\nwant %+v", i, p.ID, p.Name, p.Unit, windows, w)
		}
	}
}

func TestWindowsLastAsLongAsTheirNamesSay(t *testing.T) {
	want := map[string]time.Duration{WindowFive: 5 * time.Hour, WindowWeek: 168 * time.Hour, WindowMonth: 0}
	for _, p := range Plans() {
		for _, w := range p.Windows {
			if w.Length != want[w.Name] {
				t.Errorf("%s: %s lasts %v", p.ID, w.Name, w.Length)
			}
		}
	}
}

func TestEveryRowSaysWhereItIsFrom(t *testing.T) {
	for _, p := range Plans() {
		sources := []string{p.Source}
		for _, r := range p.Peaks {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Weights {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Rates {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Tools {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Routes {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Models {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Promotions {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Discounts {
			sources = append(sources, r.Source)
		}
		for _, r := range p.Fees {
			sources = append(sources, r.Source)
		}
		for _, s := range sources {
			if !strings.Contains(s, "202") {
				t.Errorf("%s: a row's source bears no date: %q", p.ID, s)
			}
		}
	}
}

func TestRowsOfOneModelDoNotOverlap(t *testing.T) {
	overlap := func(a, b Span) bool {
		return (b.Until.IsZero() || a.From.Before(b.Until)) && (a.Until.IsZero() || b.From.Before(a.Until))
	}
	for _, p := range Plans() {
		rows := map[string][]Span{}
		for _, r := range p.Weights {
			rows["weight "+r.Model] = append(rows["weight "+r.Model], r.Valid)
		}
		for _, r := range p.Rates {
			rows["rate "+r.Model] = append(rows["rate "+r.Model], r.Valid)
		}
		for _, r := range p.Models {
			rows["access "+r.Model] = append(rows["access "+r.Model], r.Valid)
		}
		for _, r := range p.Fees {
			rows["fee of a "+string(r.Cycle)] = append(rows["fee of a "+string(r.Cycle)], r.Valid)
		}
		for name, spans := range rows {
			for i, a := range spans {
				for _, b := range spans[i+1:] {
					if overlap(a, b) {
						t.Errorf("%s: two rows hold at once: %s", p.ID, name)
					}
				}
			}
		}
	}
}

func TestModelsInRowsAreNormal(t *testing.T) {
	for _, p := range Plans() {
		var names []string
		for _, r := range p.Weights {
			names = append(names, r.Model)
		}
		for _, r := range p.Rates {
			names = append(names, r.Model)
		}
		for _, r := range p.Routes {
			names = append(names, r.Model, r.As)
		}
		for _, r := range p.Models {
			names = append(names, r.Model)
		}
		for _, n := range names {
			if NormalModel(n) != n {
				t.Errorf("%s: %q would match nothing", p.ID, n)
			}
		}
	}
}

func TestACallerMayChangeItsPlan(t *testing.T) {
	mine := plan(t, "v2/pro")
	mine.Windows[0].Cap, mine.Weights[0].Peak, mine.Peaks[0].Days[1] = 1, 1, false
	if again := plan(t, "v2/pro"); again.Windows[0].Cap != 400*One || again.Weights[0].Peak != One || !again.Peaks[0].Days[1] {
		t.Error("another caller's copy was changed")
	}
}

func TestAnUnknownPlanIsNotFound(t *testing.T) {
	for _, id := range []string{"", "v2", "v2/PRO", "v4/pro", "v2/pro "} {
		if p, ok := PlanByID(id); ok {
			t.Errorf("%q found %s", id, p.ID)
		}
	}
	if _, ok := PlanByID(DefaultPlan); !ok {
		t.Errorf("the default %s is no plan", DefaultPlan)
	}
}

func TestEstimatesFollowTheTier(t *testing.T) {
	for id, want := range map[string]string{
		"v2/pro": "0", "v3/lite": "25", "v3/pro": "30", "v3/max": "17.5", "v3/team-standard": "30", "v3/team-premium": "17.5",
	} {
		if p := plan(t, id); p.Estimate.String() != want {
			t.Errorf("%s: %s, want %s", id, p.Estimate, want)
		}
	}
}
