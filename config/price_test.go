package config

import (
	"testing"
	"time"

	"quotad/quota"
)

// prices has rows of every kind.
const prices = `
[money]
prices = "mine"
[[price]]
table = "mine"
model = "zai/GLM-5.3[1m]"
input = 3
output = 9
[[price]]
model = "glm-5.3"
input = 2
cached = 0.5
output = 6
from = 2026-11-01
until = 2026-12-01
[[price]]
table = "official"
model = "glm-4.7"
input = 1
cached = 1
output = 1
[[price]]
table = "yours"
model = "glm-4.7"
input = 77
output = 77
[[price]]
tool = "web_search"
per_call = 0.02
`

func TestPriceTable(t *testing.T) {
	november := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	december := time.Date(2026, 12, 23, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		title, text, model string
		at                 time.Time
		want               string // of a million cached tokens
	}{
		{"the official one holds by default", "", "glm-5.3", november, "0.26"},
		{"the reseller's is over the official one", `money.prices = "reseller-2026-02"`, "glm-4.7", november, "0.4"},
		{"which holds for the others", `money.prices = "reseller-2026-02"`, "glm-5.3", november, "0.26"},
		{"a row without a table is of the one in use, and the later wins", prices, "glm-5.3", november, "0.5"},
		{"outside its dates the earlier holds; cached costs as input where it is not told", prices, "glm-5.3", december, "3"},
		{"a table of one's own is over the official one, with one's own rows in that", prices, "glm-4.7", november, "1"},
		{"and over it where nothing is told of the model", prices, "glm-5", november, "0.2"},
	} {
		t.Run(c.title, func(t *testing.T) {
			table := parse(t, c.text).Money.PriceTable()
			if got, known := table.Of(c.model, quota.Tokens{Cached: 1_000_000}, c.at); !known || got.String() != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	table := parse(t, prices).Money.PriceTable()
	if each, _ := table.OfTool("web_search", november); each.String() != "0.02" || table.Name != "mine" {
		t.Errorf("%s: a search costs %s", table.Name, each)
	}
}

func TestTheHashCoversPricesAndNotFees(t *testing.T) {
	plain := parse(t, "").Hash()
	for _, text := range []string{prices, `money.prices = "reseller-2026-02"`, "[[price]]\nmodel=\"m\"\ninput=1\noutput=1"} {
		if parse(t, text).Hash() == plain {
			t.Errorf("does not change with\n%s", text)
		}
	}
	if parse(t, "[account.default]\nrenews = 2026-12-04\ncycle = \"year\"").Hash() != plain {
		t.Error("changes with the day of the renewal")
	}
}

func TestTermOfAnAccount(t *testing.T) {
	a := parse(t, "[account.default]\nrenews = 2026-12-04\ncycle = \"quarter\"").Account("default")
	if !a.Renews.Equal(time.Date(2026, 12, 3, 16, 0, 0, 0, time.UTC)) || a.Cycle != quota.CycleQuarter || !a.Ends.IsZero() {
		t.Errorf("%+v", a)
	}
	a = parse(t, "[account.default]\nends = 2026-12-04T08:55:13Z").Account("default")
	if !a.Ends.Equal(time.Date(2026, 12, 4, 8, 55, 13, 0, time.UTC)) {
		t.Errorf("%+v", a)
	}
}

func TestFeesOfAPlan(t *testing.T) {
	p, _ := parse(t, lab+"[[plan.fee]]\nusd=5\n[[plan.fee]]\ncycle=\"year\"\nusd=50.5\nfrom=2026-10-08").Plan("lab/x")
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for cycle, want := range map[quota.Cycle]string{quota.CycleMonth: "5", quota.CycleYear: "50.5"} {
		if fee, ok := p.FeeAt(cycle, now); !ok || fee.USD.String() != want || fee.Source != source {
			t.Errorf("a %s: %+v", cycle, fee)
		}
	}
	if fee, ok := p.FeeAt(quota.CycleYear, now.AddDate(0, -2, 0)); ok {
		t.Errorf("%+v", fee)
	}
}
