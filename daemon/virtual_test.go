package daemon

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/quota"
)

const liteConfig = `
[account.default]
plan = "v2/lite"
subscribed = 2000-01-03T16:55:13+08:00
`

// workdays are the prompts of somebody who works from nine to five, more on
// some days than on others, for so many days from start.
func workdays(start time.Time, days int) []quota.Event {
	r := rand.New(rand.NewSource(1))
	var list []quota.Event
	for day := range days {
		nine := start.Add(time.Duration(day)*24*time.Hour + 9*time.Hour)
		for i := range r.Intn(150) {
			at := nine.Add(time.Duration(r.Int63n(int64(8 * time.Hour)))).Truncate(time.Millisecond)
			list = append(list, quota.Event{ID: fmt.Sprintf("%02d-%03d", day, i), At: at, Model: "glm-4.5"}.Normalize(at))
		}
	}
	return quota.Sort(list)
}

// replayed are the notices of a replay, which knows no engine, store or clock.
func replayed(t *testing.T, s config.Settings, events []quota.Event) []string {
	t.Helper()
	var list []string
	for step, err := range quota.NewReplay(meterOf(&s, quota.DefaultAccount, quota.PlanTold{}), s.Notices).Steps(events) {
		if err != nil {
			t.Fatal(err)
		}
		if n := step.Notice; n != nil {
			list = append(list, line(n.Notice))
		}
	}
	return list
}

func line(n quota.Notice) string {
	return fmt.Sprintf("%s %s %s %d", n.At.Format(time.RFC3339), n.Window, n.Kind, n.Level)
}

func (r *rig) lines() []string {
	var list []string
	for n, err := range (backend{r.engine}).Notices(r.t.Context(), time.Time{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		list = append(list, line(n.Notice))
	}
	return list
}

func TestAMonthInVirtualTimeTellsEveryNoticeOnceAndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings(t, liteConfig)
		events := workdays(time.Now(), 30)
		want := replayed(t, s, events)
		if len(want) < 20 {
			t.Fatalf("a month with %d notices tests nothing", len(want))
		}
		r := startWithAlarm(t, t.TempDir(), s)
		for _, e := range events {
			time.Sleep(time.Until(e.At))
			r.post(e)
		}
		time.Sleep(8 * 24 * time.Hour)
		synctest.Wait()
		if got := r.lines(); !slices.Equal(got, want) {
			t.Errorf("%d notices, want %d\n got %v\nwant %v", len(got), len(want), got, want)
		}
		r.stop()
	})
}

// Over the end of a February that has 29 days, and of one that has 28: the month
// of a subscription on the 29th ends on the last day there is, the week steps on.
func TestALeapDayIsADayLikeOthers(t *testing.T) {
	for _, c := range []struct{ year, last int }{{2028, 29}, {2029, 28}} {
		synctest.Test(t, func(t *testing.T) {
			s := settings(t, "[account.default]\nplan = \"v2/lite\"\nsubscribed = 2024-02-29T12:00:00+08:00\n")
			end := time.Date(c.year, 2, c.last, 4, 0, 0, 0, time.UTC) // noon in UTC+8
			time.Sleep(time.Until(end.Add(-36 * time.Hour)))
			r := startWithAlarm(t, t.TempDir(), s)
			defer r.stop()
			week := *r.window("week").ResetsAt
			r.post(quota.Event{Kind: quota.KindTool, Name: "search", Count: 95})
			if m := r.window("month"); !m.ResetsAt.Equal(end) || m.Used.Float() != 95 {
				t.Errorf("the month that ends at %v: %v used, ends at %v", end, m.Used, m.ResetsAt)
			}
			for time.Now().Before(end.Add(72 * time.Hour)) {
				time.Sleep(6 * time.Hour)
				r.post(quota.Event{Count: 10, Model: "glm-4.5"})
				if w := r.window("week"); w.ResetsAt.Sub(week)%(7*24*time.Hour) != 0 || !w.ResetsAt.After(time.Now()) {
					t.Errorf("at %v the week ends at %v, it ended at %v", time.Now(), w.ResetsAt, week)
				}
			}
			if m, next := r.window("month"), end.AddDate(0, 1, 29-c.last); m.Used.Float() != 0 || !m.ResetsAt.Equal(next) {
				t.Errorf("the month after: %v used, ends at %v, want %v", m.Used, m.ResetsAt, next)
			}
			told := 0
			for _, line := range r.lines() {
				if at, month, _ := strings.Cut(line, " month "); month == "refreshed 0" {
					told++
					if when, err := time.Parse(time.RFC3339, at); err != nil || when.Sub(end).Abs() > 2*time.Second {
						t.Errorf("told at %v, it ended at %v: %v", at, end, err)
					}
				}
			}
			if told != 1 {
				t.Errorf("that the month is over was told %d times: %q", told, r.lines())
			}
		})
	}
}

func TestRestartsTellNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, dir := settings(t, liteConfig), t.TempDir()
		events := workdays(time.Now(), 5)
		want := replayed(t, s, events)
		r := startWithAlarm(t, dir, s)
		for i, e := range events {
			time.Sleep(time.Until(e.At))
			r.post(e)
			if i%7 == 0 {
				r.stop()
				r = startWithAlarm(t, dir, s)
			}
		}
		time.Sleep(8 * 24 * time.Hour)
		synctest.Wait()
		if got := r.lines(); !slices.Equal(got, want) {
			t.Errorf("\n got %v\nwant %v", got, want)
		}
		r.stop()
	})
}

