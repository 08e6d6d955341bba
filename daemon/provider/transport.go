package provider

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// errNotGet ends a request that would change something.
var errNotGet = errors.New("nothing but GET leaves this program")

// onlyGet lets nothing through but plain GET.
type onlyGet struct{ next http.RoundTripper }

// RoundTrip refuses what is no GET, or has a body.
func (t onlyGet) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && (r.Body == nil || r.Body == http.NoBody) {
		return t.next.RoundTrip(r)
	}
	if r.Body != nil {
		r.Body.Close()
	}
	return nil, errNotGet
}

// ownTransport verifies certificates by the system's roots, and keeps no
// connection: the next reading is minutes away.
func ownTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: deadline / 2}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    deadline / 2,
		ResponseHeaderTimeout:  deadline,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// errRedirect is a redirect to somewhere else than was asked.
var errRedirect = errors.New("redirected to another host")

// sameHost refuses to follow the provider to another scheme, host or port: the
// key would go there.
func sameHost(next *http.Request, via []*http.Request) error {
	const hops = 3
	first := via[0].URL
	if next.URL.Scheme != first.Scheme || next.URL.Host != first.Host || len(via) > hops {
		return errRedirect
	}
	return nil
}

// deadline is for a question with all its tries.
const deadline = 10 * time.Second
