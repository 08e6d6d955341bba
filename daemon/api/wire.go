package api

import (
	"cmp"
	"time"

	"quotad/quota"
)

// Bounds on what the domain leaves open, so that one event stays small.
const (
	maxReadings = 32
	maxWindow   = 64            // bytes of a window's name
	maxUnits    = 1_000_000_000 // of a reading: exact in millionths as a JSON number
)

// wireEvent is an event as JSON. A nil or empty field was left out.
type wireEvent struct {
	ID         string        `json:"id,omitempty"`
	Kind       quota.Kind    `json:"kind,omitempty"`
	At         *string       `json:"at,omitempty"`
	Account    string        `json:"account,omitempty"`
	Tool       string        `json:"tool,omitempty"`
	Session    string        `json:"session,omitempty"`
	Project    string        `json:"project,omitempty"`
	Model      string        `json:"model,omitempty"`
	Endpoint   string        `json:"endpoint,omitempty"`
	Turn       string        `json:"turn,omitempty"`
	Transcript string        `json:"transcript,omitempty"`
	Count      *int          `json:"count,omitempty"`
	Tokens     *quota.Tokens `json:"tokens,omitempty"`
	Name       string        `json:"name,omitempty"`
	Window     string        `json:"window,omitempty"`
	Until      *string       `json:"until,omitempty"`
	Code       string        `json:"code,omitempty"`
	Message    string        `json:"message,omitempty"` // read, never kept
	Readings   wireReadings  `json:"readings,omitempty"`
	Plan       *wirePlan     `json:"plan,omitempty"`
	Key        string        `json:"key,omitempty"`
	Voids      string        `json:"voids,omitempty"`
}

// wirePlan is what the provider told of the subscription.
type wirePlan struct {
	ID         string  `json:"id,omitempty"`
	Subscribed *string `json:"subscribed,omitempty"`
	Renews     *string `json:"renews,omitempty"`
	Ends       *string `json:"ends,omitempty"`
}

type wireReading struct {
	Window   string   `json:"window"`
	Percent  *float64 `json:"percent,omitempty"`
	Used     *float64 `json:"used,omitempty"`
	Cap      *float64 `json:"cap,omitempty"`
	ResetsAt *string  `json:"resets_at,omitempty"`
}

// DecodeEvent reads one event, a JSON object, and gives it back filled in and
// checked in itself. Whether its instant can be taken is not looked at; an ID
// and an account it does not have are not made. Fields that are unknown, or belong to another
// kind of event, are passed over. An "exhausted" event may carry the provider's raw
// code and message in the place of its window; the message is not kept. With an
// error comes an event that has nothing but its ID, if that could be read.
func DecodeEvent(line []byte, now time.Time) (quota.Event, *Error) {
	var w wireEvent
	bad := decodeObject(line, &w)
	var e quota.Event
	if bad == nil {
		e, bad = w.event(now)
	}
	if bad == nil {
		bad = FromQuota(e.Check())
	}
	if bad == nil {
		return e, nil
	}
	if len(w.ID) > quota.MaxID {
		w.ID = ""
	}
	return quota.Event{ID: w.ID}, bad
}

// EncodeEvent writes an event as one line of JSON, newline included, the way
// DecodeEvent reads it. It is filled in (kind, count) but for its ID and its
// instant, which the caller is expected to have set, and its account, which the
// daemon finds for it.
func EncodeEvent(e quota.Event) []byte {
	w := wireEventOf(e)
	return w.encode()
}

