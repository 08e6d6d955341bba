package backfill

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"quotad/quota"
)

// Count is how many events there are of each kind.
type Count struct {
	Prompts int `json:"prompts"`
	Answers int `json:"answers"`
	Stops   int `json:"stops"`
}

// Add counts one event more.
func (c *Count) Add(kind quota.Kind) {
	switch kind {
	case quota.KindPrompt:
		c.Prompts++
	case quota.KindUsage:
		c.Answers++
	case quota.KindExhausted:
		c.Stops++
	}
}

// LeftOut is what is not recorded for one reason.
type LeftOut struct {
	Reason Reason
	What   string // the other model or provider, where that is the reason
	Count
}

// Tally is what a harvest came to.
type Tally struct {
	Sessions int   // that have wanted prompts
	Wanted   Count // what is to be in the record
	Known    Count // of that, what it has
	Apart    Count // of that, what is paid by the token
	Guessed  int   // prompts to record that nothing tells went to the plan
	LeftOut  []LeftOut
}

// Tally counts what [Harvest.Missing] has sorted.
func (h *Harvest) Tally() Tally {
	var t Tally
	sessions := map[string]bool{}
	left := map[LeftOut]*Count{}
	for _, i := range h.items {
		kind := i.event.Kind
		if i.reason != Wanted {
			key := LeftOut{Reason: i.reason, What: i.what}
			if left[key] == nil {
				left[key] = &Count{}
			}
			left[key].Add(kind)
			continue
		}
		t.Wanted.Add(kind)
		if i.known {
			t.Known.Add(kind)
		}
		if h.rules.Billing.Bill(i.event) == quota.PayPerToken {
			t.Apart.Add(kind)
		}
		if kind == quota.KindPrompt {
			sessions[i.event.Session] = true
			if i.guessed && !i.known {
				t.Guessed++
			}
		}
	}
	t.Sessions = len(sessions)
	for key, n := range left {
		key.Count = *n
		t.LeftOut = append(t.LeftOut, key)
	}
	slices.SortFunc(t.LeftOut, func(a, b LeftOut) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(b.Prompts, a.Prompts), strings.Compare(a.What, b.What))
	})
	return t
}

// Day is what one tool had of one model on one day.
type Day struct {
	Day    string       `json:"day"`
	Tool   string       `json:"tool"`
	Model  string       `json:"model"`
	Tokens quota.Tokens `json:"tokens"`
	Count
}

// Days sums prompts and answers up by day in a zone, tool and model, in this
// order.
func Days(events []*quota.Event, zone *time.Location) []Day {
	type key struct{ day, tool, model string }
	sums := map[key]*Day{}
	for _, e := range events {
		if e.Kind == quota.KindExhausted {
			continue
		}
		k := key{e.At.In(zone).Format(time.DateOnly), e.Tool, quota.NormalModel(e.Model)}
		d := sums[k]
		if d == nil {
			d = &Day{Day: k.day, Tool: k.tool, Model: k.model}
			sums[k] = d
		}
		d.Count.Add(e.Kind)
		d.Tokens.Input += e.Tokens.Input
		d.Tokens.Cached += e.Tokens.Cached
		d.Tokens.Output += e.Tokens.Output
	}
	list := make([]Day, 0, len(sums))
	for _, d := range sums {
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b Day) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Tool, b.Tool), strings.Compare(a.Model, b.Model))
	})
	return list
}
