package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"quotad/quota"
)

// Client talks to the daemon. The zero value finds it by the environment. A
// Client is for use by many goroutines, and is not to be copied after its first call.
// Where no daemon answers, calls give a *NoDaemonError; what the daemon
// refuses comes back as the *Error it sent.
type Client struct {
	Sockets []string      // tried in order; nil: as the environment says
	Timeout time.Duration // of a call that is no stream; 0: 30 s

	once sync.Once
	http *http.Client
}

// defaultTimeout is long enough for a daemon that is being woken by its socket.
const defaultTimeout = 30 * time.Second

// maxDocument is how much of one answer is read that is no stream.
const maxDocument = 64 << 20

func (c *Client) init() {
	sockets := c.Sockets
	if sockets == nil {
		sockets = Sockets(os.Getenv, os.Geteuid())
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			deadline, _ := ctx.Deadline()
			return dial(sockets, deadline)
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 64,
	}
	c.http = &http.Client{Transport: transport}
}

// Record sends events and gives back what became of each, in their order, once
// that is durable. Events without an ID are given one here, so that a repeat is
// harmless. One that is rejected is a Result, no error. An error tells how far it
// came: there are Results for all that were acknowledged.
func (c *Client) Record(ctx context.Context, events ...quota.Event) ([]Result, error) {
	var all []Result
	for len(events) > 0 {
		body, n, err := batch(events)
		if err != nil {
			return all, err
		}
		results, err := c.sendLines(ctx, body, true)
		if err != nil {
			return all, err
		}
		if len(results) != n {
			return all, fmt.Errorf("the daemon gave %d results for %d events", len(results), n)
		}
		all, events = append(all, results...), events[n:]
	}
	return all, nil
}

// batch encodes as many events as one request may carry.
func batch(events []quota.Event) (body []byte, n int, err error) {
	for n < len(events) && n < MaxLines {
		e := events[n]
		if e.At.IsZero() {
			e.At = time.Now()
		}
		if e.ID == "" {
			if e.ID, err = newID(e.At); err != nil {
				return nil, 0, err
			}
		}
		line := EncodeEvent(e)
		if n > 0 && len(body)+len(line) > MaxBody {
			break
		}
		body = append(body, line...)
		n++
	}
	return body, n, nil
}

// RecordLines sends NDJSON as it is, at most MaxLines and MaxBody of it, and
// gives a Result for each line that is not blank.
func (c *Client) RecordLines(ctx context.Context, lines []byte) ([]Result, error) {
	return c.sendLines(ctx, lines, false)
}

func (c *Client) sendLines(ctx context.Context, lines []byte, repeatable bool) ([]Result, error) {
	var out Results
	err := c.call(ctx, http.MethodPost, "/v1/events", nil, body{ndjson, lines, repeatable}, &out)
	return out.Results, err
}

// Status asks for the state of one account, or of all ("").
func (c *Client) Status(ctx context.Context, account string) (quota.Statuses, error) {
	var out quota.Statuses
	err := c.Get(ctx, "/v1/status", values("account", account), &out)
	return out, err
}

// Healthy returns nil while the engine answers.
func (c *Client) Healthy(ctx context.Context) error { return c.Get(ctx, "/healthz", nil, nil) }

// Get calls path and reads the JSON it answers with into out, unless out is nil.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, http.MethodGet, path, query, body{}, out)
}

// Post calls path with in as JSON (nil: nothing) and reads the JSON it answers
// with into out, unless out is nil.
func (c *Client) Post(ctx context.Context, path string, in, out any) error {
	b, err := jsonBody(in)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, path, nil, b, out)
}

// body is what a request carries; the zero body is none.
type body struct {
	mediaType  string
	bytes      []byte
	repeatable bool // sending it twice does no harm
}

func jsonBody(v any) (body, error) {
	if v == nil {
		return body{}, nil
	}
	b, err := json.Marshal(v)
	return body{mediaType: "application/json", bytes: b}, err
}

// call does one call that is no stream.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in body, out any) error {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := c.open(ctx, method, path, query, in)
	if err != nil {
		return err
	}
	defer answer.Close()
	text, err := io.ReadAll(io.LimitReader(answer, maxDocument))
	if err != nil {
		return fmt.Errorf("the daemon's answer broke off: %w", err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("the daemon's answer to %s cannot be read: %w", path, err)
	}
	return nil
}

// open sends a request and gives the body of an answer with status 200.
func (c *Client) open(ctx context.Context, method, path string, query url.Values, in body) (io.ReadCloser, error) {
	c.once.Do(c.init)
	target := url.URL{Scheme: "http", Host: "quotad", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(in.bytes))
	if err != nil {
		return nil, err
	}
	if in.mediaType != "" {
		req.Header.Set(contentType, in.mediaType)
	}
	if in.repeatable {
		// Without a value it is not sent, and lets the transport try anew where a
		// kept connection turns out to be closed.
		req.Header["X-Idempotency-Key"] = nil
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, readError(resp)
	}
	return resp.Body, nil
}

// plain takes the URL off a failed request, which tells nobody anything here.
func plain(err error) error {
	var none *NoDaemonError
	if errors.As(err, &none) {
		return none
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("no answer from the daemon: %w", err)
}

func readError(resp *http.Response) error {
	var e envelope
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if json.Unmarshal(text, &e) != nil || e.Error == nil {
		return fmt.Errorf("the daemon answered %s", resp.Status)
	}
	return e.Error
}

// values makes a query of names and values, without those that are empty.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

func timeValue(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func countValue(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}
