package quota

import "time"

// HourKey is what entries have to share for their sum to be told and priced as
// they are themselves: their hour, and all that a Tally and a Pricer look at
// beside their number and their tokens. Sessions are not kept apart.
type HourKey struct {
	Hour      time.Time // its beginning, in UTC
	Kind      Kind
	Tool      string
	Project   string
	Model     string
	Endpoint  string
	Name      string // kind tool
	TurnModel string // kind prompt
	TurnUsage bool   // kind prompt
}

// HourSum is what entries of one key come to.
type HourSum struct {
	Events int64
	Count  int64
	Tokens Tokens
}

// Hour is the key of an entry, and what it adds to its sum. It is false for what
// no history tells of: voided entries, readings, void events.
func (e Entry) Hour() (HourKey, HourSum, bool) {
	k := HourKey{
		Hour: e.At.UTC().Truncate(time.Hour), Kind: e.Kind, Tool: e.Tool, Project: e.Project,
		Model: e.Model, Endpoint: e.Endpoint,
	}
	switch e.Kind {
	case KindReading, KindVoid:
		return HourKey{}, HourSum{}, false
	case "":
		k.Kind = KindPrompt
	case KindTool:
		k.Name = e.Name
	}
	if k.Kind == KindPrompt {
		k.TurnModel, k.TurnUsage = e.TurnModel, e.TurnUsage
	}
	return k, HourSum{Events: e.events(), Count: int64(e.Count), Tokens: e.Tokens}, !e.Voided
}

// events is how many events an entry stands for.
func (e Entry) events() int64 { return max(e.Sum, 1) }

// Plus is the sum of two.
func (s HourSum) Plus(o HourSum) HourSum {
	return HourSum{
		Events: s.Events + o.Events, Count: s.Count + o.Count,
		Tokens: Tokens{s.Tokens.Input + o.Tokens.Input, s.Tokens.Cached + o.Tokens.Cached, s.Tokens.Output + o.Tokens.Output},
	}
}

// Entry is a sum as one entry, at the beginning of its hour. It has no ID, no
// session and no turn, so that it teaches no price.
//
// What prompts, calls and tokens come to is exact. So is what they cost, but for
// three things: each event by itself is rounded to the millionth and a sum is
// once, so that they differ by at most half a millionth an event; prices that
// change within an hour of UTC (none that is built in does) are those of its
// beginning; and tokens of a model that has no price cost the row that is the
// dearest for all of them together.
func (k HourKey) Entry(account string, s HourSum) Entry {
	return Entry{
		Event: Event{
			Account: account, At: k.Hour, Kind: k.Kind, Tool: k.Tool, Project: k.Project, Model: k.Model,
			Endpoint: k.Endpoint, Name: k.Name, Count: int(s.Count), Tokens: s.Tokens,
		},
		TurnModel: k.TurnModel, TurnUsage: k.TurnUsage, Sum: s.Events,
	}
}
