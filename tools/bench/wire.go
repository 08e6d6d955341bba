package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// wire is a connection that says no more than it has to: net/http's client
// takes as much of two cores as the daemon that is measured.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(socket string) (*wire, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	return &wire{conn, bufio.NewReader(conn)}, nil
}

// post sends one event and waits until it is durable.
func (w *wire) post(body []byte) error { return w.ask("POST /v1/events", body) }

// ask makes a call and reads its answer to the end.
func (w *wire) ask(call string, body []byte) error {
	_, err := fmt.Fprintf(w.conn, "%s HTTP/1.1\r\nHost: quotad\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", call, len(body), body)
	if err != nil {
		return err
	}
	status, err := w.in.ReadString('\n')
	if err == nil && !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		err = fmt.Errorf("answered %q", status)
	}
	length := int64(0)
	for err == nil {
		var line string
		line, err = w.in.ReadString('\n')
		if line == "\r\n" {
			break
		}
		if n, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			length, err = strconv.ParseInt(strings.TrimSpace(n), 10, 64)
		}
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, w.in, length)
	}
	return err
}
