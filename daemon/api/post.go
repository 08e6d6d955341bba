package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"quotad/quota"
)

// Delivery says what became of a posted event, and so what is to be done with it.
type Delivery int

// The outcomes of Post.
const (
	Undelivered Delivery = iota // nothing was acknowledged: spool it
	Delivered                   // recorded, now or before, and durable
	Apart                       // the same, and not charged: it is not on the plan
	Refused                     // it will never be taken: drop it
)

func (d Delivery) String() string {
	return [...]string{"undelivered", "delivered", "delivered apart", "refused"}[d]
}

// Receipt is the daemon's answer to a posted event.
type Receipt struct {
	Delivery Delivery
	Account  string // that the event belongs to; "" where it is not recorded, or the daemon does not tell
}

// maxAnswer is how much of an answer to a hook is read.
const maxAnswer = 64 << 10

// Post sends one event, as EncodeEvent wrote it, and waits until the deadline
// for the durable acknowledgement. It is the hook's way: one connection, one
// write, and no more machinery than that, for a process that lives a few
// milliseconds. The error is nil if and only if the event was Delivered, be it
// Apart; of a Refused one it is an *Error.
func Post(sockets []string, line []byte, deadline time.Time) (Receipt, error) {
	c, err := dial(sockets, deadline)
	if err != nil {
		return Receipt{}, err
	}
	defer c.Close()
	status, body, err := roundTrip(c, "POST", "/v1/events", line, deadline)
	if err != nil {
		return Receipt{}, fmt.Errorf("no answer from the daemon: %w", err)
	}
	return receiptOf(status, body)
}

// GetStatus asks for the state of an account in the hook's way.
func GetStatus(sockets []string, account string, deadline time.Time) (quota.Statuses, error) {
	var all quota.Statuses
	c, err := dial(sockets, deadline)
	if err != nil {
		return all, err
	}
	defer c.Close()
	status, body, err := roundTrip(c, "GET", "/v1/status?account="+url.QueryEscape(account), nil, deadline)
	switch {
	case err != nil:
		return all, fmt.Errorf("no answer from the daemon: %w", err)
	case status != 200:
		return all, errorOr(nil, status)
	}
	return all, json.Unmarshal(body, &all)
}

func roundTrip(c net.Conn, method, path string, line []byte, deadline time.Time) (status int, body []byte, err error) {
	c.SetDeadline(deadline)
	request := make([]byte, 0, len(line)+128)
	request = fmt.Appendf(request, "%s %s HTTP/1.1\r\nHost: quotad\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", method, path, len(line))
	_, unsent := c.Write(append(request, line...))
	// Where the daemon would not read it all, its answer still says why.
	status, body, err = readAnswer(bufio.NewReader(c))
	if err != nil && unsent != nil {
		err = unsent
	}
	return status, body, err
}

// readAnswer reads an HTTP/1.1 answer with a Content-Length, which all answers
// to a hook have.
func readAnswer(r *bufio.Reader) (status int, body []byte, err error) {
	first, err := readLine(r)
	if err != nil {
		return 0, nil, err
	}
	version, rest, _ := strings.Cut(first, " ")
	code, _, _ := strings.Cut(rest, " ")
	if status, err = strconv.Atoi(code); err != nil || !strings.HasPrefix(version, "HTTP/1.") {
		return 0, nil, fmt.Errorf("not an HTTP answer")
	}
	length := -1
	for {
		line, err := readLine(r)
		if err != nil {
			return 0, nil, err
		}
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return 0, nil, fmt.Errorf("a Content-Length that is no number")
			}
		}
	}
	if length < 0 || length > maxAnswer {
		return 0, nil, fmt.Errorf("an answer without a sensible length")
	}
	body = make([]byte, length)
	_, err = io.ReadFull(r, body)
	return status, body, err
}

// readLine reads a line of a head, without its end.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n') // fails on a line longer than the buffer
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// deliveryOf reads the daemon's answer. Only what the daemon says about the
// event itself refuses it; an answer that is strange leaves it undelivered.
func receiptOf(status int, body []byte) (Receipt, error) {
	var answer struct {
		Results
		envelope
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return Receipt{}, fmt.Errorf("the answer with status %d is no JSON", status)
	}
	if status == 200 && len(answer.Results.Results) == 1 {
		switch r := answer.Results.Results[0]; r.Status {
		case quota.Recorded, quota.Duplicate:
			if r.Apart {
				return Receipt{Apart, r.Account}, nil
			}
			return Receipt{Delivered, r.Account}, nil
		case quota.Rejected:
			return Receipt{Delivery: Refused}, errorOr(r.Error, status)
		}
	}
	if e := answer.envelope.Error; e != nil && (e.Code == Invalid || e.Code == TooLarge) {
		return Receipt{Delivery: Refused}, e
	}
	return Receipt{}, errorOr(answer.envelope.Error, status)
}

func errorOr(e *Error, status int) error {
	if e != nil {
		return e
	}
	return fmt.Errorf("the daemon answered with status %d", status)
}
