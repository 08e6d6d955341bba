package daemon

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"quotad/daemon/api"
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

func TestAStartAheadKeepsARefreshFromNobody(t *testing.T) {
	clock := wallAt(noon)
	dir, config := t.TempDir(), settings(t, labConfig)
	r := start(t, dir, config, clock.now)
	r.post(quota.Event{Count: 5})
	r.stop()

	clock.step(threeYears)
	r = start(t, dir, config, clock.now)
	r.post(quota.Event{Count: 4})
	r.stop()
	r = start(t, dir, config, clock.now)
	r.look()
	clock.step(30*time.Second - threeYears)
	r.look()
	want := []string{"5h exhausted 100", "5h threshold 75", "5h refreshed 0"}
	if got := r.told(); !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestAClockThatWasAheadForgetsNothingThoughItWasUsed(t *testing.T) {
	clock := wallAt(noon)
	r := start(t, t.TempDir(), settings(t, labConfig), clock.now)
	for range 3 {
		r.post(quota.Event{})
		clock.step(24 * time.Hour)
	}
	for _, ahead := range []time.Duration{threeYears, 30 * threeYears} {
		clock.step(ahead)
		for range 3 {
			r.post(quota.Event{})
			clock.step(time.Hour)
			if err := r.engine.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		clock.step(-ahead)
	}
	r.post(quota.Event{}) // is not refused as one of what was forgotten
	n := 0
	for range backendOf(r).Events(t.Context(), api.EventQuery{}) {
		n++
	}
	if n != 10 {
		t.Errorf("%d of 10 events are left", n)
	}
}

func TestUpToWhenAClockIsBelieved(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		name   string
		events []time.Duration
		want   time.Duration // -1: not at all
	}{
		{"without events", nil, -1},
		{"one event", []time.Duration{0}, -1},
		{"events for a day", []time.Duration{0, day}, 31 * day},
		{"an event after a long gap", []time.Duration{0, day, 90 * day}, 31 * day},
		{"events for less than a day after one", []time.Duration{0, day, 90 * day, 91*day - 1}, 31 * day},
		{"events for a day after one", []time.Duration{0, day, 90 * day, 91 * day}, 121 * day},
		{"use now and then", []time.Duration{0, 29 * day, 58 * day}, 88 * day},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b belief
			for _, at := range c.events {
				b.take(noon.Add(at))
			}
			want := noon.Add(c.want)
			if c.want < 0 {
				want = time.Time{}
			}
			if got := b.limit(); !got.Equal(want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
