package quota

// pricesReseller is an older table of a reseller. Laid over the official one,
// that holds for all models which it does not name. It has no price of cached
// input: that costs what input does.
func pricesReseller() Prices {
	const source = "price table of a reseller, 2026-02; it names no price of cached input, which counts as input"
	return Prices{
		Name: PricesReseller,
		Rows: []Price{
			price("glm-4.7-flash", 60, 60, 400, source),
			price("glm-4.5-air", 130, 130, 850, source),
			price("glm-4.7", 400, 400, 1500, source),
			price("glm-5", 750, 750, 2550, source),
		},
	}
}
