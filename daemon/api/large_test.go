package api

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// crowd begins so many large bodies and leaves them unfinished, or finishes
// them when asked to.
func crowd(p pipes, n int) (finish func()) {
	var conns []net.Conn
	part := strings.Repeat(" ", smallBody)
	for range n {
		c := p.dial()
		conns = append(conns, c)
		fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: q\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", 2*smallBody+2)
		go fmt.Fprint(c, part, "{}")
	}
	return func() {
		for _, c := range conns {
			go fmt.Fprint(c, part)
			go until(c)
		}
	}
}

func TestSmallBodiesDoNotWaitForLargeOnes(t *testing.T) {
	m := &memory{}
	virtually(t, m, func(t *testing.T, _ *Server, p pipes) {
		crowd(p, 3*maxLarge)
		synctest.Wait()
		c := p.dial()
		fmt.Fprint(c, "POST /v1/events HTTP/1.1\r\nHost: q\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
		text, took := until(c)
		if !strings.Contains(text, " 200 OK") || took > lingers || len(m.events) != 1 {
			t.Errorf("after %v: %.200q", took, text)
		}
	})
}

func TestLargeBodiesWaitForEachOther(t *testing.T) {
	m := &memory{}
	virtually(t, m, func(t *testing.T, s *Server, p pipes) {
		finish := crowd(p, 3*maxLarge)
		synctest.Wait()
		if n := len(s.large); n != maxLarge {
			t.Errorf("%d large bodies are read at once", n)
		}
		time.Sleep(bodyTimeout / 2)
		finish()
		synctest.Wait()
		if len(m.events) != 3*maxLarge || len(s.large) != 0 {
			t.Errorf("%d of %d were recorded, %d places are held", len(m.events), 3*maxLarge, len(s.large))
		}
	})
}

func TestALargeBodyThatFindsNoPlaceIsToldToComeAgain(t *testing.T) {
	virtually(t, &memory{}, func(t *testing.T, s *Server, p pipes) {
		for range maxLarge {
			s.large <- struct{}{}
		}
		c := p.dial()
		go fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: %d\r\n\r\n%s", 2*smallBody, strings.Repeat(" ", 2*smallBody))
		text, took := until(c)
		if !strings.Contains(text, " 503 ") || !strings.Contains(text, "Retry-After: 1") || took < bodyTimeout {
			t.Errorf("after %v: %.300q", took, text)
		}
	})
}
