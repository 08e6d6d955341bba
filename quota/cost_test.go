package quota

import (
	"math"
	"testing"
	"time"
)

// The instants of tests: a Monday, in and out of peak, after and before the
// models were routed.
const (
	peakNow    = "2026-11-23 14:30"
	offPeakNow = "2026-11-23 12:00"
	peakOld    = "2026-08-24 14:30"
	offPeakOld = "2026-08-24 12:00"
	peakMarch  = "2026-03-07 14:30" // a Saturday
)

func prompt(model string) Entry { return Entry{Event: Event{Kind: KindPrompt, Model: model, Count: 1}} }

func usage(model string, input, cached, output int64) Entry {
	return Entry{Event: Event{Kind: KindUsage, Model: model, Count: 1, Tokens: Tokens{input, cached, output}}}
}

func cost(t testing.TB, id, at string, e Entry) Charge {
	t.Helper()
	e.At = utc8(t, at)
	return (&Account{Plan: plan(t, id)}).Cost(e, Rules{})
}

func TestWhatAPromptCosts(t *testing.T) {
	for _, c := range []struct {
		name, model, at string // UTC+8
		amount, billed  string
	}{
		{"an old model costs one at peak", "glm-4.6", peakNow, "1", "glm-4.6"},
		{"an old model costs one off-peak", "glm-4.5-air", offPeakNow, "1", "glm-4.5-air"},
		{"the flagship costs three at peak", "glm-5.3", peakNow, "3", "glm-5.3"},
		{"the flagship costs one off-peak", "glm-5.3", offPeakNow, "1", "glm-5.3"},
		{"Flash costs 1.2 at peak", "glm-5.3-flash", peakNow, "1.2", "glm-5.3-flash"},
		{"Flash costs 0.4 off-peak", "glm-5.3-flash", offPeakNow, "0.4", "glm-5.3-flash"},
		{"GLM-5 cost three at peak", "glm-5", peakOld, "3", "glm-5"},
		{"GLM-5 cost two off-peak", "glm-5", offPeakOld, "2", "glm-5"},
		{"GLM-5.1 cost three at peak", "glm-5.1", peakOld, "3", "glm-5.1"},
		{"GLM-5.1 cost one off-peak by promotion", "glm-5.1", offPeakOld, "1", "glm-5.1"},
		{"GLM-5.2 cost three at peak", "glm-5.2", peakOld, "3", "glm-5.2"},
		{"GLM-5-Turbo cost three at peak", "glm-5-turbo", peakOld, "3", "glm-5-turbo"},
		{"GLM-5-Turbo cost one off-peak", "glm-5-turbo", offPeakOld, "1", "glm-5-turbo"},
		{"peak was daily in March", "glm-5", peakMarch, "3", "glm-5"},
		{"a weekend is off-peak now", "glm-5.3", "2026-11-22 14:30", "1", "glm-5.3"},
		{"GLM-4.7 cost one before routing", "glm-4.7", peakOld, "1", "glm-4.7"},
		{"GLM-4.7 is billed as Flash since", "glm-4.7", peakNow, "1.2", "glm-5.3-flash"},
		{"GLM-5-Turbo is billed as Flash since", "glm-5-turbo", offPeakNow, "0.4", "glm-5.3-flash"},
		{"GLM-5.2 is billed as GLM-5.3 since", "glm-5.2", peakNow, "3", "glm-5.3"},
		{"GLM-5.1 is billed as GLM-5.3 since", "glm-5.1", peakNow, "3", "glm-5.3"},
		{"the last millisecond before routing", "glm-4.7", "2026-08-25 23:59:59.999", "1", "glm-4.7"},
		{"the first millisecond of routing", "glm-4.7", "2026-08-26 00:00", "0.4", "glm-5.3-flash"},
		{"the last millisecond of GLM-5's price", "glm-5", "2026-08-25 23:59:59.999", "2", "glm-5"},
		{"GLM-5 without a price", "glm-5", "2026-08-26 00:00", "1", "glm-5"},
		{"a model nobody knows costs one", "gpt-7", peakNow, "1", "gpt-7"},
		{"a vendor prefix is no part of the name", "zai/GLM-5.3-Flash", peakNow, "1.2", "glm-5.3-flash"},
		{"a suffix in brackets is none either", "GLM-5.3[1m]", peakNow, "3", "glm-5.3"},
		{"no name is the default model", "", peakNow, "3", "glm-5.3"},
		{"a Claude name is no name", "claude-opus-4-5-20251101", peakNow, "3", "glm-5.3"},
		{"nor is one with a prefix", "anthropic/claude-sonnet-4-5[1m]", peakNow, "3", "glm-5.3"},
	} {
		for _, id := range []string{"v1/max", "v2/pro"} {
			got := cost(t, id, c.at, prompt(c.model))
			if got.Amount.String() != c.amount || got.Model != c.billed || got.Counter != CountPrompts || got.Reason != ChargeMade {
				t.Errorf("%s: %s: %s (%s)\ngot %+v", id, c.name, c.amount, c.billed, got)
			}
		}
	}
}

