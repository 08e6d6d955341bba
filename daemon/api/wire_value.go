package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"quotad/quota"
)

// wireReadings are not read where they are far more than are taken: each takes
// many times the room that it has in the text.
type wireReadings []wireReading

// UnmarshalJSON implements json.Unmarshaler.
func (r *wireReadings) UnmarshalJSON(text []byte) error {
	const most = 100 * maxReadings // commas, also those within a reading
	if n := bytes.Count(text, []byte{','}); n > most {
		return InvalidField("readings", "about %d of them; at most %d are taken", n, maxReadings)
	}
	return json.Unmarshal(text, (*[]wireReading)(r))
}

func readings(in []wireReading) ([]quota.Reading, *Error) {
	if len(in) > maxReadings {
		return nil, InvalidField("readings", "%d of them; at most %d are taken", len(in), maxReadings)
	}
	var out []quota.Reading
	for _, w := range in {
		r, err := w.reading()
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (w wireReading) reading() (quota.Reading, *Error) {
	r := quota.Reading{Window: w.Window, Percent: w.Percent}
	if len(w.Window) > maxWindow {
		return r, InvalidField("readings.window", "%d bytes long; at most %d are kept", len(w.Window), maxWindow)
	}
	var err *Error
	if r.Used, err = amount("readings.used", w.Used); err != nil {
		return r, err
	}
	if r.Cap, err = amount("readings.cap", w.Cap); err != nil {
		return r, err
	}
	if w.ResetsAt != nil {
		at, err := parseTime("readings.resets_at", w.ResetsAt)
		if err != nil {
			return r, err
		}
		r.ResetsAt = &at
	}
	return r, nil
}

func amount(field string, units *float64) (*quota.Amount, *Error) {
	if units == nil {
		return nil, nil
	}
	if *units < 0 || *units > maxUnits {
		return nil, InvalidField(field, "%v is out of range: 0 to %d", *units, maxUnits)
	}
	a := quota.FromFloat(*units)
	return &a, nil
}

func toWire(r quota.Reading) wireReading {
	w := wireReading{Window: r.Window, Percent: r.Percent, Used: units(r.Used), Cap: units(r.Cap)}
	if r.ResetsAt != nil {
		w.ResetsAt = wireTime(*r.ResetsAt)
	}
	return w
}

// told is what w says of the subscription; nil says nothing.
func (w *wirePlan) told() (p quota.PlanTold, err *Error) {
	if w == nil {
		return p, nil
	}
	p.ID = w.ID
	for _, f := range []struct {
		name string
		text *string
		into *time.Time
	}{
		{"plan.subscribed", w.Subscribed, &p.Subscribed}, {"plan.renews", w.Renews, &p.Renews}, {"plan.ends", w.Ends, &p.Ends},
	} {
		if *f.into, err = parseTime(f.name, f.text); err != nil {
			return quota.PlanTold{}, err
		}
	}
	return p, nil
}

func planToWire(p quota.PlanTold) *wirePlan {
	if p.IsZero() {
		return nil
	}
	return &wirePlan{ID: p.ID, Subscribed: wireTime(p.Subscribed), Renews: wireTime(p.Renews), Ends: wireTime(p.Ends)}
}

func units(a *quota.Amount) *float64 {
	if a == nil {
		return nil
	}
	f := a.Float()
	return &f
}

// timeFormat is what a user is told where a time cannot be read.
const timeFormat = "an RFC 3339 time with a zone was expected, such as 2026-11-23T06:30:00.123Z or 2026-11-23T14:30:00+08:00"

// parseTime reads a time that may have been left out, to the millisecond. A
// space in the place of the T is taken, as `date --rfc-3339` writes it.
func parseTime(field string, s *string) (time.Time, *Error) {
	if s == nil {
		return time.Time{}, nil
	}
	text := []byte(*s)
	if len(text) > 10 && (text[10] == ' ' || text[10] == 't') {
		text[10] = 'T'
	}
	var t time.Time
	if len(text) > 64 || t.UnmarshalText(bytes.ToUpper(text)) != nil {
		return time.Time{}, InvalidField(field, "%s", timeFormat)
	}
	t = quota.Milli(t)
	if y := t.Year(); y < quota.FirstYear || y > 9999 {
		return time.Time{}, InvalidField(field, "year %d is out of range: %d to 9999", y, quota.FirstYear)
	}
	return t, nil
}

func wireTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := quota.Milli(t).Format(time.RFC3339Nano)
	return &s
}

// withoutBOM is text without the mark that some editors and shells put before
// UTF-8.
func withoutBOM(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// decodeObject reads one JSON object, and nothing after it, into v.
func decodeObject(line []byte, v any) *Error {
	line = bytes.TrimLeft(line, " \t\r\n")
	if len(line) == 0 {
		return Errorf(Invalid, "a JSON object was expected, and there is nothing")
	}
	if line[0] != '{' {
		return Errorf(Invalid, "a JSON object was expected, not %s", jsonSort(line))
	}
	if !utf8.Valid(line) {
		return Errorf(Invalid, "not valid UTF-8")
	}
	if err := json.Unmarshal(line, v); err != nil {
		return jsonError(err)
	}
	return nil
}

// jsonSort names the sort of JSON value that text begins with.
func jsonSort(text []byte) string {
	switch first := text[0]; {
	case first == '[':
		return "an array"
	case first == '"':
		return "a string"
	case first == '-' || first >= '0' && first <= '9':
		return "a number"
	case bytes.HasPrefix(text, []byte("null")):
		return "null"
	case bytes.HasPrefix(text, []byte("true")) || bytes.HasPrefix(text, []byte("false")):
		return "true or false"
	}
	return "something that is no JSON"
}

// jsonError says in our words what encoding/json found.
func jsonError(err error) *Error {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var when *time.ParseError
	var ours *Error
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &wrong):
		return InvalidField(wrong.Field, "%s, not %s", expected(wrong), found(wrong.Value))
	case errors.As(err, &syntax) && strings.Contains(syntax.Error(), "after top-level value"):
		return Errorf(Invalid, "something follows the JSON object at byte %d; several events go one a line, as application/x-ndjson "+
			"(with curl: --data-binary, not -d)", syntax.Offset)
	case errors.As(err, &when):
		return Errorf(Invalid, "%s is not an instant such as 2026-11-23T06:30:00Z", when.Value)
	case errors.As(err, &syntax):
		return Errorf(Invalid, "not valid JSON at byte %d: %s", syntax.Offset, syntax.Error())
	}
	return Errorf(Invalid, "not valid JSON: %v", err)
}

