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
	byCaps := planByCaps(generation, rows)
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
	other := func(r rune) bool { return r < 'a' || r > 'z' }
	for _, word := range strings.FieldsFunc(strings.ToLower(name), other) {
		if slices.Contains([]string{"lite", "pro", "max"}, word) {
			return word
		}
	}
	return ""
}

// planByCaps is the one built-in plan of a generation that has just the caps
// told; "" where they fit none, or several, or none was told.
func planByCaps(generation string, rows map[string]limit) (id string) {
	for _, p := range quota.Plans() {
		if strings.HasPrefix(p.ID, generation+"/") && fits(p, rows) {
			if id != "" {
				return ""
			}
			id = p.ID
		}
	}
	return id
}

// fits reports whether a plan has every cap told, of which there has to be one.
// Caps in tokens are none of a plan's.
func fits(p quota.Plan, rows map[string]limit) (fit bool) {
	for window, l := range rows {
		if l.Cap == nil || l.Type == tokensLimit {
			continue
		}
		i, ok := p.Window(window)
		if !ok || p.Windows[i].Cap != quota.FromFloat(*l.Cap) {
			return false
		}
		fit = true
	}
	return fit
}
