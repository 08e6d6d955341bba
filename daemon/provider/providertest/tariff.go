package providertest

import "time"

// Call is one answer of a model, or one call of an MCP tool.
type Call struct {
	At                    time.Time
	Model                 string // "glm-5.3"; empty: an MCP call
	Input, Cached, Output int64  // tokens; Input without what came from the cache
}

// Plan names a subscription: generation 1, 2 or 3, and "lite", "pro" or "max".
type Plan struct {
	Generation int
	Tier       string
}

// scale is how many times a tier has what Lite has.
func (p Plan) scale() float64 {
	size := map[string][3]float64{"lite": {1, 1, 1}, "pro": {5, 5, 6}, "max": {20, 20, 14}}
	return size[p.Tier][p.Generation-1]
}

// Caps of Lite. Those of tokens are what the first generation's replies still
// told in figures, 40 million for 120 prompts, and the like for the second's 80.
const (
	fiveV1, fiveV2, fiveV3 = 40e6, 40e6 * 80 / 120, 2_000.0
	weeksFives             = 5 // a week holds five times the 5 hours
)

// five is the cap of the 5 hours: tokens on the older plans, else credits.
func (p Plan) five() float64 {
	return [...]float64{fiveV1, fiveV2, fiveV3}[p.Generation-1] * p.scale()
}

// tools is how many MCP calls a month has on the older plans.
func (p Plan) tools() float64 {
	return map[string]float64{"lite": 100, "pro": 1000, "max": 4000}[p.Tier]
}

// price is what 10,000 tokens cost in credits: input, cached, output.
type price [3]float64

func priceOf(model string) price {
	if model == "glm-5.3-flash" {
		return price{2.3, 0.56, 8}
	}
	return price{6.9, 1.7, 24}
}

// credits is what a call costs on a plan of the third generation.
func credits(c Call) float64 {
	if c.Model == "" {
		return 1.2
	}
	p := priceOf(c.Model)
	sum := (float64(c.Input)*p[0] + float64(c.Cached)*p[1] + float64(c.Output)*p[2]) / 10_000
	if !busy(c.At) {
		sum /= 2
	}
	return sum
}

// tokens is what a call weighs on the older plans, whose prompts are a way of
// speaking: what is counted is tokens.
func tokens(c Call) float64 {
	n := float64(c.Input + c.Cached + c.Output)
	switch flash := c.Model == "glm-5.3-flash"; {
	case flash && busy(c.At):
		return 1.2 * n
	case flash:
		return 0.4 * n
	case busy(c.At):
		return 3 * n
	}
	return n
}

// busy tells peak hours: 06:00 to 10:00 UTC on working days in UTC+8, but for
// the holidays from 25 September to 7 October 2026.
func busy(t time.Time) bool {
	china := t.UTC().Add(8 * time.Hour)
	if day := china.Weekday(); day == time.Saturday || day == time.Sunday {
		return false
	}
	if d := china.Format("2006-01-02"); d >= "2026-09-25" && d <= "2026-10-07" {
		return false
	}
	return china.Hour() >= 14 && china.Hour() < 18
}
