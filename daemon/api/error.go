package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"quotad/quota"
)

// Code says what sort of error it is. The set is closed.
type Code string

// The codes, and the HTTP status each travels with.
const (
	Invalid          Code = "invalid"            // 400; 415 where the Content-Type is at fault
	Forbidden        Code = "forbidden"          // 403: another user, or a web page
	NotFound         Code = "not_found"          // 404
	MethodNotAllowed Code = "method_not_allowed" // 405
	TooLarge         Code = "too_large"          // 413
	Internal         Code = "internal"           // 500
	Unavailable      Code = "unavailable"        // 503: nothing was acknowledged, try again
)

// Error is what every call answers with when it fails, and what the Client
// gives back. Message is one sentence for a person; Field is the JSON field,
// query parameter or header at fault, "" where no single one is.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
	// Stop is what DecodeEvent found the code and message of an exhausted event
	// to be that tell of no exhausted window. It does not travel.
	Stop quota.StopReason `json:"-"`
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Errorf makes an Error without a field.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// InvalidField makes an Error of code Invalid for one field or parameter.
func InvalidField(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Message: fmt.Sprintf(format, args...), Field: field}
}

// FromQuota makes an Error of a complaint of the domain; nil of nil.
func FromQuota(e *quota.Error) *Error {
	if e == nil {
		return nil
	}
	return &Error{Code: Invalid, Message: e.Message, Field: e.Field}
}

// asError finds the Error in err, or makes one of it under the given code.
func asError(err error, otherwise Code) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: otherwise, Message: err.Error()}
}

// status is the one place where codes become HTTP.
func (e *Error) status() int {
	switch e.Code {
	case Invalid:
		if e.Field == contentType {
			return http.StatusUnsupportedMediaType
		}
		return http.StatusBadRequest
	case Forbidden:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// contentType is the header that says how a body is to be read.
const contentType = "Content-Type"

// retryAfter is how many seconds a client does well to wait after a 503; what
// cannot be stored now may be stored again that soon.
const retryAfter = "1"

// envelope is the JSON an Error travels in.
type envelope struct {
	Error *Error `json:"error"`
}

// WriteError answers a request with err: as it is where it is an *Error, else
// as one of code Internal.
func WriteError(w http.ResponseWriter, err error) {
	e := asError(err, Internal)
	if e.Code == Unavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	writeJSON(w, e.status(), envelope{e})
}

// WriteJSON answers a request with a JSON document and 200.
func WriteJSON(w http.ResponseWriter, v any) { writeJSON(w, http.StatusOK, v) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"the answer cannot be written as JSON"}}`)
	}
	h := w.Header()
	h.Set(contentType, "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // a client that is gone gets no answer
}
