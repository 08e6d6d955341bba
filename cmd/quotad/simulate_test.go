package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/daemon/api"
	"quotad/quota"
)

// simulated runs the command on lines of events.
func simulated(t rapid.TB, lines []string, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	in := strings.NewReader(strings.Join(lines, "\n"))
	args = append(append([]string{"simulate"}, args...), "-")
	if code := run(context.Background(), args, in, &out, &complaints); code != exitDone || complaints.Len() > 0 {
		t.Fatalf("%v ended with %d: %s", args, code, &complaints)
	}
	return out.String()
}

// drawEvents draws events of a few days, with all that links them.
func drawEvents(t *rapid.T) []string {
	models := rapid.SampledFrom([]string{"", "glm-4.6", "glm-5.3", "glm-5.3-flash"})
	start := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	var lines []string
	for i := range rapid.IntRange(0, 40).Draw(t, "events") {
		at := start.Add(time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "minute")) * time.Minute)
		e := quota.Event{ID: fmt.Sprint("e", i), At: at, Model: models.Draw(t, "model"), Turn: fmt.Sprint("t", i%7), Count: 1}
		e.Kind = rapid.SampledFrom([]quota.Kind{quota.KindPrompt, quota.KindPrompt, quota.KindUsage, quota.KindTool, quota.KindVoid, quota.KindExhausted, quota.KindReading}).Draw(t, "kind")
		switch e.Kind {
		case quota.KindUsage:
			e.Tokens = quota.Tokens{Input: 10_000, Cached: 200_000, Output: 3_000}
		case quota.KindVoid:
			e.Voids = fmt.Sprint("e", rapid.IntRange(0, 40).Draw(t, "voids"))
		case quota.KindExhausted:
			e.Window, e.Until = quota.WindowFive, at.Add(time.Hour)
		case quota.KindReading:
			percent := float64(rapid.IntRange(0, 100).Draw(t, "percent"))
			e.Readings = []quota.Reading{{Window: quota.WindowWeek, Percent: &percent}}
		}
		lines = append(lines, strings.TrimSpace(string(api.EncodeEvent(e))))
	}
	return lines
}

// What is printed depends on the set of events alone, and of several --at each
// prints what it would print by itself.
func TestSimulateIsOfTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawEvents(t)
		flags := []string{"--plan", rapid.SampledFrom([]string{"v1/pro", "v2/lite", "v3/pro"}).Draw(t, "plan"),
			"--five-hour", rapid.SampledFrom([]string{"fixed", "rolling"}).Draw(t, "kind")}
		var at []string
		for range rapid.IntRange(1, 4).Draw(t, "instants") {
			minute := time.Date(2026, 11, 20, 0, rapid.IntRange(0, 4*24*60).Draw(t, "at"), 0, 0, time.UTC)
			at = append(at, "--at", minute.Format(time.RFC3339))
		}
		shuffled := append([]string{}, lines...)
		rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed"))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

		together := simulated(t, lines, append(flags, at...)...)
		if got := simulated(t, append(shuffled, lines...), append(flags, at...)...); got != together {
			t.Fatalf("in another order:\n%swant\n%s", got, together)
		}
		alone := ""
		for i := 0; i < len(at); i += 2 {
			alone += simulated(t, lines, append(flags, at[i:i+2]...)...)
		}
		if alone != together {
			t.Fatalf("each alone:\n%swant\n%s", alone, together)
		}
		if got, want := simulated(t, shuffled, flags...), simulated(t, lines, flags...); got != want {
			t.Fatalf("steps in another order:\n%swant\n%s", got, want)
		}
	})
}

func TestSimulateLeavesOutWhatComesLater(t *testing.T) {
	lines := []string{
		`{"id":"a","at":"2026-11-23T00:00:00Z","model":"glm-4.6"}`,
		`{"id":"v","kind":"void","at":"2026-11-23T02:00:00Z","voids":"a"}`,
	}
	got := simulated(t, lines, "--plan", "v2/lite", "--at", "2026-11-23T01:00:00Z", "--at", "2026-11-23T02:00:00Z")
	before, after, _ := strings.Cut(got, "\n")
	if !strings.Contains(before, `"used":1,`) || strings.Contains(after, `"used":1,`) {
		t.Errorf("a void holds from its own instant on:\n%s", got)
	}
}

func TestSimulateVoidsAcrossAccounts(t *testing.T) {
	lines := []string{
		`{"id":"v","kind":"void","at":"2026-11-23T02:00:00Z","voids":"a"}`,
		`{"id":"a","at":"2026-11-23T00:00:00Z","model":"glm-4.6","account":"work"}`,
	}
	got := simulated(t, lines, "--plan", "v2/lite", "--account", "work", "--at", "2026-11-23T03:00:00Z")
	if strings.Contains(got, `"used":1,`) {
		t.Errorf("a void that names no account takes out what it names:\n%s", got)
	}
}
