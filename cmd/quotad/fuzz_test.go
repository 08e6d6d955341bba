package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// FuzzSimulate holds that a replay of anything ends by itself, with JSON on
// standard output and words that are fit for a terminal on standard error.
func FuzzSimulate(f *testing.F) {
	for _, text := range []string{
		`{"at":"2026-11-23T06:30:00Z"}`, `{"at":"2026-11-23T06:30:00Z","count":1000}` + "\n" + `{"at":"2026-11-20T06:30:00Z","kind":"reading","readings":[{"window":"5h","percent":99}]}`,
		`{"at":"2026-11-23T06:30:00Z","kind":"exhausted","window":"5h","until":"2026-11-23T07:30:00Z"}`, `{"at":"0001-01-01T00:00:00Z"}` + "\n" + `{"at":"9999-12-31T23:59:59Z"}`,
		`{"id":"a","at":"2026-11-23T06:30:00Z"}` + "\n" + `{"kind":"void","voids":"a","at":"2026-11-23T06:30:00Z"}`, "{", "\x1b[31m", `{"at":"2026-11-23T06:30:00Z","model":"\u001b]52;c;x\u0007"}`,
		`{"at":"2026-11-23T06:30:00Z","kind":"usage","turn":"t","tokens":{"input":1000000000000,"cached":1,"output":9}}`,
	} {
		f.Add(text, false, uint8(0))
		f.Add(text, true, uint8(1))
	}
	plans := []string{"v2/lite", "v3/pro", "v1/max"}
	f.Fuzz(func(t *testing.T, text string, at bool, plan uint8) {
		args := []string{"simulate", "--plan", plans[int(plan)%len(plans)], "-"}
		if at {
			args = append(args, "--at", "2026-11-23T12:00:00Z")
		}
		var out, complaints bytes.Buffer
		code := run(context.Background(), args, strings.NewReader(text), &out, &complaints)
		if code != exitDone && code != exitFailed {
			t.Fatalf("it ended with %d: %s", code, &complaints)
		}
		if (code == exitFailed) != strings.Contains(complaints.String(), "quotad: error: ") {
			t.Fatalf("it ended with %d and said %q", code, &complaints)
		}
		for line := range strings.Lines(out.String()) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("not JSON: %q", line)
			}
		}
		for _, r := range complaints.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%q reaches the terminal: %q", r, &complaints)
			}
		}
	})
}
