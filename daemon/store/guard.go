package store

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// guarded runs fn, and turns what a damaged or vanished file makes of bbolt,
// a panic or a fault, into an error of the code Damaged. Other panics go on.
func guarded(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = caught(r)
		}
	}()
	return fn()
}

func caught(r any) error {
	if err, ok := r.(*Error); ok {
		return err
	}
	if at, ok := r.(interface{ Addr() uintptr }); ok {
		return damaged("the database is cut off or cannot be read (fault at %#x)", at.Addr())
	}
	if inBbolt() {
		return damaged("the database is damaged: %s", firstLine(fmt.Sprint(r)))
	}
	panic(r)
}

// inBbolt reports whether the panic that is being recovered began in bbolt.
func inBbolt() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	thrown := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if thrown && !inRuntime {
			return strings.HasPrefix(f.Function, "go.etcd.io/bbolt")
		}
		thrown = thrown || f.Function == "runtime.gopanic"
		if !more {
			return false
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// within runs fn, and gives up waiting for it after a while.
func within(limit time.Duration, doing string, fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- guarded(fn) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return &Error{Code: Stuck, Message: fmt.Sprintf("%s took longer than %v", doing, limit), Hint: "look at the disk: dmesg"}
	}
}
