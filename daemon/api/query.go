package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"quotad/quota"
)

// params reads the query parameters of one request and keeps the first
// complaint.
type params struct {
	values url.Values
	err    *Error
}

// readParams takes the query apart; a parameter that is not among the known
// ones, or is given twice, is an error that names it.
func readParams(r *http.Request, known ...string) *params {
	if r.URL.RawQuery == "" {
		return &params{}
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	p := &params{values: values}
	if err != nil {
		p.err = Errorf(Invalid, "the query is not properly escaped: %v", err)
		return p
	}
	for name, given := range values {
		switch {
		case !slices.Contains(known, name):
			p.fail(name, "not a parameter of this call, which takes %s", takes(known))
		case len(given) > 1:
			p.fail(name, "given %d times", len(given))
		}
	}
	return p
}

func takes(known []string) string {
	if len(known) == 0 {
		return "none"
	}
	return strings.Join(known, ", ")
}

func (p *params) fail(name, format string, args ...any) {
	if p.err == nil {
		if len(name) > 40 {
			name = strings.ToValidUTF8(name[:40], "") + "…"
		}
		p.err = InvalidField(name, format, args...)
	}
}

// account is the name in parameter "account", "" where there is none.
func (p *params) account() string {
	name := p.values.Get("account")
	if name != "" && !quota.ValidAccount(name) {
		p.fail("account", "not an account name: 1 to 64 of a-z A-Z 0-9 . _ -")
	}
	return name
}

// time is the instant in a parameter, zero where there is none.
func (p *params) time(name string) time.Time {
	t, err := QueryTime(p.values, name)
	if err != nil && p.err == nil {
		p.err = err
	}
	return t
}

// QueryTime is the instant in a parameter of a query, zero where there is none.
// The + of a zone, which a query turns into a space, is put back.
func QueryTime(q url.Values, name string) (time.Time, *Error) {
	if !q.Has(name) {
		return time.Time{}, nil
	}
	text := q.Get(name)
	if i := strings.LastIndexByte(text, ' '); i > len("2026-11-23T") {
		text = text[:i] + "+" + text[i+1:]
	}
	return parseTime(name, &text)
}

// count is the number above 0 in a parameter, 0 where there is none.
func (p *params) count(name string) int {
	if !p.values.Has(name) {
		return 0
	}
	n, err := strconv.Atoi(p.values.Get(name))
	if err != nil || n < 1 {
		p.fail(name, "a whole number above 0 was expected")
	}
	return n
}
