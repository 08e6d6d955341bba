package quota

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// Exhaustion is what the provider said when it stopped work.
type Exhaustion struct {
	Window string    // a window's name, or WindowWeekOrMonth
	Until  time.Time // when it refreshes; zero where that was not told, or not to be believed
	Code   string    // the provider's, where one told; else the text alone did
}

// Sure reports whether a window is used up at t beyond doubt, though it was
// only overheard: a code of the provider or an instant still to come says so.
func (x Exhaustion) Sure(t time.Time) bool {
	return x.Window != "" && (x.Code != "" || x.Until.After(t))
}

// StopReason says what a provider's refusal was found to be.
type StopReason int

// The readings of a refusal.
const (
	StopUnknown    StopReason = iota // neither code nor text is known
	StopExhausted                    // a window is used up
	StopNotQuota                     // concurrency, overload, balance, model not in the plan, ...
	StopPast                         // told of a window that has refreshed since
	StopOutOfRange                   // a window is used up, but the instant told cannot be its refresh
)

func (r StopReason) String() string {
	return [...]string{
		"unknown code", "exhausted", "not a quota stop", "instant already past", "instant out of range",
	}[r]
}

// stopSlack is how far the provider's clock and ours may be apart.
const stopSlack = 5 * time.Minute

// ParseStop reads a provider's refusal, told at an instant: the code where the
// caller has one, and the message as a tool shows it, with or without the code
// in brackets or a JSON body. The Exhaustion is zero unless a window is used up
// (StopExhausted, StopOutOfRange). Codes and texts: error code reference of the
// provider, 2026-08, and recorded refusals of 2026-02 to 2026-09.
func ParseStop(code, message string, at time.Time) (Exhaustion, StopReason) {
	bodyCode, text := unwrap(message)
	known, window, reason := classify(code, bodyCode, text)
	if reason != StopExhausted {
		return Exhaustion{}, reason
	}
	until, reason := parseReset(text, window, at)
	if reason == StopPast {
		return Exhaustion{}, reason
	}
	return Exhaustion{Window: window, Until: until, Code: known}, reason
}

// classify goes by the first code that is known: the caller's, the body's, the
// one in brackets. Without one the text tells.
func classify(code, bodyCode, text string) (known, window string, reason StopReason) {
	for _, c := range []string{strings.TrimSpace(code), bodyCode, bracketCode(text)} {
		if window, reason = byCode(c); reason != StopUnknown {
			return c, window, reason
		}
	}
	window, reason = byText(strings.ToLower(text))
	return "", window, reason
}

func byCode(code string) (window string, reason StopReason) {
	switch code {
	case "1308", "1316", "1318", "1320":
		return WindowFive, StopExhausted
	case "1317", "1319", "1321":
		return WindowWeek, StopExhausted
	case "1310":
		return WindowWeekOrMonth, StopExhausted
	case "1304": // an old daily limit, which the nearest window stands for
		return WindowFive, StopExhausted
	case "1302", "1303", "1305", "1309", "1311", "1312", "1313", "1314", "1315", "1113":
		return "", StopNotQuota
	}
	return "", StopUnknown
}

// byText knows the wordings of both languages, in lower case. The narrower ones
// come after those that hold their words too.
func byText(text string) (window string, reason StopReason) {
	for _, known := range []struct {
		words  []string
		window string
		reason StopReason
	}{
		{[]string{"weekly", "monthly", "limit exhausted"}, WindowWeekOrMonth, StopExhausted},
		{[]string{"每周", "每月", "使用上限"}, WindowWeekOrMonth, StopExhausted},
		{[]string{"weekly limit exhausted"}, WindowWeek, StopExhausted},
		{[]string{"usage limit reached", "7 day"}, WindowWeek, StopExhausted},
		{[]string{"每周", "使用上限"}, WindowWeek, StopExhausted},
		{[]string{"monthly limit exhausted"}, WindowMonth, StopExhausted},
		{[]string{"每月", "使用上限"}, WindowMonth, StopExhausted},
		{[]string{"usage limit reached", "hour"}, WindowFive, StopExhausted},
		{[]string{"小时", "使用上限"}, WindowFive, StopExhausted},
		{[]string{"high concurrency"}, "", StopNotQuota},
		{[]string{"rate limit reached for requests"}, "", StopNotQuota},
		{[]string{"temporarily overloaded"}, "", StopNotQuota},
	} {
		if containsAll(text, known.words) {
			return known.window, known.reason
		}
	}
	return "", StopUnknown
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// fault is what the JSON body of a refusal holds. The code is a string or a
// number, and in 2025 stood where the type does.
type fault struct {
	Code    json.RawMessage `json:"code"`
	Type    string          `json:"type"`
	Message string          `json:"message"`
}

func (f fault) code() string { return cmp.Or(strings.Trim(string(f.Code), `" `), f.Type) }

// unwrap takes code and text out of the JSON body in a message, with or without
// its envelope; a message without one is all text.
func unwrap(message string) (code, text string) {
	start := strings.IndexByte(message, '{')
	if start < 0 {
		return "", message
	}
	var body struct {
		fault
		Error fault `json:"error"`
	}
	if json.NewDecoder(strings.NewReader(message[start:])).Decode(&body) != nil {
		return "", message
	}
	f := body.Error
	if f.code() == "" && f.Message == "" {
		f = body.fault
	}
	return f.code(), cmp.Or(f.Message, message)
}

// bracketCode is the number in [1308][text][trace].
func bracketCode(text string) string {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "[")
		if !ok {
			return ""
		}
		if len(after) > 4 && after[4] == ']' && digits(after[:4]) {
			return after[:4]
		}
		rest = after
	}
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// farthest is how far ahead a window's refresh can be.
func farthest(window string) time.Duration {
	switch window {
	case WindowFive:
		return 5*time.Hour + stopSlack
	case WindowWeek:
		return 7*aDay + stopSlack
	}
	return 35 * aDay
}

