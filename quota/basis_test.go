package quota

import (
	"strings"
	"testing"
)

func TestAChargeNamesItsRows(t *testing.T) {
	for _, c := range []struct {
		name, plan string
		event      Event
		want       string
	}{
		{"a weight at peak", "v2/pro", Event{At: instant("2026-11-23T06:00:00Z"), Model: "glm-5.3", Count: 2},
			`{"count":2,"peak":true,"price":"3 a prompt at peak, 1 off-peak","source":"plan update notice, 2026-07-30, legacy plans"}`},
		{"a model that is billed as another", "v2/pro", Event{At: instant("2026-11-23T05:00:00Z"), Model: "zai/GLM-4.7"},
			`{"count":1,"price":"1.2 a prompt at peak, 0.4 off-peak","source":"plan update notice, 2026-07-30, legacy plans","asked":"glm-4.7","routed":"plan overview, 2026-08-26: requests for older models are served by newer ones, on every plan"}`},
		{"a model without a row", "v2/pro", Event{At: instant("2026-11-23T05:00:00Z"), Model: "glm-9"}, `{"count":1,"price":"1, for no row names the model"}`},
		{"a promotion in peak hours", "v2/pro", Event{At: instant("2026-09-28T06:00:00Z"), Model: "glm-5.3"}, `"promoted":"off-peak all day: plan overview, 2026-09: `},
		{"a rate", "v3/pro", Event{At: instant("2026-11-23T05:00:00Z"), Kind: KindUsage, Model: "glm-5.3", Tokens: Tokens{1, 1, 1}},
			`{"count":1,"price":"6.9 in, 1.7 cached, 24 out for 10,000 tokens, off-peak times 0.5","from":"2026-08-13T16:00:00Z","source":"plan overview, 2026-08-14"}`},
		{"a call on a credits plan", "v3/pro", Event{At: instant("2026-11-23T05:00:00Z"), Kind: KindTool, Name: "search"},
			`{"count":1,"price":"1.2 a call","source":"plan overview, 2026-07-30: MCP calls, not halved off-peak"}`},
		{"a call on a prompts plan", "v2/pro", Event{At: instant("2026-11-23T05:00:00Z"), Kind: KindTool, Name: "search"}, `{"count":1}`},
		{"an estimate", "v3/pro", Event{At: instant("2026-11-23T05:00:00Z")}, `{"count":1,"price":"30 a prompt","source":"published plan page, 2026-07-30; `},
		{"a model without a rate", "v3/pro", Event{At: instant("2026-11-23T06:00:00Z"), Kind: KindUsage, Model: "glm-9", Tokens: Tokens{1, 1, 1}}, `{"count":1,"peak":true}`},
		{"what is not charged", "v2/pro", Event{At: instant("2026-11-23T06:00:00Z"), Endpoint: "https://api.anthropic.com"}, `null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, e := meterOf(t, c.plan, ""), Entry{Event: c.event.Normalize(c.event.At)}
			if got := mustJSON(m.Account.Basis(e, m.Account.Cost(e, m.Rules))); !strings.Contains(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