func wireEventOf(e quota.Event) wireEvent {
	e = ownFields(e.Fill(e.At))
	w := wireEvent{
		ID: e.ID, Kind: e.Kind, At: wireTime(e.At), Account: e.Account,
		Tool: e.Tool, Session: e.Session, Project: e.Project, Model: e.Model,
		Endpoint: e.Endpoint, Turn: e.Turn, Transcript: e.Transcript,
		Name: e.Name, Window: e.Window, Until: wireTime(e.Until), Code: e.Code, Voids: e.Voids,
		Key: e.Key, Plan: planToWire(e.Plan),
	}
	if e.Count != 1 || e.Kind == quota.KindPrompt || e.Kind == quota.KindTool {
		w.Count = &e.Count
	}
	if e.Kind == quota.KindUsage {
		w.Tokens = &e.Tokens
	}
	for _, r := range e.Readings {
		w.Readings = append(w.Readings, toWire(r))
	}
	return w
}

// event is what w says, filled in.
func (w *wireEvent) event(now time.Time) (quota.Event, *Error) {
	e := quota.Event{
		ID: w.ID, Kind: w.Kind, Account: w.Account, Tool: w.Tool, Session: w.Session,
		Project: w.Project, Model: w.Model, Endpoint: bareEndpoint(w.Endpoint), Turn: w.Turn,
		Transcript: w.Transcript, Name: w.Name, Window: w.Window, Code: w.Code, Voids: w.Voids, Key: w.Key,
	}
	var err *Error
	if e.At, err = parseTime("at", w.At); err != nil {
		return e, err
	}
	if w.Count != nil {
		if *w.Count == 0 { // which Fill would take for "left out"
			return e, InvalidField("count", "0 is out of range: 1 to %d", quota.MaxCount)
		}
		e.Count = *w.Count
	}
	if w.Tokens != nil {
		e.Tokens = *w.Tokens
	} else if w.Kind == quota.KindUsage {
		return e, InvalidField("tokens", `missing: a usage event needs {"input":N,"cached":N,"output":N}`)
	}
	e = ownFields(e.Fill(now))
	switch e.Kind {
	case quota.KindExhausted:
		err = w.exhaustion(&e)
	case quota.KindReading:
		if e.Readings, err = readings(w.Readings); err == nil {
			e.Plan, err = w.Plan.told()
		}
	}
	return e, err
}

// exhaustion fills in window and until, from the provider's own words where
// the sender did not name the window.
func (w *wireEvent) exhaustion(e *quota.Event) *Error {
	var err *Error
	if e.Until, err = parseTime("until", w.Until); err != nil {
		return err
	}
	if w.Code != "" || w.Message != "" {
		if err := w.said(e); err != nil {
			return err
		}
	}
	if len(e.Window) > maxWindow || len(e.Code) > maxWindow {
		return InvalidField("window", "window or code is longer than %d bytes", maxWindow)
	}
	if !e.Until.IsZero() {
		e.Until = quota.Milli(e.Until)
	}
	return nil
}

// said fills in what the provider's own words tell and the sender did not. Words
// that tell of something else than a used-up window are refused, whatever window
// the sender has made of them.
func (w *wireEvent) said(e *quota.Event) *Error {
	stop, reason := quota.ParseStop(w.Code, w.Message, e.At)
	if reason == quota.StopNotQuota || e.Window == "" && stop.Window == "" {
		err := InvalidField("code", "not taken as exhausted: %v", reason)
		err.Stop = reason
		return err
	}
	e.Window, e.Code = cmp.Or(e.Window, stop.Window), cmp.Or(e.Code, stop.Code)
	if e.Until.IsZero() && e.Window == stop.Window {
		e.Until = stop.Until
	}
	return nil
}

// ownFields drops what belongs to another kind of event than e's.
func ownFields(e quota.Event) quota.Event {
	if e.Kind != quota.KindUsage {
		e.Tokens = quota.Tokens{}
	}
	if e.Kind != quota.KindTool {
		e.Name = ""
	}
	if e.Kind != quota.KindExhausted {
		e.Window, e.Until, e.Code = "", time.Time{}, ""
	}
	if e.Kind != quota.KindReading {
		e.Readings, e.Plan = nil, quota.PlanTold{}
	}
	if e.Kind != quota.KindVoid {
		e.Voids = ""
	}
	return e
}
