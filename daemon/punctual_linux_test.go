package daemon

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

func TestPunctual(t *testing.T) {
	p, err := newPunctual()
	if err != nil {
		t.Fatal(err)
	}
	rings := func() error {
		_, err := p.timer.Read(make([]byte, 8))
		return err
	}
	for range 2 {
		due := time.Now().Add(20 * time.Millisecond)
		if err := errors.Join(p.at(due), rings()); err != nil || time.Now().Before(due) {
			t.Errorf("rang %v early, %v", time.Until(due), err)
		}
	}
	if err := errors.Join(p.at(time.Now().Add(-time.Hour)), rings()); err != nil { // at once, not never
		t.Error(err)
	}
	if err := errors.Join(p.at(time.Now().Add(10*time.Millisecond)), p.at(time.Time{}), p.timer.SetReadDeadline(time.Now().Add(50*time.Millisecond))); err != nil {
		t.Fatal(err)
	}
	if err := rings(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it was cleared, and a read gave %v", err)
	}
}

func TestPunctualEnds(t *testing.T) {
	p, err := newPunctual()
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.run(ctx); close(ended) }()
	if err := p.at(time.Now()); err != nil { // it takes notice, and goes on
		t.Fatal(err)
	}
	end()
	<-ended
	if err := p.at(time.Now()); err == nil {
		t.Error("a timer that was closed was set")
	}
}
