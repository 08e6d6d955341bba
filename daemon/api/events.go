package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"quotad/quota"
)

// ndjson is the media type of several JSON objects, one a line.
const ndjson = "application/x-ndjson"

// postEvents records one event, or one a line.
func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) {
	if p := readParams(r); p.err != nil {
		refuse(w, r, p.err)
		return
	}
	many, bad := severalEvents(r.Header.Get(contentType))
	if bad != nil {
		refuse(w, r, bad)
		return
	}
	body := s.buffer()
	defer s.keep(body)
	from := &measured{ReadCloser: r.Body, places: s.large, free: smallBody, begin: func() { bodyDeadline(w) }}
	defer from.done()
	switch bad := readBody(w, r, from, MaxBody, body); {
	case bad != nil && (bad.Code == TooLarge || bad.Code == Unavailable):
		refuse(w, r, bad)
	case bad != nil:
		WriteError(w, bad)
	case many:
		s.recordLines(w, r, withoutBOM(body.Bytes()))
	default:
		s.recordOne(w, r, withoutBOM(body.Bytes()))
	}
}

// refuse answers a request whose body was not read, and then lets the client
// send the rest of it, within bounds: many read no answer before they have sent
// all, and closing on them breaks off what they send.
func refuse(w http.ResponseWriter, r *http.Request, why *Error) {
	WriteError(w, why)
	conn := http.NewResponseController(w)
	if conn.Flush() != nil {
		return
	}
	conn.SetReadDeadline(time.Now().Add(restTimeout))
	io.CopyN(io.Discard, r.Body, maxRest)
}

// severalEvents tells by the Content-Type whether a body is NDJSON. What curl
// sends of itself, and no header at all, are read as one JSON object: people
// forget it.
func severalEvents(header string) (bool, *Error) {
	if header == "" || header == "application/json" {
		return false, nil
	}
	media, _, err := mime.ParseMediaType(header)
	switch {
	case err == nil && (media == ndjson || media == "application/ndjson"):
		return true, nil
	case err == nil && (media == "application/json" || media == "application/x-www-form-urlencoded"):
		return false, nil
	}
	return false, InvalidField(contentType, "application/json (one object) or application/x-ndjson (one a line) was expected")
}

func (s *Server) recordOne(w http.ResponseWriter, r *http.Request, body []byte) {
	e, bad := s.decode(body)
	if bad != nil {
		WriteError(w, bad)
		return
	}
	results, err := s.submit(r, []quota.Event{e})
	switch {
	case err != nil:
		WriteError(w, err)
	case results[0].Status == quota.Rejected:
		WriteError(w, results[0].Error)
	default:
		WriteJSON(w, Results{results})
	}
}

// recordLines records each line that can be read, all in one Submit, and
// answers for every line that is not blank.
func (s *Server) recordLines(w http.ResponseWriter, r *http.Request, body []byte) {
	var (
		results = []Result{}
		events  []quota.Event
		place   []int // of each event, in results
	)
	for n := 1; len(body) > 0; n++ {
		var line []byte
		line, body, _ = bytes.Cut(body, []byte{'\n'})
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(results) == MaxLines {
			WriteError(w, Errorf(TooLarge, "more than %d lines; send them in several requests", MaxLines))
			return
		}
		e, bad := s.decode(line)
		if bad == nil {
			place = append(place, len(results))
			events = append(events, e)
		}
		results = append(results, Result{ID: e.ID, Status: quota.Rejected, Line: n, Error: bad})
	}
	if len(events) > 0 {
		recorded, err := s.submit(r, events)
		if err != nil {
			WriteError(w, err)
			return
		}
		for i, res := range recorded {
			if res.Status == quota.Rejected {
				res.Line = results[place[i]].Line
			}
			results[place[i]] = res
		}
	}
	WriteJSON(w, Results{results})
}

