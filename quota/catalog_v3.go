package quota

import "time"

// plansV3 have been sold since 2026-07-30 and count credits.
func plansV3() []Plan {
	const (
		page = "published plan page, 2026-07-30"
		team = "published team plan page, 2026-08"
		seed = "; a prompt without tokens counts the cap over the prompts of the same tier's cap on v2"
		near = "; a prompt without tokens counts as on the tier nearest in size, "
	)
	return []Plan{
		planV3("v3/lite", "GLM Coding Lite", 2_000, 10_000, 25*One, page+seed, feesV3(180, 432, 1512)),
		planV3("v3/pro", "GLM Coding Pro", 12_000, 60_000, 30*One, page+seed, feesV3(800, 1920, 6720)),
		planV3("v3/max", "GLM Coding Max", 28_000, 140_000, 175*One/10, page+seed, feesV3(1680, 4032, 14112)),
		planV3("v3/team-standard", "GLM Coding Team Standard", 15_000, 66_000, 30*One, team+near+"Pro", nil),
		planV3("v3/team-premium", "GLM Coding Team Premium", 35_000, 155_000, 175*One/10, team+near+"Max", nil),
	}
}

func planV3(id, name string, five, weekly int64, estimate Amount, source string, fees []Fee) Plan {
	return Plan{
		ID: id, Name: name, Unit: Credits,
		Windows:    []Window{fiveHours(One.Times(five)), week(One.Times(weekly))},
		Peaks:      peaks(),
		Rates:      rates(),
		Tools:      toolRates(),
		Routes:     routes(),
		Models:     modelsV3(),
		Promotions: promotions(),
		Discounts:  discounts(),
		Estimate:   estimate,
		Fees:       fees,
		Source:     source,
	}
}

// rates are what 10,000 tokens cost. All are halved off-peak.
func rates() []Rate {
	const (
		first   = "plan overview, 2026-07-30"
		release = "plan overview, 2026-08-14"
		flash   = "plan overview, 2026-08-26"
	)
	old := Span{From: weekendsFree(), Until: routingBegan()}
	return []Rate{
		rate("glm-5.3", 690, 170, 2400, since(day(2026, time.August, 14)), release),
		rate("glm-5.3-flash", 230, 56, 800, since(routingBegan()), flash),
		rate("glm-5.2", 690, 170, 2400, old, first),
		rate("glm-5-turbo", 570, 150, 2100, old, first),
		rate("glm-4.7", 460, 120, 1600, old, first),
		rate("glm-4.6v", 120, 30, 270, old, first),
		rate("glm-4.6v", 230, 56, 800, since(routingBegan()),
			flash+": the vision MCP, which runs on this model, is charged for its tokens as Flash is"),
	}
}

// rate takes hundredths of a credit.
func rate(model string, input, cached, output int64, span Span, source string) Rate {
	const hundredth = One / 100
	return Rate{
		Model: model, Input: hundredth.Times(input), Cached: hundredth.Times(cached), Output: hundredth.Times(output),
		OffPeakFactor: One / 2, Valid: span, Source: source,
	}
}

// toolRates are what a call of search, reader or zread costs.
func toolRates() []ToolRate {
	return []ToolRate{{
		Name: "*", Credits: 12 * One / 10,
		Source: "plan overview, 2026-07-30: MCP calls, not halved off-peak",
	}}
}

// discounts are for the provider's own clients. No end of them is known.
func discounts() []Discount {
	const source = "promotion seen by 2026-10: ZCode and AutoClaw pay 0.67 times the credits; " +
		"since when was not said, taken as from the first credits on"
	span, factor := since(weekendsFree()), 67*One/100
	return []Discount{
		{Tool: "zcode", Factor: factor, Valid: span, Source: source},
		{Tool: "autoclaw", Factor: factor, Valid: span, Source: source},
	}
}

func modelsV3() []Access {
	const source = "plan overview, 2026-07-30 and 2026-08-26: every tier"
	return append(
		access(Span{}, source, "glm-5.3", "glm-5.3-flash", "glm-4.6v"),
		access(before(routingBegan()), source, "glm-5.2", "glm-5-turbo", "glm-4.7")...)
}
