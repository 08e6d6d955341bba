package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

var (
	testNow = time.Date(2026, 11, 23, 6, 30, 0, 123e6, time.UTC)

	fullLine = []byte(`{"id":"01KC3E7T5Q8W2X4Y6Z8A0B2C4D","kind":"prompt","at":"2026-11-23T06:30:00.123Z","account":"default","tool":"claude-code",` +
		`"session":"94a05ee8","project":"/home/u/src/x","model":"glm-5.3","endpoint":"https://api.z.ai/api/anthropic","count":1}`)
)

func TestDecodeEventFillsIn(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       quota.Event
	}{
		{"an empty object is one prompt, now, of no account yet", `{}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1}},
		{"space around the object is no harm", " \r\n{}\t\n",
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1}},
		{"an unknown field is passed over", `{"colour":"blue","nested":{"a":[1,2]}}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1}},
		{"null is left out", `{"id":null,"at":null,"count":null,"tokens":null}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1}},
		{"a time in another zone becomes UTC and keeps its milliseconds", `{"at":"2026-03-04T16:55:13.1239+08:00"}`,
			quota.Event{Kind: quota.KindPrompt, At: time.Date(2026, 3, 4, 8, 55, 13, 123e6, time.UTC), Count: 1}},
		{"a time as date --rfc-3339 writes it", `{"at":"2026-03-04 16:55:13+08:00"}`,
			quota.Event{Kind: quota.KindPrompt, At: time.Date(2026, 3, 4, 8, 55, 13, 0, time.UTC), Count: 1}},
		{"usage takes tokens", `{"kind":"usage","turn":"t1","tokens":{"input":1,"cached":2,"output":3}}`,
			quota.Event{Kind: quota.KindUsage, At: testNow, Count: 1, Turn: "t1", Tokens: quota.Tokens{Input: 1, Cached: 2, Output: 3}}},
		{"a tool call has a name", `{"kind":"tool","name":"web_search"}`,
			quota.Event{Kind: quota.KindTool, At: testNow, Count: 1, Name: "web_search"}},
		{"what belongs to another kind is passed over", `{"name":"x","window":"5h","until":"2026-11-23T07:00:00Z","code":"1308","voids":"v","tokens":{"input":5}}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1}},
		{"exhausted with window and until", `{"kind":"exhausted","window":"week","until":"2026-11-24T00:00:00Z"}`,
			quota.Event{Kind: quota.KindExhausted, At: testNow, Count: 1, Window: "week", Until: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}},
		{"void names the event it takes out", `{"kind":"void","voids":"abc"}`,
			quota.Event{Kind: quota.KindVoid, At: testNow, Count: 1, Voids: "abc"}},
		{"what may be a secret in an endpoint is not kept", `{"endpoint":"https://me:key@api.z.ai/api/anthropic?token=key#key"}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1, Endpoint: "https://redacted@api.z.ai/api/anthropic"}},
		{"nor is it in one without a scheme", `{"endpoint":"me:key@host/a@b"}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1, Endpoint: "redacted@host/a@b"}},
		{"an endpoint of secrets alone still is one", `{"endpoint":"?token=key"}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1, Endpoint: "redacted"}},
		{"text comes back as it was given", `{"session":"a<b>&\u0000\t\"ü","project":"\\"}`,
			quota.Event{Kind: quota.KindPrompt, At: testNow, Count: 1, Session: "a<b>&\x00\t\"ü", Project: `\`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := DecodeEvent([]byte(c.line), testNow)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestDecodeEventReading(t *testing.T) {
	got, err := DecodeEvent([]byte(`{"kind":"reading","readings":[{"window":"5h","percent":34},
		{"window":"week","used":12.5,"cap":2000,"resets_at":"2026-11-24T00:00:00.5Z"}]}`), testNow)
	if err != nil {
		t.Fatal(err)
	}
	percent, used, limit := 34.0, 12*quota.One+quota.One/2, 2000*quota.One
	resets := time.Date(2026, 11, 24, 0, 0, 0, 5e8, time.UTC)
	want := []quota.Reading{{Window: "5h", Percent: &percent}, {Window: "week", Used: &used, Cap: &limit, ResetsAt: &resets}}
	if !reflect.DeepEqual(got.Readings, want) {
		t.Errorf("got %+v, want %+v", got.Readings, want)
	}
}

func TestDecodeEventExhaustedByCode(t *testing.T) {
	const message = "Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:29:10"
	line, _ := json.Marshal(map[string]string{"kind": "exhausted", "code": "1308", "message": message, "at": "2026-11-23T06:30:00Z"})
	got, err := DecodeEvent(line, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 11, 23, 10, 29, 10, 0, time.UTC); got.Window != "5h" || !got.Until.Equal(want) || got.Code != "1308" {
		t.Errorf("got window %q until %v code %q", got.Window, got.Until, got.Code)
	}
	if strings.Contains(fmt.Sprintf("%+v", got), "limit will reset") {
		t.Error("the message was kept")
	}
	_, err = DecodeEvent([]byte(`{"kind":"exhausted","code":"1302","message":"Rate limit reached for requests"}`), testNow)
	if err == nil || err.Field != "code" || !strings.Contains(err.Message, "not a quota stop") || err.Stop != quota.StopNotQuota {
		t.Errorf("a concurrency limit was taken for a quota stop: %v", err)
	}
}

func TestWhatIsSaidOfAWindowThatTheSenderNames(t *testing.T) {
	const words = `"code":"1308","message":"Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:29:10"`
	for _, c := range []struct{ name, line, want string }{
		{"the words tell until when", `"window":"5h",` + words, "5h until 2026-11-23T10:29:10Z"},
		{"but not of another window", `"window":"week",` + words, "week until 0001-01-01T00:00:00Z"},
		{"what the sender says goes first", `"window":"5h","until":"2026-11-23T08:00:00Z",` + words, "5h until 2026-11-23T08:00:00Z"},
		{"words that nobody knows change nothing", `"window":"5h","code":"9999","message":"?"`, "5h until 0001-01-01T00:00:00Z"},
		{"too many requests at once are no stop, whatever the sender says", `"window":"5h","code":"1302"`, "code: not taken as exhausted: not a quota stop"},
		{"nor is a balance of nothing, in a body", `"window":"5h","message":"{\"error\":{\"code\":\"1113\"}}"`, "code: not taken as exhausted: not a quota stop"},
	} {
		e, err := DecodeEvent([]byte(`{"kind":"exhausted","at":"2026-11-23T06:30:00Z",`+c.line+`}`), testNow)
		got := e.Window + " until " + e.Until.Format(time.RFC3339)
		if err != nil {
			got = err.Field + ": " + err.Message
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDecodeEventTakesWhatIsJustWithinTheLimits(t *testing.T) {
	of := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct{ what, line string }{
		{"an id of 200 bytes", `{"id":"` + of(200) + `"}`},
		{"a session of 1 KiB", `{"session":"` + of(1024) + `"}`},
		{"a project of 1 KiB", `{"project":"` + of(1024) + `"}`},
		{"a tool of 1 KiB", `{"tool":"` + of(1024) + `"}`},
		{"a model of 1 KiB", `{"model":"` + of(1024) + `"}`},
		{"a thousand prompts", `{"count":1000}`},
		{"one", `{"count":1}`},
		{"an account of 64 bytes", `{"account":"` + of(64) + `"}`},
	} {
		if _, err := DecodeEvent([]byte(c.line), testNow); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestDecodeEventRejects(t *testing.T) {
	for _, c := range []struct{ name, line, field, message string }{
		{"nothing", "", "", "there is nothing"},
		{"blank", " \n", "", "there is nothing"},
		{"null", "null", "", "not null"},
		{"an array", "[]", "", "not an array"},
		{"a string", `"x"`, "", "not a string"},
		{"a number", "12", "", "not a number"},
		{"no JSON", "kind=prompt", "", "no JSON"},
		{"half an object", `{"id":"x"`, "", "not valid JSON at byte 9"},
		{"two objects", `{} {}`, "", "application/x-ndjson"},
		{"garbage after it", `{}x`, "", "something follows"},
		{"invalid UTF-8", "{\"id\":\"\xff\"}", "", "not valid UTF-8"},
		{"a string for a number", `{"count":"3"}`, "count", "a number was expected, not a string"},
		{"a fraction for a whole number", `{"count":1.5}`, "count", "a whole number was expected, not 1.5"},
		{"a number for a string", `{"id":7}`, "id", "a string was expected, not a number"},
		{"an object for a string", `{"model":{}}`, "model", "a string was expected, not an object"},
		{"a boolean for a kind", `{"kind":true}`, "kind", "a string was expected, not true or false"},
		{"an array for tokens", `{"kind":"usage","tokens":[]}`, "tokens", "an object was expected, not an array"},
		{"a string within tokens", `{"kind":"usage","tokens":{"input":"5"}}`, "tokens.input", "a number was expected, not a string"},
		{"usage without tokens", `{"kind":"usage","turn":"t"}`, "tokens", "missing"},
		{"usage whose tokens are null", `{"kind":"usage","tokens":null}`, "tokens", "missing"},
		{"an object for readings", `{"kind":"reading","readings":{}}`, "readings", "an array was expected, not an object"},
		{"a string within a reading", `{"kind":"reading","readings":[{"window":"5h","percent":"34%"}]}`, "readings.percent", "a number was expected, not a string"},
		{"a number for a time", `{"at":1763881800}`, "at", "RFC 3339"},
		{"a time without a zone", `{"at":"2026-11-23T06:30:00"}`, "at", "RFC 3339"},
		{"an empty time", `{"at":""}`, "at", "RFC 3339"},
		{"a year that no board begins at", `{"at":"1969-12-31T00:00:00Z"}`, "at", "year 1969 is out of range: 1970 to 9999"},
		{"the first of all years", `{"at":"0001-01-01T00:00:00Z"}`, "at", "year 1 is out of range"},
		{"a year that UTC makes too great", `{"kind":"exhausted","window":"5h","until":"9999-12-31T23:59:59-10:00"}`, "until", "year 10000"},
		{"until without a zone", `{"kind":"exhausted","window":"5h","until":"18:00"}`, "until", "RFC 3339"},
		{"resets_at without a zone", `{"kind":"reading","readings":[{"window":"5h","percent":3,"resets_at":"18:00"}]}`, "readings.resets_at", "RFC 3339"},
		{"a count of none", `{"count":0}`, "count", "out of range"},
		{"a count below none", `{"count":-1}`, "count", "out of range"},
		{"a count too great", `{"count":1001}`, "count", "out of range"},
		{"a count beyond all bounds", `{"count":` + strings.Repeat("9", 100) + `}`, "count", "a whole number was expected, not 9999"},
		{"an id too long", `{"id":"` + strings.Repeat("x", 201) + `"}`, "id", "at most 200"},
		{"a session too long", `{"session":"` + strings.Repeat("x", 1025) + `"}`, "session", "at most 1024"},
		{"an unknown kind", `{"kind":"party"}`, "kind", "not known"},
		{"an account that is no name", `{"account":"a b"}`, "account", "not an account name"},
		{"exhausted without a window", `{"kind":"exhausted"}`, "window", "missing"},
		{"a window too long", `{"kind":"exhausted","window":"` + strings.Repeat("x", 65) + `"}`, "window", "longer than 64"},
		{"readings without one", `{"kind":"reading"}`, "readings", "at least one"},
		{"readings without end", `{"kind":"reading","readings":[` + strings.Repeat(`{"window":"5h"},`, 40) + `{}]}`, "readings", "at most 32"},
		{"readings in the millions", `{"kind":"reading","readings":[` + strings.Repeat(`{},`, 1<<20) + `{}]}`, "readings", "at most 32"},
		{"a use below none", `{"kind":"reading","readings":[{"window":"5h","used":-1}]}`, "readings.used", "out of range"},
		{"a cap beyond all bounds", `{"kind":"reading","readings":[{"window":"5h","cap":1e300}]}`, "readings.cap", "out of range"},
		{"a void of nothing", `{"kind":"void"}`, "voids", "is needed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecodeEvent([]byte(c.line), testNow)
			if err == nil {
				t.Fatal("taken")
			}
			if err.Code != Invalid || err.Field != c.field || !strings.Contains(err.Message, c.message) {
				t.Errorf("got %s, field %q, %q; want field %q, %q", err.Code, err.Field, err.Message, c.field, c.message)
			}
			if len(err.Message) > 300 {
				t.Errorf("the message is %d bytes long", len(err.Message))
			}
		})
	}
}

// An entry takes 3 bytes of a body, and 72 where it is kept.
func TestReadingsInTheMillionsTakeNoRoom(t *testing.T) {
	text := []byte(`{"kind":"reading","readings":[` + strings.Repeat(`{},`, 1<<20) + `{}]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := DecodeEvent(text, testNow); err == nil {
		t.Error("they are taken")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(2*len(text)) {
		t.Errorf("%d bytes take %d", len(text), took)
	}
}

func TestEncodeEventLeavesEmptyFieldsOut(t *testing.T) {
	got := string(EncodeEvent(quota.Event{ID: "x", At: testNow}))
	if want := `{"id":"x","kind":"prompt","at":"2026-11-23T06:30:00.123Z","count":1}` + "\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEncodeThenDecodeIsTheSameEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anEvent(t)
		line := EncodeEvent(want)
		got, err := DecodeEvent(line, testNow.Add(time.Hour))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v\nline %s", got, want, line)
		}
	})
}

