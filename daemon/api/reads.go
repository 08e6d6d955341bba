package api

import (
	"bytes"
	"context"
	"net/http"
)

// getStatus answers with the state of one account, or of all.
func (s *Server) getStatus(w http.ResponseWriter, r *http.Request) {
	p := readParams(r, "account")
	account := p.account()
	if p.err != nil {
		WriteError(w, p.err)
		return
	}
	doc, known := s.backend.Status(account, s.now())
	if !known {
		WriteError(w, unknownAccount(account))
		return
	}
	WriteJSON(w, doc)
}

func unknownAccount(name string) *Error {
	return &Error{Code: NotFound, Message: "there is no account " + name, Field: "account"}
}

// getNotices streams notices and what became of them.
func (s *Server) getNotices(w http.ResponseWriter, r *http.Request) {
	p := readParams(r, "since")
	since := p.time("since")
	if p.err != nil {
		WriteError(w, p.err)
		return
	}
	out := NewStream(w, ndjson)
	if r.Method != http.MethodHead {
		for n, err := range s.backend.Notices(r.Context(), since) {
			if err != nil {
				out.Fail(err)
				return
			}
			if out.JSON(n) != nil {
				return
			}
		}
	}
	out.Close()
}

func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), aliveTimeout)
	defer cancel()
	if err := s.backend.Alive(ctx); err != nil {
		WriteError(w, asError(err, Unavailable))
		return
	}
	WriteJSON(w, struct {
		Status string `json:"status"`
	}{"ok"})
}

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	var out bytes.Buffer
	s.backend.Metrics(&out)
	s.conns.metrics(&out)
	w.Header().Set(contentType, "text/plain; version=0.0.4; charset=utf-8")
	w.Write(out.Bytes())
}
