package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// A browser cannot reach a Unix socket, but its user may have put a bridge
// before it, as socat does, and then every page that is open could record
// events and read the projects' names. So what a page makes a browser send is
// refused, whichever way the connection came.

// sender says whether a request is a program's, or what shows it to be a page's.
type sender int

const (
	program    sender = iota
	fromPage          // a browser says that a page asks: Origin, Sec-Fetch-Site
	underAName        // it is for a name that others give out: a page's, that was bound to our address
)

func (s sender) String() string {
	return [...]string{
		"a program",
		"this comes from a web page; none may use the local API",
		"this is for another host; the local API answers as http://quotad, http://localhost and under addresses",
	}[s]
}

// senderOf goes by what a page can neither leave out nor choose. What a person
// types into a browser is no page's, and comes as "none".
func senderOf(r *http.Request) sender {
	site := r.Header.Get("Sec-Fetch-Site")
	switch {
	case r.Header["Origin"] != nil, site != "" && site != "none":
		return fromPage
	case !ownName(r.Host):
		return underAName
	}
	return program
}

// ownName reports whether no page can be of this host: a name without a dot
// ("quotad") and those under localhost are in nobody's zone, and an address is
// bound to nothing. A client of HTTP/1.0 names none.
func ownName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}