// anEvent draws an event that is normalized and passes its checks.
func anEvent(t *rapid.T) quota.Event {
	text := rapid.StringN(0, 20, 200)
	e := quota.Event{
		ID:      rapid.StringN(0, 50, 200).Draw(t, "id"),
		Kind:    rapid.SampledFrom([]quota.Kind{quota.KindPrompt, quota.KindUsage, quota.KindTool, quota.KindExhausted, quota.KindReading, quota.KindVoid}).Draw(t, "kind"),
		At:      aTime(t, "at"),
		Account: rapid.StringMatching(`[a-zA-Z0-9._-]{1,64}`).Draw(t, "account"),
		Tool:    text.Draw(t, "tool"), Session: text.Draw(t, "session"), Project: text.Draw(t, "project"),
		Model: text.Draw(t, "model"), Endpoint: bareEndpoint(text.Draw(t, "endpoint")), Turn: text.Draw(t, "turn"),
		Transcript: text.Draw(t, "transcript"), Key: rapid.StringN(0, 12, 64).Draw(t, "key"),
		Count: rapid.IntRange(1, quota.MaxCount).Draw(t, "count"),
	}
	switch e.Kind {
	case quota.KindUsage:
		n := rapid.Int64Range(0, quota.MaxTokens)
		e.Tokens = quota.Tokens{Input: n.Draw(t, "in"), Cached: n.Draw(t, "cached"), Output: n.Draw(t, "out")}
	case quota.KindTool:
		e.Name = text.Draw(t, "name")
	case quota.KindExhausted:
		e.Window, e.Code = rapid.StringN(1, 10, 64).Draw(t, "window"), rapid.StringN(0, 8, 64).Draw(t, "code")
		if rapid.Bool().Draw(t, "has until") {
			month := 35 * 24 * time.Hour
			e.Until = aTimeIn(t, "until", e.At.Add(-month), e.At.Add(month))
		}
	case quota.KindReading:
		e.Readings = rapid.SliceOfN(rapid.Custom(aReading), 1, 4).Draw(t, "readings")
		e.Plan.ID = text.Draw(t, "plan")
		for _, at := range []*time.Time{&e.Plan.Subscribed, &e.Plan.Renews, &e.Plan.Ends} {
			if rapid.Bool().Draw(t, "told") {
				*at = aTime(t, "when")
			}
		}
	case quota.KindVoid:
		e.Voids = rapid.StringN(1, 50, 200).Draw(t, "voids")
	}
	return e
}

