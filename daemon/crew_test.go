package daemon

import (
	"runtime"
	"testing"
)

func TestCrew(t *testing.T) {
	before := runtime.GOMAXPROCS(3)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	procs := func(what string, want int) {
		t.Helper()
		if got := runtime.GOMAXPROCS(0); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	said := newCrew(func(name string) string { return map[string]string{"GOMAXPROCS": "3"}[name] })
	said.serves(1000)
	said.beat()
	procs("the user has said how many", 3)

	c := newCrew(func(string) string { return "" })
	c.serves(crowd - 1)
	procs("a few", 3)
	c.serves(crowd)
	procs("a crowd", 6)
	c.serves(1)
	c.beat()
	procs("the crowd was there since the last beat", 6)
	c.serves(1)
	c.beat()
	procs("it is gone", 3)
	c.serves(64)
	procs("another", 6)
	c.beat()
	c.beat()
	procs("it is gone too", 3)
}
