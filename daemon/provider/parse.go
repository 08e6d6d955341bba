package provider

import (
	"time"

	"quotad/quota"
)

// maxUnknown is how many rows of an unknown sort are kept.
const maxUnknown = 16

// Parse reads the body of an answer to quota/limit that came at now. The
// Reply's Skew and PlanFault are left to the caller. With a Fault the Reply
// holds no figures, only the rows that nobody knows.
//
// The shapes are those recorded from 2026-01 to 2026-09, of all three
// generations of the plan.
func Parse(body []byte, now time.Time) (Reply, *Fault) {
	r, fault := parseLimits(body, now)
	if fault != nil {
		return r, fault.withRaw(body)
	}
	return r, nil
}

func parseLimits(body []byte, now time.Time) (Reply, *Fault) {
	e, ok := openEnvelope(body)
	switch {
	case !ok:
		return Reply{}, unreadable("JSON of the provider's")
	case e.failed():
		return Reply{}, e.fault()
	case !e.fields.has("data"):
		return Reply{}, e.empty("the answer has no data: no plan behind this key, or a team that was not named")
	}
	data, ok := e.fields.object("data")
	if !ok {
		return Reply{}, unreadable("in a shape that is known: its data is no object")
	}
	if !data.has("limits") {
		return Reply{}, e.empty("the answer has no limits: no plan behind this key, or a team that was not named")
	}
	rows, ok := data.list("limits")
	if !ok {
		return Reply{}, unreadable("in a shape that is known: its limits are no list")
	}
	if len(rows) == 0 {
		return Reply{}, e.empty("the list of limits is empty: no plan behind this key, or a team that was not named")
	}
	return replyOf(rows, data.word("level"), now)
}

// replyOf makes a reply of rows in whatever order.
func replyOf(rows []object, level string, now time.Time) (Reply, *Fault) {
	r := Reply{At: quota.Milli(now), Level: level}
	chosen := map[string]limit{}
	for _, o := range rows {
		l := readLimit(o, now)
		window := l.window()
		if other, twice := chosen[window]; window == "" || twice && !l.beats(other) {
			r.Unknown = append(r.Unknown, l.Row)
		} else {
			if twice {
				r.Unknown = append(r.Unknown, other.Row)
			}
			chosen[window] = l
		}
	}
	r.Unknown = r.Unknown[:min(len(r.Unknown), maxUnknown)]
	for _, window := range []string{quota.WindowFive, quota.WindowWeek, quota.WindowMonth} {
		if l, told := chosen[window]; told && l.says() {
			r.Readings = append(r.Readings, l.reading(window))
		}
	}
	r.Generation = generationOf(chosen)
	r.Plan.ID = planOf(r.Generation, level, chosen)
	switch {
	case len(chosen) == 0:
		return Reply{At: r.At, Level: level, Unknown: r.Unknown},
			&Fault{Kind: FaultEmpty, Message: "none of the rows is of a sort that is known"}
	case len(r.Readings) == 0:
		return Reply{At: r.At, Level: level, Unknown: r.Unknown},
			&Fault{Kind: FaultTransient, Message: "the rows hold no figures"}
	}
	return r, nil
}
