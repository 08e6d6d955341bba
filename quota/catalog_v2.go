package quota

// plansV2 were sold from 2026-02-12 to 2026-07-30 and can still be renewed.
func plansV2() []Plan {
	return []Plan{
		planV2("v2/lite", "GLM Coding Lite", 80, 400, 100, modelsLite(), feesV2(10, 18)),
		planV2("v2/pro", "GLM Coding Pro", 400, 2000, 1000, modelsPro(), feesV2(30, 72)),
		planV2("v2/max", "GLM Coding Max", 1600, 8000, 4000, modelsPro(), feesV2(80, 160)),
	}
}

func planV2(id, name string, five, weekly, tools int64, models []Access, fees []Fee) Plan {
	return Plan{
		ID: id, Name: name, Unit: Prompts,
		Windows: []Window{
			fiveHours(One.Times(five)), week(One.Times(weekly)), monthOfTools(One.Times(tools)),
		},
		Peaks:      peaks(),
		Weights:    weights(),
		Routes:     routes(),
		Models:     models,
		Promotions: promotions(),
		Fees:       fees,
		Source:     "published plan page, 2026-02, and plan update notice, 2026-07-30 (\"up to approx.\")",
	}
}

// weights are what one prompt costs on v1 and v2. A row whose start is open
// begins with the release of its model.
func weights() []Weight {
	const (
		plain    = "plan FAQ, 2026-03: the standard rate"
		flagship = "plan FAQ, 2026-03: 3 times at peak, 2 times off-peak"
		promoted = flagship + ", but once off-peak by a promotion that was prolonged until routing"
		notice   = "plan update notice, 2026-07-30, legacy plans"
	)
	old := before(routingBegan())
	return []Weight{
		{Model: "glm-4.5", Peak: One, OffPeak: One, Source: plain},
		{Model: "glm-4.5-air", Peak: One, OffPeak: One, Source: plain},
		{Model: "glm-4.6", Peak: One, OffPeak: One, Source: plain},
		{Model: "glm-4.7", Peak: One, OffPeak: One, Source: plain},
		{Model: "glm-5", Peak: 3 * One, OffPeak: 2 * One, Valid: old,
			Source: flagship + "; no price is published from 2026-08-26 on, and no routing names it"},
		{Model: "glm-5.1", Peak: 3 * One, OffPeak: One, Valid: old, Source: promoted},
		{Model: "glm-5-turbo", Peak: 3 * One, OffPeak: One, Valid: old, Source: promoted},
		{Model: "glm-5.2", Peak: 3 * One, OffPeak: One, Valid: old, Source: promoted},
		{Model: "glm-5.3", Peak: 3 * One, OffPeak: One, Source: notice},
		{Model: "glm-5.3-flash", Peak: 12 * One / 10, OffPeak: 4 * One / 10, Source: notice},
	}
}

// modelsLite are the models of Lite. GLM-5 itself never came to it.
func modelsLite() []Access {
	return append(
		access(Span{}, "published plan page, 2026-02", "glm-4.5", "glm-4.5-air", "glm-4.6", "glm-4.7"),
		access(Span{}, "plan FAQ, 2026-04, and overview, 2026-08: every tier",
			"glm-5.1", "glm-5-turbo", "glm-5.2", "glm-5.3", "glm-5.3-flash")...)
}

// modelsPro are the models of Pro and Max.
func modelsPro() []Access {
	return append(modelsLite(), access(before(routingBegan()), "plan FAQ, 2026-02: Pro and Max", "glm-5")...)
}