// decode reads one event, and gives it an ID where it has none.
func (s *Server) decode(line []byte) (quota.Event, *Error) {
	now := s.now()
	e, bad := DecodeEvent(line, now)
	if bad != nil || e.ID != "" {
		return e, bad
	}
	id, err := NewID(now, s.random)
	if err != nil {
		return e, Errorf(Unavailable, "no random bytes for an id: %v", err)
	}
	e.ID = id
	return e, nil
}

// submit holds the backend to one result for each event, and a rejected one to
// a reason. What arrived is recorded whether or not its sender still waits: a
// hook gives up early, and may have found no place for a spool.
func (s *Server) submit(r *http.Request, events []quota.Event) ([]Result, error) {
	results, err := s.backend.Submit(context.WithoutCancel(r.Context()), events)
	if err != nil {
		return nil, asError(err, Unavailable)
	}
	if len(results) != len(events) {
		return nil, fmt.Errorf("%d results for %d events", len(results), len(events))
	}
	for i := range results {
		if results[i].Status == quota.Rejected && results[i].Error == nil {
			results[i].Error = Errorf(Invalid, "rejected")
		}
	}
	return results, nil
}

// readBody reads the whole body, most bytes of it, within the bounds of its time.
// net/http lifts the deadline where the body ends, and else reads on within it.
// While it waits for the client, the connection may be closed for a new one.
func readBody(w http.ResponseWriter, r *http.Request, from io.ReadCloser, most int64, into *bytes.Buffer) *Error {
	if r.ContentLength > most {
		w.Header().Set("Connection", "close")
		return bodyTooLarge(most)
	}
	bodyDeadline(w)
	conn := connOf(r)
	conn.turn(phaseBusy, phaseBody)
	_, err := into.ReadFrom(http.MaxBytesReader(w, from, most))
	if !conn.turn(phaseBody, phaseBusy) {
		panic(http.ErrAbortHandler)
	}
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return bodyTooLarge(most)
	case errors.Is(err, errCrowded):
		w.Header().Set("Connection", "close")
		return Errorf(Unavailable, "%v; send it again", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return Errorf(Invalid, "the body did not arrive within %v", bodyTimeout)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Errorf(Invalid, "the body ended before its Content-Length")
	}
	return Errorf(Invalid, "the body cannot be read: %v", err)
}

func bodyDeadline(w http.ResponseWriter) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
}

// ReadJSON reads a request's body, a JSON object of at most so many bytes, into v,
// for the calls of Config.Extra. An empty body leaves v as it is.
func ReadJSON(w http.ResponseWriter, r *http.Request, most int64, v any) error {
	var body bytes.Buffer
	if bad := readBody(w, r, r.Body, most, &body); bad != nil {
		return bad
	}
	if len(bytes.TrimSpace(body.Bytes())) == 0 {
		return nil
	}
	if bad := decodeObject(withoutBOM(body.Bytes()), v); bad != nil {
		return bad
	}
	return nil
}

func bodyTooLarge(most int64) *Error {
	if most < MaxBody {
		return Errorf(TooLarge, "the body has more than %d bytes", most)
	}
	return Errorf(TooLarge, "the body is larger than %d MiB; send it in several requests", MaxBody>>20)
}

func (s *Server) buffer() *bytes.Buffer {
	if b, ok := s.buffers.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

// keep puts a buffer by for reuse; a large one goes back to the heap.
func (s *Server) keep(b *bytes.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		s.buffers.Put(b)
	}
}

// getEvents streams what was recorded.
func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	p := readParams(r, "since", "until", "account", "limit")
	q := EventQuery{Since: p.time("since"), Until: p.time("until"), Account: p.account()}
	limit := p.count("limit")
	if p.err != nil {
		WriteError(w, p.err)
		return
	}
	out := NewStream(w, ndjson)
	if r.Method != http.MethodHead {
		sent := 0
		for e, err := range s.backend.Events(r.Context(), q) {
			if err != nil {
				out.Fail(err)
				return
			}
			if _, err := out.Write(EncodeEvent(e)); err != nil {
				return
			}
			if sent++; sent == limit {
				break
			}
		}
	}
	out.Close()
}
