package daemon

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// labConfig is a plan of which a test sees many windows.
const labConfig = `
[account.default]
plan = "lab/tiny"
[[plan]]
id = "lab/tiny"
name = "Tiny"
unit = "prompts"
[[plan.window]]
name = "5h"
kind = "fixed"
length = "20s"
cap = 5
[[plan.window]]
name = "week"
kind = "anchored"
length = "5m"
cap = 40
`

func settings(t testing.TB, text string) config.Settings {
	t.Helper()
	s, err := config.Parse("config.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rig is an engine over a store of its own.
type rig struct {
	t      testing.TB
	engine *Engine
	store  *store.Store
	stop   func()
}

func start(t testing.TB, dir string, s config.Settings, now func() time.Time) *rig {
	t.Helper()
	return begin(t, dir, s, now, func(*Engine) (end func()) { return func() {} })
}

// startWithAlarm lets the alarm wake the engine, as the service does.
func startWithAlarm(t testing.TB, dir string, s config.Settings) *rig {
	t.Helper()
	return begin(t, dir, s, time.Now, func(e *Engine) func() {
		a := newAlarm(e.Look, Heartbeat, zerolog.Nop())
		e.wake = func(s *Snapshot, _ bool) { a.set(s.Boundary) }
		a.start()
		return func() { <-a.stop() }
	})
}

func begin(t testing.TB, dir string, s config.Settings, now func() time.Time, prepare func(*Engine) (end func())) *rig {
	t.Helper()
	st, _, err := store.Open(store.Options{Dir: dir, Now: now, LockTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(st, s, now, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	end := prepare(e)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	r := &rig{t: t, engine: e, store: st}
	r.stop = sync.OnceFunc(func() {
		end()
		cancel()
		wg.Wait()
		st.Close()
	})
	wg.Go(func() { e.Run(ctx) })
	t.Cleanup(r.stop)
	return r
}

// post records prompts, all in one request.
func (r *rig) post(events ...quota.Event) {
	r.t.Helper()
	for i := range events {
		if events[i].ID == "" {
			events[i].ID = fmt.Sprintf("%s-%d-%d", r.t.Name(), r.engine.now().UnixNano(), i)
		}
		events[i] = events[i].Fill(r.engine.now())
	}
	results, err := backend{r.engine}.Submit(context.Background(), events)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, got := range results {
		if got.Status != quota.Recorded {
			r.t.Fatalf("%s: %s: %v", got.ID, got.Status, got.Error)
		}
	}
}

func (r *rig) window(name string) quota.WindowStatus {
	r.t.Helper()
	st, _ := r.engine.Snapshot().Status(quota.DefaultAccount, r.engine.now())
	for _, w := range st.Windows {
		if w.Window == name {
			return w
		}
	}
	r.t.Fatalf("no window %q", name)
	return quota.WindowStatus{}
}

// told lists the notices in short: "5h threshold 75".
func (r *rig) told() []string {
	r.t.Helper()
	var list []string
	for n, err := range (backend{r.engine}).Notices(context.Background(), time.Time{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %s %d", n.Window, n.Kind, n.Level))
	}
	return list
}

func TestEventsOfOneRequestAreToldAsSingleSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, labConfig), time.Now)
		defer r.stop()
		r.post(make([]quota.Event, 5)...)
		if got := r.window("5h"); got.Used.String() != "15" && got.Used.String() != "5" {
			t.Fatalf("used %v", got.Used)
		}
		want := []string{"5h threshold 75", "5h exhausted 100"}
		if got := r.told(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

func TestOneEventThatCrossesTwoLevelsTellsTheHigher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, labConfig), time.Now)
		defer r.stop()
		r.post(quota.Event{Count: 37}) // of 40 in the week, and over the 5 of the short window
		want := []string{"5h exhausted 100", "week threshold 90"}
		if got := r.told(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

func TestAfterAnEarlyRefreshThresholdsAreToldAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, settings(t, labConfig), time.Now)
		want := []string{}
		for range 2 {
			r.post(quota.Event{Count: 4})
			for _, percent := range []float64{80, 0} {
				time.Sleep(time.Second)
				r.post(quota.Event{Kind: quota.KindReading, Readings: []quota.Reading{{Window: "5h", Percent: &percent}}})
			}
			time.Sleep(time.Second)
			r.stop()
			r = start(t, dir, settings(t, labConfig), time.Now)
			want = append(want, "5h threshold 75", "5h early_refresh 0")
		}
		if got := r.told(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("told %v, want %v", got, want)
		}
		r.stop()
	})
}

