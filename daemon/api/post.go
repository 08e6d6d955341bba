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

// receiptOf reads the daemon's answer. Only what the daemon says about the
// event itself refuses it; an answer that is strange leaves it undelivered.
func receiptOf(status int, body []byte) (Receipt, error) {
	answer, err := fieldsOf(body)
	if err != nil {
		return Receipt{}, fmt.Errorf("the answer with status %d is no JSON", status)
	}
	if status == 200 {
		if got, err, known := resultOf(answer); known {
			return got, err
		}
	}
	said := errorIn(answer)
	if said != nil && (said.Code == Invalid || said.Code == TooLarge) {
		return Receipt{Delivery: Refused}, said
	}
	return Receipt{}, errorOr(said, status)
}

// resultOf is what an answer tells of its one event; known is false where it
// tells of none, or of more, or what this version does not know.
func resultOf(answer fields) (got Receipt, err error, known bool) {
	var all []json.RawMessage
	if answer.read("results", &all) != nil || len(all) != 1 {
		return got, nil, false
	}
	one, err := fieldsOf(all[0])
	if err != nil {
		return got, nil, false
	}
	var apart bool
	var became string
	if one.read("status", &became) != nil || one.read("apart", &apart) != nil || one.read("account", &got.Account) != nil {
		return Receipt{}, nil, false
	}
	switch quota.Outcome(became) {
	case quota.Recorded, quota.Duplicate:
		got.Delivery = Delivered
		if apart {
			got.Delivery = Apart
		}
		return got, nil, true
	case quota.Rejected:
		return Receipt{Delivery: Refused}, errorOr(errorIn(one), 200), true
	}
	return Receipt{}, nil, false
}

// errorIn is the error that an object holds; nil where it holds none.
func errorIn(f fields) *Error {
	var e *Error
	if f.read("error", &e) != nil {
		return nil
	}
	return e
}

// fields are those of a JSON object, unread. For a struct package json would
// first look into its type, and into those of its fields, which is a good part
// of all that a process does that lives a few milliseconds.
type fields map[string]json.RawMessage

func fieldsOf(text []byte) (fields, error) {
	var f fields
	err := json.Unmarshal(text, &f)
	return f, err
}

// read reads a field into a variable, which stays as it is where there is none.
func (f fields) read(name string, into any) error {
	if f[name] == nil {
		return nil
	}
	return json.Unmarshal(f[name], into)
}

func errorOr(e *Error, status int) error {
	if e != nil {
		return e
	}
	return fmt.Errorf("the daemon answered with status %d", status)
}
