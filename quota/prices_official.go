package quota

// pricesOfficial is the provider's own list for its standard API. A row whose
// start is open begins with the release of its model.
func pricesOfficial() Prices {
	const (
		list = "standard API price list, 2026-10"
		free = list + ": free"
	)
	return Prices{
		Name: PricesOfficial,
		Rows: []Price{
			price("glm-5.3", 1400, 260, 4400, list),
			price("glm-5.3-flash", 150, 30, 500, list),
			price("glm-5.3-flashx", 370, 75, 1250, list),
			price("glm-5.2", 1400, 260, 4400, list),
			price("glm-5.1", 1400, 260, 4400, list),
			price("glm-5", 1000, 200, 3200, list),
			price("glm-5-turbo", 1200, 240, 4000, list),
			price("glm-5-code", 1200, 300, 5000, list),
			price("glm-4.7", 600, 110, 2200, list),
			price("glm-4.7-flashx", 70, 10, 400, list),
			price("glm-4.7-flash", 0, 0, 0, free),
			price("glm-4.6", 600, 110, 2200, list),
			price("glm-4.6v", 300, 50, 900, list),
			price("glm-4.5", 600, 110, 2200, list),
			price("glm-4.5-x", 2200, 450, 8900, list),
			price("glm-4.5-air", 200, 30, 1100, list),
			price("glm-4.5-airx", 1100, 220, 4500, list),
			price("glm-4.5-flash", 0, 0, 0, free),
		},
		Tools: webSearch(One/100, list+": web search, each use"),
	}
}

// webSearch are the names by which tools call the provider's web search: the
// API's own, and those of its MCP server.
func webSearch(each Amount, source string) []ToolPrice {
	var rows []ToolPrice
	for _, name := range [...]string{"web_search", "web-search", "web_search_prime", "webSearchPrime", "mcp__web-search-prime__webSearchPrime"} {
		rows = append(rows, ToolPrice{Name: name, PerCall: each, Source: source})
	}
	return rows
}

// price takes thousandths of a dollar for a million tokens.
func price(model string, input, cached, output int64, source string) Price {
	const thousandth = One / 1000
	return Price{
		Model: model, Source: source,
		Input: thousandth.Times(input), Cached: thousandth.Times(cached), Output: thousandth.Times(output),
	}
}
