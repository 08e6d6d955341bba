package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"

	"quotad/quota"
)

// maxLine is the longest line of a stream that a client takes.
const maxLine = 16 << 20

// Events yields what was recorded, oldest first, at most limit of them (0: no
// limit). It ends with an error where the stream broke off.
func (c *Client) Events(ctx context.Context, q EventQuery, limit int) iter.Seq2[quota.Event, error] {
	return func(yield func(quota.Event, error) bool) {
		for line, err := range c.EventLines(ctx, q, limit) {
			var e quota.Event
			if err == nil {
				e, err = decoded(line)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// EventLines is Events as the daemon wrote them: one JSON object each, without
// the end of its line. A line is valid until the next one.
func (c *Client) EventLines(ctx context.Context, q EventQuery, limit int) iter.Seq2[[]byte, error] {
	query := values("since", timeValue(q.Since), "until", timeValue(q.Until), "account", q.Account, "limit", countValue(limit))
	return c.lines(ctx, http.MethodGet, "/v1/events", query, body{})
}

func decoded(line []byte) (quota.Event, error) {
	e, bad := DecodeEvent(line, time.Time{})
	if bad != nil {
		return e, fmt.Errorf("the daemon sent an event that cannot be read: %w", bad)
	}
	return e, nil
}

// Notices yields those of since or later (zero: all), and what became of them.
func (c *Client) Notices(ctx context.Context, since time.Time) iter.Seq2[Notice, error] {
	return func(yield func(Notice, error) bool) {
		for line, err := range c.lines(ctx, http.MethodGet, "/v1/notices", values("since", timeValue(since)), body{}) {
			var n Notice
			if err == nil {
				err = json.Unmarshal(line, &n)
			}
			if !yield(n, err) || err != nil {
				return
			}
		}
	}
}

// PostStream calls path with in as JSON (nil: nothing) and yields the lines of
// the NDJSON it answers with.
func (c *Client) PostStream(ctx context.Context, path string, in any) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		b, err := jsonBody(in)
		if err != nil {
			yield(nil, err)
			return
		}
		for line, err := range c.lines(ctx, http.MethodPost, path, nil, b) {
			if !yield(bytes.Clone(line), err) || err != nil {
				return
			}
		}
	}
}

// Update is one step of Watch: one of the two is set.
type Update struct {
	Status *quota.Statuses
	Notice *quota.Notice
}

// Watch yields the state of one account, or of all (""), at once and after each
// change, and each notice. It ends with an error when the daemon goes, and
// when ctx does.
func (c *Client) Watch(ctx context.Context, account string) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		event := ""
		for line, err := range c.lines(ctx, http.MethodGet, "/v1/watch", values("account", account), body{}) {
			if err != nil {
				yield(Update{}, err)
				return
			}
			if name, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
				event = string(name)
			}
			data, ok := bytes.CutPrefix(line, []byte("data: "))
			if !ok {
				continue
			}
			u, known, err := update(event, data)
			if known && !yield(u, err) || err != nil {
				return
			}
		}
		yield(Update{}, errors.New("the daemon ended the stream"))
	}
}

// update reads one server-sent event; known is false of one this version does
// not know.
func update(event string, data []byte) (u Update, known bool, err error) {
	switch event {
	case "status":
		u.Status = new(quota.Statuses)
		return u, true, json.Unmarshal(data, u.Status)
	case "notice":
		u.Notice = new(quota.Notice)
		return u, true, json.Unmarshal(data, u.Notice)
	}
	return u, false, nil
}

// lines yields the lines of an answer that are not empty. A line is valid until
// the next one.
func (c *Client) lines(ctx context.Context, method, path string, query url.Values, in body) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		answer, err := c.open(ctx, method, path, query, in)
		if err != nil {
			yield(nil, err)
			return
		}
		defer answer.Close()
		scan := bufio.NewScanner(answer)
		scan.Buffer(make([]byte, 0, 64<<10), maxLine)
		for scan.Scan() {
			if line := scan.Bytes(); len(line) > 0 && !yield(line, nil) {
				return
			}
		}
		if err := scan.Err(); err != nil {
			yield(nil, brokenOff(ctx, err))
		}
	}
}

func brokenOff(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the daemon broke the answer off")
	}
	return fmt.Errorf("the daemon's answer broke off: %w", err)
}
