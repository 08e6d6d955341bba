package hook

import (
	"encoding/json"
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

// parseGuard reads the value of the flag that asks for a guard; "" is that of
// the flag alone. Words that are not known ask for none.
func parseGuard(value string) (g Guard, known bool) {
	switch value {
	case "", "warn":
		return GuardWarn, true
	case "block":
		return GuardBlock, true
	}
	return GuardOff, value == "off"
}

// GuardAt reads the flag that asks for a guard at the word i of a call, and
// tells how many words that is, 0 where it is no such flag. The value may stand
// behind it too: people write flags so, and it must not be taken for a tool.
func GuardAt(args []string, i int) (g Guard, words int) {
	name, value, joined := strings.Cut(args[i], "=")
	if name != "--guard" {
		return GuardOff, 0
	}
	if !joined && i+1 < len(args) && args[i+1] != "" {
		if g, known := parseGuard(args[i+1]); known {
			return g, 2
		}
	}
	g, _ = parseGuard(value)
	return g, 1
}

// GuardIn is the guard that the words of a call ask for.
func GuardIn(args []string) (g Guard) {
	for i := range args {
		if at, words := GuardAt(args, i); words > 0 {
			g = at
		}
	}
	return g
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