func TestTheClockMayJumpAndTheEngineMayOversleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings(t, liteConfig)
		var step time.Duration
		now := func() time.Time { return time.Now().Add(step) }
		r := start(t, t.TempDir(), s, now)
		defer r.stop()
		r.post(quota.Event{Count: 80, Model: "glm-4.5"}) // all there is for five hours
		opened := now()
		for _, jump := range []time.Duration{-2 * time.Hour, 2 * time.Hour, 3 * time.Hour, -time.Hour, time.Hour} {
			step += jump
			r.engine.Look()
			r.engine.Look()
			synctest.Wait()
		}
		if got := r.told(); len(got) != 1 {
			t.Fatalf("before the window is over: %v", got)
		}
		step += 2*time.Hour + 30*time.Minute // asleep over the boundary
		r.engine.Look()
		synctest.Wait()
		step -= time.Hour // and set back before it
		r.engine.Look()
		synctest.Wait()
		step += time.Hour
		r.engine.Look()
		synctest.Wait()
		want := []string{"5h exhausted 100", "5h refreshed 0"}
		if got := r.told(); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		if w := r.window("5h"); w.State != quota.PhaseIdle || w.Used != 0 {
			t.Errorf("%v after its opening: %s, used %v", now().Sub(opened), w.State, w.Used)
		}
	})
}

func TestTheAlarmTellsWhenItRingsNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Pointer[time.Time]
		a := newAlarm(func() {}, time.Hour, zerolog.Nop())
		a.due = func(next time.Time) { told.Store(&next) }
		begun := time.Now()
		a.start()
		defer func() { <-a.stop() }()
		expect := func(what string, want time.Duration) {
			t.Helper()
			synctest.Wait()
			if got := told.Load().Sub(begun); got != want {
				t.Errorf("%s: the next was told for %v, want %v", what, got, want)
			}
		}
		expect("the heartbeat", time.Hour)
		a.set(begun.Add(20 * time.Minute))
		expect("a boundary before it", 20*time.Minute)
		time.Sleep(20 * time.Minute)
		expect("the boundary passed", time.Hour)
		a.beside(30*time.Minute, func() {})
		expect("a job beside", 50*time.Minute)
		time.Sleep(30 * time.Minute)
		expect("the job was done", time.Hour)
		time.Sleep(10 * time.Minute)
		expect("the heartbeat was", 80*time.Minute)
		a.set(begun.Add(70 * time.Minute))
		expect("another boundary", 70*time.Minute)
		a.set(time.Time{})
		expect("it was cleared", 80*time.Minute)
	})
}

func TestTheAlarmRings(t *testing.T) {
	ring := func(t *testing.T, f func(a *alarm, rung func() int)) {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			a := newAlarm(func() { n.Add(1) }, time.Hour, zerolog.Nop())
			a.start()
			f(a, func() int { synctest.Wait(); return int(n.Load()) })
			<-a.stop()
		})
	}
	t.Run("at the boundary, once", func(t *testing.T) {
		ring(t, func(a *alarm, rung func() int) {
			a.set(time.Now().Add(90 * time.Second))
			time.Sleep(89 * time.Second)
			if rung() != 0 {
				t.Error("too early")
			}
			time.Sleep(2 * time.Second)
			if got := rung(); got != 1 {
				t.Errorf("rang %d times", got)
			}
			time.Sleep(10 * time.Minute)
			if got := rung(); got != 1 {
				t.Errorf("rang %d times", got)
			}
		})
	})
	t.Run("where the boundary moved", func(t *testing.T) {
		ring(t, func(a *alarm, rung func() int) {
			a.set(time.Now().Add(90 * time.Second))
			a.set(time.Now().Add(10 * time.Second))
			time.Sleep(11 * time.Second)
			if got := rung(); got != 1 {
				t.Errorf("rang %d times", got)
			}
		})
	})
	t.Run("at once for a boundary that is past", func(t *testing.T) {
		ring(t, func(a *alarm, rung func() int) {
			a.set(time.Now().Add(-time.Second))
			if got := rung(); got != 1 {
				t.Errorf("rang %d times", got)
			}
		})
	})
	t.Run("not for one that was cleared", func(t *testing.T) {
		ring(t, func(a *alarm, rung func() int) {
			a.set(time.Now().Add(10 * time.Second))
			a.set(time.Time{})
			time.Sleep(time.Minute)
			if got := rung(); got != 0 {
				t.Errorf("rang %d times", got)
			}
		})
	})
	t.Run("at each heartbeat", func(t *testing.T) {
		ring(t, func(a *alarm, rung func() int) {
			time.Sleep(3*time.Hour + time.Minute)
			if got := rung(); got != 3 {
				t.Errorf("rang %d times", got)
			}
		})
	})
}

// Else an entry of the wall alone would hold those of intervals back after the
// clock was set back, see once.Next.
func TestTheBoundaryIsComparedByTheMonotonicClock(t *testing.T) {
	now := time.Now()
	at := now.Add(time.Hour).Round(0).UTC()
	next := once(at).Next(now)
	if !next.Equal(at) || next == next.Round(0) {
		t.Errorf("%v, want %v and a monotonic clock", next, at)
	}
	if next := once(at).Next(now.Add(time.Hour)); !next.IsZero() {
		t.Errorf("rings again at %v", next)
	}
}
