package quota

// plansV1 were sold until 2026-02-12 and have no weekly window. Who renewed
// without a break keeps one until the term runs out, February 2027 at the latest.
func plansV1() []Plan {
	return []Plan{
		planV1("v1/lite", "GLM Coding Lite", 120, 100, modelsLite(), feesV1(3, 6)),
		planV1("v1/pro", "GLM Coding Pro", 600, 1000, modelsPro(), feesV1(15, 30)),
		planV1("v1/max", "GLM Coding Max", 2400, 4000, modelsPro(), feesV1(30, 60)),
	}
}

func planV1(id, name string, five, tools int64, models []Access, fees []Fee) Plan {
	return Plan{
		ID: id, Name: name, Unit: Prompts,
		Windows:    []Window{fiveHours(One.Times(five)), monthOfTools(One.Times(tools))},
		Peaks:      peaks(),
		Weights:    weights(),
		Routes:     routes(),
		Models:     models,
		Promotions: promotions(),
		Fees:       fees,
		Source: "plan FAQ, 2025-12 (\"up to approx.\"); weights as on v2, because the FAQ of 2026-02 and 2026-03 " +
			"named them for every plan, though the notice of 2026-07-30 prints them for v2 alone",
	}
}
