package main

import (
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// boardNow is the instant of these tests, a Monday.
var boardNow = time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)

func in(d time.Duration) *time.Time {
	t := boardNow.Add(d)
	return &t
}

// window is an open window, used so far of its cap.
func window(name string, kind quota.WindowKind, used, limit int64, resets *time.Time) quota.WindowStatus {
	u, l := quota.One.Times(used), quota.One.Times(limit)
	w := quota.WindowStatus{
		Window: name, Kind: kind, Counts: quota.CountPrompts, State: quota.PhaseOpen, Cap: l, Used: u,
		Remaining: max(l-u, 0), Percent: u.Percent(l), OpenedAt: in(-time.Hour), ResetsAt: resets,
		Approximate: true, Source: quota.SourceLocal, AsOf: in(-2 * time.Minute),
	}
	if u >= l {
		w.State = quota.PhaseExhausted
	}
	return w
}

func idle(name string, kind quota.WindowKind, limit int64) quota.WindowStatus {
	w := window(name, kind, 0, limit, nil)
	w.State, w.OpenedAt, w.AsOf = quota.PhaseIdle, nil, nil
	return w
}

// pro is an account on v2/pro.
func pro(windows ...quota.WindowStatus) quota.Status {
	return quota.Status{
		Account: "default", State: quota.StateOK, Binding: "5h", Windows: windows,
		Plan: quota.PlanStatus{ID: "v2/pro", Name: "GLM Coding Pro", Unit: quota.Prompts, Anchor: in(-time.Hour)},
	}
}

func blocked(st quota.Status, until *time.Time) quota.Status {
	st.State, st.BlockedUntil = quota.StateExhausted, until
	return st
}

func drawn(s screen, accounts ...quota.Status) string {
	b := board{screen: s, clock: clock{boardNow, time.UTC}}
	return b.draw(quota.Statuses{Schema: 1, Now: boardNow, Accounts: accounts})
}