// parseReset finds the instant in a refusal, and holds it against what the
// window allows. One without a zone is of UTC+8, but of UTC where the trace
// says so, or where UTC+8 puts it in the past and UTC does not.
func parseReset(text, window string, at time.Time) (time.Time, StopReason) {
	s, ok := findStamp(text)
	if !ok {
		return time.Time{}, StopExhausted
	}
	fits := func(t time.Time) bool { return t.After(at) && t.Sub(at) <= farthest(window) }
	t, utc := s.at, s.at.Add(8*time.Hour)
	if s.zoneless && utc.After(at) {
		zone := traceZone(text, at)
		if zone == traceUTC && fits(utc) || zone != traceNotUTC && !t.After(at) {
			t = utc
		}
	}
	switch {
	case fits(t):
		return Milli(t), StopExhausted
	case s.latest.After(at):
		return time.Time{}, StopOutOfRange
	}
	return time.Time{}, StopPast
}

// traceTold is what a trace id says of the provider's clock.
type traceTold int

const (
	traceSilent traceTold = iota
	traceUTC              // it is UTC
	traceNotUTC           // it is ahead of UTC
)

// retriedFor is how long a tool may have gone on trying before it told of a
// refusal.
const retriedFor = 90 * time.Minute

// traceZone holds the trace id, which begins with the provider's own wall
// clock, against the instant at which the refusal was told: it was written
// before that, and not long before.
func traceZone(text string, at time.Time) traceTold {
	const layout = "20060102150405"
	i := strings.LastIndexByte(text, '[')
	if i < 0 || len(text) < i+1+len(layout) {
		return traceSilent
	}
	wall, err := time.Parse(layout, text[i+1:i+1+len(layout)])
	switch ago := at.Sub(wall); {
	case err != nil, ago > retriedFor:
		return traceSilent
	case ago < -stopSlack:
		return traceNotUTC
	}
	return traceUTC
}

// stamp is an instant as it stands in a text. Without a zone it is read as
// UTC+8. A bare date may mean any instant of its day.
type stamp struct {
	at, latest time.Time
	zoneless   bool // and with a time of day
}

// findStamp reads the first date after the word that announces it, or else the
// first of all.
func findStamp(text string) (stamp, bool) {
	for _, word := range []string{"reset at", "resets at", "将在", ""} {
		i := strings.Index(text, word)
		if i < 0 {
			continue
		}
		for rest := text[i:]; len(rest) >= len(time.DateOnly); rest = rest[1:] {
			if s, ok := parseStamp(rest); ok {
				return s, true
			}
		}
	}
	return stamp{}, false
}

// parseStamp reads the date at the very start of a text, with as much of time
// and zone as follows. A bare date is the start of that day.
func parseStamp(text string) (stamp, bool) {
	if text[4] != '-' || text[7] != '-' {
		return stamp{}, false
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789-:.+TZ ", r) }); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimRight(text, "-:.+T ")
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return stamp{at: t, latest: t}, true
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text[:min(len(text), len(layout))], UTC8); err == nil {
			return stamp{at: t, latest: t, zoneless: true}, true
		}
	}
	t, err := time.ParseInLocation(time.DateOnly, text[:min(len(text), len(time.DateOnly))], UTC8)
	return stamp{at: t, latest: t.Add(aDay)}, err == nil
}