func TestThePriceOfAPromptIsKnownForBothTimes(t *testing.T) {
	e := prompt("glm-5.3-flash")
	e.Count = 7
	for _, at := range []string{peakNow, offPeakNow} {
		if c := cost(t, "v2/lite", at, e); c.Peak.String() != "8.4" || c.OffPeak.String() != "2.8" {
			t.Errorf("%+v", c)
		}
	}
}

func TestTheTurnsModelGoesFirstThenTheEventsThenTheAccounts(t *testing.T) {
	e := prompt("glm-4.6")
	a := &Account{Plan: plan(t, "v2/pro"), Model: "glm-5.3-flash"}
	e.At = utc8(t, peakNow)
	check := func(want string) {
		t.Helper()
		if c := a.Cost(e, Rules{}); c.Model != want {
			t.Errorf("billed %s, want %s", c.Model, want)
		}
	}
	check("glm-4.6")
	e.TurnModel = "glm-4.7"
	check("glm-5.3-flash")
	e.TurnModel = "GLM-5.2"
	check("glm-5.3")
	e.TurnModel, e.Model = "claude-haiku-4-5", "claude-sonnet-4-5"
	check("glm-5.3-flash")
	a.Model = ""
	check(DefaultModel)
}

func TestWhatTokensCost(t *testing.T) {
	for _, c := range []struct {
		name, at string // UTC+8
		e        Entry
		amount   string
	}{
		{"the worked example at peak", peakNow, usage("glm-5.3", 10_000, 200_000, 3_000), "48.1"},
		{"the worked example off-peak", offPeakNow, usage("glm-5.3", 10_000, 200_000, 3_000), "24.05"},
		{"the worked example on Flash at peak", peakNow, usage("glm-5.3-flash", 10_000, 200_000, 3_000), "15.9"},
		{"the worked example on Flash off-peak", offPeakNow, usage("glm-5.3-flash", 10_000, 200_000, 3_000), "7.95"},
		{"the millisecond before the peak", "2026-11-23 13:59:59.999", usage("glm-5.3", 10_000, 200_000, 3_000), "24.05"},
		{"the first of the peak", "2026-11-23 14:00", usage("glm-5.3", 10_000, 200_000, 3_000), "48.1"},
		{"the last of the peak", "2026-11-23 17:59:59.999", usage("glm-5.3", 10_000, 200_000, 3_000), "48.1"},
		{"the first after it", "2026-11-23 18:00", usage("glm-5.3", 10_000, 200_000, 3_000), "24.05"},
		{"a Saturday at the same time", "2026-11-21 14:30", usage("glm-5.3", 10_000, 200_000, 3_000), "24.05"},
		{"a peak on the last day before the promotion", "2026-09-24 14:30", usage("glm-5.3", 10_000, 200_000, 3_000), "48.1"},
		{"the first day of the promotion", "2026-09-25 14:30", usage("glm-5.3", 10_000, 200_000, 3_000), "24.05"},
		{"its last", "2026-10-07 17:59:59.999", usage("glm-5.3", 10_000, 200_000, 3_000), "24.05"},
		{"the peak after it", "2026-10-08 14:00", usage("glm-5.3", 10_000, 200_000, 3_000), "48.1"},
		{"GLM-4.7 in the last millisecond before routing", "2026-08-25 23:59:59.999", usage("glm-4.7", 10_000, 10_000, 10_000), "10.9"},
		{"GLM-4.7 in the first of routing", "2026-08-26 00:00", usage("glm-4.7", 10_000, 10_000, 10_000), "5.43"},
		{"GLM-5.2 since routing", "2026-08-26 14:00", usage("glm-5.2", 10_000, 200_000, 3_000), "48.1"},
		{"GLM-5.1 since routing", peakNow, usage("glm-5.1", 10_000, 200_000, 3_000), "48.1"},
		{"GLM-5-Turbo since routing", peakNow, usage("glm-5-turbo", 10_000, 200_000, 3_000), "15.9"},
		{"an older name is billed as the newer model", peakNow, usage("glm-4.7", 10_000, 200_000, 3_000), "15.9"},
		{"GLM-5.2 in its own time", peakOld, usage("glm-5.2", 10_000, 10_000, 10_000), "32.6"},
		{"GLM-5-Turbo in its own time", peakOld, usage("glm-5-turbo", 10_000, 10_000, 10_000), "28.2"},
		{"GLM-4.7 in its own time", peakOld, usage("glm-4.7", 10_000, 10_000, 10_000), "21.8"},
		{"vision in its own time", peakOld, usage("glm-4.6v", 10_000, 10_000, 10_000), "4.2"},
		{"vision at the price of Flash", peakNow, usage("glm-4.6v", 10_000, 10_000, 10_000), "10.86"},
		{"one token is not rounded away", peakNow, usage("glm-5.3", 0, 1, 0), "0.00017"},
		{"half a millionth is rounded up, once", offPeakNow, usage("glm-5.3-flash", 0, 0, 1), "0.0004"},
		{"no tokens cost nothing", peakNow, usage("glm-5.3", 0, 0, 0), "0"},
		{"the most that one event may hold", peakNow, usage("glm-5.3", MaxTokens, MaxTokens, MaxTokens), "3260000"},
	} {
		got := cost(t, "v3/max", c.at, c.e)
		if got.Amount.String() != c.amount || got.UnknownRate || !got.Counts() || got.Counter != CountPrompts {
			t.Errorf("%s: want %s\ngot %+v", c.name, c.amount, got)
		}
	}
}

