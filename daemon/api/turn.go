package api

import (
	"encoding/json"
	"time"

	"quotad/quota"
)

// Turn is the body of POST /v1/turns: a coding tool has ended a turn, or has
// written of one, so that the daemon may read the tool's own record of it. It is
// a hint and no event: it is not kept, and one that is lost costs time alone.
type Turn struct {
	Tool       string    `json:"tool"`
	Account    string    `json:"account,omitempty"`
	Session    string    `json:"session,omitempty"`
	Project    string    `json:"project,omitempty"`
	Turn       string    `json:"turn,omitempty"`
	Transcript string    `json:"transcript"`         // absolute path of the record
	Endpoint   string    `json:"endpoint,omitempty"` // that the tool talks to
	At         time.Time `json:"at,omitzero"`
}

// Encode writes the turn as one line of JSON, within the limits of an event.
func (t Turn) Encode() []byte {
	t.At = quota.Milli(t.At)
	line, err := json.Marshal(t)
	if err != nil { // a year that JSON cannot write
		return nil
	}
	return append(line, '\n')
}

// PostTurn sends a turn, as Encode wrote it, in the hook's way.
func PostTurn(sockets []string, line []byte, deadline time.Time) error {
	c, err := dial(sockets, deadline)
	if err != nil {
		return err
	}
	defer c.Close()
	status, _, err := roundTrip(c, "POST", "/v1/turns", line, deadline)
	if err == nil && status != 200 {
		err = errorOr(nil, status)
	}
	return err
}
