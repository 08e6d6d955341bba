package daemon

import (
	"fmt"
	"testing"
	"time"

	"quotad/quota"
)

// Of a day with many checkpoints all have to go: stepping back over what was
// deleted in the same transaction once hung the engine for good.
func TestManyLateEventsAreFoldedInOnce(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, ""), time.Now)
	now := time.Now()
	put := func(name string, n int, from time.Time, step time.Duration) {
		list := make([]quota.Event, n)
		for i := range list {
			list[i] = quota.Event{ID: fmt.Sprintf("%s%07d", name, i), At: from.Add(time.Duration(i) * step), Model: "glm-4.5"}
		}
		r.post(list...)
	}
	for i := range 60 {
		put(fmt.Sprint("now", i), 1000, now.Add(time.Duration(i)*time.Second), time.Millisecond)
	}
	for i := range 5 {
		put(fmt.Sprint("late", i), 10000, now.Add(-time.Hour).Add(time.Duration(i)*time.Minute), 5*time.Millisecond)
	}
	if got := r.window("week").Used; got != 110_000*quota.One {
		t.Errorf("used %v of 110,000", got)
	}
}
