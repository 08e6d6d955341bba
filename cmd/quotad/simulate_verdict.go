package main

import (
	"fmt"
	"slices"
	"strings"

	"quotad/notify"
	"quotad/quota"
)

// verdicts say which plan would have been enough: the present one, the cheapest
// that was, and of each generation the smallest that was and the largest that was
// not.
func (x *toldWhatIfs) verdicts() (said []string) {
	told := map[string]bool{}
	for i := range x.Plans {
		if p := &x.Plans[i]; p.Present {
			said = append(said, x.verdict(p))
			told[p.Plan.ID] = true
		}
	}
	if p := x.cheapest(); p != nil {
		said = x.say(said, told, p)
	}
	for i := range x.Plans {
		p := &x.Plans[i]
		turned := i > 0 && generation(p) == generation(&x.Plans[i-1]) && p.Enough != x.Plans[i-1].Enough
		switch {
		case isTeam(p):
		case turned && p.Enough:
			said = x.say(said, told, &x.Plans[i-1], p)
		case p.Enough && (i == 0 || generation(p) != generation(&x.Plans[i-1])):
			said = x.say(said, told, p)
		case !p.Enough && x.lastOf(i):
			said = x.say(said, told, p)
		}
	}
	return said
}

// costsLeast reports whether a plan costs no more than any other that would have
// been enough, where there is one.
func (x *toldWhatIfs) costsLeast(p *quota.WhatIf) bool {
	least := x.cheapest()
	if least == nil || !p.Enough || p.Fee == nil || *p.Fee != *least.Fee {
		return false
	}
	return slices.ContainsFunc(x.Plans, func(o quota.WhatIf) bool { return o.Enough && o.Fee != nil && o.Plan.ID != p.Plan.ID })
}

// cheapest is the plan that costs least of those that would have been enough,
// the present one where others cost the same; nil where no price is known.
func (x *toldWhatIfs) cheapest() (least *quota.WhatIf) {
	for i := range x.Plans {
		p := &x.Plans[i]
		if !p.Enough || p.Fee == nil {
			continue
		}
		if least == nil || *p.Fee < *least.Fee || *p.Fee == *least.Fee && p.Present {
			least = p
		}
	}
	return least
}

func (x *toldWhatIfs) say(said []string, told map[string]bool, plans ...*quota.WhatIf) []string {
	for _, p := range plans {
		if !told[p.Plan.ID] {
			told[p.Plan.ID] = true
			said = append(said, x.verdict(p))
		}
	}
	return said
}

// lastOf reports whether no larger plan of the generation follows.
func (x *toldWhatIfs) lastOf(i int) bool {
	return i+1 == len(x.Plans) || generation(&x.Plans[i+1]) != generation(&x.Plans[i]) || isTeam(&x.Plans[i+1])
}

func generation(p *quota.WhatIf) string {
	name, _, _ := strings.Cut(p.Plan.ID, "/")
	return name
}

func isTeam(p *quota.WhatIf) bool { return strings.Contains(p.Plan.ID, "/team-") }

func (x *toldWhatIfs) verdict(p *quota.WhatIf) string {
	text := x.named(p)
	switch {
	case p.Enough:
		text += " would have been enough: " + x.fullestOf(p)
	case p.Refused.Prompts == 0:
		text += " would have refused no prompt, but " + refusedOf(p)
	default:
		text += fmt.Sprintf(" would have refused %s of %s", grouped(quota.One.Times(p.Refused.Prompts)), counted(int(x.Prompts), "prompt"))
	}
	if p.Refused.Prompts > 0 && p.Refused.Answers > 0 {
		text += ", cut off " + counted(int(p.Refused.Answers), "answer")
	}
	switch {
	case p.Enough && p.BlockedHours > 0:
		text += fmt.Sprintf(", and nothing was asked for in the %s until there was room again", hours(p.BlockedHours))
	case p.BlockedHours > 0:
		text += fmt.Sprintf(", and blocked work for %s in all (%s)", hours(p.BlockedHours), outOf(p))
	}
	if p.Estimated > 0 {
		text += fmt.Sprintf("; %s of the use is estimated", percentage(p.Estimated.Percent(p.Asked)))
	}
	if x.costsLeast(p) {
		text += "; none that would have been enough costs less"
	}
	return text + "."
}

// named is a plan, with its price where it would have been enough: "v2/pro, the
// present plan at US$ 80 a month,".
func (x *toldWhatIfs) named(p *quota.WhatIf) string {
	text, price := clean(p.Plan.ID), ""
	if p.Enough && p.Fee != nil {
		price = " at US$ " + notify.Dollars(*p.Fee) + " a month"
	}
	if p.Present {
		return text + ", the present plan" + price + ","
	}
	return text + price
}

// fullestOf names the window with the least room to spare.
func (x *toldWhatIfs) fullestOf(p *quota.WhatIf) string {
	most := &p.Windows[0]
	for i := range p.Windows {
		if p.Windows[i].WorstPercent > most.WorstPercent {
			most = &p.Windows[i]
		}
	}
	text := fmt.Sprintf("the fullest window, %s, reached %s", most.Window, percentage(most.WorstPercent))
	if most.WorstAt != nil {
		text += " on " + most.WorstAt.In(x.loc).Format("Mon 2 Jan")
	}
	return text
}

// outOf says which windows would have run out, and how often.
func outOf(p *quota.WhatIf) string {
	var said []string
	for _, w := range p.Windows {
		if w.Exhaustions > 0 && w.Counts == quota.CountPrompts {
			said = append(said, w.Window+" "+often(w.Exhaustions))
		}
	}
	return strings.Join(said, ", ")
}
