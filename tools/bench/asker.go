package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// askerCommand makes of this program the one that asks for the status: a status
// bar is a process of its own too, and within the one that writes on 64
// connections a question would wait for its turn there as well.
const askerCommand = "ask-status"

// askerMain asks SOCKET for the status TIMES times and writes how long each
// took, in nanoseconds, a line each.
func askerMain(args []string, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("%s: a socket and a number were expected", askerCommand)
	}
	times, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	took, err := askStatus(args[0], times)
	for _, d := range took {
		fmt.Fprintln(out, d.Nanoseconds())
	}
	return err
}

// askedApart asks for the status so often in a process of its own.
func askedApart(d *daemonAt, times int) ([]time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	c := exec.Command(self, askerCommand, d.socket, strconv.Itoa(times))
	c.Stdout, c.Stderr = &out, os.Stderr
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("ask for the status: %w", err)
	}
	var took []time.Duration
	for line := range strings.Lines(out.String()) {
		ns, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			return nil, err
		}
		took = append(took, time.Duration(ns))
	}
	return took, nil
}

// askStatus asks for the status some hundred times a second.
func askStatus(socket string, times int) (took []time.Duration, err error) {
	w, err := dial(socket)
	if err != nil {
		return nil, err
	}
	defer w.conn.Close()
	for range times {
		begun := time.Now()
		if err := w.ask("GET /v1/status", nil); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begun))
		time.Sleep(2 * time.Millisecond)
	}
	return took, nil
}