func TestAChangeOfPlanFoldsTheEventsAnew(t *testing.T) {
	const at = "[account.default]\nplan = %q\n"
	with := func(plan string) config.Settings { return settings(t, fmt.Sprintf(at, plan)) }
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, with("v2/lite"), time.Now)
		r.post(quota.Event{Count: 100, Model: "glm-4.5"}, quota.Event{Endpoint: "https://api.anthropic.com"})
		if w := r.window("5h"); w.Cap.String() != "80" || w.Used.String() != "100" {
			t.Fatalf("%v of %v", w.Used, w.Cap)
		}
		if err := r.engine.Reconfigure(t.Context(), with("v2/pro")); err != nil {
			t.Fatal(err)
		}
		if w := r.window("5h"); w.Cap.String() != "400" || w.Used.String() != "100" {
			t.Errorf("after a reload: %v of %v", w.Used, w.Cap)
		}
		r.stop()
		r = start(t, dir, with("v3/max"), time.Now)
		if w := r.window("5h"); w.Cap.String() != "28000" || w.Used.String() != "1750" {
			t.Errorf("after a restart: %v of %v", w.Used, w.Cap)
		}
		if _, err := backendOf(r).Submit(t.Context(), []quota.Event{{ID: "new", Kind: quota.KindPrompt, Account: "default", At: time.Now().UTC(), Count: 2}}); err != nil {
			t.Fatal(err)
		}
		if w := r.window("5h"); w.Used.String() != "1785" {
			t.Errorf("and counted on: %v", w.Used)
		}
		r.stop()
	})
}

func backendOf(r *rig) backend { return backend{r.engine} }

func TestAReloadKeepsWhatSharesItsTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings(t, labConfig)
		st, _, err := store.Open(store.Options{Dir: t.TempDir(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		e, err := NewEngine(st, s, time.Now, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		record := func(w *work) error {
			_, err := w.record(quota.Event{ID: "a", Count: 3}.Normalize(w.now))
			return err
		}
		e.commit([]*operation{
			{do: record, done: make(chan error, 1)},
			{do: func(w *work) error { return w.load(&s) }, done: make(chan error, 1)},
		})
		got, _ := e.Snapshot().Status(quota.DefaultAccount, time.Now())
		if got.Windows[0].Used != 3*quota.One {
			t.Errorf("used %v of 3", got.Windows[0].Used)
		}
	})
}

func TestTheNextBoundaryIsThatOfAnyAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, ""), time.Now)
		defer r.stop()
		first := time.Now().UTC()
		r.post(quota.Event{Account: "a"})
		time.Sleep(time.Hour)
		r.post(quota.Event{Account: "b"}, quota.Event{})
		if got, want := r.engine.Snapshot().Boundary, first.Add(5*time.Hour); !got.Equal(want) {
			t.Errorf("boundary %v, want %v", got, want)
		}
		all, _ := r.engine.Snapshot().Statuses("", time.Now())
		var names []string
		for _, a := range all.Accounts {
			names = append(names, a.Account)
		}
		if fmt.Sprint(names) != "[default a b]" {
			t.Errorf("accounts %v", names)
		}
	})
}

func TestAccountsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, ""), time.Now)
		defer r.stop()
		var events []quota.Event
		for i := range maxAccounts + 5 {
			events = append(events, quota.Event{ID: fmt.Sprint(i), Account: fmt.Sprint("a", i)}.Normalize(time.Now()))
		}
		results, err := backendOf(r).Submit(t.Context(), events)
		if err != nil {
			t.Fatal(err)
		}
		rejected := 0
		for _, got := range results {
			if got.Status == quota.Rejected {
				rejected++
				if got.Error == nil || got.Error.Field != "account" {
					t.Errorf("rejected with %v", got.Error)
				}
			}
		}
		if rejected != 6 { // the default account is one of them
			t.Errorf("%d rejected", rejected)
		}
		if _, err := backendOf(r).Submit(t.Context(), []quota.Event{quota.Event{ID: "again", Account: "a1"}.Normalize(time.Now())}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnAccountCountsOnceTowardsTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, ""), time.Now)
		defer r.stop()
		list := make([]quota.Event, maxAccounts/2)
		for round := range 2 { // the second time they are known, and one is new
			for i := range list {
				list[i] = quota.Event{ID: fmt.Sprint(round, "/", i), Account: fmt.Sprint("a", i)}
			}
			r.post(append(list, quota.Event{ID: fmt.Sprint("new", round), Account: fmt.Sprint("new", round)})...)
		}
	})
}

func TestANoticeIsPendingUntilItIsTold(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.post(quota.Event{Count: 4, At: noon})
	var list []api.Notice
	for n, err := range (backend{r.engine}).Notices(t.Context(), time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	if len(list) != 1 || list[0].Kind != quota.NoticeThreshold || list[0].Delivered != "pending" || list[0].DeliveredAt != nil {
		t.Errorf("%+v", list)
	}
}

func TestARepeatMakesNoAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, settings(t, ""), time.Now)
		first := quota.Event{ID: "one", Account: "mine"}.Fill(time.Now())
		again, next := first, quota.Event{ID: "two", Account: "theirs"}.Fill(time.Now())
		again.Account = "theirs"
		submit := func(list ...quota.Event) (outcomes []quota.Outcome) {
			results, err := backend{r.engine}.Submit(t.Context(), list)
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range results {
				outcomes = append(outcomes, got.Status)
			}
			return outcomes
		}
		accounts := func() (names []string) {
			all, _ := r.engine.Snapshot().Statuses("", time.Now())
			for _, a := range all.Accounts {
				names = append(names, a.Account)
			}
			return names
		}
		submit(first)
		if got, want := submit(again), []quota.Outcome{quota.Duplicate}; !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		if got, want := accounts(), []string{"mine"}; !slices.Equal(got, want) {
			t.Errorf("after a repeat there are the accounts %v, want %v: the first stands", got, want)
		}
		submit(next, again, again)
		r.stop()
		r = start(t, dir, settings(t, ""), time.Now)
		if got, want := accounts(), []string{"mine", "theirs"}; !slices.Equal(got, want) {
			t.Errorf("after an event of its own and repeats there are the accounts %v, want %v", got, want)
		}
		if st, _ := r.engine.Snapshot().Status("theirs", time.Now()); st.Windows[0].Used != quota.One {
			t.Errorf("theirs used %v, want 1", st.Windows[0].Used)
		}
	})
}

func TestAVoidEventFindsItsAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, ""), time.Now)
		defer r.stop()
		r.post(quota.Event{ID: "x", Account: "work", Count: 5})
		r.post(quota.Event{Kind: quota.KindVoid, Voids: "x"})
		st, _ := r.engine.Snapshot().Status("work", time.Now())
		if st.Windows[0].Used != 0 || st.Windows[0].State != quota.PhaseIdle {
			t.Errorf("used %v, %s", st.Windows[0].Used, st.Windows[0].State)
		}
	})
}

func TestInstantsThatCannotBeTakenAreRejected(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, ""), atNoon)
	kept := noon.Add(-400 * 24 * time.Hour)
	var events []quota.Event
	for _, at := range []time.Time{
		noon.Add(5 * time.Minute), noon.Add(5*time.Minute + time.Millisecond), kept, kept.Add(-time.Millisecond), noon,
	} {
		events = append(events, quota.Event{ID: fmt.Sprint(len(events)), At: at}.Fill(noon))
	}
	results, err := backend{r.engine}.Submit(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	for i, rejected := range []bool{false, true, false, true, false} {
		got := results[i]
		if (got.Status == quota.Rejected) != rejected || rejected && (got.Error.Code != api.Invalid || got.Error.Field != "at" || got.Seq != 0) {
			t.Errorf("at %v: %s, %+v", events[i].At, got.Status, got.Error)
		}
		if _, stored := lookedUp(t, r.store, got.ID); stored == rejected {
			t.Errorf("at %v: stored: %t", events[i].At, stored)
		}
	}
}

