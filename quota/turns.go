package quota

import (
	"hash/fnv"
	"slices"
	"time"
)

// What is gathered of turns: at most so many in an hour, so that a State stays
// small, and each until nothing has come of it for so long.
const (
	turnsAnHour = 16
	turnPause   = 15 * time.Minute
)

// turnCost is what one turn has cost so far, at list prices: its answers by
// their tokens, and its MCP calls.
type turnCost struct {
	Turn    uint64    `json:"turn"`            // hash of its name
	Model   string    `json:"model,omitempty"` // billed for its first answer; "": there was none yet
	First   time.Time `json:"first,omitzero"`  // of its answers
	Last    time.Time `json:"last"`
	Peak    Amount    `json:"peak"`
	OffPeak Amount    `json:"off_peak"`
}

// plus takes a charge in. Of a turn's charges the order does not matter.
func (x turnCost) plus(e Entry, c Charge) turnCost {
	x.Peak, x.OffPeak = x.Peak.Plus(c.Peak), x.OffPeak.Plus(c.OffPeak)
	x.Last = later(x.Last, e.At)
	if e.Kind != KindUsage {
		return x
	}
	if x.Model == "" || e.At.Before(x.First) || e.At.Equal(x.First) && c.Model < x.Model {
		x.Model, x.First = c.Model, e.At
	}
	return x
}

// gather takes a charge of the present hour in. Of more turns than are looked
// at, those stay whose hashes are least: that depends on their names alone, and
// not on which came first.
func gather(list []turnCost, e Entry, c Charge) []turnCost {
	turn := turnHash(e.Turn)
	i, known := slices.BinarySearchFunc(list, turn, func(x turnCost, turn uint64) int {
		switch {
		case x.Turn < turn:
			return -1
		case x.Turn > turn:
			return 1
		}
		return 0
	})
	if !known {
		if i == turnsAnHour {
			return list
		}
		list = slices.Insert(list, i, turnCost{Turn: turn})
		list = list[:min(len(list), turnsAnHour)]
	}
	list[i] = list[i].plus(e, c)
	return list
}

func turnHash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}