func TestRatesAreRoundedHalfUpAndNeverOverflow(t *testing.T) {
	a := &Account{Plan: Plan{Unit: Credits, Rates: []Rate{{
		Model: "m", Input: 5_000, Cached: 4_999, Output: 1000 * One, OffPeakFactor: One / 2,
	}}}}
	for _, c := range []struct {
		name          string
		tokens        Tokens
		peak, offPeak Amount
	}{
		{"half a millionth up", Tokens{Input: 1}, 1, 0},
		{"less than half down", Tokens{Cached: 1}, 0, 0},
		{"half of one and a half, from the exact sum", Tokens{Input: 3}, 2, 1},
		{"the dearest row and the largest event", Tokens{Output: MaxTokens}, 100_000_000 * One, 50_000_000 * One},
		{"beyond all limits it stays the largest", Tokens{Output: math.MaxInt64}, 922337203685478, 461168601842739},
	} {
		got := a.Cost(Entry{Event: Event{Kind: KindUsage, Model: "m", Tokens: c.tokens}}, Rules{})
		if got.Peak != c.peak || got.OffPeak != c.offPeak {
			t.Errorf("%s: %d and %d, want %d and %d", c.name, got.Peak, got.OffPeak, c.peak, c.offPeak)
		}
	}
	if got := mulDiv(math.MaxInt64, math.MaxInt64, 1); got != math.MaxInt64 {
		t.Errorf("no stop at the largest: %d", got)
	}
}

