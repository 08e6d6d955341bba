package api

import (
	"errors"
	"io"
	"time"
)

// Large bodies are in memory a few at a time, or as many connections as are
// open could fill it. The small ones, which hooks send, never wait for them.
const (
	smallBody = 64 << 10
	maxLarge  = 8
)

var errCrowded = errors.New("too many large bodies came at once")

// measured is a body of which what goes beyond smallBody waits for one of the
// few places that large ones have.
type measured struct {
	io.ReadCloser
	places chan struct{}
	free   int64  // bytes that are still read without a place
	begin  func() // a place was found; the body has its full time from now
	held   bool
}

func (m *measured) Read(p []byte) (int, error) {
	if m.free <= 0 && !m.held {
		if !m.take() {
			return 0, errCrowded
		}
		m.begin()
	}
	n, err := m.ReadCloser.Read(p)
	m.free -= int64(n)
	return n, err
}

func (m *measured) take() bool {
	late := time.NewTimer(bodyTimeout)
	defer late.Stop()
	select {
	case m.places <- struct{}{}:
		m.held = true
	case <-late.C:
	}
	return m.held
}

// done gives the place back.
func (m *measured) done() {
	if m.held {
		m.held = false
		<-m.places
	}
}
