package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

// simulated reads the events of one account, in the order of a replay.
func (a *app) simulated(file, account string, rules quota.Assignment) ([]quota.Event, error) {
	f, err := a.openEvents(file, "quotad simulate --help")
	if err != nil {
		return nil, err
	}
	defer f.in.Close()
	set := eventSet{account: account, rules: rules, accounts: map[string]string{}, texts: map[string]string{}}
	for l, err := range f.lines() {
		if err != nil {
			return nil, withHint(fmt.Errorf("%s: %w", f.name, err), "quotad simulate --help")
		}
		e, err := virtualEvent(l)
		switch {
		case noStop(err):
			a.leaveOut(&set, fmt.Sprintf("%s:%d: %v", f.name, l.number, err))
		case err != nil:
			return nil, withHint(fmt.Errorf("%s:%d: %w", f.name, l.number, err), mendLine(file, err))
		default:
			set.add(e)
		}
	}
	events := set.all()
	if set.others > 0 {
		fmt.Fprintf(a.stderr, "quotad: note: left out: %s of other accounts than %s\n", counted(set.others, "event"), account)
	}
	return quota.Sort(events), nil
}

// eventSet gathers the events of one account.
type eventSet struct {
	account  string
	rules    quota.Assignment
	events   []quota.Event
	voids    []quota.Event
	accounts map[string]string // by id
	texts    map[string]string // each one once, for they repeat
	others   int               // events of other accounts
	noStops  int               // lines that are no stop of a window
}

// leaveOut says that a line does not count, and why; of many lines it says so once.
func (a *app) leaveOut(s *eventSet, why string) {
	switch s.noStops++; {
	case s.noStops <= complaints:
		fmt.Fprintf(a.stderr, "quotad: note: left out: %s\n", why)
	case s.noStops == complaints+1:
		fmt.Fprintln(a.stderr, "quotad: note: further lines of this sort are left out without a word")
	}
}

// add takes an event in; of two with one id the first stands.
func (s *eventSet) add(e quota.Event) {
	e.Account, _ = s.rules.Of(e)
	if e.ID != "" {
		if _, there := s.accounts[e.ID]; there {
			return
		}
		s.accounts[e.ID] = s.text(e.Account)
	}
	e.Account, e.Tool, e.Model, e.Endpoint = s.text(e.Account), s.text(e.Tool), s.text(e.Model), s.text(e.Endpoint)
	e.Session, e.Project, e.Transcript = "", "", "" // no number rests on them
	switch {
	case e.Kind == quota.KindVoid:
		s.voids = append(s.voids, e)
	case e.Account == s.account:
		s.events = append(s.events, e)
	default:
		s.others++
	}
}

func (s *eventSet) text(t string) string {
	if kept, there := s.texts[t]; there {
		return kept
	}
	s.texts[t] = t
	return t
}

// all gives the events. A void belongs to the account of what it names.
func (s *eventSet) all() []quota.Event {
	for _, e := range s.voids {
		if account, there := s.accounts[e.Voids]; there {
			e.Account = account
		}
		if e.Account == s.account {
			s.events = append(s.events, e)
		}
	}
	return s.events
}

// virtualEvent reads a line. Its instant may be any, but has to be there: no
// clock could stand in for it.
func virtualEvent(l line) (quota.Event, error) {
	if l.err != nil {
		return quota.Event{}, l.err
	}
	never := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	e, wrong := api.DecodeEvent(l.text, never)
	switch {
	case wrong != nil && (wrong.Stop == quota.StopUnknown || !timeless(l.text)):
		wrong.Message = clean(wrong.Message)
		return e, wrong
	case wrong != nil || e.At.Equal(never):
		return e, errTimeless
	}
	return e, nil
}

var errTimeless = errors.New("at: missing, and a replay has no clock to take it from")

// mendLine is what to run where a line of FILE is wrong: an import tells all
// that are, but takes those without an instant.
func mendLine(file string, err error) string {
	if errors.Is(err, errTimeless) {
		return "quotad simulate --help"
	}
	return "quotad import --dry-run " + clean(file) + "   (names all lines that are wrong)"
}

// timeless reports whether a line that can be read has no instant; then nobody
// can tell whether what the provider said is past.
func timeless(text []byte) bool {
	var e struct{ At *string }
	return json.Unmarshal(text, &e) == nil && e.At == nil
}

// noStop reports whether a line is a refusal of the provider that says nothing
// of the quota, or of a window that had refreshed by then. Records of what a
// tool was told have such lines, and they change nothing.
func noStop(err error) bool {
	var wrong *api.Error
	return errors.As(err, &wrong) && (wrong.Stop == quota.StopNotQuota || wrong.Stop == quota.StopPast)
}
