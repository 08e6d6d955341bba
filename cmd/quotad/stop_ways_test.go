package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/hook"
	"quotad/daemon/transcript"
	"quotad/quota"
)

// stopWays are the ways by which the provider's words come in, and what each
// makes of them at an instant: nothing where it takes them for no stop.
func stopWays(t *testing.T) map[string]func(code, text string, at time.Time) []quota.Event {
	return map[string]func(code, text string, at time.Time) []quota.Event{
		"StopFailure of Claude Code": func(code, text string, at time.Time) []quota.Event {
			return stopOf(t, "claude-code", at, map[string]string{"hook_event_name": "StopFailure", "error": "rate_limit", "session_id": "s",
				"last_assistant_message": fmt.Sprintf("API Error: Request rejected (429) · [%s][%s][20261123143000abc]", code, text)})
		},
		"its details": func(code, text string, at time.Time) []quota.Event {
			return stopOf(t, "claude-code", at, map[string]string{"hook_event_name": "StopFailure", "error": "rate_limit", "session_id": "s",
				"last_assistant_message": "API Error: Rate limit reached", "error_details": bodyOf(code, text)})
		},
		"a retry of OpenCode": func(code, text string, at time.Time) []quota.Event {
			return stopOf(t, "opencode", at, map[string]string{"event": "retry", "session": "s", "id": "m", "message": bodyOf(code, text)})
		},
		"a refusal in a transcript": func(code, text string, at time.Time) []quota.Event {
			return transcribed(t, map[string]any{"type": "assistant", "isApiErrorMessage": true, "error": "rate_limit", "apiErrorStatus": 429,
				"timestamp": at, "uuid": "u", "sessionId": "s", "message": map[string]any{"id": "x", "model": "<synthetic>", "role": "assistant",
					"content": []any{map[string]string{"type": "text", "text": fmt.Sprintf("API Error: Request rejected (429) · [%s][%s][20261123143000abc]", code, text)}}}})
		},
		"an attempt in a transcript": func(code, text string, at time.Time) []quota.Event {
			return transcribed(t, map[string]any{"type": "system", "subtype": "api_error", "timestamp": at, "uuid": "u", "sessionId": "s",
				"error": map[string]any{"message": "429 " + bodyOf(code, text), "status": 429}})
		},
		"record --exhausted": func(code, text string, at time.Time) []quota.Event {
			return unlessRefused(exhaustion(quota.Event{At: at}, fmt.Sprintf("[%s][%s][20261123143000abc]", code, text)))
		},
		"record --exhausted with a body": func(code, text string, at time.Time) []quota.Event {
			return unlessRefused(exhaustion(quota.Event{At: at}, bodyOf(code, text)))
		},
		"POST /v1/events": func(code, text string, at time.Time) []quota.Event {
			line, _ := json.Marshal(map[string]any{"kind": "exhausted", "at": at, "code": code, "message": text})
			e, refused := api.DecodeEvent(line, at)
			if refused != nil {
				return nil
			}
			return []quota.Event{e}
		},
	}
}

func bodyOf(code, text string) string {
	b, _ := json.Marshal(map[string]any{"error": map[string]string{"code": code, "message": text}})
	return string(b)
}

func unlessRefused(e quota.Event, err error) []quota.Event {
	if err != nil {
		return nil
	}
	return []quota.Event{e}
}

// stopOf is what a hook makes of a payload.
func stopOf(t *testing.T, tool string, at time.Time, payload map[string]string) []quota.Event {
	t.Helper()
	raw, _ := json.Marshal(payload)
	none := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	return hook.Parse(tool, raw, hook.Input{Env: func(string) string { return "" }, ReadFile: none, Now: at}).Events
}

// transcribed is what a reader makes of a line.
func transcribed(t *testing.T, line map[string]any) (events []quota.Event) {
	t.Helper()
	raw, _ := json.Marshal(line)
	path := filepath.Join(t.TempDir(), "s.jsonl")
	if err := os.WriteFile(path, append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := transcript.Read(context.Background(), transcript.Source{Tool: "claude-code", Path: path}, transcript.Mark{}, true, func(i transcript.Item) error {
		events = append(events, i.Event)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestWhatTheProviderSaysByEachWayIn(t *testing.T) {
	at := time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC) // 14:30 for the provider
	const five, week = "2026-11-23 18:29:10", "2026-11-26 09:00:00"
	type said struct{ name, code, text, window, until string }
	cases := []said{
		{"the 5 hours", "1308", "Usage limit reached for 5 hour. Your limit will reset at " + five, "5h", "2026-11-23T10:29:10Z"},
		{"the 5 hours, in Chinese", "1308", "已达到 5 小时的使用上限。您的限额将在 " + five + " 重置。", "5h", "2026-11-23T10:29:10Z"},
		{"the 5 hours, until an instant that cannot be", "1308", "Your limit will reset at 2999-12-31 23:59:59", "5h", "unknown"},
		{"week or month", "1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at " + week, quota.WindowWeekOrMonth, "2026-11-26T01:00:00Z"},
		{"week or month, with a zone", "1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-11-26T01:00:00Z", quota.WindowWeekOrMonth, "2026-11-26T01:00:00Z"},
		{"week or month, until a day", "1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-12-04", quota.WindowWeekOrMonth, "2026-12-03T16:00:00Z"},
		{"week or month, in Chinese", "1310", "您已达到每周/每月使用上限，您的限额将在 " + week + " 重置。", quota.WindowWeekOrMonth, "2026-11-26T01:00:00Z"},
		{"the old daily limit", "1304", "Daily call limit reached", "5h", "unknown"},
		{"an instant already past", "1308", "Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 14:29:59", "5h", ""},
	}
	for _, code := range []string{"1316", "1318", "1320"} {
		cases = append(cases, said{"the past 5 hours", code, "Usage limit reached for the past 5 hours. Resets at " + five, "5h", "2026-11-23T10:29:10Z"})
	}
	for _, code := range []string{"1317", "1319", "1321"} {
		cases = append(cases, said{"the past 7 days", code, "Usage limit reached for the past 7 days. Resets at " + week, "week", "2026-11-26T01:00:00Z"})
	}
	for _, code := range []string{"1302", "1303", "1305", "1312", "1313", "1113", "1309", "1311", "1314", "1315"} {
		cases = append(cases, said{"no stop of a window", code, "Usage limit reached for 5 hour. Your limit will reset at " + five, "", ""})
	}
	for way, take := range stopWays(t) {
		for _, c := range cases {
			got := take(c.code, c.text, at)
			if c.until == "" {
				if len(got) != 0 {
					t.Errorf("%s: %s (%s): taken as %+v", way, c.name, c.code, got)
				}
				continue
			}
			if len(got) != 1 || got[0].Kind != quota.KindExhausted || got[0].Window != c.window || got[0].Code != c.code || untilOf(got[0]) != c.until {
				t.Errorf("%s: %s (%s): %+v, want %s until %s", way, c.name, c.code, got, c.window, c.until)
			}
		}
	}
}

func untilOf(e quota.Event) string {
	if e.Until.IsZero() {
		return "unknown"
	}
	return e.Until.Format(time.RFC3339)
}
