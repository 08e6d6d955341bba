package quota

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestWhatTheProviderSaid(t *testing.T) {
	for _, c := range []struct {
		name, code, message, at string // at in UTC+8
		window, until           string // until in UTC
		reason                  StopReason
	}{
		{"code and text apart", "1308", "Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:29:10",
			"2026-11-23 14:00", WindowFive, "2026-11-23 10:29:10", StopExhausted},
		{"the code in brackets, with a trace", "",
			"API Error: Request rejected (429) · [1308][Usage limit reached for 5 hour. Your limit will reset at 2026-07-22 14:06:34][2026072213424709a1b2c3]",
			"2026-07-22 13:42:50", WindowFive, "2026-07-22 06:06:34", StopExhausted},
		{"no code at all", "", "API Error: Request rejected (429) · Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:29:10",
			"2026-11-23 14:00", WindowFive, "2026-11-23 10:29:10", StopExhausted},
		{"a JSON body in Chinese", "", `{"error":{"code":"1308","message":"[1308][已达到 5 小时的使用上限。您的限额将在 2026-07-11 19:25:37 重置。][2026071116330100643b]","type":"rate_limit_error"},"request_id":"x"}`,
			"2026-07-11 16:33:02", WindowFive, "2026-07-11 11:25:37", StopExhausted},
		{"Chinese without a code", "", "已达到 5 小时的使用上限。您的限额将在 2026-08-08 11:32:36 重置。",
			"2026-08-08 10:00", WindowFive, "2026-08-08 03:32:36", StopExhausted},
		{"a number for a code, text around the body", "", `API Error: 429 {"error":{"code":1316,"message":"Usage limit reached for the past 5 hours. Resets at 2026-08-07T05:00:00Z"}} (attempt 3)`,
			"2026-08-07 11:00", WindowFive, "2026-08-07 05:00", StopExhausted},
		{"a body without its envelope", "", `429: {"code":"1310","message":"您已达到每周/每月使用上限，您的限额将在 2026-09-03 01:49:02 重置。"}`,
			"2026-09-01 12:00", WindowWeekOrMonth, "2026-09-02 17:49:02", StopExhausted},
		{"a code in a body, with words of no help", "", `{"code":1320,"message":"Resets at 2026-08-07T05:00:00Z"}`,
			"2026-08-07 11:00", WindowFive, "2026-08-07 05:00", StopExhausted},
		{"the code where the type stands", "", `{"type":"error","error":{"type":"1308","message":"已达到 5 小时的使用上限。您的限额将在 2025-12-09 18:08:11 重置。"}}`,
			"2025-12-09 15:00", WindowFive, "2025-12-09 10:08:11", StopExhausted},
		{"the week or the month", "1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-08-14T00:00:00Z",
			"2026-08-10 12:00", WindowWeekOrMonth, "2026-08-14 00:00", StopExhausted},
		{"the same without a code", "", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-07-10 04:32:47",
			"2026-07-08 12:00", WindowWeekOrMonth, "2026-07-09 20:32:47", StopExhausted},
		{"the same with a bare date", "1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-08-14",
			"2026-08-10 12:00", WindowWeekOrMonth, "2026-08-13 16:00", StopExhausted},
		{"a bare date that is today tells no instant", "1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-08-10",
			"2026-08-10 12:00", WindowWeekOrMonth, "", StopOutOfRange},
		{"a bare date that is over", "1310", "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-08-09",
			"2026-08-10 12:00", "", "", StopPast},
		{"the past seven days", "", "[1317][Usage limit reached for the past 7 days. Resets at 2026-09-28 23:07:07]",
			"2026-09-25 12:00", WindowWeek, "2026-09-28 15:07:07", StopExhausted},
		{"the past seven days without a code", "", "Usage limit reached for the past 7 days. Resets at 2026-09-28 23:07:07",
			"2026-09-25 12:00", WindowWeek, "2026-09-28 15:07:07", StopExhausted},
		{"another zone told", "1318", "Resets at 2026-08-07T07:30:00+02:00", "2026-08-07 11:00", WindowFive, "2026-08-07 05:30", StopExhausted},
		{"another zone after a space", "1320", "Resets at 2026-08-07 07:30:00 +02:00.", "2026-08-07 11:00", WindowFive, "2026-08-07 05:30", StopExhausted},
		{"the milliseconds are kept", "1318", "Resets at 2026-08-07T05:30:00.123456Z", "2026-08-07 11:00", WindowFive, "2026-08-07 05:30:00.123", StopExhausted},
		{"the date behind the word, not the first", "1308", "2026-11-23 13:59:00 error: your limit will reset at 2026-11-23 18:29:10",
			"2026-11-23 14:00", WindowFive, "2026-11-23 10:29:10", StopExhausted},
		{"no instant", "1308", "", "2026-11-23 14:00", WindowFive, "", StopExhausted},
		{"the old daily limit, by text alone, is not known", "", "Daily call limit reached", "2026-11-23 14:00", "", "", StopUnknown},
		{"the past five hours, of a plan with extra use", "", `{"error":{"code":"1316","message":"Usage limit reached for the past 5 hours. Insufficient balance for extra usage. Resets at 2026-08-07T05:00:00Z"}}`,
			"2026-08-07 11:00", WindowFive, "2026-08-07 05:00", StopExhausted},
		{"a body in Chinese whose author took the instant out", "", `{"error":{"code":"1308","message":"[1308][已达到 5 小时的使用上限。您的限额将在 2999-12-31 23:59:59 重置。][x]","type":"rate_limit_error"},"request_id":"x","type":"error"}`,
			"2026-11-23 14:00", WindowFive, "", StopOutOfRange},
		{"the old daily limit", "1304", "Daily call limit reached", "2026-11-23 14:00", WindowFive, "", StopExhausted},
		{"a week only, in Chinese", "", "您已达到每周使用上限，您的限额将在 2026-09-13 20:24:17 重置。", "2026-09-10 12:00", WindowWeek, "2026-09-13 12:24:17", StopExhausted},
		{"a month only, in Chinese", "", "您已达到每月使用上限，您的限额将在 2026-10-01 00:00:00 重置。", "2026-09-10 12:00", WindowMonth, "2026-09-30 16:00", StopExhausted},

		{"UTC, where UTC+8 is past and UTC is not", "1308", "reset at 2026-11-23 09:00:00", "2026-11-23 14:00", WindowFive, "2026-11-23 09:00", StopExhausted},
		{"UTC, confirmed by the trace", "", "[1308][Your limit will reset at 2026-11-23 09:00:00][20261123055959abc]", "2026-11-23 14:00", WindowFive, "2026-11-23 09:00", StopExhausted},
		{"a week in UTC, which the trace alone tells", "", "[1317][Resets at 2026-11-26 09:00:00][20261123055959abc]", "2026-11-23 14:00", WindowWeek, "2026-11-26 09:00", StopExhausted},
		{"the same after an hour of retries", "", "[1317][Resets at 2026-11-26 09:00:00][20261123050000abc]", "2026-11-23 14:00", WindowWeek, "2026-11-26 09:00", StopExhausted},
		{"a week in UTC+8 by its trace", "", "[1317][Resets at 2026-11-26 09:00:00][20261123135959abc]", "2026-11-23 14:00", WindowWeek, "2026-11-26 01:00", StopExhausted},
		{"a trace of long ago tells no zone", "", "[1317][Resets at 2026-11-26 09:00:00][20261122055959abc]", "2026-11-23 14:00", WindowWeek, "2026-11-26 01:00", StopExhausted},
		{"a trace that would put the instant out of range", "", "[1308][Your limit will reset at 2026-11-23 18:00:00][20261123055959abc]", "2026-11-23 14:00", WindowFive, "2026-11-23 10:00", StopExhausted},
		{"not UTC, where the trace says otherwise", "", "[1308][Your limit will reset at 2026-11-23 10:30:00][20261123095900abc]", "2026-11-23 14:00", "", "", StopPast},
		{"past in both", "1308", "reset at 2026-11-23 05:00:00", "2026-11-23 14:00", "", "", StopPast},
		{"past, told with a zone", "1308", "reset at 2026-11-23T05:59:59Z", "2026-11-23 14:00", "", "", StopPast},
		{"past by an hour of retries", "1308", "reset at 2026-11-23 13:00:00", "2026-11-23 14:00", "", "", StopPast},
		{"past, told with a zone, is not moved into a week", "1317", "resets at 2026-11-23T05:59:59Z", "2026-11-23 14:00", "", "", StopPast},
		{"at this very instant", "1308", "reset at 2026-11-23T06:00:00Z", "2026-11-23 14:00", "", "", StopPast},
		{"the last instant in range", "1308", "reset at 2026-11-23 19:05:00", "2026-11-23 14:00", WindowFive, "2026-11-23 11:05", StopExhausted},
		{"one second beyond", "1308", "reset at 2026-11-23 19:05:01", "2026-11-23 14:00", WindowFive, "", StopOutOfRange},
		{"a thousand years beyond", "1308", "reset at 2999-12-31 23:59:59", "2026-11-23 14:00", WindowFive, "", StopOutOfRange},
		{"a week beyond a week", "1317", "resets at 2026-12-07 14:00:00", "2026-11-23 14:00", WindowWeek, "", StopOutOfRange},
		{"a date that is none", "1308", "reset at 2026-13-45 99:00:00", "2026-11-23 14:00", WindowFive, "", StopExhausted},

		{"concurrency by code", "1302", "High concurrency usage of this API", "2026-11-23 14:00", "", "", StopNotQuota},
		{"concurrency by body", "", `{"error":{"code":"1302","message":"Rate limit reached for requests"}}`, "2026-11-23 14:00", "", "", StopNotQuota},
		{"concurrency by text", "", "API Error: 429 High concurrency usage of this API, please reduce concurrency", "2026-11-23 14:00", "", "", StopNotQuota},
		{"a code goes before words", "1309", "Usage limit reached for 5 hour", "2026-11-23 14:00", "", "", StopNotQuota},
		{"balance", "", "[1113][Insufficient balance or no resource package. Please recharge.]", "2026-11-23 14:00", "", "", StopNotQuota},
		{"an HTTP status is no code of theirs", "429", "[1308][Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:29:10]",
			"2026-11-23 14:00", WindowFive, "2026-11-23 10:29:10", StopExhausted},
		{"a code nobody knows", "1399", "something", "2026-11-23 14:00", "", "", StopUnknown},
		{"a text nobody knows", "", "API Error: Rate limit reached", "2026-11-23 14:00", "", "", StopUnknown},
		{"nothing", "", "", "2026-11-23 14:00", "", "", StopUnknown},
		{"a broken body", "", `{"error":{"code":"1308"`, "2026-11-23 14:00", "", "", StopUnknown},
		{"a body of the wrong types, read as text", "", `{"error":[1],"message":"[1308][reset at 2026-11-23 18:29:10]"}`, "2026-11-23 14:00", WindowFive, "2026-11-23 10:29:10", StopExhausted},
		{"a body that says nothing", "", `Usage limit reached for 5 hour {"type":"error"}`, "2026-11-23 14:00", WindowFive, "", StopExhausted},
	} {
		want := Exhaustion{Window: c.window}
		if c.until != "" {
			want.Until = utc(t, c.until)
		}
		got, reason := ParseStop(c.code, c.message, utc8(t, c.at))
		got.Code = ""
		if got != want || reason != c.reason {
			t.Errorf("%s: %+v, %s\nwant %+v, %s", c.name, got, reason, want, c.reason)
		}
	}
}

