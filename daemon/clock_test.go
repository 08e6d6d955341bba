package daemon

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"quotad/quota"
)

// wall is a clock on the wall that can be set.
type wall struct{ ms atomic.Int64 }

func wallAt(t time.Time) *wall {
	w := &wall{}
	w.set(t)
	return w
}

func (w *wall) now() time.Time       { return time.UnixMilli(w.ms.Load()).UTC() }
func (w *wall) set(t time.Time)      { w.ms.Store(t.UnixMilli()) }
func (w *wall) step(d time.Duration) { w.ms.Add(d.Milliseconds()) }

const threeYears = 3 * 365 * 24 * time.Hour

// look has the engine look at the clock, and waits until it has.
func (r *rig) look() {
	r.t.Helper()
	r.engine.Look()
	for range 2 { // the look may come after the first answer
		if err := r.engine.Alive(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestAClockThatWasAheadChangesNothing(t *testing.T) {
	clock := wallAt(noon)
	dir, config := t.TempDir(), settings(t, labConfig)
	r := start(t, dir, config, clock.now)
	r.post(quota.Event{Count: 4})
	before := r.window("5h")

	clock.step(threeYears)
	r.look()
	r.post(quota.Event{Count: 5})
	clock.step(time.Second - threeYears)
	r.look()
	if got := r.window("5h"); got.Used != before.Used || !got.OpenedAt.Equal(*before.OpenedAt) {
		t.Errorf("after it was set back: %v from %v, want %v from %v", got.Used, got.OpenedAt, before.Used, before.OpenedAt)
	}
	r.post(quota.Event{Count: 1})
	clock.step(20 * time.Second)
	r.look()
	r.stop()

	r = start(t, dir, config, clock.now) // and a new start
	r.post(quota.Event{Count: 4})
	want := []string{"5h threshold 75", "5h exhausted 100", "5h exhausted 100", "5h refreshed 0", "5h threshold 75"}
	if got := r.told(); !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if x, err := r.engine.Explain(quota.DefaultAccount, "5h", 10); err != nil || len(x.Steps) != 1 || x.Window.Used != x.Steps[0].Used {
		t.Errorf("explained by %+v, %v", x.Steps, err)
	}
	if v, err := r.engine.Verify(t.Context(), nil); err != nil || !v.OK {
		t.Errorf("%q, %v", v.Problems, err)
	}
}
