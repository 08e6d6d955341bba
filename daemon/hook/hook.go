// Package hook turns what a coding tool writes to its hooks into events, and
// hands them over: to the daemon where it answers in time, to the spool where
// it does not.
//
// A [Call] is one run of `quotad hook TOOL`. It reads one JSON value from the
// tool, lets the tool's [Adapter] say what happened, and delivers that, so
// timed that the process can end itself at [Limit] whatever is broken: the tool
// waits for it. What a payload holds is untrusted and optional throughout. The
// text of a prompt is looked at in memory and is no part of what is delivered,
// and of the key that a tool uses nothing but a short salted hash is.
// Nothing is said to the tool unless a person asked for a guard: see [Sentry].
//
// To add a tool: one file with its adapter, one entry in [Adapters], and the
// marks of its payload in toolOf, because tools run each other's hooks. A
// [Setup] says where the tool looks for hooks; writing them there is not for
// this package.
package hook

import (
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

// Adapter knows one coding tool: what its payloads say, how it is answered, and
// where it looks for hooks.
type Adapter struct {
	Name  string // TOOL in `quotad hook TOOL`, and the tool of its events
	Title string // as people call it
	// FromArgs says that the tool gives the payload as the last argument, not on
	// standard input.
	FromArgs bool
	// Parse tells what a payload says happened.
	Parse func(in Input) Report
	// Key is the key that the tool uses for an event, as far as its environment
	// tells; "" where it does not. Nil: it never does.
	Key func(in Input, e quota.Event) string
	// Answer writes a verdict on a prompt the way the tool reads it from the
	// hook's standard output; nil where the tool cannot be told anything.
	Answer func(v Verdict) []byte
	// Setup says how the tool is made to report; nil where there is nothing to
	// install for this name.
	Setup func(h Host) Setup
}

// Input is a payload and what there is around it.
type Input struct {
	Payload
	Env      func(string) string               // of the hook, which is the tool's
	ReadFile func(name string) ([]byte, error) // the tool's own settings
	Now      time.Time
}

// Adapters lists the tools whose payloads are understood.
func Adapters() []Adapter {
	return []Adapter{
		claudeCode(),
		cline(),
		codex(), codexNotify(),
		cursor(),
		droid(),
		gemini(),
		goose(),
		opencode(), kilo(),
		qoder(),
		qwen(),
	}
}

// adapter finds the adapter of a tool by name.
func adapter(name string) (Adapter, bool) {
	for _, a := range Adapters() {
		if a.Name == name {
			return a, true
		}
	}
	return Adapter{}, false
}

// Report is what one payload came to. Its events have an ID only where the tool
// has one of its own that no other prompt has; then runs for one prompt agree by
// that.
type Report struct {
	Reason Reason
	Events []quota.Event
	// Same is what two runs of the hook for one prompt have in common and no
	// others have. It may hold the prompt's text, so it is only ever hashed.
	Same [][]byte
	// Gap is how far apart such runs can begin; 0 is usual.
	Gap    time.Duration
	secret string               // the key that the tool uses, which is only ever hashed
	answer func(Verdict) []byte // of the tool that wrote the payload; nil: none is read
	// Turn says that a turn has ended or got its record: the daemon may read what
	// the tool kept of it.
	Turn *api.Turn
}

// Reason says why a payload gave an event, or none.
type Reason int

// The reasons. Counted and Stopped give events, TurnEnded a turn, the others
// nothing.
const (
	Counted      Reason = iota // a person sent a prompt
	Stopped                    // the provider said that the quota is used up
	NotPrompt                  // an event that tells nothing of the quota
	Background                 // the tool woke itself for a background task
	Subagent                   // the tool prompted a subagent of its own
	OtherTool                  // another tool's payload, and no adapter for it
	NotQuota                   // a refusal that is not the quota's, or is over already
	Unreadable                 // no JSON object came
	TooLong                    // more than is kept in memory
	UnknownTool                // no adapter of that name
	TurnEnded                  // a turn has ended; its record may be read
	Continuation               // the tool went on with a prompt that is counted
	Unfinished                 // what the tool began to say had no end in time
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
	case NotQuota:
		return "not a stop by the quota"
	case Unreadable:
		return "unreadable"
	case TooLong:
		return "too long"
	case UnknownTool:
		return "unknown tool"
	case TurnEnded:
		return "a turn ended"
	case Continuation:
		return "the same prompt goes on"
	case Unfinished:
		return "no end of the input in time"
	}
	return "no reason"
}

// Parse tells what raw, one JSON value that was given to the hook of a tool,
// says happened; the payload of in is not looked at. The shape of the payload
// overrules the tool's name.
func Parse(tool string, raw []byte, in Input) Report {
	named, ok := adapter(tool)
	if !ok {
		return Report{Reason: UnknownTool}
	}
	if in.Payload, ok = decode(raw); !ok {
		return Report{Reason: Unreadable}
	}
	if writer := toolOf(in.Payload); writer != "" && writer != tool {
		if named, ok = adapter(writer); !ok {
			return Report{Reason: OtherTool}
		}
	}
	in.Now = quota.Milli(in.Now)
	report := named.Parse(in)
	report.answer = named.Answer
	if named.Key != nil && len(report.Events) > 0 {
		report.secret = named.Key(in, report.Events[0])
	}
	return report
}
