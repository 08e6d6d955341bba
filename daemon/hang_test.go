package daemon

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"quotad/quota"
)

// The engine of a daemon that many wait for is told of first, and what waits for
// it is told of in few lines.
func TestAHangIsReportedInFewLines(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), wallAt(noon).now)
	defer r.stop()
	r.post(quota.Event{Count: 1})
	held, free := make(chan struct{}), make(chan struct{})
	go r.engine.do(t.Context(), func(*work) error { close(held); <-free; return nil })
	<-held
	waiting := make(chan error, 100)
	for range cap(waiting) {
		go func() { waiting <- r.engine.do(t.Context(), func(*work) error { return nil }) }()
	}
	for len(r.engine.queue) < cap(waiting) {
		runtime.Gosched()
	}
	stacks := make([]byte, 4<<20)
	lines := hangReport(stacks[:runtime.Stack(stacks, true)])
	close(free)
	for range cap(waiting) {
		if err := <-waiting; err != nil {
			t.Error(err)
		}
	}
	report := strings.Join(lines, "\n")
	if len(lines) > hangLines {
		t.Errorf("%d lines", len(lines))
	}
	engine := strings.Join(lines[1:min(14, len(lines))], "\n")
	for _, want := range []string{"goroutine ", "hang_test.go:", "daemon.(*Engine).commit engine.go:"} {
		if !strings.Contains(engine, want) {
			t.Errorf("of the engine it does not say %q", want)
		}
	}
	if strings.Contains(report, "0x") {
		t.Error("it says what calls were given")
	}
	if !strings.Contains(report, " like it:") || !strings.HasPrefix(lines[len(lines)-1], "and ") {
		t.Error("those that wait are not told of together")
	}
	if t.Failed() {
		t.Log(report)
	}
}

func TestAReportOfStacksThatAreNone(t *testing.T) {
	for _, text := range []string{"", "\n\n\n", "goroutine 1", "goroutine 1 [running]:\nx", strings.Repeat("goroutine 1 [x]:\nquotad/a(1)\n\t/f.go:1 +0x1\n\n", 500)} {
		if n := len(hangReport([]byte(text))); n > hangLines {
			t.Errorf("%d lines of %s", n, fmt.Sprintf("%.40q", text))
		}
	}
}
