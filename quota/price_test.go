package quota

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// table finds a built-in price table.
func table(t testing.TB, name string) Prices {
	t.Helper()
	for _, p := range PriceTables() {
		if p.Name == name {
			return p.Over(pricesOfficial())
		}
	}
	t.Fatalf("no price table %s", name)
	return Prices{}
}

func TestEachModelHasItsPrice(t *testing.T) {
	million := Tokens{Input: 1_000_000}
	cached, output := Tokens{Cached: 1_000_000}, Tokens{Output: 1_000_000}
	now := utc(t, "2026-11-23")
	for _, want := range []struct{ table, model, input, cached, output string }{
		{PricesOfficial, "glm-5.3", "1.4", "0.26", "4.4"},
		{PricesOfficial, "glm-5.2", "1.4", "0.26", "4.4"},
		{PricesOfficial, "glm-5.1", "1.4", "0.26", "4.4"},
		{PricesOfficial, "glm-5.3-flash", "0.15", "0.03", "0.5"},
		{PricesOfficial, "glm-5.3-flashx", "0.37", "0.075", "1.25"},
		{PricesOfficial, "glm-5", "1", "0.2", "3.2"},
		{PricesOfficial, "glm-5-turbo", "1.2", "0.24", "4"},
		{PricesOfficial, "glm-5-code", "1.2", "0.3", "5"},
		{PricesOfficial, "glm-4.7", "0.6", "0.11", "2.2"},
		{PricesOfficial, "glm-4.6", "0.6", "0.11", "2.2"},
		{PricesOfficial, "glm-4.5", "0.6", "0.11", "2.2"},
		{PricesOfficial, "glm-4.7-flashx", "0.07", "0.01", "0.4"},
		{PricesOfficial, "glm-4.7-flash", "0", "0", "0"},
		{PricesOfficial, "glm-4.5-flash", "0", "0", "0"},
		{PricesOfficial, "glm-4.5-air", "0.2", "0.03", "1.1"},
		{PricesOfficial, "glm-4.5-x", "2.2", "0.45", "8.9"},
		{PricesOfficial, "glm-4.5-airx", "1.1", "0.22", "4.5"},
		{PricesOfficial, "glm-4.6v", "0.3", "0.05", "0.9"},
		{PricesReseller, "glm-4.7-flash", "0.06", "0.06", "0.4"},
		{PricesReseller, "glm-4.5-air", "0.13", "0.13", "0.85"},
		{PricesReseller, "glm-4.7", "0.4", "0.4", "1.5"},
		{PricesReseller, "glm-5", "0.75", "0.75", "2.55"},
		{PricesReseller, "glm-5.3", "1.4", "0.26", "4.4"}, // the official price, below its own
	} {
		p := table(t, want.table)
		for _, of := range []struct {
			tokens Tokens
			want   string
		}{{million, want.input}, {cached, want.cached}, {output, want.output}} {
			if got, known := p.Of(want.model, of.tokens, now); !known || got.String() != of.want {
				t.Errorf("%s: %s %+v costs %s, want %s", want.table, want.model, of.tokens, got, of.want)
			}
		}
	}
}

func TestPricesAreRoundedOnceHalfUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := func(name string) int64 { return rapid.Int64Range(0, MaxTokens).Draw(t, name) }
		n := Tokens{tokens("input"), tokens("cached"), tokens("output")}
		p := pricesOfficial()
		row := rapid.SampledFrom(p.Rows).Draw(t, "row")
		sum := new(big.Int)
		for _, x := range [][2]int64{{int64(row.Input), n.Input}, {int64(row.Cached), n.Cached}, {int64(row.Output), n.Output}} {
			sum.Add(sum, new(big.Int).Mul(big.NewInt(x[0]), big.NewInt(x[1])))
		}
		want := sum.Add(sum, big.NewInt(500_000)).Div(sum, big.NewInt(1_000_000)).Int64()
		if got, known := p.Of(row.Model, n, day0); !known || int64(got) != want {
			t.Fatalf("%s %+v costs %d, want %d", row.Model, n, got, want)
		}
	})
}

func TestTheLastRowThatHoldsIsThePrice(t *testing.T) {
	over := Prices{Name: "mine", Rows: []Price{
		{Model: "glm-5.3", Input: 3 * One, Valid: Span{From: utc8(t, "2026-11-01"), Until: utc8(t, "2026-12-01")}},
	}}.Over(pricesOfficial())
	n := Tokens{Input: 1_000_000}
	for at, want := range map[string]string{
		"2026-10-31 23:59:59.999": "1.4", "2026-11-01": "3", "2026-11-30 23:59:59.999": "3", "2026-12-01": "1.4",
	} {
		if got, _ := over.Of("glm-5.3", n, utc8(t, at)); got.String() != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if official, _ := PriceTables()[0].Of("glm-5.3", n, utc8(t, "2026-11-02")); official.String() != "1.4" {
		t.Error("another caller's table was changed")
	}
}

func TestAnUnknownModelCostsTheDearest(t *testing.T) {
	p := pricesOfficial()
	n := Tokens{Input: 1_000_000, Output: 1_000_000}
	if got, known := p.Of("glm-9", n, day0); known || got.String() != "11.1" { // GLM-4.5-X
		t.Errorf("%s, known %v", got, known)
	}
	var none Prices
	if got, known := none.Of("glm-5.3", n, day0); known || got != 0 || !none.IsZero() {
		t.Errorf("%s, known %v", got, known)
	}
}

func TestPriceRowsSayWhereTheyAreFrom(t *testing.T) {
	for _, p := range PriceTables() {
		for _, r := range p.Rows {
			if !strings.Contains(r.Source, "202") || NormalModel(r.Model) != r.Model {
				t.Errorf("%s: %s: %q", p.Name, r.Model, r.Source)
			}
		}
		for _, r := range p.Tools {
			if each, known := p.OfTool(r.Name, day0); !known || each.String() != "0.01" || !strings.Contains(r.Source, "202") {
				t.Errorf("%s: %s: %s, %q", p.Name, r.Name, each, r.Source)
			}
		}
	}
}