func TestEveryCodeOfTheProvider(t *testing.T) {
	want := map[string]string{
		WindowFive: "1304 1308 1316 1318 1320", WindowWeek: "1317 1319 1321", WindowWeekOrMonth: "1310",
		"": "1302 1303 1305 1309 1311 1312 1313 1314 1315 1113",
	}
	for window, codes := range want {
		for _, code := range strings.Fields(codes) {
			for _, in := range [][2]string{
				{code, ""}, {"", "[" + code + "][x]"}, {"", fmt.Sprintf(`{"error":{"code":%q,"message":"x"}}`, code)},
				{"", fmt.Sprintf(`{"error":{"code":%s}}`, code)},
			} {
				got, reason := ParseStop(in[0], in[1], utc(t, "2026-11-23 06:00"))
				if (got.Code == code) != (window != "") || got.Window != window || (reason == StopExhausted) != (window != "") || (reason == StopNotQuota) != (window == "") {
					t.Errorf("%v: %+v, %s", in, got, reason)
				}
			}
		}
	}
}

func FuzzParseStop(f *testing.F) {
	f.Add("1308", "Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:29:10", int64(1795413600000))
	f.Add("", "[1310][您已达到每周/每月使用上限，您的限额将在 2026-11-26 15:46:24 重置。][20261121010506]", int64(1795413600000))
	f.Add("", `x {"error":{"code":1317,"message":"resets at 2026-11-24T00:00:00Z"}}`, int64(1795413600000))
	f.Add("", "reset at 2026-11-23T25:61:61+99:99 [[[[1308] 将在2026-11-2", int64(0))
	f.Fuzz(func(t *testing.T, code, message string, ms int64) {
		at := time.UnixMilli(ms % 4e12).UTC()
		got, reason := ParseStop(code, message, at)
		if (got.Window != "") != (reason == StopExhausted || reason == StopOutOfRange) {
			t.Errorf("%+v goes ill with %q", got, reason)
		}
		if !got.Until.IsZero() && (reason != StopExhausted || !got.Until.After(at.Add(-time.Millisecond)) || got.Until.Sub(at) > 35*aDay) {
			t.Errorf("%s is no refresh told at %s", got.Until, at)
		}
	})
}