func TestAModelWithoutARateCostsTheDearest(t *testing.T) {
	for _, c := range []struct{ name, at, amount string }{
		{"at peak", peakNow, "48.1"},
		{"off-peak, halved as that row is", offPeakNow, "24.05"},
		{"before the plan was sold, by any row", peakMarch, "48.1"},
	} {
		got := cost(t, "v3/pro", c.at, usage("gpt-7", 10_000, 200_000, 3_000))
		if got.Amount.String() != c.amount || !got.UnknownRate || !got.UnknownModel || got.Model != "gpt-7" || !got.Counts() {
			t.Errorf("%s: want %s, got %+v", c.name, c.amount, got)
		}
	}
	if got := cost(t, "v3/pro", "2026-08-01 12:00", usage("glm-4.7", 0, 0, 10_000)); got.UnknownRate || got.Amount.String() != "8" {
		t.Errorf("a row that holds is not passed over: %+v", got)
	}
	a := &Account{Plan: Plan{Unit: Credits, Rates: []Rate{
		{Model: "dear", Input: 9 * One, Valid: before(utc(t, "2026-01-01"))},
		{Model: "cheap", Input: One}, {Model: "middling", Input: 2 * One}, {Model: "cheap too", Input: One},
	}}}
	e := usage("m", 10_000, 0, 0)
	if e.At = utc(t, "2026-02-01"); a.Cost(e, Rules{}).Peak != 2*One {
		t.Errorf("not the dearest of those that hold: %+v", a.Cost(e, Rules{}))
	}
	a = &Account{Plan: Plan{Unit: Credits}}
	if got := a.Cost(usage("m", 1, 1, 1), Rules{}); got.Amount != 0 || !got.UnknownRate {
		t.Errorf("a plan without rates: %+v", got)
	}
}

func TestAPromptOnACreditsPlan(t *testing.T) {
	e := prompt("glm-5.3")
	e.Count = 3
	for id, want := range map[string]string{"v3/lite": "75", "v3/pro": "90", "v3/max": "52.5"} {
		for _, at := range []string{peakNow, offPeakNow} {
			c := cost(t, id, at, e)
			if c.Amount.String() != want || c.Peak != c.Amount || c.OffPeak != c.Amount || !c.Estimated ||
				c.Reason != ChargeEstimated || !c.Counts() || c.Model != "glm-5.3" {
				t.Errorf("%s at %s: %+v", id, at, c)
			}
		}
	}
	e.TurnUsage, e.TurnModel = true, "glm-5.3"
	if c := cost(t, "v3/lite", peakNow, e); c.Amount != 0 || c.Reason != ChargeTokensFollow || c.Counts() {
		t.Errorf("its tokens are charged, and it was too: %+v", c)
	}
}

func TestClientsOfTheProviderPayLess(t *testing.T) {
	by := func(tool string, e Entry) Entry {
		e.Tool = tool
		return e
	}
	call := Entry{Event: Event{Kind: KindTool, Name: "webReader", Count: 1}}
	worked := usage("glm-5.3", 10_000, 200_000, 3_000)
	for _, c := range []struct {
		name, id, at string // UTC+8
		e            Entry
		amount       string
		factor       string
	}{
		{"ZCode at peak", "v3/max", peakNow, by("zcode", worked), "32.227", "0.67"},
		{"ZCode off-peak, halved too", "v3/max", offPeakNow, by("ZCode", worked), "16.1135", "0.67"},
		{"AutoClaw on Flash", "v3/lite", peakNow, by("autoclaw", usage("glm-5.3-flash", 10_000, 200_000, 3_000)), "10.653", "0.67"},
		{"the dearest row too", "v3/lite", peakNow, by("autoclaw", usage("gpt-7", 10_000, 200_000, 3_000)), "32.227", "0.67"},
		{"an estimate too", "v3/lite", peakNow, by("zcode", prompt("glm-5.3")), "16.75", "0.67"},
		{"rounded once: 0.67 of a half of 0.0017", "v3/max", offPeakNow, by("zcode", usage("glm-5.3", 0, 1, 0)), "0.000057", "0.67"},
		{"the first instant of credits", "v3/max", "2026-07-30 00:00", by("zcode", usage("glm-5.2", 10_000, 0, 0)), "2.3115", "0.67"},
		{"the last before", "v3/max", "2026-07-29 23:59:59.999", by("zcode", usage("glm-5.2", 10_000, 0, 0)), "3.45", "0"},
		{"not an MCP call", "v3/max", peakNow, by("zcode", call), "1.2", "0"},
		{"not another client", "v3/max", peakNow, by("claude-code", worked), "48.1", "0"},
		{"not a client without a name", "v3/max", peakNow, worked, "48.1", "0"},
		{"not a plan of prompts", "v2/pro", peakNow, by("zcode", prompt("glm-5.3")), "3", "0"},
	} {
		got := cost(t, c.id, c.at, c.e)
		if got.Amount.String() != c.amount || got.Discount.String() != c.factor {
			t.Errorf("%s: want %s (x %s)\ngot %+v", c.name, c.amount, c.factor, got)
		}
	}
}

