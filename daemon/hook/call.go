package hook

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

// The deadlines of a call, from its start. The tool waits for all of them
// together, and for the process to begin and to end, so that they leave room
// below the 200 ms that a hook may take.
const (
	// spoolAt is when an event that is still unanswered goes to the spool as
	// well: a slow disk needs time for it too, and a repeat does no harm. An
	// event that came late waits for its answer for at least spoolAfter.
	spoolAt    = 90 * time.Millisecond
	spoolAfter = 10 * time.Millisecond
	// inputBy is when the input has to be there; later there would be no time to
	// do anything with it.
	inputBy = 140 * time.Millisecond
	ackBy   = 150 * time.Millisecond
	// Limit is when the process has to end itself, whatever it is doing: a disk
	// may hang.
	Limit = 170 * time.Millisecond
)

// Call is one run of a hook. Post and Spool are where its events go.
type Call struct {
	Tool  string
	Args  []string // after TOOL, in their order
	Stdin io.Reader
	Env   func(string) string
	// ReadFile reads a small file of the tool's own settings.
	ReadFile func(name string) ([]byte, error)
	Start    time.Time // when the process began: the time of its events
	Rand     io.Reader // of the event IDs
	Twins    Twins
	// Post hands a line to the daemon and waits, until the deadline, for the
	// word that it is stored.
	Post func(line []byte, deadline time.Time) (api.Receipt, error)
	// Tell hands a line about a turn to the daemon. Nobody minds where it is lost.
	Tell func(line []byte, deadline time.Time)
	// Spool keeps an event, written as line, for the daemon to find.
	Spool  func(e quota.Event, line []byte) error
	Sentry Sentry
	// GiveUp ends the process, where the input is not there in time. It is called
	// on a goroutine of its own.
	GiveUp func()
}

// Outcome is what a call came to.
type Outcome struct {
	Reason Reason
	Fate   Fate
}

// Fate is what became of a call's events.
type Fate int

// The fates.
const (
	NoEvent    Fate = iota
	Acked           // the daemon has stored it
	AckedApart      // and charges nothing for it: it is not on the plan
	Refused         // the daemon will never take it
	Spooled         // kept for the daemon to find
	Lost            // neither daemon nor spool would have it
)

// String is the fate in words.
func (f Fate) String() string {
	return [...]string{"no event", "acknowledged", "acknowledged apart", "refused", "spooled", "lost"}[f]
}

// Run makes the call. It waits for its disk as long as that takes; who calls it
// ends the process at Limit.
func (c Call) Run() Outcome {
	raw, err := c.read()
	switch {
	case errors.Is(err, errTooLong):
		return Outcome{Reason: TooLong}
	case err != nil:
		return Outcome{Reason: Unreadable}
	}
	report := Parse(c.Tool, raw, Input{Env: c.Env, ReadFile: c.ReadFile, Now: c.Start})
	out := Outcome{Reason: report.Reason}
	key, account := c.keyHash(report.secret), c.account()
	for i, e := range report.Events {
		e.Key, e.Account = key, account
		if e.ID == "" {
			first := c.first(report, i)
			e.ID, e.At = first.ID, quota.Milli(first.At)
		}
		sent := c.deliver(fit(e))
		out.Fate = max(out.Fate, sent.fate)
		if report.Reason == Counted && sent.fate == Acked {
			e.Account = cmp.Or(sent.account, quota.DefaultAccount)
			c.guard(report.answer, e)
		}
	}
	if report.Turn != nil {
		report.Turn.Account = account
		c.tell(*report.Turn)
	}
	return out
}

// keyHash is the salted hash of a key; "" where there is no salt either.
func (c Call) keyHash(key string) string {
	if key == "" || c.Twins.Salt == nil {
		return ""
	}
	salt, err := c.Twins.Salt()
	if err != nil {
		return ""
	}
	return quota.KeyHash(salt, key)
}

