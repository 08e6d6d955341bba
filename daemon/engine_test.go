package daemon

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
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
	dir    string
	engine *Engine
	store  *store.Store
	stop   func()
}

func start(t testing.TB, dir string, s config.Settings, now func() time.Time) *rig {
	t.Helper()
	st, _, err := store.Open(store.Options{Dir: dir, Now: now, LockTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(st, s, now, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	r := &rig{t: t, dir: dir, engine: e, store: st}
	r.stop = sync.OnceFunc(func() {
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
		events[i] = events[i].Normalize(r.engine.now())
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
