package provider

import (
	"slices"
	"strings"

	"quotad/quota"
)

// generationOf tells the generation of a plan by the sorts of its rows; ""
// where they do not tell. The level cannot: the three have the same.
func generationOf(rows map[string]limit) string {
	five, hasFive := rows[quota.WindowFive]
	week, hasWeek := rows[quota.WindowWeek]
	switch {
	case five.Type == creditLimit || week.Type == creditLimit:
		return "v3"
	case hasWeek:
		return "v2"
	case hasFive:
		return "v1"
	}
	return ""
}

// planOf names a plan; "" where that is not clear. A team's seat is known by its
// caps, whatever the level says.
func planOf(generation, level string, rows map[string]limit) string {
	byCaps := planByCaps(rows)
	if strings.Contains(byCaps, "/team-") {
		return byCaps
	}
	if id := planID(generation, tierOf(level)); id != "" {
		return id
	}
	return byCaps
}

// planID is the id of the built-in plan of a generation and a tier.
func planID(generation, tier string) string {
	if p, ok := quota.PlanByID(generation + "/" + tier); ok {
		return p.ID
	}
	return ""
}

// tierOf finds the tier in a level ("max") or the name of a product ("GLM
// Coding Max").
func tierOf(name string) string {
	for _, word := range strings.Fields(strings.ToLower(name)) {
		if slices.Contains([]string{"lite", "pro", "max"}, word) {
			return word
		}
	}
	return ""
}

// planByCaps is the one built-in plan that has just the caps told, of which
// there have to be the two that a credits plan has.
func planByCaps(rows map[string]limit) string {
	five, week := rows[quota.WindowFive], rows[quota.WindowWeek]
	if five.Type != creditLimit || week.Type != creditLimit || five.Cap == nil || week.Cap == nil {
		return ""
	}
	for _, p := range quota.Plans() {
		if p.Unit == quota.Credits && capIs(p, quota.WindowFive, *five.Cap) && capIs(p, quota.WindowWeek, *week.Cap) {
			return p.ID
		}
	}
	return ""
}

func capIs(p quota.Plan, window string, units float64) bool {
	i, ok := p.Window(window)
	return ok && p.Windows[i].Cap == quota.FromFloat(units)
}