func expected(wrong *json.UnmarshalTypeError) string {
	switch last := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]; last {
	case "at", "until", "resets_at":
		return timeFormat
	}
	switch wrong.Type.Kind() {
	case reflect.String:
		return "a string was expected"
	case reflect.Float64:
		return "a number was expected"
	case reflect.Int, reflect.Int64:
		if strings.HasPrefix(wrong.Value, "number ") {
			return "a whole number was expected"
		}
		return "a number was expected"
	case reflect.Slice:
		return "an array was expected"
	}
	return "an object was expected"
}

// found names the sort of value that was there: encoding/json calls it
// "string", "array", "number 1.5".
func found(value string) string {
	if number, ok := strings.CutPrefix(value, "number "); ok {
		return number[:min(len(number), 40)]
	}
	switch value {
	case "array", "object":
		return "an " + value
	case "bool":
		return "true or false"
	}
	return "a " + value
}

// redacted stands where a secret may have been. An endpoint with it is billed
// as it was: one that names a user is not the plan's.
const redacted = "redacted"

// bareEndpoint is an endpoint without what may hold a key: user and password,
// query and fragment. Host and path alone decide who pays.
func bareEndpoint(s string) string {
	if s == "" {
		return ""
	}
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	start := 0
	if i := strings.Index(s, "://"); i >= 0 {
		start = i + len("://")
	}
	host := s[start:]
	if i := strings.IndexByte(host, '/'); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		s = s[:start] + redacted + s[start+i:]
	}
	return cmp.Or(s, redacted)
}
