package transcript

import (
	"testing"
	"time"
)

func TestWhenTheNextChangeOfAFileShows(t *testing.T) {
	second := time.Unix(1_790_000_000, 0)
	for name, c := range map[string]struct {
		modified time.Time
		since    time.Duration
		want     bool
	}{
		"just changed":         {second.Add(3 * time.Millisecond), 4 * time.Millisecond, false},
		"changed a moment ago": {second.Add(3 * time.Millisecond), 60 * time.Millisecond, true},
		"changed, by its time, when the clock went forward": {second.Add(3 * time.Millisecond), -time.Hour, true},
		"a time in whole seconds":                           {second, 1900 * time.Millisecond, false},
		"a time in whole seconds, long ago":                 {second, 3 * time.Second, true},
	} {
		if got := still(c.since, c.modified); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
