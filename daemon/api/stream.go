package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// Stream writes an answer of unknown length in pieces. Each piece has a
// deadline of its own, so that a long answer may take its time and a reader
// who stands still is left behind.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	pending bytes.Buffer
	begun   bool // something has left for the client
}

// pieceSize is how much is gathered before it is sent.
const pieceSize = 32 << 10

// NewStream begins an answer of the given media type. Nothing is sent before
// 32 KiB are there, or Flush or Close is called, so that an early failure can still
// be told with its own status.
func NewStream(w http.ResponseWriter, mediaType string) *Stream {
	w.Header().Set(contentType, mediaType)
	w.Header().Set("Cache-Control", "no-store")
	return &Stream{w: w, control: http.NewResponseController(w)}
}

// Write adds to the answer. An error means that the client is gone.
func (s *Stream) Write(p []byte) (int, error) {
	s.pending.Write(p)
	if s.pending.Len() >= pieceSize {
		return len(p), s.Flush()
	}
	return len(p), nil
}

// JSON adds v as one line.
func (s *Stream) JSON(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = s.Write(append(line, '\n'))
	return err
}

// Flush sends what is there.
func (s *Stream) Flush() error {
	if err := s.send(); err != nil {
		return err
	}
	return s.control.Flush()
}

// Close sends what is left of an answer that is complete.
func (s *Stream) Close() error { return s.send() }

func (s *Stream) send() error {
	s.begun = true
	s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := s.w.Write(s.pending.Bytes())
	s.pending.Reset()
	return err
}

// Fail ends the answer with an error: as such where nothing was sent yet, else by
// breaking the connection off, so that nobody takes a part for the whole. It
// is the last thing a handler does.
func (s *Stream) Fail(err error) {
	if s.begun {
		panic(http.ErrAbortHandler)
	}
	s.w.Header().Del("Cache-Control")
	WriteError(s.w, err)
}
