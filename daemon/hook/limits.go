package hook

import (
	"net/url"
	"strings"

	"quotad/quota"
)

// noURL stands for an endpoint that is set to something no request can go to.
// The name can never be registered (RFC 2606); the value itself may be a key
// in the wrong place.
const noURL = "https://unreadable.invalid"

// bareURL is a URL without what may hold a secret: user, query and fragment.
func bareURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return noURL
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// ElsewhereURL stands for the endpoint of a provider that a tool names and gives
// no URL of: on a domain that nothing answers on, so that its calls are told
// from the plan's and from each other.
func ElsewhereURL(name string) string {
	label := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, cut(name, 63)), "-")
	if label == "" {
		return noURL
	}
	return "https://" + label + ".invalid"
}

// fit brings an event within the limits of the daemon, so that a folder with a
// very long name does not cost the prompt its place. A label is cut; what is
// of no use when cut is left out.
func fit(e quota.Event) quota.Event {
	for _, label := range []*string{&e.Tool, &e.Session, &e.Project, &e.Model} {
		*label = cut(*label, quota.MaxText)
	}
	e.Endpoint = cut(e.Endpoint, quota.MaxPath)
	if len(e.Turn) > quota.MaxText {
		e.Turn = ""
	}
	if len(e.Transcript) > quota.MaxPath {
		e.Transcript = ""
	}
	return e
}

// cut shortens s to at most the given bytes, at the end of a character.
func cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	for len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
