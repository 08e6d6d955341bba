package daemon

import (
	"testing"
	"testing/synctest"
	"time"
)

// Of a thousand states in a second systemd hears the first and the last.
func TestSystemdHearsOfTheLastState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supervisor{there: true}
		told, state := []int{}, 0
		looks := make(chan struct{}, 1)
		publish := func() {
			if s.due(time.Now(), func() { looks <- struct{}{} }) {
				told = append(told, state)
			}
		}
		for state = range 1000 {
			publish()
			time.Sleep(time.Millisecond / 2)
		}
		<-looks
		publish()
		time.Sleep(time.Minute)
		if len(told) != 2 || told[0] != 0 || told[1] != 999 {
			t.Errorf("told %v", told)
		}
		s.told = time.Now().Add(time.Hour) // the clock was put back
		if publish(); len(told) != 3 {
			t.Error("a clock that was put back silences it")
		}
		s.there = false
		if time.Sleep(time.Minute); s.due(time.Now(), nil) {
			t.Error("without systemd there is nothing to tell")
		}
	})
}