// account is the one that a person has put the tool's shell under; "" where
// nobody did.
func (c Call) account() string {
	if name := c.Env(AccountVariable); quota.ValidAccount(name) {
		return name
	}
	return ""
}

// AccountVariable names the account of all that is recorded in a shell.
const AccountVariable = "QUOTAD_ACCOUNT"

// guard says in the tool's own words what is to be said about a prompt that was
// counted. One that it holds back never reaches the provider, and is taken out
// of the count again.
func (c Call) guard(words func(Verdict) []byte, prompt quota.Event) {
	defer func() { _ = recover() }()
	if c.Sentry.Guard == GuardOff || words == nil || switchedOn(c.Env("QUOTAD_NO_GUARD")) {
		return
	}
	if c.Sentry.speak(words, prompt.Account, c.Start) {
		c.deliver(quota.Event{
			ID: ownID("void", prompt.ID), Kind: quota.KindVoid, At: prompt.At, Account: prompt.Account,
			Tool: prompt.Tool, Voids: prompt.ID,
		})
	}
}

// tell lets the daemon know of a turn, where it still listens.
func (c Call) tell(turn api.Turn) {
	defer func() { _ = recover() }()
	c.Tell(turn.Encode(), c.Start.Add(ackBy))
}

// read reads the input, which may never end.
func (c Call) read() ([]byte, error) {
	if a, ok := adapter(c.Tool); ok && a.FromArgs {
		if len(c.Args) == 0 {
			return nil, errCut
		}
		return readValue(strings.NewReader(c.Args[len(c.Args)-1]), maxInput)
	}
	late := time.AfterFunc(time.Until(c.Start.Add(inputBy)), c.GiveUp)
	defer late.Stop()
	return readValue(c.Stdin, maxInput)
}

// first is the run that tells the call's event number i. Where twins cannot be
// told, that is this one.
func (c Call) first(report Report, i int) Run {
	id, err := api.NewID(c.Start, c.Rand)
	mine := Run{ID: id, At: c.Start}
	if err != nil || len(report.Same) == 0 {
		return mine
	}
	same := append(slices.Clip(report.Same), []byte{byte(i)})
	first, err := c.Twins.First(same, cmp.Or(report.Gap, twinGap), mine)
	if err != nil {
		return mine
	}
	return first
}

// deliver hands an event to the daemon, and to the spool where the daemon has
// not said in time that the event is stored. All of it happens on the caller's
// goroutine as long as nothing is late: another thread would cost more than
// the event.
func (c Call) deliver(e quota.Event) delivered {
	line := api.EncodeEvent(e)
	spooled := make(chan Fate, 1)
	late := time.AfterFunc(time.Until(c.patience()), func() { spooled <- c.keep(e, line) })
	sent := c.post(line)
	begun := !late.Stop()
	switch {
	case sent.fate != NoEvent:
	case begun:
		sent.fate = <-spooled
	default:
		sent.fate = c.keep(e, line)
	}
	return sent
}

// delivered is what became of an event.
type delivered struct {
	fate    Fate
	account string // that it belongs to, where the daemon told
}

// patience is how long the daemon's answer alone is waited for.
func (c Call) patience() time.Time {
	at, least := c.Start.Add(spoolAt), time.Now().Add(spoolAfter)
	if at.Before(least) {
		return least
	}
	return at
}

// post is the fate that the daemon gives an event; NoEvent where it does not
// answer or cannot store it now.
func (c Call) post(line []byte) (sent delivered) {
	defer func() { _ = recover() }()
	answer, _ := c.Post(line, c.Start.Add(ackBy)) // why it failed is for nobody to read
	sent.account = answer.Account
	switch answer.Delivery {
	case api.Delivered:
		sent.fate = Acked
	case api.Apart:
		sent.fate = AckedApart
	case api.Refused:
		sent.fate = Refused
	}
	return sent
}

func (c Call) keep(e quota.Event, line []byte) (fate Fate) {
	fate = Lost
	defer func() { _ = recover() }()
	if c.Spool(e, line) == nil {
		fate = Spooled
	}
	return fate
}
