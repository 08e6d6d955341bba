package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"quotad/daemon/api"
)

// Where a socket takes the call and nobody answers, as at systemd's while the
// service cannot start, doctor knows more.
func TestTheHintWhereNobodyAnswers(t *testing.T) {
	dir, err := os.MkdirTemp("", "q") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ln, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client := api.Client{Sockets: []string{ln.Addr().String()}, Timeout: 20 * time.Millisecond}
	_, err = client.Status(t.Context(), "")
	if f := failureOf(err); err == nil || f.code != exitFailed || f.hint != "quotad doctor" {
		t.Errorf("%v: %+v", err, f)
	}
}

// What the daemon cannot do is no wrong use, and doctor says what keeps it.
func TestTheHintWhereTheDaemonCannot(t *testing.T) {
	for _, c := range []struct {
		code api.Code
		hint string
	}{
		{api.Unavailable, "quotad doctor"},
		{api.Internal, "quotad doctor"},
		{api.Invalid, ""},
		{api.NotFound, ""},
	} {
		err := fmt.Errorf("no backup was made: %w", api.Errorf(c.code, "cannot store: no space left"))
		if f := failureOf(err); f.code != exitFailed || f.hint != c.hint || f.Error() != err.Error() {
			t.Errorf("%s: %+v", c.code, f)
		}
	}
}
