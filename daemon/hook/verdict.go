package hook

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Guard says what a hook does about a prompt where there is little room, or
// none. It is off unless the user asked for it.
type Guard int

// The guards.
const (
	GuardOff   Guard = iota // every prompt passes in silence
	GuardWarn               // the person is told
	GuardBlock              // and a prompt that the provider would refuse is held back
)

func (g Guard) String() string { return [...]string{"off", "warn", "block"}[g] }

// ParseGuard reads the value of the flag that asks for a guard; "" is that of
// the flag alone. Words that are not known ask for none.
func ParseGuard(value string) Guard {
	switch value {
	case "", "warn":
		return GuardWarn
	case "block":
		return GuardBlock
	}
	return GuardOff
}

// flag is how a command line asks for the guard.
func (g Guard) flag() string {
	if g == GuardOff {
		return ""
	}
	return " --guard=" + g.String()
}

// Verdict is what is to be done about a prompt.
type Verdict struct {
	Action Action
	Why    Why
	Text   string // one line for the person, "" of Pass
	About  About  // of Warn
}

// About names what a person is warned of, once.
type About struct {
	Key   string    // the account, the window's instance, and how far it is used
	Until time.Time // when that is over
}

// Action is what happens to a prompt.
type Action int

// The actions.
const (
	Pass Action = iota
	Warn
	Block
)

func (a Action) String() string { return [...]string{"pass", "warn", "block"}[a] }

// answer is v as JSON.
func answer(v map[string]any) []byte {
	line, err := json.Marshal(v)
	if err != nil { // plain data: this cannot fail
		return nil
	}
	return line
}

// GuardIn is the guard that the words of a call ask for.
func GuardIn(args []string) Guard {
	for _, g := range []Guard{GuardWarn, GuardBlock} {
		if slices.Contains(args, strings.TrimSpace(g.flag())) {
			return g
		}
	}
	return GuardOff
}
