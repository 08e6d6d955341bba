package quota

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what an event tells.
type Kind string

// The kinds of event. The zero Kind is read as a prompt.
const (
	KindPrompt    Kind = "prompt"    // a person sent a prompt
	KindUsage     Kind = "usage"     // the tokens of one model answer
	KindTool      Kind = "tool"      // one MCP call
	KindExhausted Kind = "exhausted" // the provider said stop
	KindReading   Kind = "reading"   // the provider's own figures
	KindVoid      Kind = "void"      // takes another event out of the count
)

// The names that built-in plans give their windows.
const (
	WindowFive  = "5h"
	WindowWeek  = "week"
	WindowMonth = "month"
	// WindowWeekOrMonth stands in an exhausted event whose code (1310) does not
	// tell which of the two ran out; the fold decides by the instant.
	WindowWeekOrMonth = "week|month"
)

// Limits on one event.
const (
	MaxID     = 200           // bytes
	MaxText   = 1 << 10       // bytes of tool, session, project, model, turn, name
	MaxPath   = 4 << 10       // bytes of endpoint and transcript
	MaxKey    = 64            // bytes of a key's salted hash
	MaxCount  = 1000          // prompts in one event
	MaxTokens = 1_000_000_000 // tokens of one sort in one event
	MaxAhead  = 5 * time.Minute
	FirstYear = 1970 // a board without a battery begins anew here, and tools are used all the same
)

// DefaultAccount is the account of events that name none and that no rule gives
// to another.
const DefaultAccount = "default"

// Event is one thing that happened, as a tool, a person or the provider told
// it. Times are UTC with milliseconds. The text of a prompt is no part of it.
type Event struct {
	ID         string    // makes a repeat harmless: of two with one ID the first stands
	Kind       Kind      //
	At         time.Time // when it happened, not when it arrived
	Account    string    //
	Tool       string    // "claude-code"
	Session    string    //
	Project    string    //
	Model      string    // as the tool named it
	Endpoint   string    // URL the tool talks to; empty: the tool could not tell
	Turn       string    // links the events of one user prompt
	Transcript string    // file where the turn's tokens may be read
	Count      int       // prompts or calls, 1 to MaxCount
	Tokens     Tokens    // kind usage
	Name       string    // kind tool: the MCP tool
	Window     string    // kind exhausted: the window, or WindowWeekOrMonth
	Until      time.Time // kind exhausted: when it refreshes; zero: not told
	Code       string    // kind exhausted: the provider's code, where it gave one
	Readings   []Reading // kind reading
	Plan       PlanTold  // kind reading: what the provider told of the subscription
	Key        string    // salted hash of the key that the tool uses; empty: the tool could not tell
	Voids      string    // kind void: the ID taken out
}

// Tokens of one model answer. Input excludes what was read from cache.
type Tokens struct {
	Input  int64 `json:"input"`
	Cached int64 `json:"cached"`
	Output int64 `json:"output"`
}

// Reading is the provider's own figure for one window. What it does not tell
// is nil or zero, and never means "none used".
type Reading struct {
	Window   string     `json:"window"`
	Percent  *float64   `json:"percent,omitempty"`   // floored by the provider: p brackets [p, p+1)
	Used     *Amount    `json:"used,omitempty"`      // absolute, where the provider gives it
	Cap      *Amount    `json:"cap,omitempty"`       //
	ResetsAt *time.Time `json:"resets_at,omitempty"` //
}

