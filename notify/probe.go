package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/godbus/dbus/v5"
)

// ProbeResult is what shows notifications, as far as can be told without
// showing one.
type ProbeResult struct {
	Address       string  // of the session bus; "": none
	Outcome       Outcome // Delivered: a notice would be shown
	Err           error   // what is wrong; nil where nothing is
	Owner         string  // unique name of the server
	Name, Version string  // as the server calls itself
	Capabilities  []string
}

// probed is a ProbeResult on its way from a child.
type probed struct {
	ProbeResult
	Wrong string
}

// Probe looks for the session bus and the notification server, and starts the
// server where the bus knows how. It takes a few seconds at most. What a bus
// that lies makes of the library ends a child alone.
func Probe(ctx context.Context, env func(string) string) ProbeResult {
	addr, ok := BusAddress(env)
	if !ok {
		return ProbeResult{Outcome: NoBus, Err: errNoBus}
	}
	text, err := NewDesktop(nil, env).process(ctx, addr, self, ProbeCommand).Output()
	var p probed
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return ProbeResult{Address: addr, Outcome: NoBus, Err: fmt.Errorf("the process that looked at the session bus %s gave no answer: %w", addr, cmp.Or(context.Cause(ctx), err))}
	}
	if p.Wrong != "" {
		p.Err = errors.New(p.Wrong)
	}
	return p.ProbeResult
}

// ProbeMain looks as Probe does, writes what it found, and returns the exit code.
func ProbeMain(stdout io.Writer, env func(string) string) int {
	p := probed{ProbeResult: probe(context.Background(), env)}
	if p.Err != nil {
		p.Wrong, p.Err = p.Err.Error(), nil
	}
	if json.NewEncoder(stdout).Encode(p) != nil {
		return 1
	}
	return 0
}

func probe(ctx context.Context, env func(string) string) ProbeResult {
	addr, ok := BusAddress(env)
	if !ok {
		return ProbeResult{Outcome: NoBus, Err: errNoBus}
	}
	r := ProbeResult{Address: addr}
	conn, err := dial(ctx, addr)
	if err != nil {
		r.Outcome, r.Err = NoBus, err
		return r
	}
	defer conn.Close()
	s, o, err := findServer(ctx, conn)
	r.Owner, r.Capabilities, r.Outcome, r.Err = s.owner, s.caps, o, err
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		var vendor, spec string
		_ = conn.Object(serverName, serverPath).CallWithContext(ctx, serverName+".GetServerInformation", dbus.FlagNoAutoStart).
			Store(&r.Name, &vendor, &r.Version, &spec)
	}
	return r
}