func TestALaterDiscountOverrides(t *testing.T) {
	a := &Account{Plan: plan(t, "v2/pro")}
	a.Plan.Discounts = []Discount{
		{Tool: "mine", Factor: One / 2}, {Tool: "zcode", Factor: One / 2}, {Tool: "ZCode", Factor: One},
	}
	for tool, want := range map[string]string{"mine": "1.5", "zcode": "3", "": "3"} {
		e := prompt("glm-5.3")
		if e.Tool, e.At = tool, utc8(t, peakNow); a.Cost(e, Rules{}).Amount.String() != want {
			t.Errorf("%q: %+v, want %s", tool, a.Cost(e, Rules{}), want)
		}
	}
}

func TestTokensDoNotCountOnAPromptsPlan(t *testing.T) {
	c := cost(t, "v2/pro", peakNow, usage("glm-5.3", 1, 1, 1))
	if c.Amount != 0 || c.Peak != 0 || c.Counts() || c.Reason != ChargeTokensNotCounted {
		t.Errorf("%+v", c)
	}
	c = cost(t, "v2/pro", peakNow, usage("glm-5.3", 100_000, 200_000, 33_333))
	if c.Amount != 0 || c.Gauge != 3*One {
		t.Errorf("what a prompt comes to, at peak: %+v", c)
	}
}

func TestWhatAToolCosts(t *testing.T) {
	call := Entry{Event: Event{Kind: KindTool, Name: "webSearchPrime", Count: 2}}
	for _, c := range []struct {
		id, at, amount string
		counter        Counter
	}{
		{"v1/pro", peakNow, "2", CountTools},
		{"v2/pro", offPeakNow, "2", CountTools},
		{"v3/pro", peakNow, "2.4", CountPrompts},
		{"v3/team-premium", offPeakNow, "2.4", CountPrompts},
		{"v3/pro", peakMarch, "2.4", CountPrompts}, // before it was sold: the only price known
	} {
		got := cost(t, c.id, c.at, call)
		if got.Amount.String() != c.amount || got.Counter != c.counter || !got.Counts() || got.UnknownRate ||
			got.Peak != got.Amount || got.OffPeak != got.Amount {
			t.Errorf("%s: %+v", c.id, got)
		}
	}
}

func TestAToolsOwnRateGoesBeforeThatOfAny(t *testing.T) {
	a := &Account{Plan: Plan{Unit: Credits, Tools: []ToolRate{
		{Name: "search", Credits: 5 * One}, {Name: "*", Credits: One},
		{Name: "old", Credits: 9 * One, Valid: before(utc(t, "2026-01-01"))},
	}}}
	for name, want := range map[string]Amount{"search": 5 * One, "reader": One, "old": One, "": One} {
		e := Entry{Event: Event{Kind: KindTool, Name: name, Count: 1, At: utc(t, "2026-02-01")}}
		if got := a.Cost(e, Rules{}); got.Amount != want || got.UnknownRate {
			t.Errorf("%q: %+v", name, got)
		}
	}
	a.Plan.Tools = nil
	if got := a.Cost(Entry{Event: Event{Kind: KindTool, Count: 1}}, Rules{}); got.Amount != 0 || !got.UnknownRate || !got.Counts() {
		t.Errorf("no rate at all: %+v", got)
	}
}