func TestBoard(t *testing.T) {
	five := window("5h", quota.Fixed, 37, 400, in(3*time.Hour+40*time.Minute))
	five.Forecast = &quota.Forecast{PerHour: 27.8, LastsToNext: true}
	week := window("week", quota.Anchored, 1400, 2000, in(49*time.Hour))
	week.Source, week.Forecast = quota.SourceProviderLocal, &quota.Forecast{PerHour: 20, ExhaustsAt: in(30 * time.Hour)}
	tools := window("month", quota.Monthly, 0, 1000, in(20*24*time.Hour))
	tools.Counts, tools.Approximate, tools.AsOf = quota.CountTools, false, nil
	wide, usual, narrow := screen{width: 160, blocks: true}, screen{width: 80, blocks: true}, screen{width: 60}

	assumed := pro(idle("5h", quota.Fixed, 80), idle("week", quota.Anchored, 400))
	assumed.Plan = quota.PlanStatus{ID: "v2/lite", Name: "GLM Coding Lite", Unit: quota.Prompts, Assumed: true, AnchorAssumed: true}

	credits := pro(window("5h", quota.Fixed, 5250, 28000, in(4*time.Hour)))
	credits.Account, credits.Plan = "work", quota.PlanStatus{ID: "lab/x", Name: "lab/x", Unit: quota.Credits}
	part := 300 * quota.One
	credits.Windows[0].Estimated, credits.Windows[0].RefreshedEarlyAt = &part, in(-30*time.Minute)
	low, high, other := 4900*quota.One, 6100*quota.One+1, 250*quota.One
	credits.Windows[0].Low, credits.Windows[0].High, credits.Windows[0].Elsewhere = &low, &high, &other
	credits.Warnings = []quota.Warning{{Message: "no rate is known for model \"m\": counted at the dearest rate of lab/x"}}

	full := blocked(pro(window("5h", quota.Fixed, 412, 400, in(72*time.Minute)), window("week", quota.Rolling, 50, 2000, in(time.Hour))), in(72*time.Minute))
	unknown := blocked(pro(window("5h", quota.Rolling, 400, 400, nil)), nil)

	for _, c := range []struct {
		name   string
		screen screen
		shown  []quota.Status
		want   string
	}{
		{"a wide screen has all in a row", wide, []quota.Status{pro(five, week, tools)}, `
GLM Coding Pro (v2/pro)
5h     █░░░░░░░░░░░░░░░░░░░░   9 %  about 37 of 400 prompts       full at 10:10, in 3 h 40 min              counted here, last use 2 min ago
       this pace, 27.8 an hour, lasts
week   ██████████████░░░░░░░  70 %  about 1,400 of 2,000 prompts  full on Wed 25 Nov 07:30, in 2 d 1 h      provider, and counted here since, last use 2 min ago
       this pace, 20 an hour, runs out on Tue 24 Nov 12:30, 19 h too early
month  ░░░░░░░░░░░░░░░░░░░░░   0 %  0 of 1,000 MCP calls          starts anew on Sun 13 Dec 06:30, in 20 d
`},
		{"a usual one says the rest below", usual, []quota.Status{pro(five, week, tools)}, `
GLM Coding Pro (v2/pro)
5h     ██░░░░░░░░░░░░░░░░░░░░░░░░░░░░   9 %  about 37 of 400 prompts
       full at 10:10, in 3 h 40 min · counted here, last use 2 min ago
       this pace, 27.8 an hour, lasts
week   █████████████████████░░░░░░░░░  70 %  about 1,400 of 2,000 prompts
       full on Wed 25 Nov 07:30, in 2 d 1 h
       provider, and counted here since, last use 2 min ago
       this pace, 20 an hour, runs out on Tue 24 Nov 12:30, 19 h too early
month  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0 %  0 of 1,000 MCP calls
       starts anew on Sun 13 Dec 06:30, in 20 d
`},
		{"a narrow one without UTF-8 breaks lines", narrow, []quota.Status{pro(five, week)}, `
GLM Coding Pro (v2/pro)
5h    [#---------------]   9 %  about 37 of 400 prompts
      full at 10:10, in 3 h 40 min
      counted here, last use 2 min ago
      this pace, 27.8 an hour, lasts
week  [###########-----]  70 %  about 1,400 of 2,000 prompts
      full on Wed 25 Nov 07:30, in 2 d 1 h
      provider, and counted here since, last use 2 min ago
      this pace, 20 an hour, runs out on Tue 24 Nov 12:30,
      19 h too early
`},
		{"what is assumed is said", usual, []quota.Status{assumed}, `
GLM Coding Lite (v2/lite), assumed: no plan is configured
week from the first event on, assumed: no subscription date is configured
5h    ░░░░░░░░░░░░░░░░░░░░░░░░░  0 %  0 of 80 prompts   starts with the next use
week  ░░░░░░░░░░░░░░░░░░░░░░░░░  0 %  0 of 400 prompts  starts with the next use

Tell quotad what it assumes now: quotad setup
`},
		{"exhausted comes first", usual, []quota.Status{full}, `
No room until 07:42, in 1 h 12 min: 5h exhausted
GLM Coding Pro (v2/pro)
5h    ██████████████████████████████  103 %  about 412 of 400 prompts
      full at 07:42, in 1 h 12 min · counted here, last use 2 min ago
week  █░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    2 %  about 50 of 2,000 prompts
      room comes back at 07:30, in 1 h · counted here, last use 2 min ago
`},
		{"a reset that nobody knows is not made up", usual, []quota.Status{unknown}, `
No room: 5h exhausted, and when it is full again is not known
GLM Coding Pro (v2/pro)
5h  ██████████████████████████████  100 %  about 400 of 400 prompts
    when it is full again is not known · counted here, last use 2 min ago
`},
		{"an account of another name says it, and how sure the number is", usual, []quota.Status{credits}, `
work: lab/x
5h  ███░░░░░░░░░░░░░  18 %  about 5,250 of 28,000 credits  full at 10:30, in 4 h
    counted here, last use 2 min ago · 300 of it estimated · 250 of it elsewhere
    likely 17 to 22 % · use fell early, at 06:00
Warning: no rate is known for model "m": counted at the dearest rate of lab/x
`},
		{"several accounts all have their names", usual, []quota.Status{pro(five), credits}, `
default: GLM Coding Pro (v2/pro)
5h  ██░░░░░░░░░░░░░░░░░░░░░░░░░░░░   9 %  about 37 of 400 prompts
    full at 10:10, in 3 h 40 min · counted here, last use 2 min ago
    this pace, 27.8 an hour, lasts

work: lab/x
5h  █████░░░░░░░░░░░░░░░░░░░░░░░░░  18 %  about 5,250 of 28,000 credits
    full at 10:30, in 4 h · counted here, last use 2 min ago
    300 of it estimated · 250 of it elsewhere · likely 17 to 22 %
    use fell early, at 06:00
Warning: no rate is known for model "m": counted at the dearest rate of lab/x
`},
	} {
		want := strings.TrimPrefix(c.want, "\n")
		if got := drawn(c.screen, c.shown...); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// No line is wider than the screen, and colour changes nothing but the colour.
func TestBoardFits(t *testing.T) {
	long := window(strings.Repeat("w", 40), quota.Fixed, 123456, 1234567, in(200*24*time.Hour))
	long.Forecast = &quota.Forecast{PerHour: 12345.6, ExhaustsAt: in(100 * 24 * time.Hour)}
	st := blocked(pro(long, window("week", quota.Anchored, 3, 4, in(time.Hour))), in(time.Hour))
	st.Plan.Assumed, st.Plan.AnchorAssumed = true, true
	for width := 60; width <= 200; width++ {
		for _, blocks := range []bool{true, false} {
			plain := drawn(screen{width: width, blocks: blocks}, st, st)
			for _, line := range strings.Split(plain, "\n") {
				if cells(line) > width || strings.TrimRight(line, " ") != line {
					t.Fatalf("%d columns: %q takes %d", width, line, cells(line))
				}
			}
			if got := uncoloured(drawn(screen{width: width, blocks: blocks, colour: true}, st, st)); got != plain {
				t.Fatalf("%d columns in colour:\n%s\nwithout:\n%s", width, got, plain)
			}
		}
	}
	for width := leastWidth; width < 60; width++ {
		drawn(screen{width: width}, st) // and does not panic
	}
}

// uncoloured takes SGR sequences out.
func uncoloured(text string) string {
	var b strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if text = rest; found {
			_, text, _ = strings.Cut(rest, "m")
		}
	}
	return b.String()
}

func TestShort(t *testing.T) {
	five, week := window("5h", quota.Fixed, 37, 400, in(time.Hour)), window("week", quota.Anchored, 5, 2000, in(49*time.Hour))
	tools := window("month", quota.Monthly, 0, 1000, in(time.Hour))
	tools.Counts = quota.CountTools
	for _, c := range []struct {
		name string
		st   quota.Status
		want string
	}{
		{"the window that stops first tells its reset", pro(five, week, tools), "5h 9 %, full 07:30 · week <1 %"},
		{"no room comes first", blocked(pro(window("5h", quota.Fixed, 4, 4, in(time.Hour)), week), in(time.Hour)), "no room until 07:30 · 5h 100 % · week <1 %"},
		{"no room for nobody knows how long", blocked(pro(window("5h", quota.Fixed, 4, 4, nil)), nil), "no room · 5h 100 %"},
		{"a rolling window is not full at once", pro(window("5h", quota.Rolling, 37, 400, in(time.Hour))), "5h 9 %"},
	} {
		if got := (clock{boardNow, time.UTC}).short(&c.st, " · "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFigure(t *testing.T) {
	for amount, want := range map[string]string{
		"0": "0", "-3": "0", "0.05": "<0.1", "0.4": "0.4", "1.25": "1.2", "9.99": "9.9", "10.9": "10", "999": "999", "1000": "1,000", "28000.5": "28,000", "1234567": "1,234,567",
	} {
		a, err := quota.ParseAmount(amount)
		if err != nil {
			t.Fatal(err)
		}
		if got := figure(a); got != want {
			t.Errorf("%s is %s, want %s", amount, got, want)
		}
	}
}

func TestPercentOf(t *testing.T) {
	for _, c := range []struct {
		used, limit int64
		want        string
	}{{0, 400, "0 %"}, {1, 400, "<1 %"}, {399, 400, "99 %"}, {3999, 4000, "99 %"}, {400, 400, "100 %"}, {450, 400, "112 %"}} {
		w := window("5h", quota.Fixed, c.used, c.limit, nil)
		if got := percentOf(&w); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.used, c.limit, got, c.want)
		}
	}
	stopped := window("5h", quota.Fixed, 400, 400, nil)
	if got, look := percentOf(&stopped), levelStyle(&stopped); got != "100 %" || look != alarm {
		t.Errorf("exhausted: %s in style %q", got, look)
	}
}

func TestLevelStyle(t *testing.T) {
	for used, want := range map[int64]style{0: good, 74: good, 75: warned, 89: warned, 90: bad, 99: bad, 100: alarm} {
		w := window("5h", quota.Fixed, used, 100, nil)
		if got := levelStyle(&w); got != want {
			t.Errorf("%d %%: style %q, want %q", used, got, want)
		}
	}
	early := window("5h", quota.Fixed, 10, 100, in(time.Hour))
	early.Forecast = &quota.Forecast{PerHour: 100, ExhaustsAt: in(time.Minute)}
	if got := levelStyle(&early); got != warned {
		t.Errorf("a pace that runs out: style %q", got)
	}
}

func TestTheErrorIsToldWhereItMatters(t *testing.T) {
	bounds := func(low, high float64) quota.WindowStatus {
		w := window("5h", quota.Fixed, 37, 100, nil)
		l, h := quota.FromFloat(low), quota.FromFloat(high)
		w.Low, w.High = &l, &h
		return w
	}
	stopped := bounds(20, 60)
	stopped.Stopped = true
	for _, c := range []struct {
		what   string
		window quota.WindowStatus
		want   string
	}{
		{"not known", window("5h", quota.Fixed, 37, 100, nil), ""},
		{"a bracket of whole percents, and a little use since", bounds(37, 39), ""},
		{"wider, rounded away from the number", bounds(36.6, 38.7), "likely 36 to 39 %"},
		{"beyond the cap", bounds(90, 130.2), "likely 90 to 131 %"},
		{"the provider said stop", stopped, ""},
	} {
		if got := likelyOf(&c.window); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
