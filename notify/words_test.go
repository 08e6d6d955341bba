package notify

import (
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

var berlin = time.FixedZone("CET", 3600)

// noon is Mon 23 Nov 2026, 13:08 on the wall.
var noon = time.Date(2026, 11, 23, 12, 8, 0, 0, time.UTC)

func in(d time.Duration) *time.Time { t := noon.Add(d); return &t }

// five is the 5-hour window of 80 prompts with some used, full again at 14:20.
func five(used float64) quota.WindowStatus {
	return win(quota.WindowFive, used, 80, 72*time.Minute)
}

func win(name string, used, limit float64, resets time.Duration) quota.WindowStatus {
	w := quota.WindowStatus{Window: name, Kind: quota.Fixed, Counts: quota.CountPrompts, State: quota.PhaseOpen,
		Used: quota.FromFloat(used), Cap: quota.FromFloat(limit), ResetsAt: in(resets), Approximate: true}
	w.Remaining = max(0, w.Cap-w.Used)
	w.Percent = w.Used.Percent(w.Cap)
	if w.Used >= w.Cap {
		w.State = quota.PhaseExhausted
	}
	return w
}

func status(windows ...quota.WindowStatus) *quota.Status {
	s := &quota.Status{Account: "default", Plan: quota.PlanStatus{Unit: quota.Prompts}, Windows: windows}
	for _, w := range windows {
		if w.State == quota.PhaseExhausted && (s.BlockedUntil == nil || w.ResetsAt.After(*s.BlockedUntil)) {
			s.BlockedUntil = w.ResetsAt
		}
	}
	return s
}

// oneOf is s beside other accounts.
func oneOf(s *quota.Status) *quota.Status { s.Several = true; return s }

func (c wordsCase) notice() quota.Notice {
	n := quota.Notice{Kind: c.kind, Account: c.account, Window: quota.WindowFive, Level: c.level, At: noon}
	if c.window != "" {
		n.Window = c.window
	}
	if w := windowOf(c.status, n.Window); w != nil {
		n.Percent, n.ResetsAt = w.Percent, w.ResetsAt
	}
	if c.resets != nil {
		n.ResetsAt = c.resets
	}
	return n
}

type wordsCase struct {
	name    string
	kind    quota.NoticeKind
	window  string
	account string
	level   int
	resets  *time.Time
	status  *quota.Status
	title   string
	body    string
}

func TestWords(t *testing.T) {
	week := win(quota.WindowWeek, 164, 400, 74*time.Hour)
	fullWeek := win(quota.WindowWeek, 400, 400, 74*time.Hour)
	exact := five(72)
	exact.Approximate = false
	rolling := five(72)
	rolling.Kind = quota.Rolling
	tools := win(quota.WindowMonth, 1000, 1000, 9*24*time.Hour)
	tools.Counts, tools.Approximate = quota.CountTools, false
	soon := five(50)
	soon.Forecast = &quota.Forecast{ExhaustsAt: in(-3 * time.Minute)}
	soon.Forecast.ExhaustsAt = in(27 * time.Minute)
	credits := status(win("5h", 21000.5, 23400, time.Hour))
	credits.Plan.Unit = quota.Credits
	unknown := five(80)
	unknown.ResetsAt = nil
	fresh := win(quota.WindowFive, 0, 400, 0)
	fresh.ResetsAt = nil

	for _, c := range []wordsCase{
		{name: "a threshold, with what is left and the week", kind: quota.NoticeThreshold, level: 90, status: status(five(72), week),
			title: "GLM 5-hour window: 90 % used",
			body:  "About 8 of 80 prompts left. Full again at 14:20, in 1 h 12 min. Week: 41 %."},
		{name: "a percentage beside the level names both", kind: quota.NoticeThreshold, level: 75, status: status(five(67)),
			title: "GLM 5-hour window: 83 % used",
			body:  "Past the 75 % mark. About 13 of 80 prompts left. Full again at 14:20, in 1 h 12 min."},
		{name: "never 100 while there is room", kind: quota.NoticeThreshold, level: 90, status: status(win("5h", 9999.9999, 10000, time.Hour)),
			title: "GLM 5-hour window: 99 % used",
			body:  "Past the 90 % mark. About 0 of 10,000 prompts left. Full again at 14:08, in 1 h."},
		{name: "past the cap where 100 is no threshold", kind: quota.NoticeThreshold, level: 75, status: status(five(96)),
			title: "GLM 5-hour window: 120 % used",
			body:  "Past the 75 % mark. No prompts left. Full again at 14:20, in 1 h 12 min."},
		{name: "an exact number is not about", kind: quota.NoticeThreshold, level: 90, status: status(exact),
			title: "GLM 5-hour window: 90 % used", body: "8 of 80 prompts left. Full again at 14:20, in 1 h 12 min."},
		{name: "a rolling window is not full again at its reset", kind: quota.NoticeThreshold, level: 90, status: status(rolling),
			title: "GLM 5-hour window: 90 % used", body: "About 8 of 80 prompts left. Room comes back from 14:20 on, in 1 h 12 min."},
		{name: "credits", kind: quota.NoticeThreshold, level: 75, status: credits,
			title: "GLM 5-hour window: 89 % used",
			body:  "Past the 75 % mark. About 2,399 of 23,400 credits left. Full again at 14:08, in 1 h."},
		{name: "the week, on another day", kind: quota.NoticeThreshold, window: "week", level: 75, status: status(five(8), win("week", 300, 400, 73*time.Hour)),
			title: "GLM week: 75 % used",
			body:  "About 100 of 400 prompts left. Full again on Thu 26 Nov 14:08, in 3 d 1 h. 5-hour window: 10 %."},
		{name: "a window and an account of other names", kind: quota.NoticeThreshold, window: "day", account: "work", level: 75,
			status: status(win("day", 3, 4, time.Hour)),
			title:  "GLM window day (work): 75 % used", body: "About 1 of 4 prompts left. Full again at 14:08, in 1 h."},
		{name: "the default account, one of several", kind: quota.NoticeThreshold, account: quota.DefaultAccount, level: 75,
			status: oneOf(status(win("5h", 3, 4, time.Hour))),
			title:  "GLM 5-hour window (default): 75 % used", body: "About 1 of 4 prompts left. Full again at 14:08, in 1 h."},
		{name: "without a status", kind: quota.NoticeThreshold, level: 0, resets: in(time.Hour),
			title: "GLM 5-hour window: 0 % used", body: "Full again at 14:08, in 1 h."},

		{name: "exhausted", kind: quota.NoticeExhausted, level: 100, status: status(five(80), week),
			title: "GLM 5-hour window: exhausted", body: "Work can go on in 1 h 12 min, at 14:20. Week: 41 %."},
		{name: "exhausted, and the week too", kind: quota.NoticeExhausted, level: 100, status: status(five(80), fullWeek),
			title: "GLM 5-hour window: exhausted", body: "Work can go on in 3 d 2 h, on Thu 26 Nov 15:08, when the week is full again."},
		{name: "the week exhausted, and the 5 hours before it", kind: quota.NoticeExhausted, window: "week", level: 100, status: status(five(80), fullWeek),
			title: "GLM week: exhausted", body: "Work can go on in 3 d 2 h, on Thu 26 Nov 15:08. 5-hour window: exhausted."},
		{name: "exhausted until nobody knows when", kind: quota.NoticeExhausted, level: 100, status: &quota.Status{Windows: []quota.WindowStatus{unknown}},
			title: "GLM 5-hour window: exhausted", body: "When it is full again is not known."},
		{name: "MCP calls exhausted stop no prompts", kind: quota.NoticeExhausted, window: "month", level: 100, status: status(five(8), tools),
			title: "GLM month: exhausted", body: "No MCP calls until Wed 2 Dec 13:08; prompts are not affected. 5-hour window: 10 %."},

		{name: "refreshed", kind: quota.NoticeRefreshed, resets: in(0), status: status(fresh, week),
			title: "GLM 5-hour window: refreshed", body: "Full again: about 400 prompts. Week: 41 %."},
		{name: "refreshed an hour ago, and used since", kind: quota.NoticeRefreshed, resets: in(-time.Hour), status: status(five(20)),
			title: "GLM 5-hour window: refreshed", body: "Full again since 12:08; about 60 of 80 prompts left."},
		{name: "refreshed while the week stops work", kind: quota.NoticeRefreshed, resets: in(0), status: status(fresh, fullWeek),
			title: "GLM 5-hour window: refreshed",
			body:  "Full again: about 400 prompts. Work can go on in 3 d 2 h, on Thu 26 Nov 15:08, when the week is full again."},
		{name: "refreshed, without a status", kind: quota.NoticeRefreshed, resets: in(0),
			title: "GLM 5-hour window: refreshed", body: "Full again."},

		{name: "a forecast", kind: quota.NoticeForecast, status: status(soon, week),
			title: "GLM 5-hour window: runs out at 13:35 at this pace",
			body:  "45 min before it is full again at 14:20. About 30 of 80 prompts left. Week: 41 %."},
		{name: "a forecast without a status", kind: quota.NoticeForecast,
			title: "GLM 5-hour window: runs out too early at this pace", body: ""},
		{name: "an early refresh", kind: quota.NoticeEarlyRefresh, status: status(five(0)),
			title: "GLM 5-hour window: refreshed early",
			body:  "The provider counts less than before. About 80 of 80 prompts left. Full again at 14:20, in 1 h 12 min."},
		{name: "a key that is refused", kind: quota.NoticeProvider, status: troubled(),
			title: "GLM: the provider's figures are not read",
			body:  "The provider refuses the key. What your tools report is counted as before. quotad doctor says what to do."},
		{name: "a key that is refused, without a status", kind: quota.NoticeProvider,
			title: "GLM: the provider's figures are not read",
			body:  "What your tools report is counted as before. quotad doctor says what to do."},
	} {
		t.Run(c.name, func(t *testing.T) {
			title, body := Words(c.notice(), c.status, noon, berlin)
			if title != c.title {
				t.Errorf("title %q\n want %q", title, c.title)
			}
			if body != c.body {
				t.Errorf("body %q\nwant %q", body, c.body)
			}
		})
	}
}

// Every fact that a message names is one that is made somewhere, and every
// kind of notice has words.
func TestMessagesAreComplete(t *testing.T) {
	for _, kind := range []quota.NoticeKind{quota.NoticeThreshold, quota.NoticeExhausted, quota.NoticeRefreshed,
		quota.NoticeForecast, quota.NoticeEarlyRefresh, quota.NoticeProvider, quota.NoticeDigest, quota.NoticeRenewal, NoticeTest} {
		if m, ok := messageOf(kind); !ok || len(m.title) == 0 || len(m.body) == 0 {
			t.Errorf("%s has no words", kind)
		}
	}
	n := TestNotice(noon.Add(1234567))
	if n.Title == "" || n.Body == "" {
		t.Errorf("the test notice says nothing: %+v", n)
	}
	if !n.At.Equal(noon.Add(time.Millisecond)) {
		t.Errorf("the test notice is of %v, want milliseconds", n.At)
	}
}

func TestDigestOf(t *testing.T) {
	item := func(account, window, title string, resets time.Duration) Item {
		return Item{Notice: quota.Notice{Kind: quota.NoticeThreshold, Account: account, Window: window, Title: title, Body: "b.", ResetsAt: in(resets)}}
	}
	d := digestOf([]Item{
		item("work", "5h", "75", time.Hour), item("work", "week", "w", 3*time.Hour), item("work", "5h", "90", time.Hour),
	}, noon.Add(1234567))
	if d.Title != "While it was quiet: 2 notices" || d.Body != "w. b.\n90. b." || d.Account != "work" {
		t.Errorf("%+v", d)
	}
	if !d.Expires.Equal(noon.Add(3 * time.Hour)) {
		t.Errorf("worth telling until %v, want the latest of its parts", d.Expires)
	}
	if d.ResetsAt != nil || !d.At.Equal(noon.Add(time.Millisecond)) {
		t.Errorf("at %v, resets at %v; want milliseconds, and nothing of a window", d.At, d.ResetsAt)
	}
	open := item("default", "day", "x", 0)
	open.ResetsAt = nil
	again := digestOf([]Item{d, open}, noon)
	if !strings.HasPrefix(again.Body, d.Body) || !again.Expires.IsZero() || again.Account != "default" || again.Title != "While it was quiet: 3 notices" {
		t.Errorf("%+v", again)
	}
	if later := digestOf([]Item{d, item("work", "day", "x", 2*time.Hour)}, noon); !later.Expires.Equal(d.Expires) {
		t.Errorf("with a digest in it worth telling until %v, want %v", later.Expires, d.Expires)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 999 * time.Millisecond: "0 s", 45 * time.Second: "45 s", 59*time.Minute + 59*time.Second: "59 min",
		time.Hour: "1 h", 72 * time.Minute: "1 h 12 min", 3*time.Hour + 59*time.Minute + 59*time.Second: "3 h 59 min",
		24 * time.Hour: "1 d", 52*time.Hour + time.Minute: "2 d 4 h", 30 * 24 * time.Hour: "30 d",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct{ name, t, want string }{
		{"today", "2026-11-23T13:20:00Z", "14:20"},
		{"tomorrow by the clock on the wall", "2026-11-23T23:30:00Z", "Tue 24 Nov 00:30"},
		{"another day", "2026-11-26T13:20:00Z", "Thu 26 Nov 14:20"},
		{"the same day of another year", "2027-11-23T13:20:00Z", "Tue 23 Nov 2027 14:20"},
	} {
		at, _ := time.Parse(time.RFC3339, c.t)
		if got := Clock(at, noon, berlin); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAmount(t *testing.T) {
	for f, want := range map[float64]string{0: "0", 0.05: "0", 0.96: "0.9", 7.25: "7.2", 7: "7", 12.9: "12", 999.9: "999", 12400: "12,400", 1234567: "1,234,567"} {
		if got := amount(quota.FromFloat(f)); got != want {
			t.Errorf("%v is %q, want %q", f, got, want)
		}
	}
}

func TestCleaning(t *testing.T) {
	long := strings.Repeat("ä", 400)
	for _, c := range []struct{ name, in, title, body, escaped string }{
		{"plain", "a b", "a b", "a b", "a b"},
		{"markup", "<b>x</b> & y", "‹b›x‹/b› & y", "<b>x</b> & y", "&lt;b&gt;x&lt;/b&gt; &amp; y"},
		{"an option", "--icon=/etc/hostname", "icon=/etc/hostname", "icon=/etc/hostname", "icon=/etc/hostname"},
		{"options behind blanks", " \n - -u", "u", "u", "u"},
		{"lines", "a\nb", "a b", "a\nb", "a\nb"},
		{"control characters", "a\x01\x1b[1mb\tc\x00\r", "a[1mb c", "a[1mb c", "a[1mb c"},
		{"bad UTF-8", "a\xff\xfeb", "a\uFFFDb", "a\uFFFDb", "a\uFFFDb"},
		{"writing turned round", "a\u202eb\u2066", "ab", "ab", "ab"},
		{"too long", long, long[:598] + "…", long[:598] + "…", long[:598] + "…"},
		{"too long is cut before it is escaped", strings.Repeat("<", 400), strings.Repeat("‹", 299) + "…",
			strings.Repeat("<", 299) + "…", strings.Repeat("&lt;", 299) + "…"},
		{"nothing", "", "", "", ""},
	} {
		if got := cleanTitle(c.in); got != c.title {
			t.Errorf("%s: title %q, want %q", c.name, got, c.title)
		}
		if got := cleanBody(c.in, false); got != c.body {
			t.Errorf("%s: body %q, want %q", c.name, got, c.body)
		}
		if got := cleanBody(c.in, true); got != c.escaped {
			t.Errorf("%s: escaped %q, want %q", c.name, got, c.escaped)
		}
	}
}

// troubled is a status whose key the provider refuses.
func troubled() *quota.Status {
	s := status(five(0))
	s.Warnings = []quota.Warning{{Code: "off_plan", Message: "else"}, {Code: "provider_key", Message: "the provider refuses the key"}}
	return s
}
