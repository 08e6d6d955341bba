package main

import (
	"errors"
	"testing"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

func TestParseReading(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 30, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct{ name, text, want string }{
		{"a percentage", "5h=34%", `{"window":"5h","percent":34}`},
		{"a finer one, with spaces", " 5h = 9.25 % ", `{"window":"5h","percent":9.25}`},
		{"what is used", "week=120", `{"window":"week","used":120}`},
		{"used of the cap", "week=120.5/2000", `{"window":"week","used":120.5,"cap":2000}`},
		{"a reset later today", "5h=1%@18:00", `{"window":"5h","percent":1,"resets_at":"2026-11-23T17:00:00Z"}`},
		{"a reset tomorrow", "5h=1%@09:00", `{"window":"5h","percent":1,"resets_at":"2026-11-24T08:00:00Z"}`},
		{"this very minute is tomorrow", "5h=1%@14:30", `{"window":"5h","percent":1,"resets_at":"2026-11-24T13:30:00Z"}`},
		{"a reset with its date", "week=1%@2026-11-30T00:00:00Z", `{"window":"week","percent":1,"resets_at":"2026-11-30T00:00:00Z"}`},
	} {
		r, err := parseReading(c.text, at)
		got := quota.Event{Kind: quota.KindReading, At: at, Readings: []quota.Reading{r}}
		want, wrong := api.DecodeEvent([]byte(`{"kind":"reading","at":"2026-11-23T13:30:00Z","readings":[`+c.want+`]}`), at)
		if err != nil || wrong != nil || string(api.EncodeEvent(got)) != string(api.EncodeEvent(want)) {
			t.Errorf("%s: %s (%v), want %s", c.name, api.EncodeEvent(got), err, api.EncodeEvent(want))
		}
	}
	for _, text := range []string{"", "5h", "=5%", "5h=", "5h=%", "5h=x", "5h=-1", "5h=-1%", "5h=1/", "5h=1/0", "5h=1/x", "5h=1%@", "5h=1%@later", "5h=NaN"} {
		_, err := parseReading(text, at)
		var f *failure
		if !errors.As(err, &f) || f.code != exitUsage {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestExhaustion(t *testing.T) {
	at := time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		name, message, window string
		until                 time.Time
	}{
		{"the name of a window", " week ", "week", time.Time{}},
		{"a bare code", "1308", "5h", time.Time{}},
		{"the words, with an instant of UTC+8", "Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:00:00", "5h", at.Add(210 * time.Minute)},
		{"a code that leaves two windows open", "[1310][Weekly/Monthly limit exhausted; reset at 2026-11-25 08:00:00][x]", quota.WindowWeekOrMonth, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)},
	} {
		e, err := exhaustion(quota.Event{At: at}, c.message)
		if err != nil || e.Kind != quota.KindExhausted || e.Window != c.window || !e.Until.Equal(c.until) {
			t.Errorf("%s: %q until %v (%v)", c.name, e.Window, e.Until, err)
		}
	}
	for _, message := range []string{"day", "1302", "hello", "Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 01:00:00"} {
		if e, err := exhaustion(quota.Event{At: at}, message); err == nil {
			t.Errorf("%q is taken as %q until %v", message, e.Window, e.Until)
		}
	}
}
