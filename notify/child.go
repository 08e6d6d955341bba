package notify

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/gen2brain/beeep"
	"github.com/godbus/dbus/v5"
)

// The hidden commands that run ChildMain, WatchMain and ProbeMain.
const (
	ChildCommand = "notify-child"
	WatchCommand = "notify-watch"
	ProbeCommand = "notify-probe"
)

// Apart runs a hidden command, where the arguments of the program are one, and
// gives the exit code.
func Apart(args []string, stdin io.Reader, stdout io.Writer, env func(string) string) (code int, hidden bool) {
	if len(args) != 1 {
		return 0, false
	}
	switch args[0] {
	case ChildCommand:
		return ChildMain(stdin, stdout, env), true
	case WatchCommand:
		return WatchMain(stdin, stdout, env), true
	case ProbeCommand:
		return ProbeMain(stdout, env), true
	}
	return 0, false
}

// What parent and child say to each other, a line each. The parent writes the
// notice; the child looks for a server, which shows nothing, and answers ready
// or no; on go it shows the notice, and answers once more. So the parent can
// store that it is about to tell before anything is told.
const (
	sayReady = "ready"
	sayGo    = "go"
	saySent  = "sent"
	sayWake  = "wake"
	sayNo    = "no" // followed by the name of an outcome and what was wrong
)

// shownNotice is what the child is told to show.
type shownNotice struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	Icon  string `json:"icon"`
}

// refusals are the names under which an outcome goes over the pipe.
var refusals = [...]struct {
	name    string
	outcome Outcome
}{{"no-bus", NoBus}, {"no-server", NoServer}, {"hung", Hung}, {"refused", Refused}, {"unknown", Unknown}}

// ChildMain shows one notice through beeep and returns the exit code. It is a
// process of its own because beeep may block for ever, and because a malformed
// signal of any peer on the bus ends the process it runs in. The environment
// must hold DBUS_SESSION_BUS_ADDRESS, and no PATH in which beeep could find
// another way to show the notice a second time.
func ChildMain(stdin io.Reader, stdout io.Writer, env func(string) string) int {
	lines := bufio.NewReader(stdin)
	var n shownNotice
	if line, err := lines.ReadBytes('\n'); err != nil || json.Unmarshal(line, &n) != nil {
		fmt.Fprintf(stdout, "%s no-server a notice as one line of JSON was expected\n", sayNo)
		return 2
	}
	caps, o, err := lookForServer(env)
	if err != nil {
		refuse(stdout, o, err)
		return 0
	}
	fmt.Fprintln(stdout, sayReady)
	if line, _ := lines.ReadString('\n'); strings.TrimSpace(line) != sayGo {
		return 0
	}
	beeep.AppName = "quotad"
	body := cleanBody(n.Body, slices.Contains(caps, "body-markup"))
	if err := beeep.Notify(cleanTitle(n.Title), body, n.Icon); err != nil {
		refuse(stdout, sendOutcome(err), err)
		return 0
	}
	fmt.Fprintln(stdout, saySent)
	return 0
}

func refuse(w io.Writer, o Outcome, err error) {
	for _, r := range refusals {
		if r.outcome == o {
			fmt.Fprintf(w, "%s %s %s\n", sayNo, r.name, strings.ReplaceAll(err.Error(), "\n", " "))
		}
	}
}

// lookForServer looks over a connection of its own.
func lookForServer(env func(string) string) (caps []string, o Outcome, err error) {
	addr, ok := BusAddress(env)
	if !ok {
		return nil, NoBus, errNoBus
	}
	ctx := context.Background()
	conn, err := dial(ctx, addr)
	if err != nil {
		return nil, NoBus, err
	}
	defer conn.Close()
	s, o, err := findServer(ctx, conn)
	return s.caps, o, err
}

// sendOutcome reads an error of beeep: a server that answered with an error
// did not show the notice; one that went away without an answer may have.
func sendOutcome(err error) Outcome {
	var dialing *net.OpError
	if errors.As(err, &dialing) && dialing.Op == "dial" {
		return NoBus
	}
	var e dbus.Error
	if !errors.As(err, &e) {
		return Unknown
	}
	switch strings.TrimPrefix(e.Name, busName+".Error.") {
	case "NoReply", "Timeout", "TimedOut", "Disconnected":
		return Unknown
	case "ServiceUnknown", "NameHasNoOwner", "NoServer":
		return NoServer
	}
	return Refused
}