// The first and the last instant that are drawn.
var (
	firstTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

func aTime(t *rapid.T, label string) time.Time {
	return aTimeIn(t, label, firstTime, lastTime)
}

// aTimeIn draws an instant of a span, as far as it can be drawn at all.
func aTimeIn(t *rapid.T, label string, from, to time.Time) time.Time {
	first, last := max(from.UnixMilli(), firstTime.UnixMilli()), min(to.UnixMilli(), lastTime.UnixMilli())
	return time.UnixMilli(rapid.Int64Range(first, last).Draw(t, label)).UTC()
}

func aReading(t *rapid.T) quota.Reading {
	r := quota.Reading{Window: rapid.StringN(1, 10, 64).Draw(t, "window")}
	if rapid.Bool().Draw(t, "has percent") {
		p := rapid.Float64Range(0, 1000).Draw(t, "percent")
		r.Percent = &p
	}
	if rapid.Bool().Draw(t, "has used") {
		a := quota.Amount(rapid.Int64Range(0, maxUnits*int64(quota.One)).Draw(t, "used"))
		r.Used = &a
	}
	if rapid.Bool().Draw(t, "has cap") {
		a := quota.Amount(rapid.Int64Range(1, maxUnits*int64(quota.One)).Draw(t, "cap"))
		r.Cap = &a
	}
	if rapid.Bool().Draw(t, "has reset") {
		at := aTime(t, "reset")
		r.ResetsAt = &at
	}
	return r
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add(fullLine)
	for _, s := range []string{`{}`, `null`, `{"count":"3"}`, `{"at":"2026-11-23 06:30:00z"}`, `{"kind":"exhausted","code":"1308","message":"reset at 2026-11-23 18:29:10"}`,
		`{"kind":"reading","readings":[{"window":"5h","percent":34,"used":1e8,"cap":0.1,"resets_at":"2026-11-24T00:00:00Z"}]}`, `{"kind":"void","voids":"x"}`, `{"kind":"usage","tokens":{"input":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, bad := DecodeEvent(line, testNow)
		if bad != nil {
			if bad.Code != Invalid || bad.Message == "" || len(bad.Message) > 500 {
				t.Fatalf("a poor error: %+v", bad)
			}
			return
		}
		if err := e.Check(); err != nil {
			t.Fatalf("decoded, but %v", err)
		}
		again, bad := DecodeEvent(EncodeEvent(e), testNow.Add(time.Hour))
		if bad != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("first  %+v\nagain %+v, %v", e, again, bad)
		}
	})
}

func BenchmarkDecodeEvent(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeEvent(fullLine, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeEvent(b *testing.B) {
	e, _ := DecodeEvent(fullLine, testNow)
	b.ReportAllocs()
	for b.Loop() {
		EncodeEvent(e)
	}
}

func TestEncodeWritesWhatEncodingJSONWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := wireEventOf(anEvent(t))
		w.Message = rapid.StringN(0, 20, 200).Draw(t, "message")
		if rapid.Bool().Draw(t, "bytes that are no text") {
			w.Project = string(rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "project"))
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&w); err != nil {
			t.Fatal(err)
		}
		if got := w.encode(); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("got  %s\nwant %s", got, want.Bytes())
		}
	})
	var none wireEvent
	if got := string(none.encode()); got != "{}\n" {
		t.Errorf("an event without anything: %q", got)
	}
}
