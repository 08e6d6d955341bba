// Package hook turns what a coding tool writes to its hooks into events, and
// hands them over: to the daemon where it answers in time, to the spool where
// it does not.
//
// A [Call] is one run of `quotad hook TOOL`. It reads one JSON value from the
// tool, lets the tool's [Adapter] say what happened, and delivers that, so
// timed that the process can end itself at [Limit] whatever is broken: the tool
// waits for it. What a payload holds is untrusted and optional throughout. The
// text of a prompt is looked at in memory and is no part of what is delivered.
//
// To add a tool: one file with its adapter, one entry in [Adapters], and the
// marks of its payload in toolOf, because tools run each other's hooks.
package hook

import (
	"time"

	"quotad/quota"
)

// Adapter knows the payloads of one coding tool.
type Adapter struct {
	Name string // TOOL in `quotad hook TOOL`, and the tool of its events
	// Parse tells what a payload says happened at now; env is the environment
	// that the tool runs its hooks in.
	Parse func(p Payload, env func(string) string, now time.Time) Report
}

// Adapters lists the tools whose payloads are understood.
func Adapters() []Adapter { return []Adapter{claudeCode(), cursor()} }

// adapter finds the adapter of a tool by name.
func adapter(name string) (Adapter, bool) {
	for _, a := range Adapters() {
		if a.Name == name {
			return a, true
		}
	}
	return Adapter{}, false
}

// Report is what one payload came to. Its events have no ID yet.
type Report struct {
	Reason Reason
	Events []quota.Event
	// Same is what two runs of the hook for one prompt have in common and no
	// others have. It may hold the prompt's text, so it is only ever hashed.
	Same [][]byte
}

// Reason says why a payload gave an event, or none.
type Reason int

// The reasons. Counted and Stopped give events, the others none.
const (
	Counted     Reason = iota // a person sent a prompt
	Stopped                   // the provider said that the quota is used up
	NotPrompt                 // an event that tells nothing of the quota
	Background                // the tool woke itself for a background task
	Subagent                  // the tool prompted a subagent of its own
	OtherTool                 // another tool's payload, and no adapter for it
	OtherModel                // a model that is not the plan's, where no endpoint tells
	NotQuota                  // a refusal that is not the quota's, or is over already
	Unreadable                // no JSON object came
	TooLong                   // more than is kept in memory
	UnknownTool               // no adapter of that name
)

// String is the reason in words.
func (r Reason) String() string {
	switch r {
	case Counted:
		return "counted"
	case Stopped:
		return "the provider said stop"
	case NotPrompt:
		return "not a prompt event"
	case Background:
		return "background notification"
	case Subagent:
		return "subagent"
	case OtherTool:
		return "another tool's payload"
	case OtherModel:
		return "not a model of the plan"
	case NotQuota:
		return "not a stop by the quota"
	case Unreadable:
		return "unreadable"
	case TooLong:
		return "too long"
	case UnknownTool:
		return "unknown tool"
	}
	return "no reason"
}

// Parse tells what raw, one JSON value that was given to the hook of a tool,
// says happened at now. The shape of the payload overrules the tool's name.
func Parse(tool string, raw []byte, env func(string) string, now time.Time) Report {
	named, ok := adapter(tool)
	if !ok {
		return Report{Reason: UnknownTool}
	}
	p, ok := decode(raw)
	if !ok {
		return Report{Reason: Unreadable}
	}
	if writer := toolOf(p); writer != "" && writer != tool {
		if named, ok = adapter(writer); !ok {
			return Report{Reason: OtherTool}
		}
	}
	return named.Parse(p, env, quota.Milli(now))
}