func TestWhatIsNotCharged(t *testing.T) {
	voided, void := prompt(""), Entry{Event: Event{Kind: KindVoid}}
	voided.Voided = true
	money, other := prompt(""), prompt("")
	money.Endpoint, other.Endpoint = "https://api.z.ai/api/paas/v4", "https://api.anthropic.com"
	for _, c := range []struct {
		name  string
		e     Entry
		want  ChargeReason
		apart bool
	}{
		{"what a void event names", voided, ChargeVoided, false},
		{"a void event", void, ChargeNoKind, false},
		{"the provider's stop", Entry{Event: Event{Kind: KindExhausted}}, ChargeNoKind, false},
		{"a reading", Entry{Event: Event{Kind: KindReading}}, ChargeNoKind, false},
		{"a call that is paid in money", money, ChargePerToken, true},
		{"a call of another service", other, ChargeOffPlan, true},
	} {
		for _, id := range []string{"v2/pro", "v3/pro"} {
			got := cost(t, id, peakNow, c.e)
			if got != (Charge{Reason: c.want}) || got.Counts() || got.Reason.Apart() != c.apart {
				t.Errorf("%s: %s: %+v", id, c.name, got)
			}
		}
	}
}

func TestReasonsAreWords(t *testing.T) {
	for r := ChargeNoKind; r <= ChargeTokensNotCounted; r++ {
		if r.String() == "" {
			t.Errorf("reason %d says nothing", r)
		}
	}
}

func TestAWeightOfNothingStillCounts(t *testing.T) {
	a := &Account{Plan: Plan{Unit: Prompts, Weights: []Weight{{Model: "free"}}}}
	if c := a.Cost(prompt("free"), Rules{}); c.Amount != 0 || !c.Counts() {
		t.Errorf("%+v", c)
	}
}

func TestALaterRowOverrides(t *testing.T) {
	a := &Account{Plan: plan(t, "v2/pro")}
	a.Plan.Weights = append(a.Plan.Weights, Weight{Model: "glm-5.3", Peak: 9 * One, OffPeak: 9 * One})
	a.Plan.Routes = append(a.Plan.Routes, Route{Model: "glm-4.6", As: "glm-5.3"})
	e := prompt("glm-4.6")
	e.At = utc8(t, offPeakNow)
	if c := a.Cost(e, Rules{}); c.Amount != 9*One || c.Model != "glm-5.3" {
		t.Errorf("%+v", c)
	}
}

func TestWhichModelsATierIsKnownToHave(t *testing.T) {
	for _, c := range []struct {
		id, model, at string
		unknown       bool
	}{
		{"v2/lite", "glm-4.7", offPeakOld, false},
		{"v2/lite", "glm-5", offPeakOld, true},
		{"v2/pro", "glm-5", offPeakOld, false},
		{"v2/pro", "glm-5", offPeakNow, true},
		{"v1/lite", "glm-5.1", offPeakOld, false},
		{"v3/lite", "glm-5.3", offPeakNow, false},
		{"v3/lite", "glm-4.7", offPeakNow, false}, // Flash answers
		{"v3/lite", "glm-4.7", offPeakOld, false},
		{"v3/max", "glm-4.5", offPeakNow, true},
		{"v3/max", "gpt-7", offPeakNow, true},
	} {
		if got := cost(t, c.id, c.at, prompt(c.model)); got.UnknownModel != c.unknown || !got.Counts() {
			t.Errorf("%s %s at %s: %+v", c.id, c.model, c.at, got)
		}
	}
	a := &Account{}
	if a.Cost(prompt("anything"), Rules{}).UnknownModel {
		t.Error("a plan that lists no models was said to lack one")
	}
}

func BenchmarkCost(b *testing.B) {
	a := &Account{Plan: plan(b, "v2/pro")}
	e := prompt("glm-5.3")
	e.At, e.Endpoint = time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC), "https://api.z.ai/api/anthropic"
	for b.Loop() {
		a.Cost(e, Rules{})
	}
}