func TestAnEventOfAWindowThatIsNowhereIsRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), settings(t, labConfig), time.Now)
		defer r.stop()
		p := 5.0
		for _, c := range []struct {
			event quota.Event
			field string
		}{
			{quota.Event{Kind: quota.KindExhausted, Window: "nonsense"}, "window"},
			{quota.Event{Kind: quota.KindReading, Readings: []quota.Reading{{Window: "zzz", Percent: &p}}}, "readings"},
			{quota.Event{Kind: quota.KindExhausted, Window: "month"}, ""},
			{quota.Event{Kind: quota.KindExhausted, Window: quota.WindowWeekOrMonth}, ""},
		} {
			c.event.ID = "e" + c.event.Window
			got, err := backendOf(r).Submit(t.Context(), []quota.Event{c.event.Normalize(time.Now())})
			if err != nil {
				t.Fatal(err)
			}
			if field := ""; got[0].Error != nil {
				if field = got[0].Error.Field; field != c.field {
					t.Errorf("%s: field %q, want %q", c.event.Window, field, c.field)
				}
			} else if c.field != "" {
				t.Errorf("%s: %s", c.event.Window, got[0].Status)
			}
		}
	})
}

func TestWhatRetentionForgotIsNotCountedAgain(t *testing.T) {
	const short = "[store]\nretention_days = 35\n"
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, settings(t, short), time.Now)
		first := time.Now().UTC()
		for range 50 {
			r.post(quota.Event{Model: "glm-4.5"})
			time.Sleep(24 * time.Hour)
		}
		before := r.window("week")
		if err := r.engine.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.window("week"); got.Used != before.Used || !got.OpenedAt.Equal(*before.OpenedAt) {
			t.Errorf("after the pruning: %v from %v, want %v from %v", got.Used, got.OpenedAt, before.Used, before.OpenedAt)
		}
		kept := 0
		for range (backendOf(r)).Events(t.Context(), api.EventQuery{}) {
			kept++
		}
		if kept >= 40 || kept < 35 {
			t.Errorf("%d events kept", kept)
		}
		r.stop()

		// Another plan has all folded anew, from what is left; the week still
		// steps from the first event that there ever was.
		r = start(t, dir, settings(t, short+"[account.default]\nplan = \"v2/pro\"\n"), func() time.Time { return time.Now().Add(-20 * 24 * time.Hour) })
		st, _ := r.engine.Snapshot().Status(quota.DefaultAccount, time.Now())
		if !st.Plan.Anchor.Equal(first) {
			t.Errorf("anchor %v, want %v", st.Plan.Anchor, first)
		}
		late := quota.Event{ID: "late", At: first.Add(5 * 24 * time.Hour)}.Normalize(first)
		got, err := backendOf(r).Submit(t.Context(), []quota.Event{late})
		if err != nil || got[0].Error == nil || got[0].Error.Field != "at" {
			t.Errorf("an event among the forgotten ones: %+v, %v", got, err)
		}
		r.stop()
	})
}

func TestAClockFarAheadForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead time.Duration
		r := start(t, t.TempDir(), settings(t, ""), func() time.Time { return time.Now().Add(ahead) })
		defer r.stop()
		r.post(quota.Event{}, quota.Event{})
		time.Sleep(48 * time.Hour)
		r.post(quota.Event{})
		ahead = 10 * 365 * 24 * time.Hour
		if err := r.engine.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := 0
		for range backendOf(r).Events(t.Context(), api.EventQuery{}) {
			n++
		}
		if n != 3 {
			t.Errorf("%d of 3 events are left", n)
		}
	})
}
