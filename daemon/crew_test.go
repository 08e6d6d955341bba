package daemon

import (
	"runtime"
	"testing"
)

func TestCrew(t *testing.T) {
	runtime.GOMAXPROCS(3)
	t.Cleanup(runtime.SetDefaultGOMAXPROCS)
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

	runtime.SetDefaultGOMAXPROCS()
	usual := runtime.GOMAXPROCS(0)
	c := newCrew(func(string) string { return "" })
	c.serves(crowd - 1)
	procs("a few", usual)
	c.serves(crowd)
	procs("a crowd", 2*usual)
	c.serves(1)
	c.beat()
	procs("the crowd was there since the last beat", 2*usual)
	c.serves(1)
	c.beat()
	procs("it is gone", usual)
	c.serves(64)
	procs("another", 2*usual)
	c.beat()
	c.beat()
	procs("it is gone too", usual)
}
