package main

import (
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

func TestExplainSumsOnlyWhatWasCharged(t *testing.T) {
	if got := listed(map[string]quota.Amount{"a": 1_500_000, "b": 3_000_000, "": 1_500_000}); got != "b 3, unnamed 1.5, a 1.5" {
		t.Errorf("got %q", got)
	}
}

func TestExplainWritesAllOfAnAmount(t *testing.T) {
	for want, amount := range map[string]quota.Amount{
		"0": 0, "0.4": quota.One * 2 / 5, "999": 999 * quota.One, "-1,000": -1000 * quota.One, "12,345,678.5": 12_345_678*quota.One + quota.One/2,
	} {
		if got := grouped(amount); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// told is an explanation as it is drawn on a screen of 80 columns.
func told(t *testing.T, x quota.Explanation) string {
	t.Helper()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	e := explained{Explanation: x, clock: clock{now, time.UTC}, screen: screen{width: 80}, portions: portionsOf(x.Steps)}
	e.opener = e.openedBy()
	var b strings.Builder
	if err := e.print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnExplanationTellsWhatTheNumberIsMadeOf(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 23, hour, 0, 0, 0, time.UTC) }
	opened, amount := at(8), func(n int64) *quota.Amount { a := quota.One.Times(n); return &a }
	flash := &quota.Basis{Count: 2, Price: "1.2 a prompt at peak, 0.4 off-peak", Source: "notice", Asked: "glm-4.7", Routed: "routing"}
	window := quota.WindowStatus{Window: "5h", Kind: quota.Fixed, Cap: 80 * quota.One, Used: 20 * quota.One, OpenedAt: &opened,
		Elsewhere: amount(7), Low: amount(19), High: amount(22)}
	x := quota.Explanation{Account: "default", Plan: quota.PlanStatus{ID: "v2/lite", Unit: quota.Prompts}, Window: window, Steps: []quota.ExplanationStep{
		{At: at(8), Kind: quota.KindPrompt, Tool: "cline", Model: "glm-5.3-flash", Amount: quota.One * 4 / 5, Why: "charged", Basis: flash},
		{At: at(9), Kind: quota.KindReading, Amount: 7 * quota.One, Why: "the provider's reading"},
		{At: at(10), Kind: quota.KindPrompt, Model: "glm-5.3", Amount: 3 * quota.One, Why: "charged",
			Basis: &quota.Basis{Count: 1, Peak: true, Price: "3 a prompt at peak, 1 off-peak", Source: "notice"}},
		{At: at(11), Kind: quota.KindPrompt, Why: "voided"},
	}}
	for _, line := range []string{
		"  since      08:00, opened by the prompt of cline\n",
		"  elsewhere  7 of what is used: no event here tells of it\n",
		"  error      between 19 and 22, 19 times of 20\n",
		"charged, glm-4.7 billed as glm-5.3-flash [1]\n",
		"  made of           model          at        each   sum\n",
		"  1 reading                                          +7\n",
		"  1 prompt          glm-5.3        peak         3    +3  [2]\n",
		"  2 prompts         glm-5.3-flash  off-peak   0.4  +0.8  [3]\n",
		"  before these steps                               +9.2\n",
		"  [1] routing\n",
		"  [2] 3 a prompt at peak, 1 off-peak: notice\n",
	} {
		if got := strings.Join(strings.Fields(told(t, x)), " "); !strings.Contains(got, strings.Join(strings.Fields(line), " ")) {
			t.Errorf("%q is missing in\n%s", line, told(t, x))
		}
	}
	for opener, change := range map[string]func(*quota.Explanation){
		"since 08:00 ":                       func(x *quota.Explanation) { x.Omitted = 1 },
		"since 08:00, as the provider told ": func(x *quota.Explanation) { x.Steps = x.Steps[1:] },
		"since 08:00, stepping from the first event, 08:00 ": func(x *quota.Explanation) {
			x.Window.Kind, x.Plan.Anchor, x.Plan.AnchorAssumed = quota.Anchored, &opened, true
		},
		"since 08:00, stepping from the subscription, 23 Nov 2026 08:00 ": func(x *quota.Explanation) {
			x.Window.Kind, x.Plan.Anchor = quota.Anchored, &opened
		},
	} {
		other := x
		change(&other)
		if got := strings.Join(strings.Fields(told(t, other)), " "); !strings.Contains(got, opener) {
			t.Errorf("%q is missing in\n%s", opener, told(t, other))
		}
	}
}