// Error is a complaint about one field of an input.
type Error struct {
	Field   string // JSON name of the field, "" where no single one is at fault
	Message string // what was wrong and what was expected
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

func bad(field, format string, args ...any) *Error {
	return &Error{Field: field, Message: fmt.Sprintf(format, args...)}
}

// Normalize is Fill, with the default account for an event that names none: for
// events that stand for themselves. Where there are rules an [Assignment] decides.
func (e Event) Normalize(now time.Time) Event {
	if e.Account == "" {
		e.Account = DefaultAccount
	}
	return e.Fill(now)
}

// Fill fills in what an event may leave out (kind, count, at: now), but for its
// account, and brings times to UTC milliseconds.
func (e Event) Fill(now time.Time) Event {
	if e.Kind == "" {
		e.Kind = KindPrompt
	}
	if e.Count == 0 {
		e.Count = 1
	}
	if e.At.IsZero() {
		e.At = now
	}
	e.At = Milli(e.At)
	if !e.Until.IsZero() {
		e.Until = Milli(e.Until)
	}
	return e
}

// Milli is t in UTC, cut to the millisecond.
func Milli(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Check tells what is wrong with a filled in event in itself, whatever the time
// is; nil where nothing is. It may be without an account still.
func (e Event) Check() *Error {
	if len(e.ID) > MaxID {
		return bad("id", "%d bytes long; at most %d are kept", len(e.ID), MaxID)
	}
	if !utf8.ValidString(e.ID) {
		return bad("id", "not valid UTF-8")
	}
	if e.Account != "" && !ValidAccount(e.Account) {
		return bad("account", "%q is not an account name: 1 to 64 of a-z A-Z 0-9 . _ -", clip(e.Account))
	}
	if y := e.At.Year(); y < FirstYear || y > 9999 {
		return bad("at", "year %d is out of range", y)
	}
	if e.Count < 1 || e.Count > MaxCount {
		return bad("count", "%d is out of range: 1 to %d", e.Count, MaxCount)
	}
	if err := e.checkTexts(); err != nil {
		return err
	}
	return e.checkKind()
}

// CheckTime tells whether the event's instant can be taken at now: at most
// MaxAhead in the future, and not older than the retention (0: no bound).
func (e Event) CheckTime(now time.Time, retention time.Duration) *Error {
	if e.At.After(now.Add(MaxAhead)) {
		return bad("at", "%s is in the future (now is %s); at most %d min ahead is taken",
			e.At.Format(time.RFC3339), now.UTC().Format(time.RFC3339), int(MaxAhead.Minutes()))
	}
	if retention > 0 && e.At.Before(now.Add(-retention)) {
		return bad("at", "%s is older than the retention of %d days",
			e.At.Format(time.RFC3339), int(retention.Hours()/24))
	}
	return nil
}

func (e Event) checkTexts() *Error {
	for _, f := range []struct {
		name, text string
		most       int
	}{
		{"tool", e.Tool, MaxText}, {"session", e.Session, MaxText}, {"project", e.Project, MaxText},
		{"model", e.Model, MaxText}, {"turn", e.Turn, MaxText}, {"name", e.Name, MaxText},
		{"key", e.Key, MaxKey}, {"plan.id", e.Plan.ID, MaxText},
		{"endpoint", e.Endpoint, MaxPath}, {"transcript", e.Transcript, MaxPath},
	} {
		if len(f.text) > f.most {
			return bad(f.name, "%d bytes long; at most %d are kept", len(f.text), f.most)
		}
		if !utf8.ValidString(f.text) {
			return bad(f.name, "not valid UTF-8")
		}
	}
	return nil
}

func (e Event) checkKind() *Error {
	switch e.Kind {
	case KindPrompt, KindTool:
		return nil
	case KindUsage:
		for _, n := range []int64{e.Tokens.Input, e.Tokens.Cached, e.Tokens.Output} {
			if n < 0 || n > MaxTokens {
				return bad("tokens", "%d is out of range: 0 to %d", n, MaxTokens)
			}
		}
		return nil
	case KindExhausted:
		if e.Window == "" {
			return bad("window", `missing: "5h", "week" or "month", or the provider's "code" and "message"`)
		}
		if most := farthest(e.Window); !e.Until.IsZero() && e.Until.Sub(e.At) > most {
			return bad("until", "%s is more than %v after the provider said so: %s is full again before",
				e.Until.Format(time.RFC3339), most, clip(e.Window))
		}
		return nil
	case KindReading:
		return e.checkReadings()
	case KindVoid:
		if e.Voids == "" || len(e.Voids) > MaxID {
			return bad("voids", "the id of the event to take out is needed, at most %d bytes", MaxID)
		}
		return nil
	}
	return bad("kind", "%q is not known: prompt, usage, tool, exhausted, reading or void", clip(string(e.Kind)))
}

func (e Event) checkReadings() *Error {
	if len(e.Readings) == 0 {
		return bad("readings", "at least one is needed")
	}
	for _, r := range e.Readings {
		if r.Window == "" {
			return bad("readings", "one without a window")
		}
		if r.Percent != nil && (*r.Percent < 0 || *r.Percent > 1000) {
			return bad("readings", "%s: %v %% is out of range", r.Window, *r.Percent)
		}
		if r.Used != nil && *r.Used < 0 || r.Cap != nil && *r.Cap <= 0 {
			return bad("readings", "%s: used below 0, or a cap that is not above 0", r.Window)
		}
	}
	return nil
}

// ValidAccount reports whether s can name an account.
func ValidAccount(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Before orders events by time, and by ID within one instant: the order in
// which they are folded.
func (e Event) Before(o Event) bool {
	if !e.At.Equal(o.At) {
		return e.At.Before(o.At)
	}
	return e.ID < o.ID
}

// Entry is an event with what the others of its set say about it.
type Entry struct {
	Event
	Voided    bool   // a void event names it
	TurnModel string // kind prompt: the model of its turn's first usage event
	TurnUsage bool   // kind prompt: a usage event of its turn is there
	Sum       int64  // so many events of its hour, which retention has summed up; 0: it is one event
}
