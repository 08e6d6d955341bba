package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is how much of an answer is read, after it is unpacked.
const maxBody = 1 << 20

// answer is what came back, without anything of the key.
type answer struct {
	status int // 0: there was none
	body   []byte
	at     time.Time     // our clock, when it came
	skew   time.Duration // our clock less the answer's Date
	after  time.Duration // how long we are asked to wait
}

// ask sends one request.
func (c *Client) ask(ctx context.Context, to, key string, bearer bool) (answer, *Fault) {
	r, err := c.request(ctx, to, key, bearer)
	if err != nil {
		return answer{}, &Fault{Kind: FaultRefused, Message: "the request cannot be made: is base_url right?"}
	}
	resp, err := c.http.Do(r)
	if err != nil {
		a := answer{}
		if resp != nil { // of a redirect that was not followed
			a.status = resp.StatusCode
		}
		return a, a.stamp(failedToAsk(err))
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, after: retryAfter(resp.Header)}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	a.at = c.o.Now()
	a.skew = skew(a.at, resp.Header)
	switch {
	case err != nil:
		return a, a.stamp(failedToAsk(err))
	case len(body) > maxBody:
		return a, a.stamp(&Fault{Kind: FaultRefused, Message: "the answer is larger than 1 MiB"})
	}
	a.body = without(body, key)
	return a, a.stamp(a.failure())
}

// failure is what status and envelope say; nil where they say nothing bad. A
// code that is known decides before the status does.
func (a answer) failure() *Fault {
	e, isJSON := openEnvelope(a.body)
	if a.status/100 == 2 {
		if isJSON && e.failed() {
			return e.fault()
		}
		return nil
	}
	transient := &Fault{Kind: FaultTransient, Code: e.code, Message: fmt.Sprintf("the provider answers with HTTP %d", a.status)}
	switch fault := e.fault(); {
	case isJSON && (isKeyCode(e.code) || fault.Kind == FaultBalance):
		return fault
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden && isJSON:
		return &Fault{Kind: FaultKey, Code: e.code, Message: fmt.Sprintf("the provider does not take the key (HTTP %d)", a.status)}
	}
	return transient
}

// refusedKey reports whether another form of the key may help.
func (a answer) refusedKey(f *Fault) bool {
	return f != nil && (f.Kind == FaultKey || a.status == http.StatusForbidden)
}

// stamp puts on a fault what is known of the answer it is of.
func (a answer) stamp(f *Fault) *Fault {
	if f != nil {
		f.HTTP, f.After = a.status, a.after
	}
	return f
}

// failedToAsk says in our words why there is no answer: those of the library
// hold addresses that the other side may have chosen.
func failedToAsk(err error) *Fault {
	var (
		certificate *tls.CertificateVerificationError
		dns         *net.DNSError
		op          *net.OpError
	)
	transient := func(text string) *Fault { return &Fault{Kind: FaultTransient, Message: text} }
	refused := func(text string) *Fault { return &Fault{Kind: FaultRefused, Message: text} }
	switch {
	case errors.Is(err, errRedirect):
		return refused("the provider redirects to another host, which would get the key")
	case errors.Is(err, errNotGet):
		return refused(errNotGet.Error())
	case errors.As(err, &certificate):
		return refused("the certificate is not one of the provider's: is there a proxy in between, or the clock wrong?")
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return transient("no answer in time")
	case errors.Is(err, context.Canceled):
		return transient("the question was called off")
	case errors.As(err, &dns):
		return transient("the provider's address is not found: is there a network?")
	case errors.As(err, &op) && op.Op == "dial":
		return transient("no connection to the provider: is there a network?")
	}
	return transient("the connection broke off")
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// without takes out of a body what it has of the key: the whole, and the two
// halves of which keys are made, the dot between them. What is too short to be a
// key is left alone, since figures could be meant.
func without(body []byte, key string) []byte {
	for _, part := range append([]string{key}, strings.Split(key, ".")...) {
		if len(part) >= 6 {
			body = bytes.ReplaceAll(body, []byte(part), []byte("[key]"))
		}
	}
	return body
}

// noKey is a key that cannot be had.
func noKey(err error) *Fault {
	f := &Fault{Kind: FaultNoKey, Message: err.Error()}
	var known *KeyError
	if errors.As(err, &known) {
		f.Hint = known.Hint
	}
	return f
}

// skew is how far our clock is before the provider's, which tells whole
// seconds.
func skew(at time.Time, h http.Header) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return at.Round(0).Sub(date).Round(time.Second)
}

// retryAfter reads the header of that name where it counts seconds, up to a day.
func retryAfter(h http.Header) time.Duration {
	s, err := strconv.Atoi(strings.TrimSpace(h.Get("Retry-After")))
	if err != nil || s < 0 {
		return 0
	}
	return min(time.Duration(s)*time.Second, 24*time.Hour)
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
