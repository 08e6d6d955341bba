package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"quotad/quota"
)

// Item is one spooled file.
type Item struct {
	Name string    // of the file
	At   time.Time // when it was spooled
	Line []byte    // one event, or one a line
}

// Disposition says what is to become of an Item.
type Disposition int

// The dispositions. The zero one loses nothing.
const (
	Keep     Disposition = iota // not settled: it is offered again next time
	Taken                       // durable elsewhere: its file is deleted
	SetAside                    // will never be taken: moved into the folder bad
)

// Settled is a Disposition and, for SetAside, the reason and the part of the
// file that it holds for; nil is all of it, else the rest is Taken.
type Settled struct {
	Disposition Disposition
	Reason      string
	Part        []byte
}

// Deliver drains the spool into submit, which records events as
// Backend.Submit does. An event that cannot be read, or is rejected, is set
// aside with the reason; one that was spooled in time but is ahead of a clock
// that was put back since, as before the network tells the time, is kept.
func (s Spool) Deliver(submit func([]quota.Event) ([]Result, error)) (Drained, error) {
	return s.Drain(func(items []Item) ([]Settled, error) {
		files := make([]spooledLines, len(items))
		var events []quota.Event
		for i, item := range items {
			files[i] = item.lines()
			events = append(events, files[i].events()...)
		}
		results, err := submitted(events, submit)
		if err != nil {
			return nil, err
		}
		settled := make([]Settled, len(items))
		for i, lines := range files {
			settled[i], results = lines.settle(results, func(e quota.Event) bool { return e.At.After(s.now()) && !items[i].foretold(e) })
		}
		return settled, nil
	})
}

// submitted holds submit to one result for each event.
func submitted(events []quota.Event, submit func([]quota.Event) ([]Result, error)) ([]Result, error) {
	if len(events) == 0 {
		return nil, nil
	}
	results, err := submit(events)
	if err == nil && len(results) != len(events) {
		err = fmt.Errorf("%d results for %d spooled events", len(results), len(events))
	}
	return results, err
}

// foretold reports whether an event was to come when it was spooled.
func (i Item) foretold(e quota.Event) bool { return e.At.After(i.At.Add(quota.MaxAhead)) }

// spooledLine is one event of a spooled file.
type spooledLine struct {
	number int // from 1; 0 where the file is one event
	text   []byte
	event  quota.Event
	wrong  error // why it will never be taken
}

// spooledLines are all events of a spooled file.
type spooledLines []spooledLine

// lines reads the file: one event, on however many lines, or one event a line.
func (i Item) lines() spooledLines {
	text := withoutBOM(i.Line)
	if !severalLines(text) {
		return spooledLines{i.line(0, text)}
	}
	if bytes.Count(text, []byte{'\n'}) >= MaxLines {
		return spooledLines{{text: text, wrong: fmt.Errorf("more than %d lines; \"quotad import\" takes any number", MaxLines)}}
	}
	var lines spooledLines
	for n, text := range bytes.Split(text, []byte{'\n'}) {
		if len(bytes.TrimSpace(text)) > 0 {
			lines = append(lines, i.line(n+1, text))
		}
	}
	return lines
}

// severalLines tells lines from one value that is spread over them, which may be broken off.
func severalLines(text []byte) bool {
	text = bytes.TrimSpace(text)
	first, _, several := bytes.Cut(text, []byte{'\n'})
	first = bytes.TrimSpace(first)
	return several && string(first) != "{" && !bytes.HasPrefix(first, []byte{'['}) && !json.Valid(text)
}

// line reads one event. One without an ID gets it from the file's name, so that
// it stays the same event if it is offered again.
func (i Item) line(number int, text []byte) spooledLine {
	e, bad := DecodeEvent(text, i.At)
	if bad != nil {
		return spooledLine{number: number, text: text, wrong: bad}
	}
	if e.ID == "" {
		e.ID = "spool-" + strings.TrimSuffix(i.Name, spoolSuffix)
		if number > 0 {
			e.ID += fmt.Sprintf("-%d", number)
		}
	}
	return spooledLine{number: number, text: text, event: e}
}

// events are those that can be read.
func (l spooledLines) events() []quota.Event {
	var list []quota.Event
	for _, line := range l {
		if line.wrong == nil {
			list = append(list, line.event)
		}
	}
	return list
}

// settle says what is to become of the file by the results of its events, and
// gives back the further ones. A rejected event that is early will be taken
// later.
func (l spooledLines) settle(results []Result, early func(quota.Event) bool) (Settled, []Result) {
	n := len(l.events())
	mine, rest := results[:n], results[n:]
	var bad spooledLines
	for _, line := range l {
		if line.wrong == nil {
			r := mine[0]
			mine = mine[1:]
			switch r.Status {
			case quota.Recorded, quota.Duplicate:
				continue
			case quota.Rejected:
				if early(line.event) {
					return Settled{}, rest
				}
				line.wrong = errorOr(r.Error, 0)
			default:
				return Settled{}, rest
			}
		}
		bad = append(bad, line)
	}
	if len(bad) == 0 {
		return Settled{Disposition: Taken}, rest
	}
	return bad.setAside(len(l)), rest
}

// tellReasons is of how many lines of a file the reason is told.
const tellReasons = 20

// setAside is what becomes of a file of which these lines, of so many, are bad.
func (l spooledLines) setAside(all int) Settled {
	var reasons []string
	var part []byte
	for _, line := range l {
		switch {
		case line.number == 0:
			reasons = append(reasons, line.wrong.Error())
		case len(reasons) < tellReasons:
			reasons = append(reasons, fmt.Sprintf("line %d: %v", line.number, line.wrong))
		}
		part = append(append(part, bytes.TrimRight(line.text, "\r")...), '\n')
	}
	if n := len(l) - len(reasons); n > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d further lines", n))
	}
	if len(l) == all {
		part = nil
	}
	return Settled{SetAside, strings.Join(reasons, "\n"), part}
}
