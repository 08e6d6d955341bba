package provider

import (
	"fmt"
	"time"
)

// FaultKind says what is wrong with an answer, and so what is to be done.
type FaultKind int

// The kinds of fault.
const (
	FaultTransient FaultKind = iota + 1 // no network, a timeout, a 5xx, no JSON: asked again, later each time
	FaultKey                            // the key is refused: not asked again until it changes or somebody asks by hand
	FaultNoKey                          // there is no key, or it cannot be read
	FaultNoPlan                         // the key is good and has no coding plan
	FaultBalance                        // "no balance": as without a plan
	FaultEmpty                          // success, and no limits: no plan, or a team that was not named
	FaultRefused                        // what must not be: a redirect, a bad certificate, more than 1 MiB
)

func (k FaultKind) String() string {
	return [...]string{
		"", "no usable answer", "key refused", "no key", "no plan", "no balance", "no limits told", "answer refused",
	}[k]
}

// Fault is an answer that tells no figures. It changes no number.
type Fault struct {
	Kind    FaultKind
	Code    int64         // the provider's own code; 0: none
	HTTP    int           // status; 0: there was no answer
	Message string        // in our words, without anything of the key
	Hint    string        // the command that mends it; empty: there is none
	After   time.Duration // how long the provider asks to be left alone; 0: it does not say
	Raw     []byte        // the answer's body, cut, without anything of the key; for those who look for a fault
}

func (f *Fault) Error() string {
	if f.Code != 0 {
		return fmt.Sprintf("%v (code %d): %s", f.Kind, f.Code, f.Message)
	}
	return fmt.Sprintf("%v: %s", f.Kind, f.Message)
}
