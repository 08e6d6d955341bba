package notify

import (
	"slices"
	"strings"
)

// State says what became of an item. It is one of the words below where all
// senders stand alike. Otherwise it lists the senders with a plus between: a
// name alone took the notice, a name and a word stands as the word says.
//
//	desktop                 told on the desktop
//	desktop+command         told by both
//	command+desktop:pending the command took it, the desktop has not yet
//	desktop+command:failed  the command was run and failed
type State string

// The words. Pending, held and sending are not final.
const (
	StatePending State = "pending" // nobody took it yet
	StateHeld    State = "held"    // pending, and held back by quiet hours or a snooze
	StateSending State = "sending" // being told at this moment
	StateUnknown State = "unknown" // the sender died on the way: perhaps told, never again
	StateFailed  State = "failed"  // the command was run and failed
	StateStale   State = "stale"   // no longer true when it could be told
	StateDigest  State = "digest"  // told as a part of a digest
	StateNone    State = "none"    // there is nobody to tell it
)

// told stands in a part for a sender that took the notice.
const told State = "told"

// Final reports whether nothing more will become of the item.
func (s State) Final() bool {
	for part := range strings.SplitSeq(string(s), "+") {
		_, word, named := strings.Cut(part, ":")
		if !named {
			word = part
		}
		if open(State(word)) {
			return false
		}
	}
	return true
}

func open(word State) bool {
	return word == "" || word == StatePending || word == StateHeld || word == StateSending
}

// part is where one sender stands with an item.
type part struct {
	sender string
	word   State
}

type parts []part

// parse reads a state. A bare word holds for each of the senders.
func parse(s State, senders []string) parts {
	if s == "" {
		s = StatePending
	}
	var ps parts
	for p := range strings.SplitSeq(string(s), "+") {
		name, word, named := strings.Cut(p, ":")
		switch {
		case named:
			ps = append(ps, part{name, State(word)})
		case isWord(State(p)):
			for _, sender := range senders {
				ps = append(ps, part{sender, State(p)})
			}
		default:
			ps = append(ps, part{name, told})
		}
	}
	return ps
}

func isWord(s State) bool {
	return open(s) || slices.Contains([]State{StateUnknown, StateFailed, StateStale, StateDigest, StateNone}, s)
}

// state writes the parts.
func (ps parts) state() State {
	if len(ps) == 0 {
		return StateNone
	}
	if ps[0].word != told && ps.all(ps[0].word) {
		return ps[0].word
	}
	var names []string
	for _, p := range ps {
		if p.word == told {
			names = append(names, p.sender)
		} else {
			names = append(names, p.sender+":"+string(p.word))
		}
	}
	return State(strings.Join(names, "+"))
}

func (ps parts) all(word State) bool {
	return !slices.ContainsFunc(ps, func(p part) bool { return p.word != word })
}

// of is where a sender stands; "" where the item is not for it.
func (ps parts) of(sender string) State {
	for _, p := range ps {
		if p.sender == sender {
			return p.word
		}
	}
	return ""
}

// with puts one sender's word.
func (ps parts) with(sender string, word State) parts {
	ps = slices.Clone(ps)
	for i := range ps {
		if ps[i].sender == sender {
			ps[i].word = word
		}
	}
	return ps
}

// turn puts one word in the place of others, for every sender.
func (ps parts) turn(into State, from ...State) parts {
	ps = slices.Clone(ps)
	for i := range ps {
		if slices.Contains(from, ps[i].word) {
			ps[i].word = into
		}
	}
	return ps
}

// keep drops what is still to be told by a sender that is no longer there.
func (ps parts) keep(senders []string) parts {
	return slices.DeleteFunc(slices.Clone(ps), func(p part) bool {
		return open(p.word) && !slices.Contains(senders, p.sender)
	})
}

// any reports whether a sender stands at one of the words.
func (ps parts) any(words ...State) bool {
	return slices.ContainsFunc(ps, func(p part) bool { return slices.Contains(words, p.word) })
}
